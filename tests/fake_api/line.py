"""What every section of the fake platform stands on: members, their acts, faults, and who may call what."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from wechat import errors
from wechat.errors import WeChatError
from wechat.messages import Kind
from wechat.windows import ALLOWANCES


@dataclass
class Allowed:
    """Customer-service messages left from one act of a member."""

    left: int
    until: datetime


@dataclass
class Member:
    """One who knows of the account."""

    follows: bool = False
    since: datetime | None = None
    scene: str = ""
    receives: bool = True
    remark: str = ""
    allowed: dict[Kind, Allowed] = field(default_factory=dict)
    credits: Counter[str] = field(default_factory=Counter)
    tags: list[int] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)


class FakeLine:
    """Members and what they do and see.

    `shown_to` gives what a member's phone shows: words as str, else the `News`, `Notice` or media id that was sent.
    """

    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        self._clock = clock
        self._kind = kind
        self._verified = verified
        self._members: dict[str, Member] = {}
        self._serial = count(1)
        self._used: Counter[str] = Counter()
        self._faults: deque[WeChatError] = deque()
        self._lock = threading.RLock()
        self._blocked: dict[str, None] = {}
        self._refused: dict[str, datetime] = {}
        self._tags: dict[int, str] = {}

    # -- what members do and see, and what goes wrong

    def joins(self, openid: str, *, scene: str = "") -> str:
        """Begin to follow."""
        member = self._members.setdefault(openid, Member())
        member.follows, member.since, member.scene = True, self._clock(), scene
        self.acts(openid, Kind.SUBSCRIBE)
        return openid

    def knows(self, openid: str) -> str:
        """Know of the account without following it."""
        self._members.setdefault(openid, Member())
        return openid

    def leaves(self, openid: str) -> None:
        """Unfollow: windows close and tags go."""
        member = self._members[openid]
        member.follows, member.tags = False, []
        member.allowed.clear()

    def acts(self, openid: str, kind: Kind = Kind.TEXT) -> None:
        """Write or tap: the allowance of that act is full again."""
        allowance = ALLOWANCES[kind]
        self._members[openid].allowed[kind] = Allowed(allowance.messages, self._clock() + allowance.lasts)

    def consents(self, openid: str, template_id: str) -> None:
        """Allow one notice."""
        self._members[openid].credits[template_id] += 1

    def refuses_messages(self, openid: str) -> None:
        """Switch 接收消息 off."""
        self._members[openid].receives = False

    def shown_to(self, openid: str) -> list[Any]:
        """Everything the account has sent to this member."""
        return self._members[openid].shown

    def fails(self, *faults: WeChatError) -> None:
        """Let the next calls end so, one each."""
        self._faults.extend(faults)

    # -- the rules

    def _called(self, path: str, *, talk: bool = False, notices: bool = False, menus: bool = False) -> None:
        """Count a call, or refuse it: `talk` is for verified accounts, `notices` for verified service accounts."""
        with self._lock:
            if self._faults:
                raise self._faults.popleft()
            if ((talk or notices) and not self._verified) or (notices and self._kind == "subscription"):
                raise self._refusal(48001, "api unauthorized")
            if menus and not self._verified and self._kind == "subscription":
                raise self._refusal(48001, "api unauthorized")
            self._used[path] += 1

    def _refusal(self, code: int, words: str) -> WeChatError:
        """The platform's no, with a number to look it up by."""
        rid = f"{len(self._refused):x}-1-f"
        self._refused[rid] = self._clock()
        return errors.from_code(code, f"{words} rid: {rid}")

    def _member(self, openid: str) -> Member:
        if openid not in self._members:
            raise self._refusal(40003, "invalid openid")
        return self._members[openid]

    def _follower(self, openid: str) -> Member:
        member = self._member(openid)
        if not member.follows:
            raise self._refusal(40003, "invalid openid")
        return member

"""Those who follow the account (§5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, batches, page_of, walk

_MEMBERS = "/cgi-bin/tags/members"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A follower; of one who does not follow only `openid` and perhaps `unionid` are told (§5)."""

    openid: str = field(repr=False)
    follows: bool
    followed_at: datetime | None = None
    unionid: str = field(default="", repr=False)
    remark: str = field(default="", repr=False)
    tags: tuple[int, ...] = ()
    came_by: str = ""
    scene: str = ""


class People(Protocol):
    """Who follows, and what the platform knows of each."""

    def followers(self, after: str = "") -> Iterator[str]:
        """Walk through the openids of all followers, from the one after `after`, a page in memory at a time."""

    def user(self, openid: str) -> User:
        """Tell what the platform knows of one person."""

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """Tell it of many, a hundred a call."""

    def set_remark(self, openid: str, remark: str) -> None:
        """Note something of a follower that only the account sees; "" takes it away."""

    def blocked(self, after: str = "") -> Iterator[str]:
        """Walk through the openids of the blacklist, from the one after `after`, a page in memory at a time."""

    def block(self, openids: Iterable[str]) -> None:
        """Put people on the blacklist: they can neither write nor be written to; safe to repeat."""

    def unblock(self, openids: Iterable[str]) -> None:
        """Take people off the blacklist; safe to repeat."""


class TencentPeople(Line):
    """`People` over HTTP."""

    def followers(self, after: str = "") -> Iterator[str]:
        """See `People`."""
        return walk(self._followers, after)

    def user(self, openid: str) -> User:
        """See `People`."""
        return self._read("/cgi-bin/user/info", _user, openid=openid, lang="zh_CN")

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """See `People`."""
        for some in batches(openids, limits.USERS_AT_ONCE):
            body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in some]}
            yield from self._ask("/cgi-bin/user/info/batchget", body, lambda of: [*map(_user, of["user_info_list"])])

    def set_remark(self, openid: str, remark: str) -> None:
        """See `People`."""
        limits.check_remark(remark)
        self._sdk.user.update_remark(openid, remark)

    def blocked(self, after: str = "") -> Iterator[str]:
        """See `People`."""
        return walk(lambda last: self._ask(f"{_MEMBERS}/getblacklist", {"begin_openid": last}, page_of), after)

    def block(self, openids: Iterable[str]) -> None:
        """See `People`."""
        self._each("batchblacklist", openids)

    def unblock(self, openids: Iterable[str]) -> None:
        """See `People`."""
        self._each("batchunblacklist", openids)

    def _followers(self, after: str) -> tuple[list[str], str]:
        return self._read("/cgi-bin/user/get", page_of, **({"next_openid": after} if after else {}))

    def _each(self, do: str, openids: Iterable[str]) -> None:
        for some in batches(openids, limits.BLOCKED_AT_ONCE):
            self._ask(f"{_MEMBERS}/{do}", {"openid_list": some}, dict)


def _user(fields: Mapping[str, Any]) -> User:
    since = fields.get("subscribe_time")
    return User(
        openid=fields["openid"],
        follows=bool(fields.get("subscribe")),
        followed_at=datetime.fromtimestamp(int(since), UTC) if since else None,
        unionid=fields.get("unionid", ""),
        remark=fields.get("remark", ""),
        tags=tuple(fields.get("tagid_list", ())),
        came_by=fields.get("subscribe_scene", ""),
        scene=str(fields.get("qr_scene_str") or fields.get("qr_scene") or ""),
    )

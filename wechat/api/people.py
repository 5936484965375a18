"""Those who follow the account (§5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, batches


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


class TencentPeople(Line):
    """`People` over HTTP."""

    def followers(self, after: str = "") -> Iterator[str]:
        """See `People`."""
        while True:
            openids, then = self._read("/cgi-bin/user/get", _page, **({"next_openid": after} if after else {}))
            yield from openids
            if not openids or not then or then == after:
                return
            after = then

    def user(self, openid: str) -> User:
        """See `People`."""
        return self._read("/cgi-bin/user/info", _user, openid=openid, lang="zh_CN")

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """See `People`."""
        for some in batches(openids, limits.USERS_AT_ONCE):
            body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in some]}
            yield from self._ask("/cgi-bin/user/info/batchget", body, lambda of: [*map(_user, of["user_info_list"])])


def _page(fields: Mapping[str, Any]) -> tuple[list[str], str]:
    openids = fields["data"]["openid"] if fields.get("count") or "data" in fields else []
    return [str(openid) for openid in openids], str(fields.get("next_openid", ""))


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

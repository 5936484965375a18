"""Followers of the fake platform."""

from collections.abc import Iterable, Iterator

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.people import User


class FakePeople(FakeLine):
    def followers(self, after: str = "") -> Iterator[str]:
        self._called("/cgi-bin/user/get", talk=True)
        following = [openid for openid, member in self._members.items() if member.follows]
        yield from following[following.index(after) + 1 if after else 0 :]

    def user(self, openid: str) -> User:
        self._called("/cgi-bin/user/info", talk=True)
        member = self._member(openid)
        if not member.follows:
            return User(openid=openid, follows=False)
        return User(
            openid=openid,
            follows=True,
            followed_at=member.since,
            remark=member.remark,
            tags=tuple(member.tags),
            scene=member.scene,
        )

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        yield from map(self.user, openids)

    def set_remark(self, openid: str, remark: str) -> None:
        limits.check_remark(remark)
        self._called("/cgi-bin/user/info/updateremark", talk=True)
        self._member(openid).remark = remark

    def blocked(self, after: str = "") -> Iterator[str]:
        self._called("/cgi-bin/tags/members/getblacklist", talk=True)
        held = list(self._blocked)
        yield from held[held.index(after) + 1 if after else 0 :]

    def block(self, openids: Iterable[str]) -> None:
        self._called("/cgi-bin/tags/members/batchblacklist", talk=True)
        for openid in openids:
            self._member(openid)
            self._blocked[openid] = None

    def unblock(self, openids: Iterable[str]) -> None:
        self._called("/cgi-bin/tags/members/batchunblacklist", talk=True)
        for openid in openids:
            self._member(openid)
            self._blocked.pop(openid, None)

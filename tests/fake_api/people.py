"""Followers of the fake platform."""

from collections.abc import Iterable, Iterator

from tests.fake_api.line import FakeLine
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
        return User(openid=openid, follows=True, followed_at=member.since, tags=tuple(member.tags), scene=member.scene)

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        yield from map(self.user, openids)

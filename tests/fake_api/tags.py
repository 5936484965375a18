"""Tags of the fake platform."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.tags import Tag


class FakeTags(FakeLine):
    def tags(self) -> list[Tag]:
        self._called("/cgi-bin/tags/get", talk=True)
        bearers = Counter(tag for member in self._members.values() for tag in member.tags)
        return [Tag(tag, name, bearers[tag]) for tag, name in self._tags.items()]

    def create_tag(self, name: str) -> Tag:
        self._called("/cgi-bin/tags/create", talk=True)
        self._free(name)
        made = Tag(next(self._serial) + limits.TAGS_OF_AN_ACCOUNT, name)
        self._tags[made.id] = name
        return made

    def rename_tag(self, tag: int, name: str) -> None:
        self._called("/cgi-bin/tags/update", talk=True)
        self._existing(tag)
        self._free(name)
        self._tags[tag] = name

    def delete_tag(self, tag: int) -> None:
        self._called("/cgi-bin/tags/delete", talk=True)
        self._existing(tag)
        del self._tags[tag]
        self.untag(self._members, tag)

    def tag(self, openids: Iterable[str], tag: int) -> None:
        self._existing(tag)
        for openid in openids:
            member = self._follower(openid)
            if tag not in member.tags:
                member.tags.append(tag)

    def untag(self, openids: Iterable[str], tag: int) -> None:
        for openid in openids:
            member = self._member(openid)
            member.tags = [kept for kept in member.tags if kept != tag]

    def tags_of(self, openid: str) -> tuple[int, ...]:
        self._called("/cgi-bin/tags/getidlist", talk=True)
        return tuple(self._member(openid).tags)

    def bearers(self, tag: int, after: str = "") -> Iterator[str]:
        self._called("/cgi-bin/user/tag/get", talk=True)
        bearing = sorted(openid for openid, member in self._members.items() if tag in member.tags)
        yield from (openid for openid in bearing if openid > after)

    def _existing(self, tag: int) -> None:
        if tag not in self._tags:
            raise self._refusal(45159, "invalid tag id")

    def _free(self, name: str) -> None:
        limits.check_tag_name(name)
        if name in self._tags.values():
            raise self._refusal(45157, "invalid tag name")
        if len(self._tags) >= limits.TAGS_OF_AN_ACCOUNT:
            raise self._refusal(45056, "tag count out of limit")

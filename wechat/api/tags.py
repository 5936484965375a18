"""Tags that followers bear (§5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line, batches, page_of, walk


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many followers bear it."""

    id: int
    name: str
    count: int = 0


class Tags(Protocol):
    """The tags of the account and who bears them."""

    def tags(self) -> list[Tag]:
        """List the account's tags."""

    def create_tag(self, name: str) -> Tag:
        """Make a tag."""

    def rename_tag(self, tag: int, name: str) -> None:
        """Give a tag another name."""

    def delete_tag(self, tag: int) -> None:
        """Drop a tag."""

    def tag(self, openids: Iterable[str], tag: int) -> None:
        """Give people a tag, fifty a call; safe to repeat."""

    def untag(self, openids: Iterable[str], tag: int) -> None:
        """Take a tag from people, fifty a call; safe to repeat."""

    def tags_of(self, openid: str) -> tuple[int, ...]:
        """Return the ids of one person's tags."""

    def bearers(self, tag: int, after: str = "") -> Iterator[str]:
        """Walk through the openids of a tag's followers, from the one after `after`, a page in memory at a time."""


class TencentTags(Line):
    """`Tags` over HTTP."""

    def tags(self) -> list[Tag]:
        """See `Tags`."""
        return self._read("/cgi-bin/tags/get", lambda fields: [*map(_tag, fields["tags"])])

    def create_tag(self, name: str) -> Tag:
        """See `Tags`."""
        limits.check_tag_name(name)
        return self._ask("/cgi-bin/tags/create", {"tag": {"name": name}}, lambda fields: _tag(fields["tag"]))

    def rename_tag(self, tag: int, name: str) -> None:
        """See `Tags`."""
        limits.check_tag_name(name)
        self._sdk.tag.update(tag, name)

    def delete_tag(self, tag: int) -> None:
        """See `Tags`."""
        self._sdk.tag.delete(tag)

    def tag(self, openids: Iterable[str], tag: int) -> None:
        """See `Tags`."""
        for some in batches(openids, limits.TAGGED_AT_ONCE):
            self._sdk.tag.tag_user(tag, some)

    def untag(self, openids: Iterable[str], tag: int) -> None:
        """See `Tags`."""
        for some in batches(openids, limits.TAGGED_AT_ONCE):
            self._sdk.tag.untag_user(tag, some)

    def tags_of(self, openid: str) -> tuple[int, ...]:
        """See `Tags`."""
        return self._ask("/cgi-bin/tags/getidlist", {"openid": openid}, lambda fields: tuple(fields["tagid_list"]))

    def bearers(self, tag: int, after: str = "") -> Iterator[str]:
        """See `Tags`."""

        def page(last: str) -> tuple[list[str], str]:
            return self._ask("/cgi-bin/user/tag/get", {"tagid": tag, "next_openid": last}, page_of)

        return walk(page, after)


def _tag(fields: Mapping[str, Any]) -> Tag:
    return Tag(int(fields["id"]), fields["name"], fields.get("count", 0))

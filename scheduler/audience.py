"""Who is meant by a broadcast, page by page, with every way that leads to them."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Protocol

from storage.broadcasts import Broadcasts, Content, Reach


class Subscribers(Protocol):
    """Who wants to hear of a topic (`storage.subscription`)."""

    def page(self, topics: Collection[str], *, after: str, limit: int) -> Sequence[str]:
        """The next persons, each once, who subscribe to one of `topics`, in the order of their ids."""


class Audience:
    """Reads people in pages, so that memory stays flat whatever their number."""

    def __init__(self, store: Broadcasts, subscribers: Subscribers, *, page: int = 1000) -> None:
        self._store = store
        self._subscribers = subscribers
        self._page = page

    def pages(self, content: Content) -> Iterator[list[list[Reach]]]:
        """Pages of persons, a person being the list of their ways; who left has none and is in no page."""
        after = ""
        while some := self._persons(content, after):
            reaches = self._store.reaches(some, organisations=content.organisations)
            yield [list(ways) for _, ways in groupby(reaches, key=lambda reach: reach.person)]
            after = some[-1]

    def _persons(self, content: Content, after: str) -> Sequence[str]:
        if content.topics:
            return self._subscribers.page(content.topics, after=after, limit=self._page)
        return self._store.members(after=after, limit=self._page)

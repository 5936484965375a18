"""Who is meant by a broadcast, page by page, with every way that leads to them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Protocol

from storage.audience import parts
from storage.broadcasts import Broadcasts, Content, Reach

SMALL = 5  # fewer people than this are never shown by what they did
LOOKED_THROUGH = 20  # pages, for names to show


class Subscribers(Protocol):
    """Who wants to hear of a topic (`storage.subscription`)."""

    def page(self, topics: Collection[str], *, after: str, limit: int) -> Sequence[str]:
        """The next persons, each once, who subscribe to one of `topics`, in the order of their ids."""


class Conditions(Protocol):
    """What else is asked of people (`storage.audience`)."""

    def asking(self, condition: Mapping[str, Any], *, now: datetime) -> Callable[[Collection[str]], frozenset[str]]:
        """Tells of some persons who answers the condition."""

    def lacking(self, condition: Mapping[str, Any]) -> Sequence[str]:
        """Roles and tags of a condition that nobody bears."""


class Audience:
    """Reads people in pages, so that memory stays flat whatever their number."""

    def __init__(
        self, store: Broadcasts, subscribers: Subscribers, conditions: Conditions, *, page: int = 1000
    ) -> None:
        self._store = store
        self._subscribers = subscribers
        self._conditions = conditions
        self._page = page

    def pages(self, content: Content, *, now: datetime) -> Iterator[list[list[Reach]]]:
        """Pages of persons, a person being the list of their ways; who left has none and is in no page."""
        for some in self._meant(content, now):
            yield [list(ways) for _, ways in groupby(self.ways(some, content), key=lambda reach: reach.person)]

    def ways(self, some: Collection[str], content: Content) -> Sequence[Reach]:
        """The ways to some persons that this content may take."""
        return self._store.reaches(some, organisations=content.organisations, accounts=content.accounts)

    def sample(self, content: Content, *, most: int, now: datetime) -> Sequence[str]:
        """Some names of those who are meant, as the roster has them. What people did is told of no name."""
        if tells_of_deeds(content):
            return ()
        pages = islice(self._meant(content, now), LOOKED_THROUGH)
        ways = (self.ways(some, content) for some in pages)
        names = (name for some in ways for name in self._store.names({reach.person for reach in some}))
        return tuple(islice(names, most))

    def variants(self, content: Content, *, now: datetime) -> Callable[[Collection[str]], Sequence[Collection[str]]]:
        """Tells of some persons who of them each variant is for."""
        asking = [self._asking(variant.where, now) for variant in content.variants]
        return lambda some: [among(some) for among in asking]

    def lacking(self, content: Content) -> Sequence[str]:
        """Roles and tags that are asked for and nobody bears."""
        wheres = [content.where, *(variant.where for variant in content.variants)]
        return [each for where in wheres for each in self._conditions.lacking(where)]

    def _asking(self, where: Mapping[str, Any], now: datetime) -> Callable[[Collection[str]], frozenset[str]]:
        return self._conditions.asking(where, now=now) if where else frozenset

    def _meant(self, content: Content, now: datetime) -> Iterator[Collection[str]]:
        asked = {"topics": content.topics} if content.corrects and content.topics else content.where
        among = self._asking(asked, now)  # who has heard something wrong and then said 退订 is left in peace
        after = ""
        while some := self._persons(content, after):
            yield among(some)
            after = some[-1]

    def _persons(self, content: Content, after: str) -> Sequence[str]:
        if content.corrects:
            return self._store.taking_back.heard(content.corrects, after=after, limit=self._page)
        if content.topics:
            return self._subscribers.page(content.topics, after=after, limit=self._page)
        return self._store.members(after=after, limit=self._page)


def tells_of_deeds(content: Content) -> bool:
    """Whether the audience is chosen by what people did, and not by what they are or wish."""
    wheres = (content.where, *(variant.where for variant in content.variants))
    return any("answered" in each for where in wheres for each in parts(where))

"""By which channel each person is reached: the first of the broadcast's that the platform allows them now."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from scheduler.audience import Audience
from scheduler.channels import Channel
from storage.broadcasts import Broadcasts, Content, Reach, Row, Run, State


class Planner:
    """Writes a run's deliveries, a page of people a transaction. Safe to repeat: who has a row keeps it."""

    def __init__(self, store: Broadcasts, audience: Audience, channels: Mapping[str, Channel]) -> None:
        self._store = store
        self._audience = audience
        self._channels = channels

    def fill(self, run: Run, *, now: datetime) -> None:
        """Write a row for everybody who is meant."""
        for rows in self._pages(run.content, now):
            self._store.add(run.key, rows, now=now)

    def forecast(self, key: str, content: Content, *, now: datetime) -> Mapping[str, int]:
        """How many would be reached by which channel ("" for none), but for whom the run has served; writes nothing."""
        counted: Counter[str] = Counter()
        for rows in self._pages(content, now):
            served = self._store.served(key, [row.person for row in rows])
            counted.update(row.channel for row in rows if row.person not in served)
        return counted

    def choose(self, ways: Sequence[Reach], content: Content, *, now: datetime) -> Row:
        """The first channel that is open to one of a person's contacts, else a row that says there is none."""
        for name in content.channels:
            channel = self._channels.get(name)
            for reach in ways if channel else ():
                if channel and channel.can(reach, content, now=now) is None:
                    return Row(person=reach.person, contact=reach.contact, account=reach.account, channel=name)
        first = ways[0]
        return Row(
            person=first.person,
            contact=first.contact,
            account=first.account,
            channel="",
            state=State.GONE,
            error="no_channel",
        )

    def again(self, person: str, content: Content, *, now: datetime) -> Row | None:
        """Another channel for a person whose first one turned out to be closed; None for one who left."""
        ways = self._store.reaches([person])
        return self.choose(ways, content, now=now) if ways else None

    def _pages(self, content: Content, now: datetime) -> Iterator[list[Row]]:
        for people in self._audience.pages(content):
            yield [self.choose(ways, content, now=now) for ways in people]

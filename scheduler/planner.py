"""By which channel each person is reached: the first of the broadcast's that the platform allows them now."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from scheduler.audience import Audience
from scheduler.channels import Channel
from scheduler.manners import Manners
from storage.broadcasts import Broadcasts, Content, Reach, Row, Run, State
from storage.refusals import Refusals, Way

A_DAY = timedelta(days=1)


class Planner:
    """Writes a run's deliveries, a page of people a transaction. Safe to repeat: who has a row keeps it."""

    def __init__(
        self,
        store: Broadcasts,
        audience: Audience,
        channels: Mapping[str, Channel],
        manners: Manners,
        refusals: Refusals,
    ) -> None:
        self.refusals = refusals
        self.audience = audience
        self._store = store
        self._manners = manners
        self._channels = channels

    def fill(self, run: Run, *, now: datetime) -> None:
        """Write a row for everybody who is meant."""
        for rows in self._pages(run.key, run.content, now):
            self._store.add(run.key, rows, now=now)

    def forecast(self, key: str, content: Content, *, now: datetime) -> Mapping[str, int]:
        """How many would be reached by which channel, in the order of preference, "" for none; nothing is written.

        Whom the run has served is not counted.
        """
        counted: Counter[str] = Counter()
        for rows in self._pages(key, content, now):
            served = self._store.served(key, [row.person for row in rows])
            counted.update(row.channel for row in rows if row.person not in served)
        return {name: counted[name] for name in (*content.channels, *self._patient, "") if counted[name]}

    def choose(
        self,
        ways: Sequence[Reach],
        content: Content,
        *,
        now: datetime,
        enough: bool = False,
        within: Sequence[Collection[str]] = (),
    ) -> Row:
        """The first channel that is open to one of a person's contacts, else a row that says there is none.

        Who has had `enough` for today is told when they come by themselves. `within` are those whom each variant of the
        content is for: the first that fits the person and the channel has the word.
        """
        refused = self.refusals.current(now=now)
        for name in self._patient if enough else content.channels:
            channel = self._channels.get(name)
            for reach in ways if channel else ():
                if Way(reach.account, name) in refused:
                    continue
                if channel and channel.can(reach, content, now=now) is None:
                    return Row(
                        person=reach.person,
                        contact=reach.contact,
                        account=reach.account,
                        channel=name,
                        variant=_variant(content, within, reach.person, name),
                    )
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
        ways = self._store.reaches([person], accounts=content.accounts)
        within = self.audience.variants(content, now=now)([person])
        return self.choose(ways, content, now=now, within=within) if ways else None

    @property
    def _patient(self) -> Sequence[str]:
        return [name for name, channel in self._channels.items() if channel.waits]

    def _pages(self, key: str, content: Content, now: datetime) -> Iterator[list[Row]]:
        full, variants = self._full(key, content, now), self.audience.variants(content, now=now)
        for people in self.audience.pages(content, now=now):
            persons = [ways[0].person for ways in people]
            enough, within = full(persons), variants(persons)
            yield [
                self.choose(ways, content, now=now, enough=ways[0].person in enough, within=within) for ways in people
            ]

    def _full(self, key: str, content: Content, now: datetime) -> Callable[[Sequence[str]], Collection[str]]:
        """Tells who, of persons in the order of their ids, has had as many pushes as anybody should.

        That is so many of whatever kind today, and so many of this broadcast within the time that it names. A
        correction is held back by neither: what was wrong was said, and the longer it stands, the further it goes.
        """
        if content.corrects:
            return lambda _: ()
        caps: list[tuple[Sequence[str], int]] = []
        if self._manners.a_day:
            today = self._store.begun(since=self._manners.midnight_before(now), but=key)
            caps.append((today, self._manners.a_day))
        if content.at_most:
            since, name = self._since(timedelta(seconds=content.within_seconds), now), key.partition(":")[0]
            caps.append((self._store.begun(since=since, but=key, broadcast=name), content.at_most))
        patient = self._patient

        def full(people: Sequence[str]) -> Collection[str]:
            told = (self._store.pushed(runs, people, but=patient, times=times) for runs, times in caps if runs)
            return frozenset().union(*told)

        return full

    def _since(self, within: timedelta, now: datetime) -> datetime:
        """When a span that ends now began. Days are the calendar's: a week after a push there is the next one."""
        if within % A_DAY:
            return now - within
        return self._manners.midnight_before(now) - within + A_DAY


def _variant(content: Content, within: Sequence[Collection[str]], person: str, channel: str) -> int:
    """The number of the first variant that is for this person by this channel; 0 for the run's own words."""
    numbered = enumerate(zip(content.variants, within, strict=False), start=1)
    fit = (n for n, (each, persons) in numbered if person in persons and channel in (each.channels or (channel,)))
    return next(fit, 0)

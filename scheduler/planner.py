"""By which channel each person is reached: the first of the broadcast's that the platform allows them now.

What each channel allows stands in the channel, as an `Opening`; the database chooses (`storage.planning`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.audience import Audience
from scheduler.channels import Channel
from scheduler.manners import Manners
from scheduler.outlook import Outlook
from storage.deliveries import Row
from storage.openings import Opening
from storage.planning import Cap, Counted, Plan, Plans
from storage.refusals import Refusals
from storage.runs import Run
from storage.wording import Content

A_DAY = timedelta(days=1)


class Planner:
    """Writes a run's deliveries, a piece of people a transaction. Safe to repeat: who has a row keeps it."""

    def __init__(
        self,
        plans: Plans,
        audience: Audience,
        channels: Mapping[str, Channel],
        manners: Manners,
        refusals: Refusals,
        outlook: Outlook | None = None,
    ) -> None:
        self.refusals = refusals
        self.outlook = outlook or Outlook(manners=manners)
        self.audience = audience
        self._plans = plans
        self._manners = manners
        self._channels = channels

    def fill(self, run: Run, *, now: datetime) -> None:
        """Write a row for everybody who is meant, as long as the run is being planned."""
        self._plans.fill(self._plan(run.key, run.content, now))

    def expected(self, key: str, content: Content, *, now: datetime) -> Counted:
        """How many would be reached by which channel, and why the others not; nothing is written.

        Whom the run has served is not counted.
        """
        return self._plans.count(self._plan(key, content, now))

    def held_back(self, key: str, content: Content, *, now: datetime) -> int:
        """How many have had enough today, and couldn't be spared: it would go to all on their account at once."""
        plan = self._plan(key, content, now)
        today = [cap for cap in plan.caps if not cap.broadcast]
        goes_to_all = any(
            each.for_all and (each.accounts or frozenset()) - each.refused - each.spent for each in plan.openings
        )
        return self._plans.count(replace(plan, caps=today)).over if today and goes_to_all else 0

    def forecast(self, key: str, content: Content, *, now: datetime) -> Mapping[str, int]:
        """How many would be reached by which channel, in the order of preference, "" for none."""
        return self.in_order(self.expected(key, content, now=now), content)

    def in_order(self, counted: Counted, content: Content) -> Mapping[str, int]:
        """The channels of a count in the order of preference, the patient ones and then "" behind."""
        patient = [name for name, channel in self._channels.items() if channel.waits]
        names = dict.fromkeys((*content.channels, *patient, ""))
        return {name: counted.channels[name] for name in names if counted.channels[name]}

    def able(self, content: Content, *, now: datetime) -> Mapping[str, Collection[str]]:
        """The accounts that have the right to each channel of a run."""
        able: dict[str, frozenset[str]] = {}
        for each in self._open(content, now):
            its = (each.accounts or frozenset()) - each.refused
            able[each.channel] = able.get(each.channel, frozenset()) | its
        return able

    def spends(self, channel: str, content: Content) -> Mapping[str, Any]:
        """What one that is sent by a channel costs (`Channel.spends`)."""
        known = self._channels.get(channel)
        return known.spends(content) if known else {}

    def again(self, person: str, content: Content, *, now: datetime) -> Row | None:
        """Another channel for a person whose first one turned out to be closed; None for one who left."""
        plan = Plan(key="", content=content, now=now, openings=self._by_person(content, now))
        return next(iter(self._plans.again(plan, [person])), None)

    def others(self, key: str, persons: Collection[str], content: Content, *, now: datetime) -> Sequence[Row]:
        """Another channel for those whom a run didn't reach at once; who has had enough meanwhile is spared."""
        plan = self._plan(key, content, now)
        return self._plans.again(replace(plan, openings=self._by_person(content, now)), persons)

    def _by_person(self, content: Content, now: datetime) -> Sequence[Opening]:
        return [each for each in self._open(content, now) if not each.for_all]

    def _plan(self, key: str, content: Content, now: datetime) -> Plan:
        patient = [channel.opening(content) for channel in self._channels.values() if channel.waits]
        caps = tuple(self._caps(key, content, now))
        return Plan(key=key, content=content, now=now, openings=self._open(content, now), patient=patient, caps=caps)

    def _open(self, content: Content, now: datetime) -> Sequence[Opening]:
        """The openings of the broadcast's channels, without the accounts that the platform has refused.

        What reaches everybody on an account at once goes first: nobody there may have it by another channel too.
        """
        refused = self.refusals.current(now=now)
        made = [self._channels[name].opening(content) for name in content.channels if name in self._channels]
        return [
            replace(each, refused=frozenset(way.account for way in refused if way.channel == each.channel))
            for each in (*(each.first for each in made if each.first), *made)
        ]

    def _caps(self, key: str, content: Content, now: datetime) -> Iterator[Cap]:
        """So many pushes of whatever kind today, and so many of this broadcast within the time that it names.

        A correction is held back by neither: what was wrong was said, and the longer it stands, the further it goes.
        """
        if content.corrects:
            return
        if self._manners.a_day:
            yield Cap(times=self._manners.a_day, since=self._manners.midnight_before(now))
        if content.at_most:
            since = self._since(timedelta(seconds=content.within_seconds), now)
            yield Cap(times=content.at_most, since=since, broadcast=key.partition(":")[0])

    def _since(self, within: timedelta, now: datetime) -> datetime:
        """When a span that ends now began. Days are the calendar's: a week after a push there is the next one."""
        if within % A_DAY:
            return now - within
        return self._manners.midnight_before(now) - within + A_DAY

"""What a run would do now: who would be reached by which channel; nothing is written and nobody is bothered."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.audience import SMALL
from scheduler.manners import Manners
from scheduler.outlook import Left
from scheduler.planner import Planner
from scheduler.reporting import of_deeds
from storage.deliveries import MASS
from storage.group_posts import PostState
from storage.planning import Counted, Why
from storage.runs import Runs
from storage.states import OPEN, RunState
from storage.wording import Content

SAMPLE = 5  # names that a forecast shows
MOST_AHEAD = 100  # runs that are being sent meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do now: people by channel ("" for those nobody can reach); no content, nobody is bothered.

    Who has it already is not counted, and of the groups only those that would be told are named. `quiet_until`: it is
    quiet now, and nobody should be bothered before. `is_provisional`: its day is a workday as far as anybody knows, the
    holidays of its year being not out yet. `sample` are some names of those who are meant, where the roster knows them;
    `nobody_is` are roles and tags that are asked for and nobody bears. Nothing is sent where people are chosen by
    having received `forgotten` digests, which isn't known any more. Where people are chosen by what they did nobody is
    named, and `few` people, fewer than five, are not counted.

    `closed` is why those whom nobody can reach can't be: for each way of being closed, by channel, how many; `full`
    have had enough pushes, so it is kept for their visit. `held_back` have had enough today and can't be spared, since
    it goes to all on their account at once: so all of it waits until `waits_until`. `credits` and `window_messages` are
    what it takes of members' own, `left` what it leaves of the accounts' quotas. `last_at` is when the last would have
    it, if it began now or at its time; None where there are only lines to be kept, or nobody knows.
    """

    key: str
    due_at: datetime
    content: Content | None
    channels: Mapping[str, int]
    groups: Sequence[str] = ()
    quiet_until: datetime | None = None
    is_provisional: bool = False
    sample: Sequence[str] = ()
    nobody_is: Sequence[str] = ()
    few: bool = False
    closed: Mapping[Why, int] = field(default_factory=dict)
    full: int = 0
    held_back: int = 0
    waits_until: datetime | None = None
    credits: int = 0
    window_messages: int = 0
    left: Sequence[Left] = ()
    last_at: datetime | None = None
    forgotten: Sequence[str] = ()


class Forecaster:
    """Looks ahead."""

    def __init__(
        self,
        store: Runs,
        planner: Planner,
        *,
        manners: Manners,
        flush: Callable[[datetime], None],
    ) -> None:
        self._store = store
        self._planner = planner
        self._manners = manners
        self._flush = flush

    def of(self, key: str, content: Content | None, *, due_at: datetime, now: datetime) -> Forecast:
        """What a run with this content would do now."""
        self._flush(now)
        has_people = content is not None and bool(content.channels)
        counted = self._planner.expected(key, content, now=now) if content and has_people else Counted()
        channels = self._planner.in_order(counted, content) if content else {}
        audience, total = self._planner.audience, sum(channels.values())
        by_deeds = content is not None and of_deeds(content, self._store.run)
        few = by_deeds and 0 < total < SMALL
        told = {} if few or content is None else self._told(key, content, counted, begins=max(due_at, now), now=now)
        return Forecast(
            **told,
            key=key,
            due_at=due_at,
            content=content,
            channels={} if few else channels,
            few=few,
            sample=audience.sample(content, most=SAMPLE, now=now) if content and total and not by_deeds else (),
            forgotten=audience.forgotten(content) if content else (),
            nobody_is=audience.lacking(content) if content else (),
            groups=self._untold(key, content),
            quiet_until=self._manners.next_allowed(now) if self._manners.is_quiet(now) else None,
        )

    def _told(self, key: str, content: Content, counted: Counted, *, begins: datetime, now: datetime) -> dict[str, Any]:
        """What is told of people where they aren't too few; of few who are told apart by what they did, nothing."""
        least = SMALL if of_deeds(content, self._store.run) else 1
        channels, outlook = counted.channels, self._planner.outlook
        able = self._planner.able(content, now=now)
        held_back = self._planner.held_back(key, content, now=now) if begins < self._manners.next_day(now) else 0
        waits_until = self._manners.next_day(now) if held_back else None
        spends = {name: self._planner.spends(name, content) for name in channels}
        return {
            "closed": {why: number for why, number in counted.closed.most_common() if number >= least},
            "full": counted.full if counted.full >= least else 0,
            "held_back": held_back,
            "waits_until": waits_until,
            "credits": sum(number for name, number in channels.items() if spends[name].get("spent_credit")),
            "window_messages": sum(number for name, number in channels.items() if spends[name].get("spent_window")),
            "left": (
                *outlook.left(channels, able),
                *outlook.mass_left(channels.get(MASS, 0), able.get(MASS, ()), now=now),
            ),
            "last_at": outlook.last_at(
                channels, self._ahead(key), begins=waits_until or self._manners.next_allowed(begins)
            ),
        }

    def _ahead(self, key: str) -> Mapping[str, int]:
        """How many wait in the runs that are being sent, by channel."""
        waiting: Counter[str] = Counter()
        for run in self._store.runs(states=[RunState.SENDING], limit=MOST_AHEAD):
            for tally in self._store.deliveries.tallies(run.key) if run.key != key else ():
                waiting[tally.channel] += tally.count if tally.state in OPEN else 0
        return waiting

    def _untold(self, key: str, content: Content | None) -> Sequence[str]:
        over = {post.name for post in self._store.posts.of(key) if post.state not in (PostState.DUE, PostState.FAILED)}
        meant = content.groups if content else ()
        if content and content.corrects:
            heard = self._store.taking_back.groups_that_heard(content.corrects)
            meant = tuple(name for name in meant if name in heard)
        return tuple(name for name in meant if name not in over)

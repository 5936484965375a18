"""What admins see of runs: one as it goes on, and the last thirty days."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler import reasons
from scheduler.audience import SMALL, tells_of_deeds
from scheduler.status import Status, status_of
from storage.run_reports import RunReports
from storage.runs import Run, Runs
from storage.states import OPEN, RunState, State
from storage.wording import Content

LATELY = timedelta(minutes=1)  # over which a rate is told
A_MONTH = 30  # days
MOST_RUNS = 500  # of them that a picture is of
MOST_NAMES = 50
UNREACHED = (State.GONE, State.FAILED, State.UNSURE)
OF_NOBODY = ("cancelled", "expired")  # they failed as a run, and not as persons
REMEMBERED = timedelta(minutes=10)  # of a run that is done; a late report of the platform may still change it


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run as it goes on.

    `causes` are pairs: why so many were not reached, or perhaps not. `failed` are pairs of a name, as the roster has
    it, and why; `unnamed` is how many failed besides. `unread` lines wait for a visit. `a_second` is the rate of the
    last minute, `seconds_left` how long the rest takes at it, None where nobody knows. `few`: the people were chosen by
    what they did, and are fewer than five, so nothing is told of them.
    """

    status: Status
    causes: Sequence[tuple[str, int]] = ()
    failed: Sequence[tuple[str, str]] = ()
    unnamed: int = 0
    unread: int = 0
    a_second: float = 0.0
    seconds_left: int | None = None
    few: bool = False

    @property
    def still_open(self) -> int:
        """How many wait or are in hand."""
        return sum(self.status.count(state) for state in OPEN)

    @property
    def ended(self) -> int:
        """How many have ended, however."""
        return self.status.people - self.still_open


@dataclass(frozen=True, slots=True)
class Day:
    """What was sent on a day: how many runs began, and how many people they reached by which channel."""

    day: date
    runs: int
    reached: Mapping[str, int]

    @property
    def people(self) -> int:
        """How many were reached; who was reached twice counts twice."""
        return sum(self.reached.values())


class Reporting:
    """Reads only; the tallies of runs that are done are remembered for a while."""

    def __init__(self, store: Runs, reports: RunReports, *, zone: ZoneInfo) -> None:
        self._store = store
        self._reports = reports
        self._zone = zone
        self._known: dict[str, tuple[datetime, Counter[str]]] = {}

    def report(self, key: str, now: datetime) -> Report | None:
        """A run as it stands; None where there is no such run."""
        run = self._store.run(key)
        if run is None:
            return None
        status = status_of(self._store, run)
        by_deeds = self._tells_of_deeds(run.content)
        if by_deeds and 0 < status.people < SMALL:
            return Report(status=Status(run=run, tallies=(), approvals=status.approvals, posts=status.posts), few=True)
        failed = () if by_deeds else tuple(self._failed(key))
        still_open = sum(status.count(state) for state in OPEN)
        a_second = self._reports.ended_since(key, now - LATELY) / LATELY.total_seconds() if still_open else 0.0
        ends = self._store.deliveries.tallies(key, by_error=True)
        causes: Counter[str] = Counter()
        for end in ends:
            if end.state in UNREACHED:
                causes[reasons.of_delivery(end.state, end.error)] += end.count
        errors = [end for end in ends if end.state is State.FAILED]
        return Report(
            status=status,
            causes=causes.most_common(),
            failed=failed,
            unnamed=sum(each.count for each in errors if each.error not in OF_NOBODY) - len(failed),
            unread=self._store.taking_back.unread(key, now=now),
            a_second=a_second,
            seconds_left=math.ceil(still_open / a_second) if a_second else None,
        )

    def month(self, now: datetime) -> Sequence[Day]:
        """The last thirty days, today the last."""
        today = now.astimezone(self._zone).date()
        days = [today - timedelta(days=back) for back in range(A_MONTH - 1, -1, -1)]
        runs: Counter[date] = Counter()
        reached: dict[date, Counter[str]] = {day: Counter() for day in days}
        for run in self._store.runs(limit=MOST_RUNS):
            day = run.due_at.astimezone(self._zone).date()
            counted = self._reached(run, now) if day in reached else Counter[str]()
            if counted:
                runs[day] += 1
                reached[day] += counted
        return [Day(day, runs[day], reached[day]) for day in days]

    def _reached(self, run: Run, now: datetime) -> Counter[str]:
        """How many a run has reached by which channel; few who were chosen by what they did aren't counted."""
        known = self._known.get(run.key)
        if known and known[0] > now:
            return known[1]
        tallies = self._store.deliveries.tallies(run.key)
        counted: Counter[str] = Counter()
        if not (self._tells_of_deeds(run.content) and sum(tally.count for tally in tallies) < SMALL):
            for tally in tallies:
                counted[tally.channel] += tally.count if tally.state is State.SENT else 0
        if run.state is RunState.DONE:
            self._known[run.key] = now + REMEMBERED, +counted
        return +counted

    def _failed(self, key: str) -> Iterator[tuple[str, str]]:
        for each in self._reports.named(key, state=State.FAILED, but=OF_NOBODY, most=MOST_NAMES):
            yield each.name, reasons.of_delivery(State.FAILED, each.error)

    def _tells_of_deeds(self, content: Content) -> bool:
        return of_deeds(content, self._store.run)


def of_deeds(content: Content, run: Callable[[str], Run | None]) -> bool:
    """Whether people are chosen by what they did; for a correction, whether those of what was wrong were."""
    wrong = run(content.corrects) if content.corrects else None
    return tells_of_deeds(content) or (wrong is not None and of_deeds(wrong.content, run))

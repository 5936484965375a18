"""Points for who may see them: one's own for oneself, and for admins what all had together in a month that is over."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from content.models import Drawn
from handlers.quiz.engine import marking, points
from handlers.quiz.engine.statistics import FEWEST
from storage.points import Points, Right, Sum


class Own(NamedTuple):
    """Somebody's own points: of today, of at most `a_day`, and of this month; `basis` says why there are any."""

    today: int
    a_day: int
    month: int
    basis: str


class Told(NamedTuple):
    """What a month came to for all; None where fewer than five had points."""

    people: int
    average: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """Reckons points from answers, since the day of the document that asks for them. Nobody's are kept or compared."""

    kept: Points
    outline: Callable[[str], Drawn | None]
    zone: ZoneInfo
    basis: Callable[[], str]
    since: date
    a_day: int

    def own(self, person: str, today: date) -> Own:
        """Somebody's own points."""
        since = self._begins(max(today.replace(day=1), self.since))
        days = self._by_day(self.kept.of(person, since=since))
        return Own(days.get(today, 0), self.a_day, sum(days.values()), self.basis())

    def told(self, *, begins: datetime, ends: datetime) -> Told | None:
        """What a month came to that was over at `ends`."""
        since = max(begins, self._begins(self.since))
        if since >= ends:
            return None
        made = self.kept.month(f"{begins:%Y-%m}", begins=since, ends=ends, reckon=self._sum)
        return Told(made.people, made.points / made.people) if made.people >= FEWEST else None

    def _sum(self, rights: Iterator[Right]) -> Sum:
        each = (sum(self._by_day(own).values()) for _, own in groupby(rights, key=lambda right: right.person))
        had = [came_to for came_to in each if came_to]
        return Sum(len(had), sum(had))

    def _by_day(self, rights: Iterable[Right]) -> dict[date, int]:
        """What the program marked itself counts, and what the pack still knows."""
        known = ((right.at, self.outline(right.question)) for right in rights)
        counting = (
            (at.astimezone(self.zone).date(), question.id)
            for at, question in known
            if question and question.type not in marking.SELF_JUDGED
        )
        return points.by_day(counting, a_day=self.a_day)

    def _begins(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

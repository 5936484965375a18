"""What is told of opinions, made of them: a month's numbers for everybody, a week's words for those above."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from content.roles import EVERYWHERE, Reach
from handlers import many
from handlers.bulletin import engine
from handlers.bulletin.engine import Case, Cluster, Month, Row
from scheduler.workdays import Workdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """`cases` are the opinions of some days within a reach; `names` are hidden wherever they stand, with `mask`.

    What everybody sees is reckoned once a day: nobody learns the moment of an answer by looking again and again.
    """

    cases: Callable[[Collection[date], Reach], Sequence[Case]]
    alike: Callable[[str, str], bool]
    names: Callable[[], Collection[str]]
    workdays: Workdays
    today: Callable[[], date]
    mask: str
    _kept: dict[date, list[Month]] = field(default_factory=dict)

    def months(self) -> list[Month]:
        """The last whole months with their numbers, the newest first."""
        today = self.today()
        if today not in self._kept:
            found = [self._month(first, last) for first, last in many.months(today)]
            self._kept.clear()
            self._kept[today] = found
        return self._kept[today]

    def _month(self, first: date, last: date) -> Month:
        cases, between = self.cases(_days(first, last), EVERYWHERE), self.workdays.between
        return Month(first, engine.rows(cases, between), engine.middle(cases, between))

    def week(self, day: date, reach: Reach) -> tuple[date, date, list[Row], list[Cluster]]:
        """Monday and Sunday of the week of a day, its numbers, and what was said, as far as a reach goes."""
        first, last = engine.week(day)
        cases = self.cases(_days(first, last), reach)
        said = engine.clusters(cases, alike=self.alike, hidden=self.names(), mask=self.mask)
        return first, last, engine.rows(cases, self.workdays.between), said


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]

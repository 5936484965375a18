"""Reminders of what is to be done by a day: at half time, before it, on it, when it is late, then up the organisations.

One way for whatever has a day and somebody who sees to it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Protocol

from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.paces import Paces

_A_DAY = 24 * 60 * 60


class Call(StrEnum):
    """What is to be said today of a day that was named."""

    HALF_TIME = "half_time"
    TOMORROW = "tomorrow"
    TODAY = "today"
    OVERDUE = "overdue"
    BELOW = "below"  # it is late in an organisation under one's own


class Tell(Protocol):
    """Brings a line to a person: by a customer-service message while that is allowed, else with their next answer."""

    def __call__(self, person: str, line: str, key: str, *, instead_of: str = "") -> None:
        """Say `line` once for each `key`, and none of those that wait under keys that begin with `instead_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What is to be done: since a day, by a day (None where nobody waits for it now), by somebody, "" for nobody yet.

    `known_to` says which accounts may hear of it; `news` is what else is said of it to whoever has it.
    `escalates_after` is its own, in place of the reminder's. `organisation` is whose it is, "" for the whole house's.
    """

    day: date
    due: date | None
    by: str
    known_to: Callable[[str], bool]
    news: tuple[str, ...] = ()
    escalates_after: int | None = None
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Tells admins, who said which contact is theirs, how much of what they see to comes near its day.

    What is given to one is said to that one, and once it is late to the organisations above, a level for each
    `escalates_after` workdays; what is nobody's is said to those of its organisation who may know of it, to those above
    where there is none, and to all where it is the whole house's. Numbers only: what is told may wait
    for an admin's next visit in clear, and of what waits only the newest is true. `calls` are the words of each, in the
    order in which they are said.
    """

    about: str
    workdays: Workdays
    staff: Staff
    escalates_after: int
    tell: Tell
    paces: Paces
    words: Mapping[str, str]
    calls: Mapping[str, str]

    def __call__(self, pending: Iterable[Pending], today: date) -> None:
        """Say it once a day, however often this is run."""
        persons, staff = self.staff.persons(), self.staff.now()
        counts: dict[str, Counter[str]] = {name: Counter() for name in persons}
        for each in pending:
            for name, call in self._calls(each, today, persons, staff):
                counts[name][call] += 1
        for name, person in persons.items():
            said = [words.format(counts[name][call]) for call, words in self.calls.items() if counts[name][call]]
            if said and not self._was_told(person, today):
                line = self.words["line"].format(self.words["and"].join(said))
                kind = f"{self.about}:reminder:"
                self.tell(person, line, f"{kind}{today.isoformat()}", instead_of=kind)

    def _was_told(self, person: str, today: date) -> bool:
        """Whether this person was told today, which is noted: counted by the date, whatever hour it is."""
        day = datetime.combine(today, time(), UTC)
        return bool(self.paces.wait(f"{self.about} reminder", person, most=1, seconds=_A_DAY, now=day))

    def _calls(self, each: Pending, today: date, names: Iterable[str], staff: Staff) -> Iterator[tuple[str, str]]:
        """Who is told what of it."""
        may = [name for name in names if each.known_to(name)]
        own = [each.by] if each.by in may else staff.nearest(may, each.organisation)
        call = call_of(self.workdays, day=each.day, due=each.due, today=today)
        said = (*([call] if call else []), *each.news)
        yield from ((name, word) for name in own for word in said)
        if call is Call.OVERDUE and each.due:
            late = -self.workdays.left(each.due, today)
            step = each.escalates_after or self.escalates_after
            above_them = staff.hear_of_late(each.by, late, step=step, organisation=each.organisation)
            yield from ((name, Call.BELOW) for name in above_them.intersection(may).difference(own))


def call_of(workdays: Workdays, *, day: date, due: date | None, today: date) -> Call | None:
    """What is to be said today of what is to be done from one day to another; on days off, nothing."""
    if due is None or not workdays.is_workday(today):
        return None
    left = workdays.left(due, today)
    if left < 0:
        return Call.OVERDUE
    if left == 0 or today == due:  # a day off has the workday before it
        return Call.TODAY
    if left == 1:
        return Call.TOMORROW
    whole = workdays.between(day, due)
    return Call.HALF_TIME if whole - left == (whole + 1) // 2 else None

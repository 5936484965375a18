"""Measures as each account sees them: its own texts, and the opinion that one is about, to those who may read that."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from handlers.feature import Waiting, words_beside
from handlers.measure import engine
from handlers.measure.engine import State
from scheduler.reminders import Pending, Staff
from scheduler.workdays import Workdays
from storage.db import Beside
from storage.measure import Measure, Measures

PAGE = "/admin/measure/"  # where one is begun; ?opinion= is the address of one


class Subject(Protocol):
    """An opinion that something is done about, without its sender."""

    @property
    def id(self) -> str:
        """Its name in the stores."""

    @property
    def link(self) -> str:
        """Its page in the console."""

    @property
    def day(self) -> date:
        """When it came."""

    @property
    def category(self) -> str:
        """What it is about."""

    @property
    def words(self) -> str:
        """What it says; "" where somebody has to look at it first."""

    @property
    def known_to(self) -> Callable[[str], bool]:
        """Whether an account may read it."""


class Subjects(Protocol):
    """The opinions."""

    def at(self, address: str) -> Subject | None:
        """The one at an address of the console."""

    def of(self, opinion: str) -> Subject | None:
        """The one of this id."""

    def noting(self, opinion: str, measure: str, *, author: str, day: date) -> Beside:
        """What writes down with the opinion that a measure is begun for it, in the transaction that begins it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A measure with what it is about, where that is an opinion, and the accounts that may know of it."""

    measure: Measure
    subject: Subject | None
    accounts: Collection[str]

    @property
    def state(self) -> State:
        """How far it is."""
        return engine.state(self.measure)

    @property
    def verifiers(self) -> list[str]:
        """Who could verify it."""
        return engine.verifiers(self.measure, self.accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All measures, the accounts that see to them, and the opinions that they are about."""

    measures: Measures
    staff: Staff
    subjects: Subjects
    workdays: Workdays
    today: Callable[[], date]
    words: Mapping[str, str] = field(default_factory=lambda: words_beside(__file__)["waiting"])

    def accounts(self, about: Subject | None) -> list[str]:
        """Who may know of a measure: what few may read is told by it too."""
        return [name for name in self.staff.names() if about is None or about.known_to(name)]

    def all(self) -> list[Case]:
        """Every one, the next to be done first."""
        return [self._case(each) for each in self.measures.all()]

    def find(self, which: str) -> Case | None:
        """The one of this id."""
        found = self.measures.get(which)
        return self._case(found) if found else None

    def _case(self, each: Measure) -> Case:
        about = self.subjects.of(each.opinion) if each.opinion else None
        is_known = about is not None or not each.opinion
        return Case(measure=each, subject=about, accounts=self.accounts(about) if is_known else ())

    def begin(self, new: Measure) -> None:
        """Keep it; its opinion knows of it in the same moment."""
        noting = self.subjects.noting(new.opinion, new.id, author=new.made_by, day=new.made_on)
        self.measures.add(new, beside=noting if new.opinion else None)

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account."""
        known = [each for each in self.all() if name in each.accounts]
        own = [each.measure for each in known if each.state is State.OPEN and each.measure.responsible == name]
        late = sum(each.until < self.today() for each in own)
        to_verify = sum(each.state is State.DONE and name in each.verifiers for each in known)
        counts = {"overdue": late, "open": len(own) - late, "to_verify": to_verify}
        return [
            Waiting(said=self.words[kind].format(count), link=PAGE, is_late=kind == "overdue")
            for kind, count in counts.items()
            if count
        ]

    def pending(self, today: date, *, again_after: int) -> list[Pending]:
        """What there is to remind of: what is done is late no more, and waits for those who can verify it.

        They hear of it on the workday after, and again each `again_after` workdays.
        """
        rows = self.all()
        open_ones = [self._open(each) for each in rows if each.state is State.OPEN]
        return [*open_ones, *(self._done(each, today, again_after) for each in rows if each.state is State.DONE)]

    def _open(self, case: Case) -> Pending:
        each = case.measure
        return Pending(day=each.made_on, due=each.until, by=each.responsible, known_to=case.accounts.__contains__)

    def _done(self, case: Case, today: date, again_after: int) -> Pending:
        since = case.measure.done_on or today
        over = self.workdays.between(since, today)
        is_said = self.workdays.is_workday(today) and over > 0 and (over - 1) % again_after == 0
        return Pending(
            day=since,
            due=None,
            by="",
            known_to=case.verifiers.__contains__,
            news=("to_verify",) if is_said else (),
        )

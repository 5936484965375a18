"""Measures as each account sees them: its own texts, and the opinion that one is about, to those who may read that."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from content.roles import Duty, Reach
from handlers.feature import Queued, Waiting, words_beside
from handlers.measure import engine
from handlers.measure.engine import State
from scheduler.reminders import Pending
from scheduler.staff import Staff
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
    def restricted(self) -> bool:
        """Whether few may read it, and know of what is done about it."""

    @property
    def organisation(self) -> str:
        """Its sender's, "" for the whole house."""

    @property
    def known_to(self) -> Callable[[str], bool]:
        """Whether an account may read it."""


class Subjects(Protocol):
    """The opinions."""

    def now(self) -> "Subjects":
        """As accounts stand now: good for one look at many."""

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

    def told(self, name: str) -> Subject | None:
        """What it is about, where an account may read that."""
        return self.subject if self.subject and self.subject.known_to(name) else None

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

    def may_have(self, about: Subject | None, organisation: str) -> list[str]:
        """Who may be given a measure there, about that: what few may read is told by it too.

        What is the whole house's may be given to one organisation's: so words without a name stay where they are, and
        what is to be done goes where it is done.
        """
        return [
            name
            for name, reach in self.staff.reaches(Duty.MEASURES).items()
            if (not organisation or reach.covers(organisation)) and _may_know(about, name)
        ]

    def all(self) -> list[Case]:
        """Every one, the next to be done first."""
        return self._cases(self.measures.all())

    def find(self, which: str) -> Case | None:
        """The one of this id."""
        found = self.measures.get(which)
        return self._cases([found])[0] if found else None

    def _cases(self, every: Sequence[Measure]) -> list[Case]:
        subjects, reaches = self.subjects.now(), self.staff.reaches(Duty.MEASURES)
        return [self._case(each, subjects, reaches) for each in every]

    def _case(self, each: Measure, subjects: Subjects, reaches: Mapping[str, Reach]) -> Case:
        about = subjects.of(each.opinion) if each.opinion else None
        is_lost = about is None and bool(each.opinion)
        accounts = [
            name
            for name, reach in reaches.items()
            if (name == each.responsible or reach.covers(each.organisation)) and _may_know(about, name)
        ]
        return Case(measure=each, subject=about, accounts=() if is_lost else accounts)

    def begin(self, new: Measure) -> bool:
        """Keep it; its opinion knows of it in the same moment. False where it was begun before."""
        noting = self.subjects.noting(new.opinion, new.id, author=new.made_by, day=new.made_on)
        return self.measures.add(new, beside=noting if new.opinion else None)

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account."""
        known = [each for each in self.all() if name in each.accounts]
        own = [each.measure for each in known if each.state is State.OPEN and each.measure.responsible == name]
        late = sum(each.until < self.today() for each in own)
        to_verify = sum(each.state is State.DONE and name in each.verifiers for each in known)
        counts = {"overdue": late, "open": len(own) - late, "to_verify": to_verify}
        return [
            Waiting(count=count, said=self.words[kind].format(count), link=PAGE, is_late=kind == "overdue")
            for kind, count in counts.items()
            if count
        ]

    def queue(self) -> Iterator[Queued]:
        """Those that wait to be done, or handed on, and those that wait for somebody who verifies them."""
        for each in self.all():
            if each.measure.opinion and each.subject is None:
                continue  # its opinion is no more
            if each.state in {State.OPEN, State.DONE}:
                who = each.verifiers if each.state is State.DONE else each.accounts
                yield Queued(duty=Duty.MEASURES, organisation=each.measure.organisation, who=who)

    def pending(self, today: date, *, again_after: int) -> list[Pending]:
        """What there is to remind of: what is done is late no more, and waits for those who can verify it.

        They hear of it on the workday after, and again each `again_after` workdays.
        """
        rows = self.all()
        open_ones = [self._open(each) for each in rows if each.state is State.OPEN]
        return [*open_ones, *(self._done(each, today, again_after) for each in rows if each.state is State.DONE)]

    def _open(self, case: Case) -> Pending:
        each = case.measure
        return Pending(
            day=each.made_on,
            due=each.until,
            by=each.responsible,
            known_to=case.accounts.__contains__,
            organisation=each.organisation,
        )

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
            organisation=case.measure.organisation,
        )


def _may_know(about: Subject | None, name: str) -> bool:
    return about is None or not about.restricted or about.known_to(name)

"""Decisions as the accounts see them: what came of each, and how far its record is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date

from content.decisions import Kind, Rule
from content.roles import Casting, Duty, Reach
from handlers.asking import Asked
from handlers.decision import engine
from handlers.decision.engine import State, Verdict, Votes
from handlers.feature import Queued, Waiting
from scheduler.staff import Staff
from storage.decision import Decision, Decisions, Wanted

PAGE = "/admin/decision/"
_LOOKED_AT = 500  # records that wait, the newest first
COUNTED = ("entitled", "present", "written", "approve", "against", "abstain")


_OF_STATE = {
    "": Wanted(),
    State.PENDING: Wanted(confirmed=False, corrected=False),
    State.CONFIRMED: Wanted(confirmed=True, corrected=False),
    State.CORRECTED: Wanted(corrected=True),
}


@dataclass(frozen=True)
class Filter(Asked):
    """Which records are meant."""

    organisation: str = ""
    kind: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A record with its kind, the rule of its day, and what came of it."""

    decision: Decision
    kind: Kind

    @property
    def votes(self) -> Votes:
        """How many."""
        return Votes(**{name: value for name, value in asdict(self.decision).items() if name in COUNTED})

    @property
    def rule(self) -> Rule:
        """What its vote needed."""
        return self.kind.rule(self.decision.day)

    @property
    def verdict(self) -> Verdict:
        """What came of it."""
        return engine.verdict(self.votes, self.rule)

    @property
    def state(self) -> State:
        """How far the record is."""
        return engine.state(confirmed_by=self.decision.confirmed_by, is_corrected=bool(self.decision.corrected_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All records, the kinds there are, and who sees to them."""

    decisions: Decisions
    kinds: Mapping[str, Kind]
    staff: Staff
    casting: Callable[[], Casting]
    today: Callable[[], date]
    waiting: str

    def meant(self, reach: Reach, asked: Filter) -> Wanted:
        """The same for the store: what is asked for of what is in reach."""
        within = None if reach.everywhere else reach.organisations
        return replace(
            _OF_STATE.get(asked.state, Wanted()), within=within, organisation=asked.organisation, kind=asked.kind
        )

    def shown(self, wanted: Wanted, *, after: int, most: int) -> list[Case]:
        """Some of those that are meant, the newest meeting first."""
        return [self._case(each) for each in self.decisions.page(wanted, after=after, most=most)]

    def one(self, reach: Reach, which: str) -> Case | None:
        """A record in reach."""
        found = self.decisions.get(which)
        return self._case(found) if found and reach.covers(found.organisation) else None

    def _case(self, each: Decision) -> Case:
        return Case(decision=each, kind=self.kinds[each.kind])

    def confirmers(self, each: Decision) -> list[str]:
        """Who could confirm it."""
        reaches = self.staff.reaches(Duty.DECISIONS)
        return [name for name, reach in reaches.items() if reach.covers(each.organisation) and name != each.recorded_by]

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account: what somebody else has written down."""
        reach = self.staff.reaches(Duty.DECISIONS).get(name, Reach())
        wanted = replace(self.meant(reach, Filter(state=State.PENDING)), not_by=name)
        count, _ = self.decisions.count(wanted) if reach else (0, 0)
        link = f"{PAGE}?state={State.PENDING}"
        return [Waiting(count=count, said=self.waiting.format(count), link=link)] if count else []

    def queue(self) -> Iterator[Queued]:
        """Those that wait for somebody else than who wrote them down."""
        for each in self.decisions.page(_OF_STATE[State.PENDING], most=_LOOKED_AT):
            yield Queued(duty=Duty.DECISIONS, organisation=each.organisation, who=self.confirmers(each))

"""Decisions as the accounts see them: what came of each, and how far its record is."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from content.decisions import Kind, Rule
from content.roles import Casting, Duty, Reach
from handlers.decision import engine
from handlers.decision.engine import State, Verdict, Votes
from handlers.feature import Waiting
from scheduler.staff import Staff
from storage.decision import Decision, Decisions

PAGE = "/admin/decision/"
COUNTED = ("entitled", "present", "written", "approve", "against", "abstain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A record with its kind, the rule of its day, what came of it, and the record that corrects it, "" if none."""

    decision: Decision
    kind: Kind
    corrected_by: str

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
        return engine.state(confirmed_by=self.decision.confirmed_by, is_corrected=bool(self.corrected_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All records, the kinds there are, and who sees to them."""

    decisions: Decisions
    kinds: Mapping[str, Kind]
    staff: Staff
    casting: Callable[[], Casting]
    today: Callable[[], date]
    waiting: str

    def within(self, reach: Reach) -> list[Case]:
        """Those of some organisations, the newest meeting first."""
        every = self.decisions.all()
        later = {each.corrects: each.id for each in every}
        return [
            Case(decision=each, kind=self.kinds[each.kind], corrected_by=later.get(each.id, ""))
            for each in every
            if reach.covers(each.organisation)
        ]

    def confirmers(self, each: Decision) -> list[str]:
        """Who could confirm it."""
        reaches = self.staff.reaches(Duty.DECISIONS)
        return [name for name, reach in reaches.items() if reach.covers(each.organisation) and name != each.recorded_by]

    def waits(self, name: str) -> list[Waiting]:
        """What waits for an account: what somebody else has written down."""
        reach = self.staff.reaches(Duty.DECISIONS).get(name, Reach())
        count = sum(each.state is State.PENDING and each.decision.recorded_by != name for each in self.within(reach))
        link = f"{PAGE}?state={State.PENDING}"
        return [Waiting(count=count, said=self.waiting.format(count), link=link)] if count else []

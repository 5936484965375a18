"""The rules of decisions: which numbers can be, what they come to, and who confirms a record."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

LONGEST_MEETING, LONGEST_TEXT = 60, 200  # characters
MOST = 9999  # people at a meeting


MORE_THAN_HALF = "more_than_half"  # else half is enough


class Rule(Protocol):
    """What a vote needs (content.decisions.Rule)."""

    @property
    def present(self) -> str:
        """How many of those who have a vote must have come."""

    @property
    def approve(self) -> str:
        """How many of them must be for it, whether they came or not."""

    @property
    def written(self) -> bool:
        """Whether who couldn't come may have voted in writing before."""


def fewest(share: str, everyone: int) -> int:
    """The fewest that are enough of all."""
    return everyone // 2 + 1 if share == MORE_THAN_HALF else (everyone + 1) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """How many: who has a vote, who of them came, who wrote before, and what they voted."""

    entitled: int
    present: int
    written: int
    approve: int
    against: int
    abstain: int

    @property
    def cast(self) -> int:
        """How many votes there are."""
        return self.approve + self.against + self.abstain


class Outcome(StrEnum):
    """What came of a vote."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"
    NO_MEETING = "no_meeting"  # too few came to vote at all


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it, and how many it needed."""

    outcome: Outcome
    present_needed: int
    approve_needed: int


def verdict(votes: Votes, rule: Rule) -> Verdict:
    """What came of a vote by its rule."""
    present, approve = fewest(rule.present, votes.entitled), fewest(rule.approve, votes.entitled)
    if votes.present < present:
        return Verdict(Outcome.NO_MEETING, present, approve)
    return Verdict(Outcome.PASSED if votes.approve >= approve else Outcome.NOT_PASSED, present, approve)


class Fault(StrEnum):
    """Why a record isn't taken; words.toml says where it stands in the form, and how it is mended."""

    MEETING = "meeting"
    DAY = "day"
    FUTURE = "future"
    MATTER = "matter"
    KIND = "kind"
    ABOUT = "about"
    NUMBERS = "numbers"
    ENTITLED = "entitled"
    PRESENT = "present"
    NOT_WRITTEN = "not_written"
    WRITTEN = "written"
    CAST = "cast"
    PROPOSED_BY = "proposed_by"
    WHY = "why"
    SAVED_BEFORE = "saved_before"
    CORRECTED_BEFORE = "corrected_before"
    SAME_PERSON = "same_person"
    NOT_PENDING = "not_pending"


def vote_fault(votes: Votes, rule: Rule) -> Fault | None:
    """Why these numbers can't be together."""
    if votes.entitled < 1:
        return Fault.ENTITLED
    if votes.present > votes.entitled:
        return Fault.PRESENT
    if votes.written and not rule.written:
        return Fault.NOT_WRITTEN
    if votes.present + votes.written > votes.entitled:
        return Fault.WRITTEN
    return Fault.CAST if votes.cast > votes.present + votes.written else None


def is_text(words: str, longest: int = LONGEST_TEXT) -> bool:
    """Whether something is said, and not too much."""
    return 0 < len(words) <= longest


class State(StrEnum):
    """How far a record is."""

    PENDING = "pending"  # seen by nobody but who wrote it
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"  # a later record stands in its place


def state(*, confirmed_by: str, is_corrected: bool) -> State:
    """How far it is."""
    if is_corrected:
        return State.CORRECTED
    return State.CONFIRMED if confirmed_by else State.PENDING


def confirm_fault(now: State, *, recorded_by: str, by: str) -> Fault | None:
    """Why it can't be confirmed: by another person only, and once."""
    if now is not State.PENDING:
        return Fault.NOT_PENDING
    return Fault.SAME_PERSON if by == recorded_by else None

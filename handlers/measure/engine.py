"""The rules of measures: what one needs, who may say that it is done, and who may verify it."""

from datetime import date
from enum import StrEnum

LONGEST = 300  # characters of each text


class State(StrEnum):
    """How far a measure is."""

    OPEN = "open"
    DONE = "done"  # said to be done, and seen by nobody else
    VERIFIED = "verified"


class Fault(StrEnum):
    """Why something is not taken."""

    TEXT = "text"
    NO_SUCH_ADMIN = "no_such_admin"
    PAST = "past"
    NOT_OPEN = "not_open"
    NOT_DONE = "not_done"
    SAME_PERSON = "same_person"


def state(done_by: str, verified_by: str) -> State:
    """How far it is."""
    return State.VERIFIED if verified_by else State.DONE if done_by else State.OPEN


def is_text(words: str) -> bool:
    """Whether something is said, and not too much."""
    return 0 < len(words.strip()) <= LONGEST


def new_fault(problem: str, measure: str, *, is_admin: bool, until: date | None, today: date) -> Fault | None:
    """Why a measure can't be begun so: it needs a problem, what is done, somebody who does it, and a day to come."""
    if not (is_text(problem) and is_text(measure)):
        return Fault.TEXT
    if not is_admin:
        return Fault.NO_SUCH_ADMIN
    return Fault.PAST if until is None or until < today else None


def done_fault(now: State, words: str) -> Fault | None:
    """Why it can't be said to be done."""
    if now is not State.OPEN:
        return Fault.NOT_OPEN
    return None if is_text(words) else Fault.TEXT


def verified_fault(now: State, words: str, *, by: str, responsible: str, done_by: str) -> Fault | None:
    """Why it can't be verified: nothing is closed that nobody said was done, nor by who did it or said so."""
    if now is not State.DONE:
        return Fault.NOT_DONE
    if by in {responsible, done_by}:
        return Fault.SAME_PERSON
    return None if is_text(words) else Fault.TEXT

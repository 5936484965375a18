"""The rules of measures: what one needs, who may say that it is done, and who may verify it."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Protocol

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
    ELSEWHERE = "elsewhere"
    PAST = "past"
    NOT_OPEN = "not_open"
    NOT_DONE = "not_done"
    NOT_RESPONSIBLE = "not_responsible"
    SAME_PERSON = "same_person"
    BEGUN_BEFORE = "begun_before"


class Known(Protocol):
    """A measure, as far as the rules ask (storage.measure.Measure)."""

    @property
    def responsible(self) -> str:
        """Who sees to it."""

    @property
    def done_by(self) -> str:
        """Who said that it is done."""

    @property
    def verified_by(self) -> str:
        """Who saw it."""


def state(each: Known) -> State:
    """How far it is."""
    return State.VERIFIED if each.verified_by else State.DONE if each.done_by else State.OPEN


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


def done_fault(each: Known, words: str, *, by: str) -> Fault | None:
    """Why it can't be said to be done: by who is responsible only, so that two accounts are enough to close it."""
    if state(each) is not State.OPEN:
        return Fault.NOT_OPEN
    if by != each.responsible:
        return Fault.NOT_RESPONSIBLE
    return None if is_text(words) else Fault.TEXT


def hand_fault(each: Known, *, is_admin: bool) -> Fault | None:
    """Why it can't be given on."""
    if state(each) is not State.OPEN:
        return Fault.NOT_OPEN
    return None if is_admin else Fault.NO_SUCH_ADMIN


def take_back_fault(each: Known, *, by: str) -> Fault | None:
    """Why it can't be said to be not done after all."""
    if state(each) is not State.DONE:
        return Fault.NOT_DONE
    return None if by in concerned(each) else Fault.NOT_RESPONSIBLE


def verified_fault(each: Known, words: str, *, by: str) -> Fault | None:
    """Why it can't be verified: nothing is closed that nobody said was done, nor by who did it or said so."""
    if state(each) is not State.DONE:
        return Fault.NOT_DONE
    if by in concerned(each):
        return Fault.SAME_PERSON
    return None if is_text(words) else Fault.TEXT


def concerned(each: Known) -> frozenset[str]:
    """Who can't verify it: who is responsible, and who said that it is done."""
    return frozenset({each.responsible, each.done_by} - {""})


def verifiers(each: Known, accounts: Collection[str]) -> list[str]:
    """Who of those that know of it could verify it."""
    return sorted({*accounts} - concerned(each))

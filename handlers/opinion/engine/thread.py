"""What we and a sender say to and fro, and what may be said to what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from handlers.opinion.engine import ENDS, State
from handlers.opinion.engine.drafts import Problem
from handlers.opinion.engine.receipts import has_code


class Asks(StrEnum):
    """What a sender may say something to, once."""

    QUESTION = "question"
    VERDICT = "verdict"


class Solved(StrEnum):
    """What the sender thinks of an answer."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


SAID_LONGEST = 500  # characters of what a sender says to a question or an answer


class Heard(Protocol):
    """What a sender said, as storage.opinion.Heard."""

    @property
    def day(self) -> date:
        """When."""

    @property
    def turn(self) -> int:
        """To which of our words."""

    @property
    def words(self) -> str:
        """Themselves."""

    @property
    def solved(self) -> str:
        """What they think of an answer."""

    @property
    def reopen(self) -> bool:
        """Whether it is to be gone on with."""


class Said(Protocol):
    """What we said, as storage.opinion_notes.Note."""

    @property
    def turn(self) -> int:
        """Which of our words it is."""

    @property
    def kind(self) -> str:
        """The state that it brought about."""

    @property
    def words(self) -> str:
        """Themselves."""

    @property
    def day(self) -> date:
        """When."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the talk between us and a sender: `kind` is a state, where it is ours, else one of `Asks`."""

    ours: bool
    kind: str
    words: str
    day: date
    solved: str = ""
    reopen: bool = False


_SPOKEN = ENDS | {State.ASKED}
ANSWERS = frozenset({State.ANSWERED, State.PARTLY})


def talk(notes: Sequence[Said], heard: Sequence[Heard]) -> list[Line]:
    """All that was said to and fro; nothing internal, and of an answer that was mended only what stands."""
    said: list[Line] = []
    theirs = {each.turn: each for each in heard}
    for note in notes:
        if note.kind not in _SPOKEN:
            continue
        if said and said[-1].ours and {said[-1].kind, note.kind} <= ANSWERS:
            said.pop()
        said.append(Line(ours=True, kind=note.kind, words=note.words, day=note.day))
        if note.turn in theirs:
            said.append(_from_sender(theirs[note.turn], note.kind))
    return said


def _from_sender(said: Heard, to: str) -> Line:
    kind = Asks.QUESTION if to == State.ASKED else Asks.VERDICT
    return Line(ours=False, kind=kind, words=said.words, day=said.day, solved=said.solved, reopen=said.reopen)


def left_in(state: str, turns: int, heard: Sequence[Heard]) -> str:
    """The state that what the sender said left it in; `state` is the one that the last of our words brought about."""
    said = next((each for each in heard if each.turn == turns), None)
    if said and state == State.ASKED:
        return State.IN_HAND
    return State.REOPENED if said and said.reopen and state in ENDS else state


def asks(state: str, turns: int, heard: Sequence[Heard]) -> Asks | None:
    """What the sender may say something to now; `state` is the one that the last of our words brought about."""
    if any(each.turn == turns for each in heard):
        return None
    if state == State.ASKED:
        return Asks.QUESTION
    return Asks.VERDICT if state in ENDS else None


def trouble(asked: Asks, words: str, *, solved: str, reopen: bool, shortest: int) -> Problem | None:
    """Why this isn't taken; what is reopened needs words, and so does an answer to a question."""
    wordy = asked is Asks.QUESTION or reopen
    if asked is Asks.VERDICT and (solved not in set(Solved) or (reopen and solved == Solved.YES)):
        return Problem.NOT_A_VERDICT
    if len(words) > SAID_LONGEST:
        return Problem.TOO_LONG
    if has_code(words):
        return Problem.HAS_CODE
    needed = shortest if reopen else 1
    return Problem.TOO_SHORT if wordy and len(re.sub(r"[\W_]", "", words)) < needed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a sender is saying to our last words, on its way in the chat. `id` is the one it will be kept under."""

    id: str
    turn: int
    asked: str
    solved: str = ""
    words: str = ""

    @property
    def reopens(self) -> bool:
        """Whether it is to be gone on with: whoever says what is missing wants that."""
        return self.asked == Asks.VERDICT and self.solved != Solved.YES and bool(self.words)

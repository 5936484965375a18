"""The rules of the quiz: what is drawn for a round, in which order, how far it is and when it is over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Protocol, TypeVar

from content.models import Drawn
from handlers.quiz.engine.chance import by


def draw(questions: Iterable[Drawn], *, on: date, count: int) -> tuple[str, ...]:
    """Ids of `count` of the questions that hold that day: the same for all that day, others the next day."""
    place = by(on.isoformat())
    ordered = sorted(effective(questions, on=on), key=lambda each: place(_unit(each)))
    return tuple(each.id for each in _together(ordered, count))


def _unit(question: Drawn) -> str:
    """What is drawn as one: a case with its parts, else the question alone."""
    return question.case or question.id


def _together(ordered: Iterable[Drawn], count: int) -> list[Drawn]:
    """The first of an order, `count` of them: a case whose parts would not all fit makes way for what does."""
    drawn: list[Drawn] = []
    left: list[Drawn] = []
    for _, unit in groupby(ordered, key=_unit):
        parts = [*unit]
        fits = len(drawn) + len(parts) <= count
        (drawn if fits else left).extend(parts)
        if len(drawn) == count:
            break
    return (drawn + left)[:count]


@dataclass(frozen=True, slots=True)
class Daily:
    """The day's draw, made once for a pack, a day and a circle: it looks at every question."""

    count: int
    _made: dict[frozenset[str], tuple[date, tuple[Drawn, ...], tuple[str, ...]]] = field(default_factory=dict)

    def on(self, day: date, questions: tuple[Drawn, ...], *, circle: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """The ids that a circle's members are asked on that day, of the pack's `questions` for them of that day."""
        known = self._made.get(circle)
        if known is None or known[0] != day or known[1] is not questions:
            if known:  # the day or the pack is another, for all circles
                self._made.clear()
            known = self._made[circle] = (day, questions, draw(questions, on=day, count=self.count))
        return known[2]


class Mode(StrEnum):
    """How a round is made, and when it ends; its name begins with it."""

    TODAY = "daily"
    MISTAKES = "wrong"
    TOPIC = "topic"
    SEQUENCE = "sequence"
    CHALLENGE = "challenge"
    EXAM = "exam"
    DUEL = "duel"
    KEPT = "kept"


LIVES = 3  # mistakes that end a challenge
LONGEST_CHALLENGE = 100
_FEW = 8  # draws for each question that is wanted, before all are looked at
_LATER = (Mode.EXAM, Mode.DUEL, Mode.CHALLENGE, Mode.TOPIC, Mode.SEQUENCE, Mode.KEPT, Mode.MISTAKES, Mode.TODAY)
_MODES = {each.value: each for each in Mode}


def mode(begun: "Begun") -> Mode:
    """How a round was made."""
    return _MODES[begun.name.partition(":")[0]]


def daily(day: date) -> str:
    """What makes the round of a day one."""
    return f"{Mode.TODAY}:{day.isoformat()}"


def of_mistakes(message: str) -> str:
    """What makes a round of mistakes one: the message that asked for it."""
    return f"{Mode.MISTAKES}:{message}"[:64]


def is_of_mistakes(begun: "Begun") -> bool:
    """Whether a round goes over mistakes."""
    return mode(begun) is Mode.MISTAKES


def named(of: Mode, chosen: str, asked_by: str) -> str:
    """What makes a round of something chosen one: what was chosen, and the message or the round that led to it."""
    return f"{chosen_of(of, chosen)}{by(asked_by)('').hex()}"


def chosen_of(of: Mode, chosen: str) -> str:
    """How the names of all rounds of something chosen begin."""
    return f"{of}:{by(chosen)('').hex()}:"


def effective(questions: Iterable[Drawn], *, on: date) -> list[Drawn]:
    """Those that hold that day."""
    return [question for question in questions if question.in_effect(on)]


def some(
    questions: Sequence[Drawn],
    *,
    seed: str,
    count: int,
    known: Callable[[str], object],
    fits: Callable[[Drawn], bool] = bool,
) -> list[str]:
    """Ids of `count` questions that fit by chance, those first that aren't `known`: never answered yet."""
    return [each.id for each in _some(questions, seed=seed, count=count, known=known, fits=fits)]


def _some(
    questions: Sequence[Drawn],
    *,
    seed: str,
    count: int,
    known: Callable[[str], object],
    fits: Callable[[Drawn], bool],
) -> list[Drawn]:
    place, most = by(seed), len(questions)

    def first(among: Iterable[Drawn]) -> list[Drawn]:
        return _together(
            sorted(filter(fits, among), key=lambda each: (bool(known(each.id)), place(_unit(each)))), count
        )

    if most > _FEW * count:  # a bank of 100 000 is not sorted for a round of ten, while enough of it is new to somebody
        drawn = {int.from_bytes(place(str(number)), "big") % most for number in range(_FEW * count)}
        found = first(questions[at] for at in sorted({each for at in drawn for each in _around(questions, at)}))
        if len(found) == count and not any(known(each.id) for each in found):
            return found
    return first(questions)


def _around(questions: Sequence[Drawn], at: int) -> Iterable[int]:
    """The places of a question and of those beside it that are drawn with it."""
    unit, first, last = _unit(questions[at]), at, at + 1
    while first and _unit(questions[first - 1]) == unit:
        first -= 1
    while last < len(questions) and _unit(questions[last]) == unit:
        last += 1
    return range(first, last)


def weak_first(
    topics: Sequence[Sequence[Drawn]], usual: Sequence[str], *, seed: str, count: int, known: Callable[[str], object]
) -> list[str]:
    """Ids of `count` questions: of each weak topic as many, those first that aren't `known`, then what is `usual`."""
    ids: list[str] = []
    for left, questions in zip(range(len(topics), 0, -1), topics, strict=True):
        ids += some(questions, seed=seed, count=-(-(count - len(ids)) // left), known=known)
    return list(dict.fromkeys((*ids, *usual)))[:count]


def paper(parts: Iterable[tuple[int, int | None, Sequence[Drawn]]], *, seed: str) -> dict[str, int]:
    """The questions of an exam, and what each counts for: so many of each part's, part by part, none twice.

    A part may say what its questions count for; without that each does itself.
    """
    drawn: dict[str, int] = {}
    for count, score, questions in parts:
        new = _some(questions, seed=seed, count=count, known=lambda _: False, fits=_none_of(frozenset(drawn)))
        drawn |= {each.id: score or each.score for each in new}
    return drawn


def _none_of(ids: frozenset[str]) -> Callable[[Drawn], bool]:
    return lambda each: each.id not in ids


def differing(scores: Iterable[int]) -> list[int]:
    """What questions count for, where they don't all count alike; else nothing, and nothing has to be said of it."""
    given = [*scores]
    return given if len(set(given)) > 1 else []


def mark(credits_: Mapping[int, int], *, total: int, scores: Sequence[int]) -> int:
    """What an exam came to, of a hundred, by the credit of each place that is answered; nothing is rounded up.

    What wasn't answered is wrong. Without `scores` all of the `total` count alike.
    """
    counts = scores or [1] * total
    return sum(credit * counts[at] for at, credit in credits_.items()) // sum(counts) if counts else 0


def following(ids: Sequence[str], *, after: str | None, count: int) -> Sequence[str]:
    """The `count` ids behind one, in their order; the first where it was the last, or is gone."""
    at = ids.index(after) + 1 if after in ids else 0
    return ids[at % len(ids) :][:count] if ids else ()


B = TypeVar("B", bound="Begun")


class Begun(Protocol):
    """A round that somebody has begun: `answered` of its questions, by their ids, are behind them."""

    @property
    def name(self) -> str:
        """What makes it one."""

    @property
    def questions(self) -> Sequence[str]:
        """In their order."""

    @property
    def answered(self) -> int:
        """How many, from the first on."""

    @property
    def wrong(self) -> int:
        """How many answers were."""


def unfinished(begun: Iterable[B], *, known: Callable[[str], object]) -> B | None:
    """Of a day's rounds the one to go on with: one that was asked for, which is begun later, else the day's.

    One that has nothing left that `known` finds is over.
    """
    left = [each for each in begun if open_at(each, known=known) < len(each.questions)]
    return min(left, key=lambda each: _LATER.index(mode(each)), default=None)


def open_at(begun: Begun, *, known: Callable[[str], object]) -> int:
    """The position to be answered next: a question that `known` finds no more is passed over. At the end, how many."""
    ids = begun.questions
    if begun.wrong >= LIVES and mode(begun) is Mode.CHALLENGE:
        return len(ids)
    for at in range(begun.answered, len(ids)):
        if known(ids[at]):
            return at
    return len(ids)


def reached(ids: Sequence[str], begun: Begun) -> int:
    """How many of a bank's questions are behind somebody, by the round of it that they began last."""
    behind = (each for each in reversed(begun.questions[: begun.answered]) if each in ids)
    newest = next(behind, None)
    before = ids.index(begun.questions[0]) if begun.questions[0] in ids else 0
    return before if newest is None else ids.index(newest) + 1

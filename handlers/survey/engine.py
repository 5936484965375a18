"""The rules of what is told of a survey: nothing that fewer than five chose, and nothing that gives so few away."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

FEWEST = 5
_NUMBER = re.compile(r"(?:我?选|第)?([0-9])(?:号|个|项|分)?")


def cells(counts: Mapping[str, int]) -> list[tuple[tuple[str, ...], int]]:
    """What can be told of how often each was chosen: some have a number of their own, others one together.

    Those that fewer than five chose go together. Where they would still be fewer than five, the smallest of the others
    joins them: else the whole, less all that is shown, would tell them.
    """
    together = {name for name, count in counts.items() if count < FEWEST}
    while 0 < sum(counts[name] for name in together) < FEWEST and len(together) < len(counts):
        together.add(min((name for name in counts if name not in together), key=lambda name: (counts[name], name)))
    if not any(counts[name] for name in together):
        together = set()  # nobody chose them, and so it can be said of each
    alone: list[tuple[tuple[str, ...], int]] = [
        ((name,), count) for name, count in counts.items() if name not in together
    ]
    rest = tuple(name for name in counts if name in together)
    return [*alone, (rest, sum(counts[name] for name in rest))] if rest else alone


def counted(ballots: Iterable[Collection[str]], options: Mapping[str, str], *, none: str) -> dict[str, int]:
    """How often each option was chosen, by the codes that ballots bear; `none` counts those with none of them."""
    counts = dict.fromkeys([*options, none], 0)
    for ballot in ballots:
        counts[next((option for option, code in options.items() if code in ballot), none)] += 1
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A text, its options' codes, and where it is voted on, the code that carries it and by how much."""

    text: str
    options: Mapping[str, str]
    carried_by: str = ""
    two_thirds: bool = False


def needed(count: int, *, two_thirds: bool) -> int:
    """How many of so many ballots carry it: more than half, or two thirds and more."""
    return -(-2 * count // 3) if two_thirds else count // 2 + 1


def carried(ballots: Sequence[Collection[str]], question: Question) -> bool | None:
    """Whether it is carried; None where nothing is voted on, or it can't be told.

    That it is carried says of so many at least that they were for it; that it isn't, of the others that they weren't.
    It is told where either would be said of five or more: that hangs on the number of ballots alone.
    """
    needs = needed(len(ballots), two_thirds=question.two_thirds)
    if not question.carried_by or min(needs, len(ballots) - needs + 1) < FEWEST:
        return None
    return sum(question.carried_by in ballot for ballot in ballots) >= needs


def told(
    ballots: Sequence[Collection[str]], questions: Sequence[Question], *, none: str
) -> tuple[int | None, list[dict[str, object]]]:
    """How many took part, and what they chose of each question. Of fewer than five, nothing."""
    if len(ballots) < FEWEST:
        return None, []
    return len(ballots), [_told_of(each, ballots, none=none) for each in questions]


def _told_of(question: Question, ballots: Sequence[Collection[str]], *, none: str) -> dict[str, object]:
    found: dict[str, object] = {
        "text": question.text,
        "rows": cells(counted(ballots, question.options, none=none)),
    }
    if question.carried_by:
        found |= {"carried": carried(ballots, question), "two_thirds": question.two_thirds}
    return found


def chosen(said: str, count: int) -> int | None:
    """Which of so many is meant by a number, 0 for none of them; None for what is no number of them."""
    found = _NUMBER.fullmatch(said)
    return int(found[1]) if found and int(found[1]) <= count else None

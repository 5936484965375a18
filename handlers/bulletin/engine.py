"""The rules of what is told of opinions: numbers of five or more that give away no smaller one, words without names."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Protocol

FEWEST = 5
LIKENED = 200  # opinions of a week, each with each: measured, some 0.5 s
_SHORTEST_NAME = 2
_NUMBERS = re.compile(r"[0-9０-９][0-9０-９\s-]{5,}[0-9０-９Xx]")
_ENDED = frozenset({"answered", "partly", "closed"})


class Case(Protocol):
    """An opinion, as far as it is told of (storage.opinion.Opinion)."""

    @property
    def id(self) -> str:
        """Its own."""

    @property
    def day(self) -> date:
        """When it came."""

    @property
    def category(self) -> str:
        """Its name."""

    @property
    def words(self) -> str:
        """Themselves."""

    @property
    def name(self) -> str:
        """Whose, "" for nobody's."""

    @property
    def state(self) -> str:
        """How far it is."""

    @property
    def answered_on(self) -> date | None:
        """When it was answered last."""

    @property
    def due(self) -> date | None:
        """By when that was promised."""

    @property
    def same_as(self) -> str:
        """The one that it was merged into."""

    @property
    def review(self) -> str:
        """Why a person has to look at it first, "" for no reason."""

    @property
    def restricted(self) -> bool:
        """Whether few may read it."""


# -- numbers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Five opinions or more: of a category, or of all that are left where `category` is "".

    `ended` has a result, and `in_time` of those that were answered kept the promise; None where the number or what is
    left of it would be of fewer than five. `workdays` is the middle of how long an answer took.
    """

    category: str
    count: int
    ended: int | None
    in_time: int | None
    workdays: int | None


def rows(cases: Iterable[Case], workdays_between: Callable[[date, date], int]) -> list[Row]:
    """The numbers of a month, the largest first; nothing where all of it are fewer than five.

    A category of fewer goes into the rest. Where the rest would itself be fewer, the smallest other category joins it:
    else it could be told from the whole.
    """
    of: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if not case.restricted:
            of[case.category].append(case)
    shown = {name: some for name, some in of.items() if len(some) >= FEWEST}
    rest = [case for name, some in of.items() if name not in shown for case in some]
    while 0 < len(rest) < FEWEST and shown:
        rest += shown.pop(min(shown, key=lambda name: (len(shown[name]), name)))
    told = [_row(name, some, workdays_between) for name, some in shown.items()]
    last = [_row("", rest, workdays_between)] if len(rest) >= FEWEST else []
    return [*sorted(told, key=lambda row: (-row.count, row.category)), *last]


def middle(cases: Iterable[Case], workdays_between: Callable[[date, date], int]) -> int | None:
    """The middle of how many workdays the answers took, whatever they are about; None for fewer than five."""
    open_ones = [case for case in cases if not case.restricted]
    took = [workdays_between(case.day, case.answered_on) for case in open_ones if case.answered_on]
    return round(median(took)) if len(took) >= FEWEST else None


def _row(category: str, cases: Sequence[Case], workdays_between: Callable[[date, date], int]) -> Row:
    ended = [case for case in cases if case.state in _ENDED or case.answered_on]
    answered = [case for case in ended if case.answered_on]
    in_time = sum(case.due is None or case.answered_on <= case.due for case in answered if case.answered_on)
    took = [workdays_between(case.day, case.answered_on) for case in answered if case.answered_on]
    tellable = told(len(ended), of=len(cases))
    return Row(
        category=category,
        count=len(cases),
        ended=tellable,
        in_time=told(in_time, of=len(answered)) if tellable is not None and len(answered) >= FEWEST else None,
        workdays=round(median(took)) if tellable is not None and len(took) >= FEWEST else None,
    )


def told(part: int, *, of: int) -> int | None:
    """A part of a number, where neither it nor what is left of it is one to four."""
    return part if all(each == 0 or each >= FEWEST for each in (part, of - part)) else None


@dataclass(frozen=True, slots=True)
class Month:
    """A month by its first day: its numbers, and the middle of how many workdays all of its answers took."""

    first: date
    rows: Sequence[Row]
    workdays: int | None

    @property
    def counts(self) -> dict[str, int]:
        """How many came, by what they are about; "" is all the rest."""
        return {row.category: row.count for row in self.rows}


# -- words -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Opinions that say the same: the words of one of them, and how many there are, None for fewer than five."""

    category: str
    words: str
    count: int | None
    ended: bool


def week(day: date) -> tuple[date, date]:
    """Monday and Sunday of the week of a day."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def clusters(
    cases: Iterable[Case], *, alike: Callable[[str, str], bool], hidden: Collection[str], mask: str
) -> list[Cluster]:
    """What was said, the most said first, of `LIKENED` at most; nothing that few may read or has to be looked at."""
    groups: list[list[Case]] = []
    open_ones = sorted((each for each in cases if not (each.restricted or each.review)), key=lambda each: each.id)
    for case in open_ones[:LIKENED]:
        near = [group for group in groups if any(_belong(case, other, alike) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([case, *(other for group in near for other in group)])
    names = {*hidden, *(case.name for group in groups for case in group)}
    found = [_cluster(group, names, mask) for group in sorted(groups, key=lambda group: (-len(group), group[0].id))]
    return sorted(found, key=lambda cluster: -(cluster.count or 0))


def _belong(one: Case, other: Case, alike: Callable[[str, str], bool]) -> bool:
    merged = one.same_as in {other.id, other.same_as} - {""} or other.same_as == one.id
    return merged or alike(one.words, other.words)


def _cluster(group: Sequence[Case], names: Collection[str], mask: str) -> Cluster:
    most = max(group, key=lambda case: (len(case.words), case.id))
    return Cluster(
        category=Counter(case.category for case in group).most_common(1)[0][0],
        words=without_names(most.words, names, mask=mask),
        count=len(group) if len(group) >= FEWEST else None,
        ended=all(case.state in _ENDED for case in group),
    )


def without_names(words: str, names: Collection[str], *, mask: str) -> str:
    """Words without these names, and without long numbers: who writes may have told who they are."""
    known = sorted((name for name in names if len(name) >= _SHORTEST_NAME), key=len, reverse=True)
    masked = re.sub("|".join(map(re.escape, known)), mask, words) if known else words
    return _NUMBERS.sub(mask, masked)

"""What the answers of many say of a question and of a group, and what may be told: nothing about fewer than five."""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Protocol, TypeVar

FEWEST = 5

Cell = TypeVar("Cell")


class Sums(Protocol):
    """Sums over people, as `storage.item_numbers` has them."""

    @property
    def people(self) -> float:
        """Who answered."""

    @property
    def right(self) -> float:
        """Who was right."""

    @property
    def others(self) -> float:
        """Who answered something else too."""

    @property
    def x(self) -> float:
        """Their answers to this question, 0 or 1."""

    @property
    def y(self) -> float:
        """The shares of their other answers that were right."""

    @property
    def yy(self) -> float:
        """Those shares squared."""

    @property
    def xy(self) -> float:
        """Answers times shares."""


def difficulty(sums: Sums) -> float:
    """The share of people who were right, the p of textbooks: the smaller, the harder."""
    return sums.right / sums.people


def discrimination(sums: Sums) -> float | None:
    """How far who is right here is right elsewhere: Pearson's r of the answer and of the share of all other answers.

    None where it can't be told: all answered alike, here or elsewhere, or fewer than five answered anything else.
    """
    n = sums.others
    if n < FEWEST:
        return None
    of_x, of_y = n * sums.x - sums.x**2, n * sums.yy - sums.y**2
    if of_x <= 0 or of_y <= 1e-9:  # noqa: PLR2004 - what sums of shares leave where all are the same
        return None
    return (n * sums.xy - sums.x * sums.y) / sqrt(of_x * of_y)


def told(cells: Mapping[Cell, int]) -> tuple[list[tuple[Cell, int]], int]:
    """The cells that may be told, the largest first, and how many people are in all others together.

    Where the others would be fewer than five, the smallest that could be told goes to them, since their number follows
    from the whole; where even that isn't enough, nothing is told.
    """
    ordered = sorted(cells.items(), key=lambda each: (-each[1], str(each[0])))
    shown = [each for each in ordered if each[1] >= FEWEST]
    rest = sum(cells.values()) - sum(count for _, count in shown)
    while shown and 0 < rest < FEWEST:
        rest += shown.pop()[1]
    return shown, rest if rest >= FEWEST else 0


def share(part: int, whole: int) -> int | None:
    """How many of a group did something; None where fewer than five did, or fewer than five did not."""
    return part if FEWEST <= part <= whole - FEWEST else None


def gathered(groups: Iterable[tuple[Cell, int, int]]) -> tuple[list[tuple[Cell, int, int]], tuple[int, int]]:
    """Groups of five and more, each with its size and how many did something; and all smaller ones as one."""
    known = [*groups]
    small = [each for each in known if each[1] < FEWEST]
    return [each for each in known if each[1] >= FEWEST], (
        sum(each[1] for each in small),
        sum(each[2] for each in small),
    )

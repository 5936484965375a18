"""Numbers of some days or months as stacked bars, to be drawn by `console/_bars.html`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A day or a month: `parts` are the number of a series, where it begins and how high it is, of 1000."""

    label: str
    parts: Sequence[tuple[int, float, float]]


@dataclass(frozen=True, slots=True)
class Bars:
    """All of them, with the names of what is stacked; they are `most` high at most."""

    names: Sequence[str]
    most: int
    bars: Sequence[Bar]


def stacked(columns: Sequence[tuple[str, Mapping[str, int]]], names: Sequence[str]) -> Bars:
    """The columns, each a label and numbers by their names, stacked in the order of `names` from below."""
    most = _round(max((sum(numbers.values()) for _, numbers in columns), default=0))
    return Bars(names, most, [_bar(label, numbers, names, most) for label, numbers in columns])


def _bar(label: str, numbers: Mapping[str, int], names: Sequence[str], most: int) -> Bar:
    parts: list[tuple[int, float, float]] = []
    below = 0.0
    for at, name in enumerate(names):
        height = 1000 * numbers.get(name, 0) / most if most else 0.0
        if height:
            parts.append((at, round(below, 1), round(height, 1)))
        below += height
    return Bar(label, parts)


def _round(most: int) -> int:
    """The next number that reads well, so that the highest bar doesn't touch the top."""
    size = 10 ** (len(str(most)) - 1)
    return next((int(step * size) for step in (1, 1.5, 2, 3, 4, 6, 8, 10) if step * size >= most), most) if most else 0

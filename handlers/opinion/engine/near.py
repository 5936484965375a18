"""How much two opinions say the same."""

import zlib
from collections import Counter
from itertools import pairwise

from handlers.opinion.engine import bare

ALIKE = 0.5


def likeness(one: str, other: str, *, fillers: str = "") -> float:
    """How much of two texts is the same, from 0 to 1: the pairs of letters in both, of all; `fillers` say little."""
    first, second = _pairs(one, fillers), _pairs(other, fillers)
    return 2 * (first & second).total() / ((first.total() + second.total()) or 1)


_SKETCH_BITS = 2048


def sketch(words: str, *, fillers: str = "") -> int:
    """A mark for each pair of letters, on 2 048 places: enough to say which texts may be alike, and no text."""
    marks = {1 << zlib.crc32(pair.encode()) % _SKETCH_BITS for pair in _pairs(words, fillers)}
    return sum(marks)


def sketched_likeness(one: int, other: int) -> float:
    """About how much of two texts is the same, as `likeness` says it."""
    return 2 * (one & other).bit_count() / ((one.bit_count() + other.bit_count()) or 1)


def _pairs(words: str, fillers: str) -> Counter[str]:
    return Counter(map("".join, pairwise(each for each in bare(words) if each not in fillers)))

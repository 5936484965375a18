"""Texts that are nearly the same, found among many without comparing each with each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rapidfuzz import fuzz

AT_LEAST = 95  # per cent (domain.md §4B)
_GRAM = 3


class Pair(NamedTuple):
    """A text that is nearly an earlier one: both places, and how alike they are in per cent."""

    at: int
    earlier: int
    score: int


def pairs(texts: Sequence[str], *, at_least: int = AT_LEAST) -> Iterator[Pair]:
    """Give for each text the first earlier one found that is at least so much alike, the same included.

    Two such texts share at least one of their rarest trigrams: an edit spoils no more than three, and how many edits
    there may be follows from the length. So only those are compared, and none is missed.
    """
    grams = [_grams(text) for text in texts]
    common = Counter(chain.from_iterable(grams))
    rank = {gram: at for at, gram in enumerate(sorted(common, key=common.__getitem__))}
    seen: dict[int, list[int]] = defaultdict(list)
    for at, (text, found) in enumerate(zip(texts, grams, strict=True)):
        rarest = sorted(map(rank.__getitem__, found))[: _spoilt(len(text), at_least) + 1]
        yield from islice(_twins(at, texts, map(seen.__getitem__, rarest), at_least), 1)
        for gram in rarest:
            seen[gram].append(at)


def _twins(at: int, texts: Sequence[str], others: Iterable[Sequence[int]], at_least: int) -> Iterator[Pair]:
    """Those alike of the texts that share a trigram, the rarest first."""
    tried: set[int] = set()
    for earlier in others:
        for other in earlier:
            if other not in tried:
                tried.add(other)
                if alike := fuzz.ratio(texts[at], texts[other], score_cutoff=at_least):
                    yield Pair(at, other, round(alike))


def score(one: str, other: str) -> float:
    """Give how much alike two texts are, in per cent."""
    return fuzz.ratio(one, other)


def _grams(text: str) -> set[str]:
    return {text[at : at + _GRAM] for at in range(max(len(text) - _GRAM, 0) + 1)}


def _spoilt(length: int, at_least: int) -> int:
    """How many of a text's trigrams may be missing in one that is so much alike: that one may be longer, too."""
    apart = 1 - at_least / 100
    edits = int(length * apart * (1 + (1 + apart) / (1 - apart)))
    return _GRAM * edits

"""Texts that are nearly the same, found among many without comparing each with each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rapidfuzz import fuzz

from content.importers.telling import Tell, silent, told

AT_LEAST = 95  # per cent (domain.md §4B)
MOST_TWINS = 50  # among so many the best is looked for
MOST_LOOKED_AT = 400  # times that one text is held beside another: of thousands of one kind, not each with each
_GRAM = 3
_KINDS = 2**20  # of trigrams, told apart by their hash: what is kept of them doesn't grow with the texts


class Pair(NamedTuple):
    """A text that is nearly an earlier one: both places, and how alike they are in per cent."""

    at: int
    earlier: int
    score: int


def pairs(texts: Sequence[str], *, at_least: int = AT_LEAST, since: int = 0, tell: Tell = silent) -> Iterator[Pair]:
    """Give for each text, from the place `since` on, an earlier one that is so much alike, where there is one."""
    index = _Index(texts, at_least)
    for at in told(range(len(texts)), "compare", tell):
        if at >= since:
            yield from islice(index.twins(at), 1)
        index.add(at)


def nearest(texts: Sequence[str], known: Sequence[str], *, at_least: int) -> Iterator[Pair]:
    """Give for each text the known ones that are so much alike, the likest first; places are of each list."""
    index = _Index([*known, *texts], at_least)
    for at in range(len(known)):
        index.add(at)
    for at in range(len(known), len(known) + len(texts)):
        for pair in sorted(islice(index.twins(at), MOST_TWINS), key=lambda pair: -pair.score):
            yield Pair(at - len(known), pair.earlier, pair.score)


class Sieve:
    """Keeps of many texts those that may be nearly one of a few: one pass, and none of the others is held."""

    def __init__(self, few: Iterable[str], *, at_least: int = AT_LEAST) -> None:
        self._grams = frozenset(chain.from_iterable(map(_grams, few)))
        self._at_least = at_least

    def keeps(self, text: str) -> bool:
        """Whether so much of the text stands in the few that it may be nearly one of them."""
        strange = sum(gram not in self._grams for gram in _grams(text))
        return strange <= _spoilt(len(text), self._at_least)


class _Index:
    """Texts by their rarest trigrams.

    Two texts that are so much alike share at least one of those: an edit spoils no more than three, and how many edits
    there may be follows from the length. So only such are compared, and none is missed, but where very many share them.
    """

    def __init__(self, texts: Sequence[str], at_least: int) -> None:
        common = Counter(chain.from_iterable(map(_grams, texts)))
        rank = {gram: at for at, gram in enumerate(sorted(common, key=common.__getitem__))}
        self._texts = texts
        self._at_least = at_least
        self._rarest = [
            sorted(map(rank.__getitem__, _grams(text)))[: _spoilt(len(text), at_least) + 1] for text in texts
        ]
        self._seen: dict[int, list[int]] = defaultdict(list)

    def add(self, at: int) -> None:
        for gram in self._rarest[at]:
            self._seen[gram].append(at)

    def twins(self, at: int) -> Iterator[Pair]:
        """Those that were added and are alike, as they are found: by the rarest trigram first."""
        tried: set[int] = set()
        sharing = chain.from_iterable(self._seen.get(gram, ()) for gram in self._rarest[at])
        for other in islice(sharing, MOST_LOOKED_AT):
            if other not in tried:
                tried.add(other)
                if score := fuzz.ratio(self._texts[at], self._texts[other], score_cutoff=self._at_least):
                    yield Pair(at, other, round(score))


def _grams(text: str) -> set[int]:
    return {hash(text[at : at + _GRAM]) % _KINDS for at in range(max(len(text) - _GRAM, 0) + 1)}


def _spoilt(length: int, at_least: int) -> int:
    """How many of a text's trigrams may be missing in one that is so much alike: that one may be longer, too."""
    apart = 1 - at_least / 100
    edits = int(length * apart * (1 + (1 + apart) / (1 - apart)))
    return _GRAM * edits

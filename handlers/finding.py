"""What an admin looks for by its words, in whatever feature it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from content.files import folded

MOST = 20  # of a feature


@dataclass(frozen=True, slots=True)
class Found:
    """Something that has the words: what it is called, what kind of thing it is, and its page."""

    said: str
    kind: str
    link: str


def wanted(said: str) -> Sequence[str]:
    """The words that must all stand in what is found, as they are compared."""
    return folded(said).split()


def has(words: Sequence[str], *said: str) -> bool:
    """Whether every word stands in what is said."""
    whole = folded("\n".join(said))
    return all(word in whole for word in words)

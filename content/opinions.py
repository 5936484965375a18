"""What admins write for the opinion box: words that are often said, and matters that go elsewhere first."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Lines, Name, Words, some, wrong

SHORTEST_WATCHED, LONGEST_WATCHED = 2, 30  # letters
LONGEST = 500  # characters of what is said to a sender, as handlers.opinion.engine.NOTE_LONGEST


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ReadyReply:
    """Words to a sender that are often needed: for opinions of these `categories`, for all where none are named.

    `key` is the file's stem. Whoever answers takes them over and may change them.
    """

    key: Name
    title: Words
    words: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, strip_whitespace=True)]
    categories: Lines = ()

    def is_for(self, category: str) -> bool:
        """Whether it is meant for opinions of this category."""
        return not self.categories or category in self.categories


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Matter:
    """A category whose official channels are shown before anything is written; few may read what comes of it here.

    `source` says where the channels are from. Within so many `workdays` it is answered here, and once it is late it
    goes a level up the organisations for each so many more: None is as with all others.
    """

    category: Words
    channels: Annotated[Lines, AfterValidator(some)]
    source: Words
    workdays: Annotated[int, Field(ge=1, le=60)] | None = None


def _watchable(word: str) -> str:
    """A word of one letter would be found in everything."""
    if not SHORTEST_WATCHED <= sum(map(str.isalnum, word)) <= LONGEST_WATCHED:
        raise wrong("watched_word", said=word[:LONGEST_WATCHED])
    return word


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Watched:
    """The file of `words` over which a person looks at an opinion first."""

    words: tuple[Annotated[str, AfterValidator(_watchable)], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Matters:
    """The file of such matters."""

    matters: Annotated[tuple[Matter, ...], Field(alias="matter")] = ()

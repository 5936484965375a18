"""What admins write for the opinion box: words that are often said to senders, ready to be used."""

from typing import Annotated

from pydantic import StringConstraints
from pydantic.dataclasses import dataclass

from content.models import STRICT, Lines, Name, Words

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

"""Picking from a numbered list."""

import re
import unicodedata
from collections.abc import Sequence

from content.models import Topic

_NUMBERS = re.compile(r"\d{1,3}")
_ONLY_NUMBERS = re.compile(r"[\d\s,，、;；.。和与及/-]+")


def picked(said: str, listed: Sequence[Topic]) -> tuple[Topic, ...] | None:
    """The topics meant by "1 3", "1、3" or a topic's name; None where the words are no choice from the list."""
    words = unicodedata.normalize("NFKC", said).strip()
    named = tuple(topic for topic in listed if topic.name == words)
    if named:
        return named
    if not _ONLY_NUMBERS.fullmatch(words):
        return None
    numbers = [int(number) for number in _NUMBERS.findall(words)]
    if not numbers or any(not 1 <= number <= len(listed) for number in numbers):
        return None
    return tuple(listed[number - 1] for number in dict.fromkeys(numbers))

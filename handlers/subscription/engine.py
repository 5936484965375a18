"""Picking from a numbered list."""

import re
import unicodedata
from collections.abc import Sequence

from content.models import Topic

_NUMBERS = re.compile(r"\d{1,3}")
_ONLY_NUMBERS = re.compile(r"[\d\s第项个号:,、;。.和与及跟+/-]+")
_DIGITS = "零一二三四五六七八九"
_DIGIT = re.compile(r"(?<![一二三四五六七八九])[一二三四五六七八九](?![一二三四五六七八九])")
_BETWEEN = re.compile(r"[\s,、;。.和与及跟+/]+")
_EDGES = " \t\r\n,.;:!?、。~()[]【】《》“”\"'"
_ALL = frozenset({"全部", "所有", "都要", "全要", "全订", "all"})
_ONE_DIGIT = 9


def picked(said: str, listed: Sequence[Topic]) -> tuple[Topic, ...] | None:
    """The topics meant by "1 3", "1、3", "第一项", "全部" or topics' names; None where the words are no choice.

    In a list of at most nine "13" is two choices, since there is no thirteenth.
    """
    words = unicodedata.normalize("NFKC", said).strip(_EDGES).casefold()
    if words in _ALL:
        return tuple(listed)
    return _named(words, listed) or _numbered(_DIGIT.sub(lambda found: str(_DIGITS.index(found[0])), words), listed)


def rest_of(word: str, said: str) -> str:
    """What follows the word that a message begins with, whatever its width and the signs before it."""
    words = unicodedata.normalize("NFKC", said).strip(_EDGES)
    return words.removeprefix(word).strip(_EDGES)


def _named(words: str, listed: Sequence[Topic]) -> tuple[Topic, ...] | None:
    """The topics that are called by their names, one or several; None where any of it is no name."""
    names = {topic.name.casefold(): topic for topic in listed}
    if words in names:
        return (names[words],)
    several = list(dict.fromkeys(_BETWEEN.split(words)))
    return tuple(names[name] for name in several) if all(name in names for name in several) else None


def _numbered(words: str, listed: Sequence[Topic]) -> tuple[Topic, ...] | None:
    if not _ONLY_NUMBERS.fullmatch(words):
        return None
    numbers = [int(number) for number in _NUMBERS.findall(words)]
    if len(listed) <= _ONE_DIGIT and any(number > _ONE_DIGIT for number in numbers):
        numbers = [int(digit) for digit in words if digit.isdecimal()]
    if not numbers or any(not 1 <= number <= len(listed) for number in numbers):
        return None
    return tuple(listed[number - 1] for number in dict.fromkeys(numbers))

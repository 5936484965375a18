"""What somebody wrote into the blanks of a question, read as a teacher would: by its words, not by how it is typed."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from content.models import BLANK, Question

MOST_LETTERS = 60  # of what was written into one blank

_UNKNOWN = frozenset({"不会", "不知道", "不清楚", "不记得", "忘了", "跳过", "pass", "?"})
_BEFORE = re.compile(r"^(?:我填|填|答案?)[是为]?[:：\s]*")
_NOTHING = re.compile(r"[^\w%‰.]|_|(?<!\d)\.|\.(?!\d)")
_DIGITS = {sign: digit for digit, signs in enumerate(("零〇", "一", "二两", "三", *"四五六七八九")) for sign in signs}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SIGNS = "".join([*_DIGITS, *_UNITS, "万", "亿"])
_NUMBER = re.compile(rf"[\d{_SIGNS}]*[{_SIGNS}][\d{_SIGNS}]*")
_PERCENT = re.compile(rf"百分之([点\d.{_SIGNS}]+)")
_COUNTED = re.compile(r"\s*[①-⑩]\s*|\s*[(（]\d{1,2}[)）]\s*|(?:^|\s+)\d{1,2}[)）.．、:：](?!\d)\s*")
_APART = tuple(map(re.compile, (r"\n+", r"[;；|｜]+", r"[、]+", r"[,，]+", r"[\s　]+", r"[和与及]")))


def count(question: Question) -> int:
    """How many blanks there are."""
    return len(BLANK.findall(question.stem))


def read(question: Question, said: str) -> tuple[str, ...] | None:
    """What was written into each blank, of one message; None where it isn't for so many blanks.

    Where it can be taken apart in several ways, the one that has most of it right is meant.
    """
    said, blanks = _BEFORE.sub("", said.strip()), count(question)
    if _bare(said) in _UNKNOWN or said in _UNKNOWN:
        return ("",) * blanks
    if blanks == 1:
        return (said[:MOST_LETTERS],) if _bare(said) else None
    ways = [way for way in _apart(said) if len(way) == blanks]
    return max(ways, key=lambda way: right(question, way), default=None)


def _apart(said: str) -> Iterator[tuple[str, ...]]:
    for marks in (_COUNTED, *_APART):
        yield tuple(part.strip()[:MOST_LETTERS] for part in marks.split(said) if part.strip())


def right(question: Question, written: Sequence[str]) -> int:
    """How many blanks are right; where their order doesn't matter, each accepted answer serves for one."""
    fits = [
        [_is(words, accepted, *around) for accepted in _accepted(question)]
        for words, around in _within(question, written)
    ]
    if question.ordered:
        return sum(row[at] for at, row in enumerate(fits) if at < len(row))
    return _most_pairs(fits)


def _accepted(question: Question) -> list[tuple[str, ...]]:
    """What is accepted of each blank."""
    return (
        [tuple(each) for each in question.answer if not isinstance(each, str)]
        if not isinstance(question.answer, bool)
        else []
    )


def _within(question: Question, written: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What was written, with the words of the stem around it."""
    pieces = [folded(piece) for piece in BLANK.split(question.stem)]
    for at, words in enumerate(written[: len(pieces) - 1]):
        yield folded(words), (pieces[at], pieces[at + 1])


def _is(words: str, accepted: Iterable[str], before: str, after: str) -> bool:
    """Whether it is one of these, perhaps with words of the stem around it: "满8年" where the stem has "满____年"."""
    wanted = {folded(each) for each in accepted} - {""}
    begins = [0, *(at for at in range(1, len(words)) if before.endswith(words[:at]))]
    ends = [len(words), *(at for at in range(1, len(words)) if after.startswith(words[at:]))]
    return any(words[first:last] in wanted for first in begins for last in ends)


def _most_pairs(fits: Sequence[Sequence[bool]]) -> int:
    """The most blanks that can each have an accepted answer of its own."""
    taken: dict[int, int] = {}

    def place(blank: int, tried: set[int]) -> bool:
        for answer, fit in enumerate(fits[blank]):
            if fit and answer not in tried:
                tried.add(answer)
                if answer not in taken or place(taken[answer], tried):
                    taken[answer] = blank
                    return True
        return False

    return sum(place(blank, set()) for blank in range(len(fits)))


def folded(words: str) -> str:
    """Words as they are compared: no width, case, space or punctuation, and numbers in digits."""
    return _NUMBER.sub(
        lambda found: _digits(found[0]), _bare(_PERCENT.sub(r"\1%", unicodedata.normalize("NFKC", words)))
    )


def _bare(words: str) -> str:
    return _NOTHING.sub("", unicodedata.normalize("NFKC", words).casefold())


def _digits(number: str) -> str:
    """A number in digits: 二十八 is 28, 一九二一 is 1921, 2千 is 2000. Both sides are read so, sense or none."""
    if not set(number) & {*_UNITS, "万", "亿"}:
        return "".join(str(_DIGITS.get(sign, sign)) for sign in number)
    total = section = 0
    digit: int | None = None
    for is_digit, signs in groupby(number, key=lambda sign: sign.isdecimal() or sign in _DIGITS):
        for sign in signs:
            if is_digit:
                digit = (digit or 0) * 10 + int(_DIGITS.get(sign, sign))
            elif sign in _UNITS:
                section, digit = section + (1 if digit is None else digit) * _UNITS[sign], None
            else:
                whole = total + section + (digit or 0)
                total, section, digit = (whole or 1) * (10**4 if sign == "万" else 10**8), 0, None
    return str(total + section + (digit or 0))

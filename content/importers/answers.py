"""How answers are written in question banks (domain.md §4B), and what they mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from content.importers import parting
from content.importers.plain import bare, folded
from content.models import BLANK, VERDICTS, QuestionType

LETTERS = "ABCDEFGHIJ"
CHOICE = "choice"  # said of a question that has options, and not of how many are right

_TYPES: Mapping[QuestionType | str, Sequence[str]] = {
    QuestionType.SINGLE: ("单选", "单项选择", "单项", "single", "radio"),
    QuestionType.MULTI: (
        *("多选", "多项选择", "多项", "不定项选择", "不定项", "multi", "multiple", "checkbox"),
        *("多选题", "双选"),
    ),
    QuestionType.JUDGE: ("判断", "是非", "对错", "判断正误", "正误判断", "judge", "truefalse", "true/false", "t/f"),
    QuestionType.FILL: ("填空", "fill", "blank"),
    QuestionType.SHORT: ("简答", "问答", "论述", "名词解释", "主观", "short", "essay"),
    QuestionType.CASE: ("案例", "案例分析", "材料分析", "材料", "case"),
    CHOICE: ("选择", "choice"),
}
TYPES = {name: kind for kind, names in _TYPES.items() for name in names}
_MORE_VERDICTS: Mapping[str, bool] = {
    "✓": True,
    "✔": True,
    "yes": True,
    "✗": False,
    "✘": False,
    "x": False,
    "no": False,
    "不对": False,
}
_SAID: Mapping[str, bool] = {**VERDICTS, **_MORE_VERDICTS, "不正确": False}
_AROUND_TYPE = re.compile(r"[\s()\[\]【】<>《》:]|题型|试?题(?=$|[\s()\[\]【】<>《》:])")
_BETWEEN = re.compile(r"[\s,、;|/.和与及+&]+")
_OPTION = re.compile(r"[(（\[【]?\s*([A-Za-zＡ-Ｚａ-ｚ])\s*[.．、:：)）\]】]")
_SEVERAL_BRACKETS = re.compile(r"(?:[(（][^()（）]+[)）]\s*)+")
_IN_BRACKETS = re.compile(r"[(（]\s*(?:答案\s*\d*\s*[:：]?)?\s*([^()（）]*?)\s*[)）]")
_BLANK_ENDS = re.compile(r"[|｜]")
_ALTERNATIVES = re.compile(r"[;；]")
_LISTED = re.compile(r"[、,，\s]+")


@dataclass(frozen=True, slots=True)
class Written:
    """An option as it was written: its letter, its text, and whether it stands out as the right one."""

    letter: str
    text: str
    marked: bool = False


def kind_of(said: str) -> QuestionType | str | None:
    """Give the type that a cell, a sheet's name or a heading names; CHOICE for 选择题, None for none we know."""
    name = _AROUND_TYPE.sub("", folded(said))
    return TYPES.get(name)


def verdict(said: str) -> bool | None:
    """Give whether 正确, 对, √, T and the like stand there, or their opposites; None for other words."""
    return _SAID.get(folded(said).rstrip("。.!"))


def lettered(said: str, *, first: str = "A") -> list[tuple[str, int, int]]:
    """Find options that stand in one text, "A.甲 B.乙": each one's letter, and where its own text begins and ends.

    The text begins with the `first` letter, and letters follow each other: one within an option's text is none.
    """
    found: list[tuple[str, int, int]] = []
    due = LETTERS.index(first)
    for match in _OPTION.finditer(said):
        if due + len(found) == len(LETTERS) or folded(match[1]).upper() != LETTERS[due + len(found)]:
            continue
        if not found and said[: match.start()].strip():
            break
        if found:
            before = said[match.start() - 1]
            if before.isascii() and before.isalnum():
                continue
            letter, begins, _ = found[-1]
            found[-1] = (letter, begins, match.start())
        found.append((LETTERS[due + len(found)], match.end(), len(said)))
    return found


def options_begin(said: str) -> int | None:
    """Give where options begin behind a stem on its own line, "题干（ ） A.甲 B.乙"; None where none do."""
    places = (match.start() for match in _OPTION.finditer(said) if folded(match[1]) == "a" and match.start())
    return next((at for at in places if len(lettered(said[at:])) > 1), None)


def options_in(said: str) -> list[Written]:
    """Give the options that stand in one cell: behind letters, else a line or a bar each."""
    if found := lettered(said):
        return [Written(letter, said[begins:ends].strip(" \n;；|｜")) for letter, begins, ends in found]
    parts = [part.strip() for part in re.split(r"\n|[|｜]", said) if part.strip()]
    if len(parts) == 1:
        parts = [part.strip() for part in re.split(r"[;；]", said) if part.strip()]
    return [Written(letter, part) for letter, part in zip(LETTERS + "?" * len(parts), parts, strict=False)]


def letters(said: str, options: Sequence[Written]) -> list[str] | None:
    """Give the letters an answer names, as often as it does: by letters, numbers, or the options' own words.

    A letter that no option has is given too. None where it is no notation of letters.
    """
    words = folded(said).strip("()[]【】. ")
    parts = [part for part in _BETWEEN.split(words) if part]
    if not parts:
        return None
    if all(re.fullmatch("[a-z]+", part) for part in parts):
        return [letter.upper() for part in parts for letter in part]
    if all(part.isdecimal() for part in parts):
        return _by_number(parts, len(options))
    return _by_words(said, options)


def _by_number(parts: Sequence[str], count: int) -> list[str] | None:
    numbers = [int(part) for part in parts]
    if len(parts) == 1 and numbers[0] > count:
        numbers = [int(digit) for digit in parts[0]]
    return [LETTERS[number - 1] if 0 < number <= len(LETTERS) else str(number) for number in numbers]


def _by_words(said: str, options: Sequence[Written]) -> list[str] | None:
    if found := lettered(said):
        return [letter for letter, _, _ in found]
    if single := re.match(r"\s*[(（]?([A-Ja-jＡ-Ｊａ-ｊ])\s*[.．、:：)）]", said):
        return [folded(single[1]).upper()]
    texts = {bare(option.text): option.letter for option in options}
    whole = texts.get(bare(said))
    parts = [texts.get(bare(part)) for part in re.split(r"[;；|｜\n]", said) if part.strip()]
    if whole:
        return [whole]
    return [part for part in parts if part] if parts and all(parts) else None


def accepted(said: str, blanks: int) -> list[list[str]] | None:
    """Give the accepted words of each of a stem's blanks; None where their number doesn't fit.

    A bar parts blanks and a semicolon what is accepted of one; where there is no bar, whatever parts them fits too.
    """
    for parts in _blank_by_blank(parting.hidden(said.strip()), blanks):
        filled = [[parting.shown(each) for each in _ALTERNATIVES.split(part) if each.strip()] for part in parts]
        if len(filled) == blanks and all(filled):
            return filled
    return None


def _blank_by_blank(said: str, blanks: int) -> list[list[str]]:
    ways = [_BLANK_ENDS.split(said)] if _BLANK_ENDS.search(said) else []
    if blanks == 1 and not ways:
        ways.append([said])
    if _SEVERAL_BRACKETS.fullmatch(said):
        ways.insert(0, [part for part in _IN_BRACKETS.findall(said) if part])
    if not ways or blanks > 1:
        ways += [_ALTERNATIVES.split(said), said.split("\n"), _LISTED.split(said)]
    return ways


def points(said: str) -> tuple[str, ...]:
    """Give the points of an answer in one's own words; a bar parts them."""
    return tuple(parting.shown(part) for part in _BLANK_ENDS.split(parting.hidden(said)) if part.strip())


def blanks_in(stem: str) -> int:
    """Count the blanks of a stem."""
    return len(BLANK.findall(stem))

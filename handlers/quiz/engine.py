"""The rules of the quiz: what is drawn, how options are lettered, what counts as an answer, what is right."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_uppercase

from content.models import OPTION_REFERENCE, Question, QuestionType

ASKED = (QuestionType.SINGLE, QuestionType.MULTI, QuestionType.JUDGE)
RIGHT, WRONG = "true", "false"  # the ids of a judge question's two options
_YES = frozenset({"对", "正确", "是", "√", "✓", "t", "true", "y", "yes", "同意"})
_NO = frozenset({"错", "错误", "否", "不对", "×", "✗", "x", "f", "false", "n", "no", "不同意"})
_SEPARATORS = re.compile(r"[\s,，、;；|/.．。:：]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as it is shown: its letter, its id and its text."""

    letter: str
    id: str
    text: str


def draw(questions: Iterable[Question], *, on: date, count: int) -> tuple[str, ...]:
    """Ids of `count` of the questions that can be asked here: the same for all that day, others the next day."""
    asked = (question.id for question in questions if question.type in ASKED)
    return tuple(sorted(asked, key=_by(on.isoformat()))[:count])


def choices(question: Question, *, seed: str, yes: str, no: str) -> tuple[Choice, ...]:
    """The options in the order of this round: by `seed`, so a repeat sees the same letters. Judge options stay put."""
    if question.type is QuestionType.JUDGE:
        shown = [(RIGHT, yes), (WRONG, no)]
    else:
        shuffled = sorted(question.options, key=lambda option: _by(seed)(f"{question.id}:{option.id}"))
        shown = [(option.id, option.text) for option in shuffled]
    return tuple(Choice(letter, *option) for letter, option in zip(ascii_uppercase, shown, strict=False))


def right_ids(question: Question) -> frozenset[str]:
    """The ids that a right answer consists of."""
    if isinstance(question.answer, bool):
        return frozenset({RIGHT if question.answer else WRONG})
    return frozenset(str(each) for each in question.answer)


def read(question: Question, shown: Sequence[Choice], said: str) -> frozenset[str] | None:
    """The ids somebody chose by letters, numbers, yes or no, or an option's own words.

    None where it is no answer, such as two letters where one is right.
    """
    chosen = _chosen(shown, said)
    if chosen and len(chosen) > 1 and question.type is not QuestionType.MULTI:
        return None
    return chosen


def _chosen(shown: Sequence[Choice], said: str) -> frozenset[str] | None:
    words = unicodedata.normalize("NFKC", said).strip().casefold()
    verdict = _verdict(shown, words)
    if verdict is not None:
        return verdict
    by_text = {unicodedata.normalize("NFKC", choice.text).strip().casefold(): choice.id for choice in shown}
    if words in by_text:
        return frozenset({by_text[words]})
    return _marks(shown, words)


def _verdict(shown: Sequence[Choice], words: str) -> frozenset[str] | None:
    if {choice.id for choice in shown} != {RIGHT, WRONG}:
        return None
    if words in _YES:
        return frozenset({RIGHT})
    return frozenset({WRONG}) if words in _NO else None


def _marks(shown: Sequence[Choice], words: str) -> frozenset[str] | None:
    by_mark = {choice.letter.casefold(): choice.id for choice in shown}
    by_mark |= {str(number): choice.id for number, choice in enumerate(shown, start=1) if number < 10}  # noqa: PLR2004
    marks = _SEPARATORS.sub("", words)
    if not marks or any(mark not in by_mark for mark in marks):
        return None
    return frozenset(by_mark[mark] for mark in marks)


def explain(question: Question, shown: Sequence[Choice]) -> str:
    """The explanation with every `{{opt:ID}}` replaced by the letter and the words that this reader saw."""
    by_id = {choice.id: f"{choice.letter}（{choice.text}）" for choice in shown}
    return OPTION_REFERENCE.sub(lambda found: by_id.get(found[1], ""), question.explanation)


def _by(seed: str) -> Callable[[str], bytes]:
    return lambda words: hashlib.blake2b(f"{seed}:{words}".encode(), digest_size=8).digest()

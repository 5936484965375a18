"""How a question is shown, what counts as an answer to it, and what is right."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import NamedTuple

from content.models import OPTION_REFERENCE, Picture, Question, QuestionType
from handlers.quiz.engine import blanks
from handlers.quiz.engine.chance import by, shuffled

SELF_JUDGED = (QuestionType.SHORT, QuestionType.CASE)  # by its reader, against the points of the answer
RIGHT, WRONG = "true", "false"  # the ids of the two options where it is right or not
WHOLE = 100  # credit for an answer that is right
Answer = frozenset[str] | tuple[str, ...]  # the ids that were chosen, or what was written into each blank

_YES = frozenset({"对", "对的", "正确", "是", "是的", "√", "✓", "✔", "✅", "t", "true", "y", "yes", "同意"})
_NO = frozenset(
    {"错", "错的", "错误", "不正确", "否", "不是", "不对", "×", "✗", "✘", "❌", "x", "f", "false", "n", "no", "不同意"}
)
_ALL = frozenset({"全选", "都选", "全部", "都对", "全对", "以上都对"})  # said of several that may be right
_POLITE = re.compile(r"^(我?选择?|答案?)[是为]?[:：\s]*|[.。!！~～\ufe0f]+$")
_ORDINAL = re.compile("第([一二三四五六七八九1-9])[个项条]?")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_SEPARATORS = re.compile(r"[\s,，、;；|/.．。:：和与+]+")


class Choice(NamedTuple):
    """An option as it is shown: its letter, its id, its text, and its picture, if any."""

    letter: str
    id: str
    text: str
    picture: str = ""


class Mark(NamedTuple):
    """Whether an answer is right, and its credit of a hundred: what isn't right may still have some."""

    right: bool
    credit: int


class Kept(NamedTuple):
    """An answer as it is kept: the ids that were chosen, or else what was written into the blanks."""

    said: str
    written: str | None = None


class Asked(NamedTuple):
    """A question as somebody is asked it: with the case to be read before, and its choices as this round shows them."""

    question: Question
    case: Question | None
    shown: tuple[Choice, ...]

    @property
    def look(self) -> str:
        """What tells one look of it from another: a letter means something only beside the options it was for."""
        before = self.case.stem if self.case else ""
        options = "|".join([f"{choice.id}:{choice.text}" for choice in self.shown])
        return by(self.question.id)(before + self.question.stem + options).hex()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those of the case and of the question itself."""
        return tuple(each.picture for each in (self.case, self.question) if each and each.picture)

    @property
    def right(self) -> frozenset[str]:
        """The ids that a right choice consists of."""
        return right_ids(self.question)

    @property
    def is_written(self) -> bool:
        """Whether its answer is written into blanks; all others are chosen."""
        return self.question.type is QuestionType.FILL

    @property
    def is_self_judged(self) -> bool:
        """Whether its reader marks it."""
        return self.question.type in SELF_JUDGED

    @property
    def blanks(self) -> int:
        """How many there are to write into."""
        return blanks.count(self.question) if self.is_written else 0

    @property
    def model(self) -> tuple[str, ...]:
        """The right answer in words: what each blank takes, or the points of the answer. Choices have none."""
        answer = self.question.answer
        if not (self.is_written or self.is_self_judged) or isinstance(answer, bool):
            return ()
        return tuple(each if isinstance(each, str) else each[0] for each in answer)

    @property
    def explanation(self) -> str:
        """The explanation, with options by the letters and the words that this reader saw."""
        return explain(self.question, self.shown)

    def read(self, said: str) -> Answer | None:
        """The answer that a message is; None where it is none."""
        return blanks.read(self.question, said) if self.is_written else read(self.question, self.shown, said)

    def takes(self, answer: Answer) -> bool:
        """Whether it is an answer: something in so many blanks, or what may be chosen."""
        if isinstance(answer, frozenset):
            return not self.is_written and may_choose(self.question, self.shown, answer)
        return self.is_written and len(answer) == self.blanks and any(map(str.strip, answer))

    def mark(self, answer: Answer) -> Mark:
        """What an answer is worth. Only where the file says so has one credit that is partly right.

        Of several options some right ones and no wrong one, of several blanks those that are right.
        """
        if isinstance(answer, frozenset):
            all_right = self.right
            got = len(answer) if answer <= all_right else 0
            right, of = answer == all_right, len(all_right)
        else:
            got, of = blanks.right(self.question, answer), self.blanks
            right = got == of
        partly = WHOLE * got // of if self.question.partial_credit and of else 0
        return Mark(right, WHOLE if right else partly)

    @staticmethod
    def kept(answer: Answer) -> Kept:
        """An answer as it is kept."""
        if isinstance(answer, frozenset):
            return Kept(",".join(sorted(answer))[:64])
        return Kept("", json.dumps([words[: blanks.MOST_LETTERS] for words in answer], ensure_ascii=False))

    @staticmethod
    def was(kept: Kept) -> Answer:
        """The answer that was kept."""
        return frozenset(kept.said.split(",")) if kept.written is None else tuple(json.loads(kept.written))


def choices(question: Question, *, seed: str, yes: str, no: str) -> tuple[Choice, ...]:
    """The options in the order of this round: by `seed`, so a repeat sees the same letters. Yes and no stay put."""
    if question.type in (QuestionType.JUDGE, *SELF_JUDGED):
        shown = [(RIGHT, yes, ""), (WRONG, no, "")]
    else:
        # An explanation that names letters ("选B") is right only in the order in which it was written.
        is_kept = bool(question.letters_said)
        ordered = question.options if is_kept else shuffled(question.options, seed=f"{seed}:{question.id}")
        shown = [(option.id, option.text, option.picture) for option in ordered]
    return tuple([Choice(letter, *option) for letter, option in zip(ascii_uppercase, shown, strict=False)])


def right_ids(question: Question) -> frozenset[str]:
    """The ids that a right choice consists of."""
    return frozenset({RIGHT}) if question.type in SELF_JUDGED else question.right


def read(question: Question, shown: Sequence[Choice], said: str) -> frozenset[str] | None:
    """The ids somebody chose by letters, numbers, yes or no, or an option's own words.

    None where it is no answer, such as two letters where one is right.
    """
    chosen = _chosen(shown, said)
    if question.type is QuestionType.MULTI:
        return chosen or _every_one(shown, said)
    return None if chosen and len(chosen) > 1 else chosen


def _every_one(shown: Sequence[Choice], said: str) -> frozenset[str] | None:
    return frozenset(choice.id for choice in shown) if _folded(said) in _ALL else None


def _chosen(shown: Sequence[Choice], said: str) -> frozenset[str] | None:
    """Letters come before an option's own words, and those before numbers: "2" may be the text of the third option."""
    words = _folded(said)
    letters = {choice.letter.casefold(): choice.id for choice in shown}
    numbers = {str(number): choice.id for number, choice in enumerate(shown[:9], start=1)}
    return (
        _verdict(shown, words)
        or _marked(letters, words)
        or frozenset(choice.id for choice in shown if _folded(choice.text) == words)
        or _marked(letters | numbers, _ORDINAL.sub(lambda found: found[1].translate(_DIGITS), words))
    )


def _folded(words: str) -> str:
    return _POLITE.sub("", unicodedata.normalize("NFKC", words).strip().casefold()).strip()


def _verdict(shown: Sequence[Choice], words: str) -> frozenset[str] | None:
    if {choice.id for choice in shown} != {RIGHT, WRONG}:
        return None
    if words in _YES:
        return frozenset({RIGHT})
    return frozenset({WRONG}) if words in _NO else None


def _marked(by_mark: Mapping[str, str], words: str) -> frozenset[str] | None:
    marks = _SEPARATORS.sub("", words)
    if not marks or any(mark not in by_mark for mark in marks):
        return None
    return frozenset(by_mark[mark] for mark in marks)


def may_choose(question: Question, shown: Sequence[Choice], chosen: frozenset[str]) -> bool:
    """Whether these ids are an answer: some of those shown, and one alone where one is right."""
    several = question.type is QuestionType.MULTI
    return bool(chosen) and chosen <= {choice.id for choice in shown} and (several or len(chosen) == 1)


def explain(question: Question, shown: Sequence[Choice]) -> str:
    """The explanation with every `{{opt:ID}}` replaced by the letter and the words that this reader saw."""
    by_id = {choice.id: f"{choice.letter}（{choice.text}）" for choice in shown}
    return OPTION_REFERENCE.sub(lambda found: by_id.get(found[1], ""), question.explanation)

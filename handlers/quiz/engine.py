"""The rules of the quiz: what is drawn, how options are lettered, what counts as an answer, what is right."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from string import ascii_uppercase
from typing import Protocol, TypeVar

import fsrs

from content.models import OPTION_REFERENCE, Question, QuestionType

ASKED = (QuestionType.SINGLE, QuestionType.MULTI, QuestionType.JUDGE)
# Rounds come once a day, so there are no steps of minutes, and the same answers lead to the same day. A year is the
# longest that a question once missed is left alone.
_MEMORY = fsrs.Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=365, enable_fuzzing=False)
RIGHT, WRONG = "true", "false"  # the ids of a judge question's two options
_YES = frozenset({"对", "对的", "正确", "是", "是的", "√", "✓", "✔", "✅", "t", "true", "y", "yes", "同意"})
_NO = frozenset(
    {"错", "错的", "错误", "不正确", "否", "不是", "不对", "×", "✗", "✘", "❌", "x", "f", "false", "n", "no", "不同意"}
)
_ALL = frozenset({"全选", "都选", "全部", "都对", "全对", "以上都对"})  # said of several that may be right
_POLITE = re.compile(r"^(我?选择?|答案?)[是为]?[:：\s]*|[.。!！~～\ufe0f]+$")
_ORDINAL = re.compile("第([一二三四五六七八九1-9])[个项条]?")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_SEPARATORS = re.compile(r"[\s,，、;；|/.．。:：和与+]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as it is shown: its letter, its id and its text."""

    letter: str
    id: str
    text: str


def draw(questions: Iterable[Question], *, on: date, count: int) -> tuple[str, ...]:
    """Ids of `count` of the questions that can be asked here: the same for all that day, others the next day."""
    asked = (question.id for question in askable(questions, on=on))
    return tuple(sorted(asked, key=_by(on.isoformat()))[:count])


@dataclass(frozen=True, slots=True)
class Daily:
    """The day's draw, made once for a pack and a day: it looks at every question."""

    count: int
    _made: dict[date, tuple[tuple[Question, ...], tuple[str, ...]]] = field(default_factory=dict)

    def on(self, day: date, questions: tuple[Question, ...]) -> tuple[str, ...]:
        """The ids that are asked on that day, of the pack's questions of that day."""
        known = self._made.get(day)
        if known is None or known[0] is not questions:
            self._made.clear()
            known = self._made[day] = (questions, draw(questions, on=day, count=self.count))
        return known[1]


class Mode(StrEnum):
    """How a round is made, and when it ends; its name begins with it."""

    TODAY = "daily"
    MISTAKES = "wrong"
    TOPIC = "topic"
    SEQUENCE = "sequence"
    CHALLENGE = "challenge"
    EXAM = "exam"


LIVES = 3  # mistakes that end a challenge
LONGEST_CHALLENGE = 100
_FEW = 8  # draws for each question that is wanted, before all are looked at
_LATER = (Mode.EXAM, Mode.CHALLENGE, Mode.TOPIC, Mode.SEQUENCE, Mode.MISTAKES, Mode.TODAY)


def mode(begun: "Begun") -> Mode:
    """How a round was made."""
    return Mode(begun.name.partition(":")[0])


def daily(day: date) -> str:
    """What makes the round of a day one."""
    return f"{Mode.TODAY}:{day.isoformat()}"


def of_mistakes(message: str) -> str:
    """What makes a round of mistakes one: the message that asked for it."""
    return f"{Mode.MISTAKES}:{message}"[:64]


def is_of_mistakes(begun: "Begun") -> bool:
    """Whether a round goes over mistakes."""
    return mode(begun) is Mode.MISTAKES


def named(of: Mode, chosen: str, asked_by: str) -> str:
    """What makes a round of something chosen one: what was chosen, and the message or the round that led to it."""
    return f"{chosen_of(of, chosen)}{_by(asked_by)('').hex()}"


def chosen_of(of: Mode, chosen: str) -> str:
    """How the names of all rounds of something chosen begin."""
    return f"{of}:{_by(chosen)('').hex()}:"


def askable(questions: Iterable[Question], *, on: date) -> list[Question]:
    """Those that hold that day and can be asked here."""
    return [question for question in questions if question.type in ASKED and question.in_effect(on)]


def some(questions: Sequence[Question], *, seed: str, count: int, known: Callable[[str], object]) -> list[str]:
    """Ids of `count` questions by chance, those first that aren't `known`: never answered yet."""
    place, most = _by(seed), len(questions)

    def first(among: Iterable[Question]) -> list[str]:
        return [each.id for each in sorted(among, key=lambda each: (bool(known(each.id)), place(each.id)))[:count]]

    if most > _FEW * count:  # a bank of 100 000 is not sorted for a round of ten, while enough of it is new to somebody
        drawn = {int.from_bytes(place(str(number)), "big") % most for number in range(_FEW * count)}
        found = first(questions[at] for at in sorted(drawn))
        if len(found) == count and not any(map(known, found)):
            return found
    return first(questions)


def paper(parts: Iterable[tuple[int, Sequence[Question]]], *, seed: str) -> list[str]:
    """The questions of an exam: so many of each part's, in the order of the parts, none twice."""
    drawn: list[str] = []
    for count, questions in parts:
        left = [each for each in questions if each.id not in drawn]
        drawn += some(left, seed=seed, count=count, known=lambda _: False)
    return drawn


def mark(*, right: int, total: int) -> int:
    """What an exam came to, of a hundred; what wasn't answered is wrong, and nothing is rounded up."""
    return 100 * right // total if total else 0


def following(questions: Sequence[Question], *, after: str | None, count: int) -> list[str]:
    """Ids of the `count` questions behind one, in their order; of the first where it was the last, or is gone."""
    ids = [question.id for question in questions]
    at = ids.index(after) + 1 if after in ids else 0
    return ids[at % len(ids) :][:count] if ids else []


B = TypeVar("B", bound="Begun")


class Begun(Protocol):
    """A round that somebody has begun: `answered` of its questions, by their ids, are behind them."""

    @property
    def name(self) -> str:
        """What makes it one."""

    @property
    def questions(self) -> Sequence[str]:
        """In their order."""

    @property
    def answered(self) -> int:
        """How many, from the first on."""

    @property
    def wrong(self) -> int:
        """How many answers were."""


def unfinished(begun: Iterable[B], *, known: Callable[[str], object]) -> B | None:
    """Of a day's rounds the one to go on with: one that was asked for, which is begun later, else the day's.

    One that has nothing left that `known` finds is over.
    """
    left = [each for each in begun if open_at(each, known=known) < len(each.questions)]
    return min(left, key=lambda each: _LATER.index(mode(each)), default=None)


def due(history: Iterable[tuple[datetime, bool]]) -> datetime | None:
    """When a question is to be reviewed: by FSRS, from its answers (in UTC, oldest first). None: it was never wrong.

    The first mistake makes the card. From it on what was right is rated Good and what was wrong Again: how long
    somebody thought isn't measured, and nobody is asked how hard it was.
    """
    card: fsrs.Card | None = None
    for at, right in history:
        if right and card is None:
            continue
        rating = fsrs.Rating.Good if right else fsrs.Rating.Again
        card, _ = _MEMORY.review_card(card or fsrs.Card(card_id=0, due=at), rating, at)
    return card.due if card else None


@dataclass(frozen=True, slots=True)
class Review:
    """A question to go through again: from which day on, and whether its newest answer was wrong."""

    question: Question
    day: date
    wrong: bool


class Carded(Protocol):
    """What is known of a question that was answered wrong at some time."""

    @property
    def wrong(self) -> bool:
        """Whether its newest answer was."""

    @property
    def due(self) -> datetime:
        """When it is to be reviewed."""


def again(cards: Iterable[tuple[Question | None, Carded]], *, on: date, zone: tzinfo) -> list[Review]:
    """What to go through again: what is due that day, the longest first, then what is due later but still wrong.

    Only what the pack has and can ask here, and what holds that day.
    """
    known = [
        (card.due, Review(question, card.due.astimezone(zone).date(), card.wrong))
        for question, card in cards
        if question and question.type in ASKED and question.in_effect(on)
    ]
    found = [each for each in known if each[1].day <= on or each[1].wrong]
    return [review for _, review in sorted(found, key=lambda each: (each[1].day > on, each[0], each[1].question.id))]


def open_at(begun: Begun, *, known: Callable[[str], object]) -> int:
    """The position to be answered next: a question that `known` finds no more is passed over. At the end, how many."""
    ids = begun.questions
    if mode(begun) is Mode.CHALLENGE and begun.wrong >= LIVES:
        return len(ids)
    return next((at for at in range(begun.answered, len(ids)) if known(ids[at])), len(ids))


def reached(ids: Sequence[str], begun: Begun) -> int:
    """How many of a bank's questions are behind somebody, by the round of it that they began last."""
    behind = (each for each in reversed(begun.questions[: begun.answered]) if each in ids)
    newest = next(behind, None)
    before = ids.index(begun.questions[0]) if begun.questions[0] in ids else 0
    return before if newest is None else ids.index(newest) + 1


def choices(question: Question, *, seed: str, yes: str, no: str) -> tuple[Choice, ...]:
    """The options in the order of this round: by `seed`, so a repeat sees the same letters. Judge options stay put."""
    if question.type is QuestionType.JUDGE:
        shown = [(RIGHT, yes), (WRONG, no)]
    else:
        # An explanation that names letters ("选B") is right only in the order in which it was written.
        kept = question.options if question.letters_said else ()
        place = _by(f"{seed}:{question.id}")
        shuffled = kept or sorted(question.options, key=lambda option: place(option.id))
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


def looks(question: Question, shown: Sequence[Choice]) -> str:
    """What tells one look of a question from another: a letter means something only beside the options it was for."""
    return _by(question.id)(question.stem + "|".join(f"{choice.id}:{choice.text}" for choice in shown)).hex()


def explain(question: Question, shown: Sequence[Choice]) -> str:
    """The explanation with every `{{opt:ID}}` replaced by the letter and the words that this reader saw."""
    by_id = {choice.id: f"{choice.letter}（{choice.text}）" for choice in shown}
    return OPTION_REFERENCE.sub(lambda found: by_id.get(found[1], ""), question.explanation)


def _by(seed: str) -> Callable[[str], bytes]:
    return lambda words: hashlib.blake2b(f"{seed}:{words}".encode(), digest_size=8).digest()

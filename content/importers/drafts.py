"""From what a bank's file says of a question to a question, with all that is to be said about it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from content import faults, unseen
from content.fields import WRITTEN_DATE
from content.importers import answers, parting, plain
from content.importers.answers import CHOICE, Written
from content.importers.explained import concluded, referred
from content.importers.sentences import Note, Weight
from content.models import BLANK, CHOSEN, DIFFICULTIES, Answer, Question, QuestionType

NAME = re.compile(r"[\w.-]{1,64}")
MOST = {"stem": 2000, "explanation": 2000, "option": 500}  # domain.md §4C
PARTS = {
    "stem": "题干",
    "explanation": "解析",
    "option": "选项",
    "effective_from": "生效日期",
    "effective_to": "失效日期",
    "as_of": "案例日期",
}
FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
_WORDS_PARTED = re.compile(r"[,，、;；|\n]+")
_PICTURES_PARTED = re.compile(r"[;；\n]")
_PICTURE_OF = re.compile(r"([A-Ja-jＡ-Ｊａ-ｊ])\s*[:：=.、]\s*(\S.*)")
YES = frozenset({"是", "true", "1", "y", "yes", "√"})
_LETTER_IN_BRACKETS = re.compile(r"[(（]\s*([A-Ja-jＡ-Ｊａ-ｊ](?:[\s、,，]*[A-Ja-jＡ-Ｊａ-ｊ])*)\s*[)）]")
_VERDICT_IN_BRACKETS = re.compile(r"[(（]\s*(√|×|✓|✗|对|错|正确|错误)\s*[)）]")
_OTHER_BLANKS = re.compile(r"[【\[〔]\s*[】\]〕]")
_SLASHED_DATE = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?: 00:00:00)?")


@dataclass(slots=True)
class Raw:
    """A question as it was written: its cells or parts by the names of `headers.NAMES`, and its options."""

    row: int
    sheet: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    options: list[Written] = field(default_factory=list)
    section: str = ""  # the type that its sheet's name or its heading says
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that was read: None where it can't be taken; `own_id` where its id is the admin's.

    `number` is what it is counted by in its file, "" for nothing.
    """

    row: int
    sheet: str
    question: Question | None
    own_id: bool
    number: str
    notes: tuple[Note, ...]

    @property
    def weight(self) -> Weight | None:
        """The heaviest of its notes; None where all is well."""
        weights = {note.weight for note in self.notes}
        return next((each for each in (Weight.ERROR, Weight.WARNING) if each in weights), None)


class _Stop(Exception):
    """Nothing more can be said of this question."""


@dataclass(slots=True)
class _Making:
    raw: Raw
    notes: list[Note]
    stem: str
    explanation: str
    options: list[Written]

    def note(self, code: str, **facts: Any) -> None:
        self.notes.append(Note(code, self.raw.row, self.raw.sheet, facts))

    def stop(self, code: str, **facts: Any) -> _Stop:
        self.note(code, **facts)
        return _Stop()

    def said(self, name: str) -> str:
        return self.raw.fields.get(name, "")


def draft(raw: Raw) -> Draft:
    """Make what can be made of a question as it was written; the pack takes nothing that nobody sees."""
    raw.fields = {name: unseen.legible(said) for name, said in raw.fields.items()}
    raw.options = [replace(each, text=unseen.legible(each.text)) for each in raw.options]
    making = _Making(raw, [*raw.notes], raw.fields.get("stem", ""), raw.fields.get("explanation", ""), _kept(raw))
    fields: dict[str, Any] = {}
    with suppress(_Stop):
        fields = _fields(making)
    question = None
    if fields and not any(note.weight is Weight.ERROR for note in making.notes):
        question = _question(making, fields)
    return Draft(
        raw.row, raw.sheet, question, bool(raw.fields.get("id")), raw.fields.get("number", ""), (*making.notes,)
    )


def _kept(raw: Raw) -> list[Written]:
    return [option for option in raw.options if option.text]


def _question(making: _Making, fields: Mapping[str, Any]) -> Question | None:
    """The model's word is the last: what it refuses is said in its own sentences."""
    try:
        return Question(**fields)
    except ValidationError as error:
        for each in faults.of_model(error, file="", positions={}):
            making.note("other", said=f"{each.what}；{each.mend}")
        return None


def _fields(making: _Making) -> dict[str, Any]:
    if not making.stem:
        raise making.stop("stem_missing")
    said, kind = _shown_answer(making), _kind(making)
    if isinstance(kind, _Unclear):
        kind = _inferred(making, said, choice=kind.choice)
    if kind is QuestionType.CASE and making.options:
        raise making.stop("case_options")
    answer = _answer(making, kind, said)
    chosen = kind in CHOSEN
    if not chosen:
        making.options = []
    pictures = _option_pictures(making)
    explanation, changed = referred(making.explanation, {option.letter for option in making.options})
    for words in changed:
        making.note("letters_referred", said=words)
    _check_lengths(making)
    if any("<img" in words.casefold() for words in (making.stem, *(option.text for option in making.options))):
        making.note("picture_in_text")
    return {
        **_beside(making),
        "id": _id(making),
        "type": kind,
        "stem": making.stem,
        "options": [_option(option, pictures) for option in making.options],
        "picture": _picture(making),
        "case": _case(making, kind),
        "answer": answer,
        "explanation": explanation,
    }


# Pictures, and what is read before


def _picture(making: _Making) -> dict[str, str] | None:
    file, words = making.said("picture"), making.said("picture_words")
    if not file:
        if words:
            making.note("picture_alone", said=words)
        return None
    _check_picture(making, file)
    if not words:
        making.note("picture_words", said=file)
    return {"file": file, "words": words}


def _option_pictures(making: _Making) -> Mapping[str, str]:
    """The options' pictures by their letters: "A：左.png；B：右.png"."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, _PICTURES_PARTED.split(making.said("option_pictures")))):
        named = _PICTURE_OF.fullmatch(part)
        letter = plain.folded(named[1]).upper() if named else ""
        if named is None or letter in found:
            making.note("option_pictures", said=part)
        elif letter not in {option.letter for option in making.options}:
            allowed = "".join(option.letter for option in making.options) or "（没有）"
            making.note("picture_letter", said=part, allowed=allowed)
        else:
            _check_picture(making, named[2])
            found[letter] = named[2]
    return found


def _check_picture(making: _Making, said: str) -> None:
    if not NAME.fullmatch(said):
        making.note("picture_name", said=said)


def _option(option: Written, pictures: Mapping[str, str]) -> dict[str, str]:
    return {"id": option.letter.lower(), "text": option.text, "picture": pictures.get(option.letter, "")}


def _case(making: _Making, kind: QuestionType) -> str:
    """What the case is called that is read before; whether there is one is seen when all is read."""
    said = making.said("case")
    if said and kind is QuestionType.CASE:
        making.note("case_in_case")
    elif said and not NAME.fullmatch(said):
        making.note("case_unknown", said=said)
    return said


# The type


@dataclass(frozen=True, slots=True)
class _Unclear:
    """The type isn't said, or only that it has options."""

    choice: bool


def _kind(making: _Making) -> QuestionType | _Unclear:
    said = making.said("type") or making.raw.section
    kind = answers.kind_of(said) if said else CHOICE
    if kind is None:
        raise making.stop("type_unknown", said=said)
    return kind if isinstance(kind, QuestionType) else _Unclear(choice=bool(said))


def _inferred(making: _Making, said: str, *, choice: bool) -> QuestionType:
    """What the answer and the options tell (domain.md §4B)."""
    if making.options and not choice and _are_verdicts(making.options):
        return QuestionType.JUDGE
    if making.options:
        named = answers.letters(said, making.options) if said else _marked(making)
        return QuestionType.MULTI if named and len(named) > 1 else QuestionType.SINGLE
    blanks = answers.blanks_in(making.stem)
    drawn = "_" in making.stem  # a bracket is a judge's too, a line is a blank
    if answers.verdict(said) is not None and not drawn:
        return QuestionType.JUDGE
    if answers.verdict(said) is not None or choice:
        raise making.stop("type_unclear" if not choice else "options_missing", **({"said": said} if choice else {}))
    if re.fullmatch("[A-J]+|[0-9]+", plain.folded(said).upper()) and not blanks:
        code = "options_missing" if re.fullmatch("[A-Ja-j]+", said) else "type_unclear"
        raise making.stop(code, **({"said": said} if code == "options_missing" else {}))
    if not said:
        raise making.stop("answer_missing")
    return QuestionType.FILL if blanks else QuestionType.SHORT


def _are_verdicts(options: Sequence[Written]) -> bool:
    said = [answers.verdict(option.text) for option in options]
    return len(said) == 2 and set(said) == {True, False}  # noqa: PLR2004 - right and wrong


# The answer


def _shown_answer(making: _Making) -> str:
    """The answer that was written; one that stands in the stem's brackets is taken out of them."""
    said = making.said("answer")
    pattern = _LETTER_IN_BRACKETS if making.options else _VERDICT_IN_BRACKETS
    found = [*pattern.finditer(making.stem)]
    if not found or not _is_answer(making, found[-1][1], said):
        return said
    begins, ends = found[-1].span()
    making.stem = f"{making.stem[:begins]}（ ）{making.stem[ends:]}".strip()
    if said:
        making.note("answer_shown")
    return said or found[-1][1]


def _is_answer(making: _Making, shown: str, said: str) -> bool:
    if not said:
        return not any(option.marked for option in making.options)
    if making.options:
        same = answers.letters(shown, making.options), answers.letters(said, making.options)
        return set(same[0] or ()) == set(same[1] or ())
    return answers.verdict(shown) is not None and answers.verdict(shown) == answers.verdict(said)


def _answer(making: _Making, kind: QuestionType, said: str) -> Answer:
    if kind is QuestionType.JUDGE:
        return _judged(making, said)
    if kind in CHOSEN:
        return _chosen(making, kind, said)
    if kind is QuestionType.CASE or (kind is QuestionType.SHORT and said):
        return answers.points(said)
    if not said:
        raise making.stop("answer_missing")
    if not answers.blanks_in(making.stem):
        making.stem = _OTHER_BLANKS.sub("____", making.stem)
    blanks = answers.blanks_in(making.stem)
    filled = answers.accepted(said, blanks)
    if filled is None:
        raise making.stop("blank_count", blanks=blanks, answers=len(re.split(r"[|｜]", said)))
    return tuple(map(tuple, filled))


def _judged(making: _Making, said: str) -> bool:
    if making.options and not _are_verdicts(making.options):
        raise making.stop("judge_choices")
    if not said and not _marked(making):
        raise making.stop("answer_missing")
    named = answers.letters(said, making.options) if said and making.options else _marked(making)
    texts = {option.letter: option.text for option in making.options}
    found = answers.verdict(said) if said else None
    if found is None and named and len(named) == 1:
        found = answers.verdict(texts.get(named[0], ""))
    if found is None:
        raise making.stop("verdict", said=said)
    return found


def _marked(making: _Making) -> list[str]:
    return [option.letter for option in making.options if option.marked]


def _chosen(making: _Making, kind: QuestionType, said: str) -> tuple[str, ...]:
    _check_options(making)
    marked = _marked(making)
    if not said and not marked:
        raise making.stop("answer_missing")
    named = answers.letters(said, making.options) if said else marked
    if named is None:
        raise making.stop("answer_letters", said=said)
    known = [option.letter for option in making.options]
    for letter in named:
        if letter not in known:
            raise making.stop("letter_unknown", said=letter, allowed="".join(known))
        if named.count(letter) > 1:
            raise making.stop("letter_twice", said=letter)
    if kind is QuestionType.SINGLE and len(named) > 1:
        raise making.stop("single_several", count=len(named), said="".join(named))
    _doubt(making, kind, sorted(named), marked)
    return tuple(letter.lower() for letter in sorted(named))


def _check_options(making: _Making) -> None:
    count = len(making.options)
    if not count:
        raise making.stop("options_missing", said=making.said("answer"))
    if not FEWEST_OPTIONS <= count <= MOST_OPTIONS:
        raise making.stop("option_number", count=count)
    texts = [option.text for option in making.options]
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise making.stop("option_same", said=twice)


def _doubt(making: _Making, kind: QuestionType, named: Sequence[str], marked: Sequence[str]) -> None:
    """Say what doesn't agree with the answer that is taken."""
    said = "".join(named)
    if marked and making.said("answer") and sorted(marked) != named:
        making.note("marks_differ", marked="".join(marked), said=said)
    if kind is QuestionType.MULTI and len(named) == 1:
        making.note("several_one")
    told = concluded(making.explanation)
    if told and told != said:
        making.note("explained_otherwise", said=told, answer=said)
    text = plain.bare(making.said("answer_text"))
    right = [option.text for option in making.options if option.letter in named]
    if text and not all(plain.bare(each) in text for each in right):
        making.note("answer_text", said=said)


# All the rest


def _check_lengths(making: _Making) -> None:
    for name, words in (("stem", making.stem), ("explanation", making.explanation)):
        if len(words) > MOST[name]:
            making.note("too_long", part=PARTS[name], count=len(words), most=MOST[name])
    for option in making.options:
        if len(option.text) > MOST["option"]:
            making.note(
                "too_long", part=f"{PARTS['option']}{option.letter}", count=len(option.text), most=MOST["option"]
            )


def _beside(making: _Making) -> dict[str, Any]:
    """What may be said of a question beside the question itself."""
    found: dict[str, Any] = {
        name: _words(making.said(name)) for name in ("tags", "alias", "audience") if making.said(name)
    }
    found |= {name: making.said(name) for name in ("source", "author", "reviewer") if making.said(name)}
    found |= {name: day for name in ("effective_from", "effective_to", "as_of") if (day := _day(making, name))}
    if said := making.said("difficulty"):
        found["difficulty"] = DIFFICULTIES.get(said.removesuffix("度"), None) or _unread(making, "difficulty", "中")
    if said := making.said("score"):
        number = re.fullmatch(r"(\d+)(?:\.0+)?\s*分?", plain.folded(said))
        found["score"] = int(number[1]) if number and int(number[1]) else _unread(making, "score", 1)
    if said := making.said("cites"):
        found["cites"] = _cites(making, said)
    for name, usual in (("ordered", True), ("partial_credit", False)):
        if said := plain.folded(making.said(name)):
            found[name] = said in YES
        else:
            found[name] = usual
    return found


def _words(said: str) -> tuple[str, ...]:
    words = (parting.shown(part) for part in _WORDS_PARTED.split(parting.hidden(said)))
    return tuple(dict.fromkeys(filter(None, words)))


def _unread(making: _Making, name: str, instead: Any) -> Any:
    making.note(name, said=making.said(name))
    return instead


def _day(making: _Making, name: str) -> date | None:
    said = _SLASHED_DATE.sub(lambda m: f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}", making.said(name)).removesuffix(
        " 00:00:00"
    )
    if not said:
        return None
    try:
        return date.fromisoformat(said if WRITTEN_DATE.match(said) else "")
    except ValueError:
        making.note("day", part=PARTS[name], said=making.said(name))
        return None


def _cites(making: _Making, said: str) -> list[dict[str, str]]:
    found = []
    for part in filter(None, map(str.strip, re.split(r"[;；\n]", said))):
        parts = [each.strip() for each in part.split("/")]
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - regulation, version, article
            making.note("cites", said=part)
            continue
        found.append(dict(zip(("reg", "version", "article"), parts, strict=True)))
    return found


def _id(making: _Making) -> str:
    said = making.said("id")
    if said and not NAME.fullmatch(said):
        making.note("id_shape", said=said)
    return said or stem_id(making.stem)


def stem_id(stem: str, *beside: str) -> str:
    """Give the id of a question that has none of its own: it changes with the words, not with what is around them."""
    words = "\n".join((plain.bare(BLANK.sub("", stem)), *sorted(map(plain.bare, beside))))
    return "q-" + hashlib.blake2b(words.encode(), digest_size=6).hexdigest()

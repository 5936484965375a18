"""What admins may write: content that can't be right can't be made.

Every model is a frozen dataclass checked by pydantic; a value that breaks a rule raises `pydantic.ValidationError`
whose error types are the keys of the table in `content.faults`.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from content.fields import (
    STRICT,
    Day,
    End,
    Lines,
    Moment,
    Name,
    Names,
    WebAddress,
    Words,
    is_meant_for,
    one_of,
    some,
    version_said,
    wrong,
)

# Questions (domain.md §4C-2)

OPTION_REFERENCE = re.compile(r"\{\{\s*opt:\s*([^}\s]+)\s*\}\}")
BLANK = re.compile(r"_{2,}|（\s*）|\(\s*\)")
RAW_LETTER = re.compile(
    r"选项?\s*[A-JＡ-Ｊ]{1,10}(?![A-Za-z])"
    r"|(?<![A-Za-z])[A-JＡ-Ｊ]\s*(?:选项|项(?!目)|正确|错误|不正确|不对|对|错)"
    r"|答案\s*[是为:：]?\s*[A-JＡ-Ｊ](?![A-Za-z])"
)


class QuestionType(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTI = "multi"
    JUDGE = "judge"
    FILL = "fill"
    SHORT = "short"
    CASE = "case"


class Difficulty(StrEnum):
    """Three steps; the other two scales in use mean the same (domain.md §4C-2)."""

    EASY = "易"
    MIDDLE = "中"
    HARD = "难"


MOST_TAGS = 200  # of a bank that are told
CHOSEN = (QuestionType.SINGLE, QuestionType.MULTI)
DIFFICULTIES: Mapping[str, Difficulty] = {
    "易": Difficulty.EASY, "简单": Difficulty.EASY, "低": Difficulty.EASY,
    "中": Difficulty.MIDDLE, "中等": Difficulty.MIDDLE,
    "难": Difficulty.HARD, "困难": Difficulty.HARD, "高": Difficulty.HARD,
}  # fmt: skip
# What judges are answered with in question banks (domain.md §4B), and TOML's own true and false.
VERDICTS: Mapping[str, bool] = {
    "true": True, "正确": True, "对": True, "是": True, "√": True, "t": True, "y": True, "同意": True,
    "false": False, "错误": False, "错": False, "否": False, "×": False, "f": False, "n": False, "不同意": False,
}  # fmt: skip
Answer = bool | tuple[str, ...] | tuple[tuple[str, ...], ...]
PictureName = Annotated[str, StringConstraints(pattern=r"^([\w-][\w.-]{0,63})?$")]  # of a file in the pack's `pictures`


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Option:
    """One choice; letters are made when it is shown, `id` is what answers and explanations refer to."""

    id: Name
    text: Words
    picture: PictureName = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Picture:
    """A picture of the pack, and its words for who can't see it."""

    file: PictureName
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Cite:
    """The article of a regulation, in one of its versions, that a question rests on."""

    reg: Words
    version: Annotated[Words, BeforeValidator(version_said)]
    article: Words


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _ids(value: Any) -> tuple[str, ...]:
    ids = _several(value)
    if any(isinstance(each, bool) or not isinstance(each, str | int | float) for each in ids):
        raise wrong("answer_ids", said=str(value))
    return tuple(str(each).strip() for each in ids)


def _right_options(value: Any, options: tuple[Option, ...]) -> tuple[str, ...]:
    ids, known = _ids(value), {option.id for option in options}
    for each in ids:
        if each not in known:
            raise wrong("answer_unknown", said=each, allowed="、".join(sorted(known)))
    if len(set(ids)) < len(ids):
        raise wrong("answer_twice")
    return ids


def _one_right(value: Any, data: Mapping[str, Any]) -> Answer:
    ids = _right_options(value, data["options"])
    if len(ids) != 1:
        raise wrong("single_answer", count=len(ids))
    return ids


def _several_right(value: Any, data: Mapping[str, Any]) -> Answer:
    ids = _right_options(value, data["options"])
    if not ids:
        raise wrong("answer_empty")
    return ids


def _verdict(value: Any, _: Mapping[str, Any]) -> Answer:
    verdicts = [VERDICTS.get(str(each).strip().casefold()) for each in _several(value)]
    if len(verdicts) != 1 or verdicts[0] is None:
        raise wrong("judge_answer", said=str(value))
    return verdicts[0]


def _accepted(value: Any) -> tuple[str, ...]:
    words = _ids(value)
    if not words or not all(words):
        raise wrong("answer_empty")
    return words


def _blanks(value: Any, data: Mapping[str, Any]) -> Answer:
    blanks = len(BLANK.findall(data["stem"]))
    words = _several(value)
    flat = not any(isinstance(each, list | tuple) for each in words)
    filled = tuple(_accepted(each) for each in ([words] if flat and blanks == 1 else words))
    if blanks == 0 or len(filled) != blanks:
        raise wrong("fill_blanks", blanks=blanks, answers=len(filled))
    return filled


def _points(value: Any, _: Mapping[str, Any]) -> Answer:
    return _accepted(value)


def _points_or_parts(value: Any, _: Mapping[str, Any]) -> Answer:
    """A case may have no answer: it is then asked as the questions that name it."""
    return () if value == () else _accepted(value)


ANSWERS: Mapping[QuestionType, Callable[[Any, Mapping[str, Any]], Answer]] = {
    QuestionType.SINGLE: _one_right,
    QuestionType.MULTI: _several_right,
    QuestionType.JUDGE: _verdict,
    QuestionType.FILL: _blanks,
    QuestionType.SHORT: _points,
    QuestionType.CASE: _points_or_parts,
}


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Question:
    """One question, right by itself.

    `answer` is the ids of the right options (single: one, multi: one or more), a bool (judge), the accepted strings of
    each blank (fill) or the reference points (short, case). A case without an answer is asked as the questions of its
    bank that name it in `case`. `effective_from` and `effective_to` are both inclusive; `as_of` is the day that a case
    or a figure is of. `alias` lists earlier ids whose learning history is this question's. Nobody reviews what they
    wrote themselves. `audience` names the organisations that it is only for, with all below them.
    """

    id: Name
    type: Annotated[QuestionType, BeforeValidator(one_of({each.value: each for each in QuestionType}))]
    stem: Words
    picture: Picture | None = None
    options: tuple[Option, ...] = ()
    answer: Annotated[Answer, Field(validate_default=True)] = ()
    case: Annotated[str, StringConstraints(pattern=r"^([\w.-]{1,64})?$")] = ""
    explanation: str = ""
    cites: tuple[Cite, ...] = ()
    difficulty: Annotated[Difficulty, BeforeValidator(one_of(DIFFICULTIES))] = Difficulty.MIDDLE
    tags: Lines = ()
    source: str = ""
    effective_from: Day | None = None
    effective_to: Day | None = None
    as_of: Day | None = None
    author: str = ""
    reviewer: str = ""
    alias: Names = ()
    audience: Names = ()
    score: Annotated[int, Field(gt=0)] = 1
    ordered: bool = True
    partial_credit: bool = False

    @field_validator("options")
    @classmethod
    def _fit_the_type(cls, options: tuple[Option, ...], info: ValidationInfo) -> tuple[Option, ...]:
        chosen = info.data.get("type") in CHOSEN
        if chosen and not 2 <= len(options) <= 10:  # noqa: PLR2004 - domain.md §4C-2: 2 to 10 options
            raise wrong("option_count", count=len(options))
        if info.data.get("type") is QuestionType.JUDGE and options:
            raise wrong("judge_options")
        for names, code in (
            ([each.id for each in options], "option_ids"),
            ([each.text for each in options], "option_texts"),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise wrong(code, said=twice)
        return options

    @field_validator("answer", mode="plain")
    @classmethod
    def _answer_by_type(cls, value: Any, info: ValidationInfo) -> Answer:
        if not {"type", "stem", "options"} <= info.data.keys():
            return ()  # those are at fault already; the answer can't be judged without them
        if value == () and info.data["type"] is not QuestionType.CASE:
            raise PydanticCustomError("missing", "missing")
        return ANSWERS[info.data["type"]](value, info.data)

    @field_validator("explanation")
    @classmethod
    def _refers_to_its_options(cls, words: str, info: ValidationInfo) -> str:
        known = {option.id for option in info.data.get("options", ())}
        for said in OPTION_REFERENCE.findall(words):
            if "options" in info.data and said not in known:
                raise wrong("explanation_reference", said=said, allowed="、".join(sorted(known)))
        return words

    @field_validator("reviewer")
    @classmethod
    def _is_somebody_else(cls, reviewer: str, info: ValidationInfo) -> str:
        if reviewer and reviewer == info.data.get("author"):
            raise wrong("reviewer_author", said=reviewer)
        return reviewer

    @field_validator("effective_to")
    @classmethod
    def _ends_after_it_begins(cls, last: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("effective_from")
        if first and last and last < first:
            raise wrong("dates_order", first=str(first), last=str(last))
        return last

    @property
    def has_parts(self) -> bool:
        """Whether it isn't asked itself, but as the questions that name it."""
        return self.type is QuestionType.CASE and not self.answer

    @property
    def pictures(self) -> tuple[str, ...]:
        """The files of the pictures that it shows."""
        own = (self.picture.file,) if self.picture else ()
        return (*own, *(option.picture for option in self.options if option.picture))

    @property
    def letters_said(self) -> str:
        """Where the explanation speaks of a letter ("选B"), those words: they hold only in the order of `options`."""
        found = RAW_LETTER.search(self.explanation) if self.options else None
        return found[0] if found else ""

    @property
    def right(self) -> frozenset[str]:
        """The ids of the right options; a judge question's options are "true" and "false"; else empty."""
        if isinstance(self.answer, bool):
            return frozenset({"true" if self.answer else "false"})
        return frozenset([each for each in self.answer if isinstance(each, str)] if self.type in CHOSEN else ())

    def in_effect(self, day: date) -> bool:
        """Whether the rule it asks about holds on `day`."""
        return _holds(self.effective_from, self.effective_to, day)

    def is_for(self, belongs: frozenset[str]) -> bool:
        """Whether it is for everybody or for an organisation that somebody belongs to."""
        return is_meant_for(self.audience, belongs)

    def lasting(self, first: date | None, last: date | None) -> Self:
        """Give it as it is when its rule holds from `first` until `last`."""
        return replace(self, effective_from=first, effective_to=last)


class Outline(NamedTuple):
    """A question without its words: all that draws and checks look at. It is the `place`-th of its bank's file."""

    place: int
    id: str
    type: QuestionType
    difficulty: Difficulty
    case: str
    cites: tuple[Cite, ...]
    alias: tuple[str, ...]
    audience: tuple[str, ...]
    pictures: tuple[str, ...]
    score: int
    has_parts: bool
    effective_from: date | None
    effective_to: date | None
    as_of: date | None

    def in_effect(self, day: date) -> bool:
        """Whether the rule it asks about holds on `day`."""
        return _holds(self.effective_from, self.effective_to, day)

    def is_for(self, belongs: frozenset[str]) -> bool:
        """Whether it is for everybody or for an organisation that somebody belongs to."""
        return is_meant_for(self.audience, belongs)

    def lasting(self, first: date | None, last: date | None) -> Self:
        """Give it as it is when its rule holds from `first` until `last`."""
        return self._replace(effective_from=first, effective_to=last)


Drawn = Question | Outline  # what is drawn from: of a large bank only outlines are at hand


def _holds(first: date | None, last: date | None, day: date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Bank:
    """One file of questions; `name` is the file's stem."""

    name: Name
    title: Words
    topic: Words
    questions: Annotated[tuple[Question, ...], Field(alias="question"), AfterValidator(some)]

    @property
    def outlines(self) -> tuple[Drawn, ...]:
        """What is drawn from: the questions themselves."""
        return self.questions

    @property
    def tags(self) -> tuple[str, ...]:
        """What its questions are about: the tags that most of them have."""
        used = Counter(tag for each in self.questions for tag in each.tags)
        return tuple(tag for tag, _ in used.most_common(MOST_TAGS))

    def having(self, outlines: tuple[Drawn, ...]) -> Self:
        """Give a bank with these questions in their place."""
        return replace(self, questions=tuple(each for each in outlines if isinstance(each, Question)))

    def called(self, topic: str) -> Self:
        """Give the bank as one of another topic."""
        return replace(self, topic=topic)


# Digests


class DigestKind(StrEnum):
    """News (要闻) or policy (政策)."""

    NEWS = "news"
    POLICY = "policy"


KINDS = {"news": DigestKind.NEWS, "policy": DigestKind.POLICY, "要闻": DigestKind.NEWS, "政策": DigestKind.POLICY}


PICTURES = "pictures/"  # before the name of a file, in a digest's Markdown and in the HTML that is made of it
_PICTURED = re.compile(rf'(?<=<img src="){PICTURES}([^"]+)')


def _file(found: re.Match[str]) -> str:
    return unquote(html.unescape(found[1]))


def pictured(words: str, at: Callable[[str], str]) -> str:
    """Give a digest's HTML with the address that `at` says for the file's name in place of each picture."""
    return _PICTURED.sub(lambda found: html.escape(at(_file(found))), words)


class Voice(StrEnum):
    """Who speaks in a block: the quoted source, the report about it, or we ourselves (after `## 解读`)."""

    OFFICIAL = "official"
    REPORT = "report"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Block:
    """A stretch of a digest in one voice: `plain` for the chat, `html` safe to show once it is `pictured`."""

    voice: Voice
    plain: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Digest:
    """One piece of news or policy; `slug` is the file's stem. It is out from `publish_at` until before `expire_at`.

    `original` names the text of the pack that all that it quotes stands in, "" where there is none.
    """

    slug: Name
    title: Words
    kind: Annotated[DigestKind, BeforeValidator(one_of(KINDS))]
    topics: Annotated[Names, AfterValidator(some)]
    source_name: Words
    source_url: WebAddress | None = None
    doc_no: str = ""
    issued_on: Day | None = None
    original: str = ""
    publish_at: Moment
    expire_at: End | None = None
    summary: Words
    audience: Names = ()
    blocks: Annotated[tuple[Block, ...], AfterValidator(some)]

    @field_validator("expire_at")
    @classmethod
    def _ends_after_it_begins(cls, last: datetime | None, info: ValidationInfo) -> datetime | None:
        first = info.data.get("publish_at")
        if first and last and last <= first:
            raise wrong("dates_order", first=str(first), last=str(last))
        return last

    def is_out(self, now: datetime) -> bool:
        """Whether members see it at `now` (aware)."""
        return self.publish_at <= now and (self.expire_at is None or now < self.expire_at)

    @property
    def plain(self) -> str:
        """The whole body for the chat; official words begin with a bar."""
        return "\n\n".join(block.plain for block in self.blocks)

    @property
    def html(self) -> str:
        """The whole body, safe to show once it is `pictured`: a `<section class="official|report|own">` a block."""
        return "\n".join(f'<section class="{block.voice}">\n{block.html}</section>' for block in self.blocks)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The files of the pack that its body shows."""
        return tuple(dict.fromkeys(map(_file, _PICTURED.finditer(self.html))))


# The account


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Topic:
    """Something members can subscribe to. What is only told of or reminded of (`notices`) is nothing to study."""

    id: Name
    name: Words
    notices: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Account:
    """What members are told about the account: `name` its own, `organisation` whose it is.

    Changes of `approval`, kinds of files, are taken in the console when a second admin has agreed.
    """

    name: Words
    organisation: str = ""
    about: str = ""
    contact: str = ""
    welcome: Lines = ()
    help_lines: Lines = ()
    approval: Names = ()
    topics: Annotated[tuple[Topic, ...], Field(alias="topic")] = ()

    @property
    def topics_of_study(self) -> tuple[Topic, ...]:
        """Those that questions and digests can be of."""
        return tuple(topic for topic in self.topics if not topic.notices)

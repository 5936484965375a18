"""What admins may write: content that can't be right can't be made.

Every model is a frozen dataclass checked by pydantic; a value that breaks a rule raises `pydantic.ValidationError`
whose error types are the keys of the table in `content.faults`. A naive time needs the validation context
`{"zone": tzinfo}`: it is the pack's own time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True, validate_by_name=True)

OPTION_REFERENCE = re.compile(r"\{\{\s*opt:\s*([^}\s]+)\s*\}\}")
BLANK = re.compile(r"_{2,}|（\s*）|\(\s*\)")
RAW_LETTER = re.compile(
    r"选项?\s*[A-JＡ-Ｊ]{1,10}(?![A-Za-z])"
    r"|(?<![A-Za-z])[A-JＡ-Ｊ]\s*(?:选项|项(?!目)|正确|错误|不正确|不对|对|错)"
    r"|答案\s*[是为:：]?\s*[A-JＡ-Ｊ](?![A-Za-z])"
)
CRON_NUMBERS = ((0, 59), (0, 23), (1, 31), (1, 12))  # minute, hour, day, month
CRON_PART = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CRON_DAYS = {"sun": 0, "0": 0, "7": 7} | {
    said: number for number, name in enumerate(WEEKDAYS[:6], start=1) for said in (name, str(number))
}
SPAN = re.compile(r"(\d+)\s*(m|h|d)")
SPAN_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
WRITTEN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")


def _wrong(code: str, **facts: Any) -> PydanticCustomError:
    return PydanticCustomError(code, code, facts)


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _none_where_empty(value: Any) -> Any:
    return None if value == "" else value


def _some(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise _wrong("empty_list")
    return value


def _one_of(names: Mapping[str, StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, StrEnum):
            return value
        if not isinstance(value, str) or value.strip() not in names:
            raise _wrong("choice", said=value, allowed="、".join(names))
        return names[value.strip()]

    return read


def _written(value: Any) -> Any:
    """Refuse numbers: pydantic would read them as seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}", value.strip())):
        raise _wrong("date_written", said=value)
    return value


def _last_moment(value: Any) -> Any:
    """An end given as a bare day includes that day."""
    if isinstance(value, str) and WRITTEN_DATE.match(value.strip()):
        value = date.fromisoformat(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value + timedelta(days=1), time())
    return value


def _zoned(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is not None:
        return value
    zone = (info.context or {}).get("zone")
    if zone is None:
        raise _wrong("naive_time", said=str(value))
    return value.replace(tzinfo=zone)


def version_said(value: Any) -> Any:
    """Give a version as text: TOML reads 2026-05-18 as a day."""
    return value.isoformat() if isinstance(value, date) else value


def _span(value: Any) -> Any:
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None and not isinstance(value, timedelta):
        raise _wrong("span", said=value)
    return timedelta(**{SPAN_UNITS[found[2]]: int(found[1])}) if found else value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise _wrong("span", said=str(value))
    return value


def _within_an_hour(value: timedelta) -> timedelta:
    if value > timedelta(hours=1):
        raise _wrong("jitter")
    return value


def is_web_address(value: str) -> bool:
    """Whether it is a whole http or https address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not re.search(r"\s", value)


def _web_address(value: str) -> str:
    if not is_web_address(value):
        raise _wrong("web_address", said=value)
    return value


Words = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]
Lines = Annotated[tuple[Words, ...], BeforeValidator(_listed)]
Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_zoned)]
End = Annotated[datetime, BeforeValidator(_last_moment), BeforeValidator(_written), AfterValidator(_zoned)]
Span = Annotated[timedelta, BeforeValidator(_span), AfterValidator(_positive)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many `times` within a span; written "1/7d"."""

    times: int
    within: timedelta


def _cap(value: Any) -> Any:
    if value is None or isinstance(value, Cap):
        return value
    times, _, within = value.partition("/") if isinstance(value, str) else ("", "", "")
    found = SPAN.fullmatch(within.strip())
    if found is None or not times.strip().isdecimal() or not int(times) or not int(found[1]):
        raise _wrong("at_most", said=value)
    return Cap(times=int(times), within=_span(within))


Jitter = Annotated[timedelta, BeforeValidator(_span), AfterValidator(_within_an_hour)]
WebAddress = Annotated[Words, AfterValidator(_web_address)]


# Questions (domain.md §4C-2)


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


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Option:
    """One choice; letters are made when it is shown, `id` is what answers and explanations refer to."""

    id: Name
    text: Words


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
        raise _wrong("answer_ids", said=str(value))
    return tuple(str(each).strip() for each in ids)


def _right_options(value: Any, options: tuple[Option, ...]) -> tuple[str, ...]:
    ids, known = _ids(value), {option.id for option in options}
    for each in ids:
        if each not in known:
            raise _wrong("answer_unknown", said=each, allowed="、".join(sorted(known)))
    if len(set(ids)) < len(ids):
        raise _wrong("answer_twice")
    return ids


def _one_right(value: Any, data: Mapping[str, Any]) -> Answer:
    ids = _right_options(value, data["options"])
    if len(ids) != 1:
        raise _wrong("single_answer", count=len(ids))
    return ids


def _several_right(value: Any, data: Mapping[str, Any]) -> Answer:
    ids = _right_options(value, data["options"])
    if not ids:
        raise _wrong("answer_empty")
    return ids


def _verdict(value: Any, _: Mapping[str, Any]) -> Answer:
    verdicts = [VERDICTS.get(str(each).strip().casefold()) for each in _several(value)]
    if len(verdicts) != 1 or verdicts[0] is None:
        raise _wrong("judge_answer", said=str(value))
    return verdicts[0]


def _accepted(value: Any) -> tuple[str, ...]:
    words = _ids(value)
    if not words or not all(words):
        raise _wrong("answer_empty")
    return words


def _blanks(value: Any, data: Mapping[str, Any]) -> Answer:
    blanks = len(BLANK.findall(data["stem"]))
    words = _several(value)
    flat = not any(isinstance(each, list | tuple) for each in words)
    filled = tuple(_accepted(each) for each in ([words] if flat and blanks == 1 else words))
    if blanks == 0 or len(filled) != blanks:
        raise _wrong("fill_blanks", blanks=blanks, answers=len(filled))
    return filled


def _points(value: Any, _: Mapping[str, Any]) -> Answer:
    return _accepted(value)


ANSWERS: Mapping[QuestionType, Callable[[Any, Mapping[str, Any]], Answer]] = {
    QuestionType.SINGLE: _one_right,
    QuestionType.MULTI: _several_right,
    QuestionType.JUDGE: _verdict,
    QuestionType.FILL: _blanks,
    QuestionType.SHORT: _points,
    QuestionType.CASE: _points,
}


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Question:
    """One question, right by itself.

    `answer` is the ids of the right options (single: one, multi: one or more), a bool (judge), the accepted strings of
    each blank (fill) or the reference points (short, case). `effective_from` and `effective_to` are both inclusive.
    `alias` lists earlier ids whose learning history is this question's. Nobody reviews what they wrote themselves.
    """

    id: Name
    type: Annotated[QuestionType, BeforeValidator(_one_of({each.value: each for each in QuestionType}))]
    stem: Words
    options: tuple[Option, ...] = ()
    answer: Answer
    explanation: str = ""
    cites: tuple[Cite, ...] = ()
    difficulty: Annotated[Difficulty, BeforeValidator(_one_of(DIFFICULTIES))] = Difficulty.MIDDLE
    tags: Lines = ()
    source: str = ""
    effective_from: Day | None = None
    effective_to: Day | None = None
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
            raise _wrong("option_count", count=len(options))
        if info.data.get("type") is QuestionType.JUDGE and options:
            raise _wrong("judge_options")
        for names, code in (
            ([each.id for each in options], "option_ids"),
            ([each.text for each in options], "option_texts"),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise _wrong(code, said=twice)
        return options

    @field_validator("answer", mode="plain")
    @classmethod
    def _answer_by_type(cls, value: Any, info: ValidationInfo) -> Answer:
        if not {"type", "stem", "options"} <= info.data.keys():
            return ()  # those are at fault already; the answer can't be judged without them
        return ANSWERS[info.data["type"]](value, info.data)

    @field_validator("explanation")
    @classmethod
    def _refers_to_its_options(cls, words: str, info: ValidationInfo) -> str:
        known = {option.id for option in info.data.get("options", ())}
        for said in OPTION_REFERENCE.findall(words):
            if "options" in info.data and said not in known:
                raise _wrong("explanation_reference", said=said, allowed="、".join(sorted(known)))
        return words

    @field_validator("reviewer")
    @classmethod
    def _is_somebody_else(cls, reviewer: str, info: ValidationInfo) -> str:
        if reviewer and reviewer == info.data.get("author"):
            raise _wrong("reviewer_author", said=reviewer)
        return reviewer

    @field_validator("effective_to")
    @classmethod
    def _ends_after_it_begins(cls, last: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("effective_from")
        if first and last and last < first:
            raise _wrong("dates_order", first=str(first), last=str(last))
        return last

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
        return frozenset(each for each in self.answer if isinstance(each, str)) if self.type in CHOSEN else frozenset()

    def in_effect(self, day: date) -> bool:
        """Whether the rule it asks about holds on `day`."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Bank:
    """One file of questions; `name` is the file's stem."""

    name: Name
    title: Words
    topic: Words
    questions: Annotated[tuple[Question, ...], Field(alias="question"), AfterValidator(_some)]


# Digests


class DigestKind(StrEnum):
    """News (要闻) or policy (政策)."""

    NEWS = "news"
    POLICY = "policy"


KINDS = {"news": DigestKind.NEWS, "policy": DigestKind.POLICY, "要闻": DigestKind.NEWS, "政策": DigestKind.POLICY}


class Voice(StrEnum):
    """Who speaks in a block: the quoted source, the report about it, or we ourselves (after `## 解读`)."""

    OFFICIAL = "official"
    REPORT = "report"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Block:
    """A stretch of a digest in one voice: `plain` for the chat, `html` safe to show as it is."""

    voice: Voice
    plain: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Digest:
    """One piece of news or policy; `slug` is the file's stem. It is out from `publish_at` until before `expire_at`."""

    slug: Name
    title: Words
    kind: Annotated[DigestKind, BeforeValidator(_one_of(KINDS))]
    topics: Annotated[Names, AfterValidator(_some)]
    source_name: Words
    source_url: WebAddress | None = None
    doc_no: str = ""
    issued_on: Day | None = None
    publish_at: Moment
    expire_at: End | None = None
    summary: Words
    audience: Names = ()
    blocks: Annotated[tuple[Block, ...], AfterValidator(_some)]

    @field_validator("expire_at")
    @classmethod
    def _ends_after_it_begins(cls, last: datetime | None, info: ValidationInfo) -> datetime | None:
        first = info.data.get("publish_at")
        if first and last and last <= first:
            raise _wrong("dates_order", first=str(first), last=str(last))
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
        """The whole body, safe to show: a `<section class="official|report|own">` a block."""
        return "\n".join(f'<section class="{block.voice}">\n{block.html}</section>' for block in self.blocks)


# Broadcasts


def _cron(value: str) -> str:
    """Give crontab's five fields with all weekdays by name.

    APScheduler numbers weekdays from Monday, crontab from Sunday: 1 is Tuesday there and Monday here. A name means the
    same day everywhere. Spans over the weekend ("fri-mon") and steps ("*/2"), which APScheduler doesn't take with
    names, become lists.
    """
    try:
        *numbers, weekdays = value.lower().split()
        for written, (low, high) in zip(numbers, CRON_NUMBERS, strict=True):
            for part in written.split(","):
                _check_cron(part, low=low, high=high)
        return " ".join((*numbers, _weekdays(weekdays)))
    except ValueError:
        raise _wrong("cron", said=value) from None


def _check_cron(part: str, *, low: int, high: int) -> None:
    first, last, step = _cron_part(part)
    begins = int(first or low)
    ends = int(last or (begins if first and not step else high))
    if not low <= begins <= ends <= high or (step and not 0 < int(step) <= ends - begins):
        raise ValueError(part)


def _weekdays(written: str) -> str:
    days = {day for part in written.split(",") for day in _cron_days(part)}
    return "*" if len(days) == len(WEEKDAYS) else ",".join(name for name in WEEKDAYS if CRON_DAYS[name] in days)


def _cron_days(part: str) -> Iterator[int]:
    first, last, step = _cron_part(part)
    if not {first or "0", last or "6"} <= CRON_DAYS.keys():
        raise ValueError(part)
    begins = CRON_DAYS[first or "0"]
    ends = CRON_DAYS[last] if last else (begins if first and not step else 6)
    if ends < begins:
        ends += len(WEEKDAYS)  # over the end of the week: fri-mon is 5-8
    for day in range(begins, ends + 1, int(step or 1)):
        yield day % len(WEEKDAYS)


def _cron_part(part: str) -> tuple[str | None, str | None, str | None]:
    """Give the first, the last and the step of `*`, `5`, `1-5`, each perhaps with a step (`1-5/2`)."""
    found = CRON_PART.fullmatch(part)
    if found is None:
        raise ValueError(part)
    return found["first"], found["last"], found["step"]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Group:
    """Some people: all that is said of them holds together; of each list one is enough.

    They subscribe to one of `topics`, are in one of `organisations` or below, have one of `roles` on the roster, are
    known on one of `accounts`, bear one of the platform's `tags` there; one of the digests in `received` was pushed to
    them; they `answered` a question within so long. Of `all` each holds, of `any` at least one, of `none` none.
    """

    topics: Names = ()
    organisations: Names = ()
    roles: Lines = ()
    accounts: Names = ()
    tags: Lines = ()
    received: Names = ()
    answered: Span | None = None
    all: tuple["Group", ...] = ()
    any: tuple["Group", ...] = ()
    none: tuple["Group", ...] = ()

    @property
    def names_somebody(self) -> bool:
        """Whether it says who is meant, and not only who is not."""
        return bool(self.topics or self.organisations or self.roles or self.accounts or self.tags) or bool(
            self.received or self.answered or self.all or self.any
        )

    @property
    def follows_from_deeds(self) -> bool:
        """Whether everybody meant has done something themselves; to have subscribed is none of these."""
        some = [each.follows_from_deeds for each in self.any]
        return bool(self.answered) or any(each.follows_from_deeds for each in self.all) or (bool(some) and all(some))

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if not self.names_somebody and not self.none:
            raise _wrong("audience_empty")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Audience(Group):
    """Who hears it: `everyone`, perhaps but for some, or a group."""

    everyone: bool = False

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.everyone == self.names_somebody:
            raise _wrong("audience")
        return self


Place = tuple[str | int, ...]


def groups_of(group: Group, around: Place) -> Iterator[tuple[Place, Group]]:
    """Give a group and all within it, each with its place in the file; `around` is the place of the first."""
    yield around, group
    for name in ("all", "any", "none"):
        for index, each in enumerate(getattr(group, name)):
            yield from groups_of(each, (*around, name, index))


UNNAMED = Audience(everyone=True)  # by its identity: the file names none
_RUN = re.compile(r"[^:\s]+:[^:\s]+")


def _run_key(value: str) -> str:
    if not _RUN.fullmatch(value):
        raise _wrong("corrects_key", said=value)
    return value


def _by_topics(value: Any) -> Any:
    """A bare list, or a single name, is the topics whose subscribers are meant."""
    return {"topics": value} if isinstance(value, str | list | tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Variant:
    """Other words for some: for who is in `audience`, by one of `channels`. What it leaves out is the broadcast's."""

    audience: Annotated[Group | None, BeforeValidator(_by_topics)] = None
    channels: Names = ()
    template: str = ""
    fields: Mapping[str, Words] = field(default_factory=dict)
    mini_fields: Mapping[str, Words] = field(default_factory=dict)

    @model_validator(mode="after")
    def _for_some_and_of_something(self) -> Self:
        if self.audience is None and not self.channels:
            raise _wrong("variant_for_all")
        if not (self.template or self.fields or self.mini_fields):
            raise _wrong("variant_empty")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Broadcast:
    """What is pushed, when, to whom and how.

    `schedule` is crontab's five fields in the pack's zone, perhaps on `workdays` only, or `at` one moment; a run goes
    out up to `jitter` later than that, each by its own lot. `channels` are tried in their order.
    `template` names the file in templates/ that makes the words; `fields` are the keys of a subscription notice, each
    with Jinja2 words, sent with the platform's `notice_template_id`. A mini-program's notice has a template of its own,
    `mini_template_id`, leads to its `mini_page`, and takes `mini_fields` where those differ. A delivery not begun
    `expires_after` the run's time is dropped ("30m", "12h", "2d"). `groups` are the configuration's names of groups
    outside WeChat that hear it too, by their own `group_template` where there is one; `channels` may be empty then.

    A mass send says the words, or, with a `mass_cover` (the media id of a picture among the account's material), its
    digests as articles; one that is found to repeat others' work goes out only with `mass_reprint`.

    A template message follows from something that the member did, which `service` says ("交了意见"); it has a
    `service_template_id` of its own, and takes `service_fields` where those differ.

    `digests` are what it speaks of, by their slugs, instead of what is new. `link` is opened by a tap on it, or stands
    below the words; with a `picture` the customer-service message is a card. With `mini_appid` the official account's
    notice opens `mini_page` too. The first variant that fits has the word, where there is one.

    With `four_eyes` a run waits until two admins have agreed to it. Of runs that wait the one of the higher `priority`
    begins first. Who has had `at_most` so many has the next one kept for their visit.

    One that `corrects` a run (by its key) is for those who heard that one, in whatever way, and for its groups: it
    names no audience, no groups and no schedule. With `at` it goes out by itself, else by hand, and either way once.
    """

    key: Name
    title: Words
    schedule: Annotated[Words, AfterValidator(_cron)] | None = None
    at: Moment | None = None
    workdays: bool = False
    jitter: Jitter = timedelta()
    audience: Annotated[Audience, BeforeValidator(_by_topics)] = UNNAMED
    corrects: Annotated[str, AfterValidator(_run_key)] | None = None
    groups: Names = ()
    channels: Names
    template: str = ""
    digests: Names = ()
    link: str = ""
    picture: str = ""
    variants: Annotated[tuple[Variant, ...], Field(alias="variant")] = ()
    fields: Mapping[str, Words] = field(default_factory=dict)
    notice_template_id: str = ""
    mini_template_id: str = ""
    mini_fields: Mapping[str, Words] = field(default_factory=dict)
    mini_page: str = ""
    mini_appid: str = ""
    mass_cover: str = ""
    mass_reprint: bool = False
    service: str = ""
    service_template_id: str = ""
    service_fields: Mapping[str, Words] = field(default_factory=dict)
    group_template: str = ""
    expires_after: Span = timedelta(hours=12)
    four_eyes: bool = False
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    at_most: Annotated[Cap | None, BeforeValidator(_cap)] = None

    @property
    def is_only_by_hand(self) -> bool:
        """Whether it names no time."""
        return self.schedule is None and self.at is None

    def conditions(self) -> Iterator[tuple[Place, Group]]:
        """Give every group of people it speaks of, with its place in the file."""
        yield from groups_of(self.audience, ("audience",))
        for index, variant in enumerate(self.variants):
            if variant.audience is not None:
                yield from groups_of(variant.audience, ("variant", index, "audience"))

    def sayings(self) -> "Iterator[tuple[Place, Broadcast | Variant]]":
        """Give all that says something, with its place: the broadcast itself first, then its variants."""
        yield (), self
        yield from ((("variant", index), variant) for index, variant in enumerate(self.variants))

    def gaps(self) -> Iterator[tuple[Place, str]]:
        """Give all of its words that have gaps, with their places; its templates are files of their own."""
        for place, said in self.sayings():
            for table in ("fields", "mini_fields"):
                yield from (((*place, table, key), source) for key, source in getattr(said, table).items())
        yield from ((("service_fields", key), source) for key, source in self.service_fields.items())
        yield from (((name,), getattr(self, name)) for name in ("link", "picture") if getattr(self, name))

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if not self.corrects and (self.schedule is None) == (self.at is None):
            raise _wrong("schedule_or_at")
        return self

    @model_validator(mode="after")
    def _whom(self) -> Self:
        if not self.corrects and self.audience is UNNAMED:
            raise _wrong("audience_missing")
        return self

    @model_validator(mode="after")
    def _corrects_and_nothing_else(self) -> Self:
        theirs = {
            "audience": self.audience is not UNNAMED,
            "groups": bool(self.groups),
            "schedule": self.schedule is not None,
            "at_most": self.at_most is not None,
        }
        besides = [name for name, is_there in theirs.items() if is_there]
        if self.corrects and besides:
            raise _wrong("corrects_alone", said="、".join(besides))
        if self.corrects and not self.template:
            raise _wrong("corrects_words")
        return self

    @model_validator(mode="after")
    def _words_for_everybody(self) -> Self:
        covered = {
            channel for each in self.variants if each.template and not each.audience for channel in each.channels
        }
        left_out = [channel for channel in self.channels if channel not in covered]
        if left_out and not self.template:
            raise _wrong("variant_missing", said="、".join(left_out))
        if self.groups and not (self.template or self.group_template):
            raise _wrong("group_words_missing")
        return self

    @field_validator("channels")
    @classmethod
    def _somebody_hears_it(cls, channels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return channels if info.data.get("groups") else _some(channels)

    @field_validator("picture")
    @classmethod
    def _picture_leads_somewhere(cls, picture: str, info: ValidationInfo) -> str:
        if picture and not info.data.get("link"):
            raise _wrong("picture_link")
        return picture

    @field_validator("variants")
    @classmethod
    def _variants_go_its_ways(cls, variants: tuple[Variant, ...], info: ValidationInfo) -> tuple[Variant, ...]:
        ways = info.data.get("channels", ())
        for channel in (channel for each in variants for channel in each.channels):
            if ways and channel not in ways:
                raise _wrong("variant_channel", said=channel, allowed="、".join(ways))
        return variants

    @field_validator("workdays")
    @classmethod
    def _goes_with_a_schedule(cls, said: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic hands it in
        if said and info.data.get("at") is not None:
            raise _wrong("workdays_at")
        return said


# Menu, organisations, account, workdays


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Button:
    """A button with the platform's own fields (wechat-platform.md §4); one with `sub_button` has no type."""

    name: Words
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    sub_button: tuple["Button", ...] = ()

    def payload(self) -> dict[str, Any]:
        """Give the fields the platform takes, the empty ones left out."""
        flat = {name: getattr(self, name) for name in ("name", *BUTTON_FIELDS) if getattr(self, name)}
        return flat | ({"sub_button": [each.payload() for each in self.sub_button]} if self.sub_button else {})


BUTTON_FIELDS = ("type", "key", "url", "appid", "pagepath", "media_id", "article_id")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Menu:
    """The account's menu."""

    buttons: Annotated[tuple[Button, ...], Field(alias="button")] = ()

    def payload(self) -> dict[str, Any]:
        """Give the body of menu/create: `{"button": [...]}`."""
        return {"button": [button.payload() for button in self.buttons]}


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Organisation:
    """A party organisation; the topmost has no parent."""

    id: Name
    name: Words
    type: str = ""
    parent: Annotated[Name | None, BeforeValidator(_none_where_empty)] = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Organisations:
    """The file of organisations."""

    organisations: Annotated[tuple[Organisation, ...], Field(alias="organisation")] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Topic:
    """Something members can subscribe to."""

    id: Name
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Account:
    """What members are told about the account: `name` its own, `organisation` whose it is."""

    name: Words
    organisation: str = ""
    about: str = ""
    contact: str = ""
    welcome: Lines = ()
    help_lines: Lines = ()
    topics: Annotated[tuple[Topic, ...], Field(alias="topic")] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WorkYear:
    """A year's holidays as they were announced: days `off`, and weekends worked in lieu of some (`work`).

    All other days are as in any week; `year` is the file's stem.
    """

    year: int
    off: Annotated[tuple[Day, ...], AfterValidator(_some)]
    work: tuple[Day, ...] = ()

    @field_validator("year", mode="before")
    @classmethod
    def _named_after_its_year(cls, stem: str) -> int:
        if not re.fullmatch(r"20\d\d", str(stem)):
            raise _wrong("calendar_name", said=stem)
        return int(stem)

    @field_validator("off", "work")
    @classmethod
    def _of_the_year(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        year = info.data.get("year")
        for day in days:
            if year is not None and day.year != year:
                raise _wrong("calendar_year", said=str(day), year=year)
        return days

    @field_validator("work")
    @classmethod
    def _worked_or_not(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        both = set(days) & set(info.data.get("off", ()))
        if both:
            raise _wrong("calendar_both", said=str(min(both)))
        return days

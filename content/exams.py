"""Exams: what is drawn for one, how long somebody has, and what is a pass."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from content.fields import STRICT, End, Moment, Name, Names, Words, is_meant_for, listed, some
from content.large_banks import AnyBank
from content.models import CHOSEN, DIFFICULTIES, Difficulty, Drawn, QuestionType
from content.organisations import Organisation, belonging

MARKED = (*CHOSEN, QuestionType.JUDGE, QuestionType.FILL)  # what an exam may ask: it is marked by the program, at once


def _difficulty(value: Any) -> Any:
    if value is None or isinstance(value, Difficulty):
        return value
    if value not in DIFFICULTIES:
        raise PydanticCustomError("choice", "choice", {"said": value, "allowed": "、".join(DIFFICULTIES)})
    return DIFFICULTIES[value]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Part:
    """So many questions of an exam: of a topic or a bank, of these types, of a difficulty; what isn't said is all.

    Each counts for `score`; without it, for what the question itself says.
    """

    count: Annotated[int, Field(ge=1, le=200)]
    topic: str = ""
    bank: str = ""
    types: Annotated[tuple[QuestionType, ...], BeforeValidator(listed)] = ()
    difficulty: Annotated[Difficulty | None, BeforeValidator(_difficulty)] = None
    score: Annotated[int | None, Field(ge=1, le=100)] = None

    def asks(self, question: Drawn) -> bool:
        """Whether it may be drawn, of a bank that fits."""
        of_type = question.type in (self.types or MARKED) and question.type in MARKED
        return of_type and self.difficulty in {None, question.difficulty}

    def of(self, banks: Iterable[AnyBank], *, called: Mapping[str, str]) -> Iterator[Drawn]:
        """The questions to draw from; a bank may say its topic by the name that it is `called` in the account."""
        fitting = (
            bank
            for bank in banks
            if self.bank in {"", bank.name} and self.topic in {"", called.get(bank.topic, bank.topic)}
        )
        return (question for bank in fitting for question in bank.outlines if self.asks(question))


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Exam:
    """What is drawn for an exam, how many `minutes` somebody has, and what is a pass: `pass_mark` of a hundred.

    It can be begun from `opens_at` until `closes_at`, once by each member; a `practice` as often as they like, and
    without a certificate. `audience` names the organisations that it is only for, with all below them. `key` is the
    file's stem.
    """

    key: Name
    title: Words
    minutes: Annotated[int, Field(ge=1, le=600)]
    pass_mark: Annotated[int, Field(ge=1, le=100)] = 60
    opens_at: Moment | None = None
    closes_at: End | None = None
    practice: bool = False
    audience: Names = ()
    parts: Annotated[tuple[Part, ...], Field(alias="part"), AfterValidator(some)]

    @field_validator("closes_at")
    @classmethod
    def _opens_first(cls, closes_at: datetime | None, info: ValidationInfo) -> datetime | None:
        opens_at = info.data.get("opens_at")
        if closes_at and opens_at and closes_at <= opens_at:
            raise PydanticCustomError("exam_times", "exam_times")
        return closes_at

    @property
    def count(self) -> int:
        """How many questions it has."""
        return sum(part.count for part in self.parts)

    @property
    def says_scores(self) -> bool:
        """Whether its parts say that questions count differently."""
        return len({part.score for part in self.parts}) > 1

    def is_for(self, belongs: frozenset[str]) -> bool:
        """Whether it is for everybody or for an organisation that somebody belongs to."""
        return is_meant_for(self.audience, belongs)

    def circle(self, organisations: Mapping[str, Organisation]) -> frozenset[str]:
        """The organisations to which all belong who may sit it: what is only for those may be drawn for it."""
        return frozenset.intersection(*(belonging(each, organisations) for each in self.audience or ("",)))

    def is_open(self, now: datetime) -> bool:
        """Whether it can be begun at `now`."""
        return (self.opens_at is None or self.opens_at <= now) and (self.closes_at is None or now < self.closes_at)

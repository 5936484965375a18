"""Pulse surveys: a few questions that are asked for some days, and answered by whoever likes, without a name."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Day, Lines, Name, Words, wrong
from content.models import Option

FEWEST_OPTIONS, MOST_OPTIONS = 2, 9  # so that a number is one digit
_STEPS = range(1, 6)
_ENDS = 2
_FEWEST_ASKED = 2


class Needs(StrEnum):
    """How many of the ballots that were handed in carry a vote."""

    HALF = "half"
    TWO_THIRDS = "two_thirds"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Asked:
    """A question: of `options`, or of a scale from one to five whose ends `scale` names.

    It is voted on where `carried_by` names the option that carries it, with more than half of the ballots that were
    handed in, or with two thirds of them or more where `needs` says so.
    """

    id: Name
    text: Words
    options: tuple[Option, ...] = ()
    scale: Lines = ()
    carried_by: str = ""
    needs: Needs = Needs.HALF

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if bool(self.options) == bool(self.scale) or len(self.scale) not in {0, _ENDS}:
            raise wrong("survey_question")
        if self.options and not FEWEST_OPTIONS <= len(self.options) <= MOST_OPTIONS:
            raise wrong("survey_options", count=len(self.options))
        if self.carried_by and self.carried_by not in {each.id for each in self.options}:
            raise wrong("survey_carried_by", said=self.carried_by)
        twice = _twice([each.id for each in self.options])
        if twice:
            raise wrong("option_ids", said=twice)
        same = _twice([each.text for each in self.options])
        if same:
            raise wrong("option_texts", said=same)
        return self

    @property
    def two_thirds(self) -> bool:
        """Whether two thirds of the ballots are needed."""
        return self.needs is Needs.TWO_THIRDS

    @property
    def choices(self) -> tuple[Option, ...]:
        """What can be chosen, in the order in which it is shown."""
        if self.options:
            return self.options
        ends = {_STEPS[0]: self.scale[0], _STEPS[-1]: self.scale[1]}
        return tuple(Option(id=str(step), text=f"{step} {ends.get(step, '')}".strip()) for step in _STEPS)


def _enough(asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """Of a vote one question is enough."""
    if len(asked) < _FEWEST_ASKED and not any(each.carried_by for each in asked):
        raise wrong("too_short", min_length=_FEWEST_ASKED)
    return asked


def _once_each(asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    twice = _twice([each.id for each in asked])
    if twice:
        raise wrong("survey_id_twice", said=twice)
    return asked


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Survey:
    """What is asked from the day `opens` to the day `closes`: of everybody, or only of members whom the roster knows.

    Of members of some `organisations` only, where it names any; and where something is voted on, of members anyway.

    The results are for the console, and for everybody where they are `public`. `key` is the file's stem.
    """

    key: Name
    title: Words
    about: str = ""
    opens: Day
    closes: Day
    members_only: bool = False
    organisations: Lines = ()
    public: bool = False
    questions: Annotated[
        tuple[Asked, ...], Field(alias="question", max_length=5), AfterValidator(_enough), AfterValidator(_once_each)
    ]

    @field_validator("closes")
    @classmethod
    def _opens_first(cls, closes: date, info: ValidationInfo) -> date:
        opens = info.data.get("opens")
        if opens and closes < opens:
            raise wrong("dates_order", first=str(opens), last=str(closes))
        return closes

    @property
    def is_vote(self) -> bool:
        """Whether something of it is voted on."""
        return any(each.carried_by for each in self.questions)

    @property
    def for_members(self) -> bool:
        """Whether only members whom the roster knows take part."""
        return self.members_only or self.is_vote or bool(self.organisations)

    def is_for(self, organisation: str) -> bool:
        """Whether members of this one take part."""
        return not self.organisations or organisation in self.organisations

    def is_open(self, today: date) -> bool:
        """Whether it is asked on this day."""
        return self.opens <= today <= self.closes


def _twice(ids: Sequence[str]) -> str:
    return next((each for each, times in Counter(ids).items() if times > 1), "")

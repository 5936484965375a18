"""A year's holidays, and the weekends that are worked in their stead."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Day, some, wrong


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WorkYear:
    """A year's holidays as they were announced: days `off`, and weekends worked in lieu of some (`work`).

    All other days are as in any week; `year` is the file's stem.
    """

    year: int
    off: Annotated[tuple[Day, ...], AfterValidator(some)]
    work: tuple[Day, ...] = ()

    @field_validator("year", mode="before")
    @classmethod
    def _named_after_its_year(cls, stem: str) -> int:
        if not re.fullmatch(r"20\d\d", str(stem)):
            raise wrong("calendar_name", said=stem)
        return int(stem)

    @field_validator("off", "work")
    @classmethod
    def _of_the_year(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        year = info.data.get("year")
        for day in days:
            if year is not None and day.year != year:
                raise wrong("calendar_year", said=str(day), year=year)
        return days

    @field_validator("work")
    @classmethod
    def _worked_or_not(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        both = set(days) & set(info.data.get("off", ()))
        if both:
            raise wrong("calendar_both", said=str(min(both)))
        return days

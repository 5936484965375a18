"""Who can be asked for a talk (谈心谈话), and when: the pack's talks.toml."""

import re
from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from content.fields import STRICT, Name, Words, some

_WEEKDAYS = "一二三四五六日"
_TIME = re.compile(r"(?:周|星期)([一二三四五六日天])\s*(\d{1,2})[:：](\d\d)")

WeeklyTime = tuple[int, time]  # a weekday, Monday is 0, and a time of the day


def _weekly(value: Any) -> WeeklyTime:
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:  # noqa: PLR2004 - hours and minutes
        raise PydanticCustomError("weekly_time", "weekly_time", {"said": str(value)})
    return _WEEKDAYS.index(found[1].replace("天", "日")), time(int(found[2]), int(found[3]))


def _each(value: Any) -> Any:
    return tuple(map(_weekly, value)) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Host:
    """Somebody to talk to, at these times of each week. `admin` is the console's account that alone sees who asks."""

    id: Name
    name: Words
    title: str = ""
    place: str = ""
    admin: Words
    times: Annotated[tuple[WeeklyTime, ...], AfterValidator(some), BeforeValidator(_each)]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Hosts:
    """The file of them; nine at most, so that a number is one digit."""

    hosts: Annotated[tuple[Host, ...], Field(alias="host", max_length=9)] = ()

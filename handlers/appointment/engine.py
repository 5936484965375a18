"""The rules of asking for a talk: which times there are, what is chosen, and what may become of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

AHEAD = timedelta(days=15)
OFFERED = 6
NOTICE = timedelta(hours=12)  # nobody is surprised by a talk
WORDS_LONGEST = 200  # characters
KEPT_AFTER = timedelta(days=7)
_NUMBER = re.compile(r"(?:我?选|第)?([1-9])(?:号|个|项)?")


class State(StrEnum):
    """What became of it."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"


def times(
    weekly: Sequence[tuple[int, time]],
    *,
    now: datetime,
    is_workday: Callable[[date], bool],
    is_free: Callable[[datetime], bool],
) -> list[datetime]:
    """The next times that can be had, on workdays; `now` is in the zone of the days."""
    return list(islice(filter(is_free, _coming(weekly, now, is_workday)), OFFERED))


def _coming(
    weekly: Sequence[tuple[int, time]], now: datetime, is_workday: Callable[[date], bool]
) -> Iterator[datetime]:
    for ahead in range(AHEAD.days):
        day = now.date() + timedelta(days=ahead)
        for at in sorted(at for weekday, at in weekly if weekday == day.weekday()):
            moment = datetime.combine(day, at, now.tzinfo)
            if moment >= now + NOTICE and is_workday(day):
                yield moment


def chosen(said: str, count: int) -> int | None:
    """Which of so many is meant by a number; None for none of them."""
    found = _NUMBER.fullmatch(said)
    return int(found[1]) - 1 if found and int(found[1]) <= count else None

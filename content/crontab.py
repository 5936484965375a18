"""A line of a crontab, checked, and its weekdays by name.

The clock's APScheduler numbers weekdays from Monday, crontab from Sunday: 1 is Tuesday there and Monday here. What is
written has crontab's meaning, so numbers become names, which mean the same day everywhere. A span over the weekend
("fri-mon") and a step ("*/2"), which APScheduler doesn't take with names, become lists.
"""

import re
from collections.abc import Iterator

NUMBERS = ((0, 59), (0, 23), (1, 31), (1, 12))  # minute, hour, day, month
FROM_MONDAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS = {"sun": 0, "0": 0, "7": 7} | {
    said: number for number, name in enumerate(FROM_MONDAY[:6], start=1) for said in (name, str(number))
}
PART = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")


def translated(line: str) -> str:
    """Give the five fields with all weekdays as names; raises ValueError for what is no line of a crontab."""
    *numbers, weekdays = line.lower().split()
    for written, (low, high) in zip(numbers, NUMBERS, strict=True):
        for part in written.split(","):
            _check(part, low=low, high=high)
    days = {day for part in weekdays.split(",") for day in _days(part)}
    names = "*" if len(days) == len(FROM_MONDAY) else ",".join(name for name in FROM_MONDAY if DAYS[name] in days)
    return " ".join((*numbers, names))


def _check(part: str, *, low: int, high: int) -> None:
    first, last, step = _read(part)
    begins = int(first or low)
    ends = int(last or (begins if first and not step else high))
    if not low <= begins <= ends <= high or (step and not 0 < int(step) <= ends - begins):
        raise ValueError(part)


def _days(part: str) -> Iterator[int]:
    first, last, step = _read(part)
    if not {first or "0", last or "6"} <= DAYS.keys() or step == "0":
        raise ValueError(part)
    begins = DAYS[first or "0"]
    ends = DAYS[last] if last else (begins if first and not step else 6)
    for day in range(begins, ends + (7 if ends < begins else 0) + 1, int(step or 1)):
        yield day % 7


def _read(part: str) -> tuple[str | None, str | None, str | None]:
    """Give the first, the last and the step of `*`, `5`, `1-5`, each perhaps with a step (`1-5/2`)."""
    found = PART.fullmatch(part)
    if found is None:
        raise ValueError(part)
    return found["first"], found["last"], found["step"]

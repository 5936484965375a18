"""Crontab's five fields, as APScheduler understands them."""

import re
from collections.abc import Iterator

from content.fields import wrong

CRON_NUMBERS = ((0, 59), (0, 23), (1, 31), (1, 12))  # minute, hour, day, month
CRON_PART = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CRON_DAYS = {"sun": 0, "0": 0, "7": 7} | {
    said: number for number, name in enumerate(WEEKDAYS[:6], start=1) for said in (name, str(number))
}


def named_weekdays(value: str) -> str:
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
        raise wrong("cron", said=value) from None


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

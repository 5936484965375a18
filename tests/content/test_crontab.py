"""A line of a crontab means what crontab says, whatever the clock's library would make of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from content.broadcasts import Broadcast
from scheduler.clock import fires

from .builders import ZONE

MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)  # so says the calendar: 23 November 2026 is a Monday
LINES = st.from_regex(
    r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9])?( (\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9])?){3} "
    r"(\*|([0-7]|mon|wed|sun)(-([0-7]|tue|sat))?)(/[1-7])?(,[0-7])?",
    fullmatch=True,
)


def translated(schedule: str) -> str:
    fields = {"key": "k", "title": "一", "audience": {"everyone": True}, "channels": "notice", "template": "t"}
    return str(TypeAdapter(Broadcast).validate_python({**fields, "schedule": schedule}).schedule)


def days_of(weekdays: str) -> str:
    """The days of a week on which it fires at eight, as the last digits of their dates: 23 is Monday, 29 Sunday."""
    found = fires(translated(f"0 8 * * {weekdays}"), MONDAY, MONDAY + timedelta(days=7), zone=ZONE)
    return " ".join(str(each.day) for each in found)


# Monday 23, Tuesday 24, Wednesday 25, Thursday 26, Friday 27, Saturday 28, Sunday 29
@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("0", "29"),
        ("7", "29"),
        ("1", "23"),
        ("6", "28"),
        ("1-5", "23 24 25 26 27"),
        ("0-2", "23 24 29"),
        ("5-7", "27 28 29"),
        ("0-7", "23 24 25 26 27 28 29"),
        ("0,6", "28 29"),
        ("1,3,5", "23 25 27"),
        ("1-5/2", "23 25 27"),
        ("*/2", "24 26 28 29"),
        ("4/2", "26 28"),
        ("*", "23 24 25 26 27 28 29"),
        ("mon", "23"),
        ("SUN", "29"),
        ("mon-fri", "23 24 25 26 27"),
        ("sat,sun", "28 29"),
        ("sun-tue", "23 24 29"),
        ("fri-mon", "23 27 28 29"),
        ("mon-3", "23 24 25"),
    ],
)
def test_weekdays_are_crontabs(written, days):
    assert days_of(written) == days


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("30 8 * * *", "30 8 * * *"),
        ("*/10  8-18 1,15 1-12/3 MON-FRI", "*/10 8-18 1,15 1-12/3 mon,tue,wed,thu,fri"),
        ("0 0 * * 0-6", "0 0 * * *"),
    ],
)
def test_only_weekdays_are_put_in_other_words(written, said):
    assert translated(written) == said


@given(LINES)
def test_the_clock_understands_every_line_that_is_taken(written):
    try:
        said = translated(written)
    except ValidationError:
        return

    assert fires(said, MONDAY, MONDAY, zone=ZONE) == []

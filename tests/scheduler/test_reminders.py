"""What is said of a day that was named, from day to day."""

from datetime import date, timedelta

from scheduler.reminders import Call, call_of
from scheduler.workdays import Workdays

SINCE = date(2026, 9, 24)  # a Thursday, before two holidays


def test_what_is_said_from_day_to_day():
    """Ten workdays from 24 September, of which 28, 29 and 30 and 8 October are over before the fifth."""
    days = [SINCE + timedelta(days=ahead) for ahead in range(27)]
    said = {day: call_of(Workdays(dict), day=SINCE, due=date(2026, 10, 15), today=day) for day in days}

    assert {day: call for day, call in said.items() if call} == {
        date(2026, 10, 9): Call.HALF_TIME,
        date(2026, 10, 14): Call.TOMORROW,
        date(2026, 10, 15): Call.TODAY,
        date(2026, 10, 16): Call.OVERDUE,
        date(2026, 10, 19): Call.OVERDUE,
        date(2026, 10, 20): Call.OVERDUE,
    }


def test_what_is_due_on_a_day_off_is_called_on_the_workday_before():
    """Sunday 29 November: Thursday is the workday before its last one, which is Friday."""
    days = [date(2026, 11, 24) + timedelta(days=ahead) for ahead in range(7)]
    said = {day: call_of(Workdays(dict), day=date(2026, 11, 24), due=date(2026, 11, 29), today=day) for day in days}

    assert {day.day: call for day, call in said.items() if call} == {
        26: Call.TOMORROW,
        27: Call.TODAY,
        30: Call.OVERDUE,
    }


def test_of_what_nobody_waits_for_nothing_is_said():
    assert call_of(Workdays(dict), day=SINCE, due=None, today=date(2026, 10, 16)) is None

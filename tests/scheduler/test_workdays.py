"""Workdays are counted as the State Council arranged them."""

from datetime import date

import pytest

from content.workdays import WorkYear
from scheduler.workdays import Workdays

WORKDAYS = Workdays(dict)


# 国办发明电〔2025〕7号, for 2026: off from 25 to 27 September and from 1 to 7 October; 20 September, 10 October worked.
@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        (date(2026, 9, 24), 1, date(2026, 9, 28)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 30), 4, date(2026, 10, 12)),
        (date(2026, 9, 18), 1, date(2026, 9, 20)),
        (date(2026, 10, 3), 15, date(2026, 10, 27)),
        (date(2026, 10, 3), 0, date(2026, 10, 3)),
    ],
)
def test_so_many_workdays_after_a_day(day, count, last):
    assert WORKDAYS.after(day, count) == last
    assert WORKDAYS.between(day, last) == count


def test_a_day_off_adds_nothing_and_what_lies_before_is_nothing():
    assert WORKDAYS.between(date(2026, 9, 30), date(2026, 10, 7)) == 0
    assert WORKDAYS.between(date(2026, 10, 7), date(2026, 9, 30)) == 0


def test_a_year_of_the_pack_is_counted():
    new_year = WorkYear(year=2027, off=(date(2027, 1, 1),), work=(date(2027, 1, 3),))

    assert Workdays(lambda: {2027: new_year}).after(date(2026, 12, 31), 2) == date(2027, 1, 4)
    assert WORKDAYS.after(date(2026, 12, 31), 2) == date(
        2027, 1, 4
    )  # the first and the fourth, as far as anybody knows

"""Which days are worked on: the State Council's arrangement of holidays and of the weekends worked in lieu of them.

It is announced year by year, each autumn for the next one. `chinese_calendar` brings the years that were out when it
was made; the pack may add one, or set one right. Beyond both, Monday to Friday is a guess, and said to be one.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import chinese_calendar
from chinese_calendar import constants

from content.workdays import WorkYear

FIRST_YEAR = min(constants.holidays).year
LAST_YEAR = max(constants.holidays).year
_FRIDAY = 4
_DAY = timedelta(days=1)


class Workdays:
    """`years` are the pack's, which are believed before the library's."""

    def __init__(self, years: Callable[[], Mapping[int, WorkYear]]) -> None:
        self._years = years

    def is_workday(self, day: date) -> bool:
        """Whether it is worked on, as far as anybody knows."""
        own = self._years().get(day.year)
        if own is not None:
            return day in own.work or (day.weekday() <= _FRIDAY and day not in own.off)
        if self.is_provisional(day):
            return day.weekday() <= _FRIDAY
        return bool(chinese_calendar.is_workday(day))

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of its year isn't known."""
        return day.year not in self._years() and not FIRST_YEAR <= day.year <= LAST_YEAR

    def after(self, day: date, count: int) -> date:
        """The `count`-th workday after this day, which is not counted."""
        while count > 0:
            day += _DAY
            count -= self.is_workday(day)
        return day

    def between(self, day: date, last: date) -> int:
        """How many workdays come after this day, up to and with the last; 0 where the last isn't later."""
        return sum(self.is_workday(day + _DAY * ahead) for ahead in range(1, (last - day).days + 1))

    def left(self, due: date, today: date) -> int:
        """How many workdays are left until a day; less than none once it is over, on whatever day that is."""
        return self.between(today, due) if today <= due else -max(self.between(due, today), 1)

    def is_next(self, today: date, day: date) -> bool:
        """Whether today is the first workday after a day."""
        return self.is_workday(today) and self.between(day, today) == 1

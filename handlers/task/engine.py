"""The rules of tasks: by when one is due, and what is to be said of it."""

import calendar
from datetime import date


def in_months(day: date, months: int) -> date:
    """The same day so many months later, the month's last where there is none."""
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))

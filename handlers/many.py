"""What is told of many people: whole fives of them, and whole months that are over."""

from datetime import date, timedelta

FIVE = 5
MONTHS = 6  # as nobody chooses others to compare


def in_fives(number: int) -> int:
    """How many at least, 0 for fewer than five: so nobody sees one more."""
    return max(0, number - number % FIVE)


def months(today: date) -> list[tuple[date, date]]:
    """The first and the last days of the last whole months, the newest first."""
    found, first = [], today.replace(day=1)
    for _ in range(MONTHS):
        last = first - timedelta(days=1)
        first = last.replace(day=1)
        found.append((first, last))
    return found

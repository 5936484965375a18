"""How often each role had to do with somebody, and when last; and when the chain was left alone for too long."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

WHOLE_EVERY = 1  # days: from the first entry to the last


def is_too_long(days: int) -> bool:
    """Whether a night was missed, where the last walk along the whole chain began so many days ago."""
    return days > 2 * WHOLE_EVERY


def by_role(deeds: Iterable[tuple[str, date]]) -> list[tuple[str, int, date]]:
    """Each role with how often it was and the last day, the most often first."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for role, day in deeds:
        days[role].append(day)
    return sorted(((role, len(each), max(each)) for role, each in days.items()), key=lambda row: (-row[1], row[0]))

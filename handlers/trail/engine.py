"""How often each role had to do with somebody, and when last."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date


def by_role(deeds: Iterable[tuple[str, date]]) -> list[tuple[str, int, date]]:
    """Each role with how often it was and the last day, the most often first."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for role, day in deeds:
        days[role].append(day)
    return sorted(((role, len(each), max(each)) for role, each in days.items()), key=lambda row: (-row[1], row[0]))

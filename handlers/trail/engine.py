"""What an entry is about, how often each role had to do with somebody, and when the chain was left for too long."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

WHOLE_EVERY = 1  # days: from the first entry to the last


def is_too_long(days: int) -> bool:
    """Whether a night was missed, where the last walk along the whole chain began so many days ago."""
    return days > 2 * WHOLE_EVERY


def told(kept: str, forms: Iterable[tuple[str, str]], called: Callable[[str, str], str]) -> str:
    """What an entry is about, in the reader's language: the first of the `forms` whose pattern fits what was kept.

    `called` gives what a part of it is called, by the part's name; what no form fits is told as it was kept.
    """
    for pattern, said in forms:
        if found := re.fullmatch(pattern, kept):
            return said.format(**{part: called(part, value or "") for part, value in found.groupdict().items()})
    return kept


def by_role(deeds: Iterable[tuple[str, date]]) -> list[tuple[str, int, date]]:
    """Each role with how often it was and the last day, the most often first."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for role, day in deeds:
        days[role].append(day)
    return sorted(((role, len(each), max(each)) for role, each in days.items()), key=lambda row: (-row[1], row[0]))

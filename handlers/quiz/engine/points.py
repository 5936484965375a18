"""Points, where a document asks for them: a question that was answered right is one, once a day, and so many a day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date


def by_day(rights: Iterable[tuple[date, str]], *, a_day: int) -> dict[date, int]:
    """The points of each day, by the questions that were answered right on it."""
    questions: dict[date, set[str]] = defaultdict(set)
    for day, question in rights:
        questions[day].add(question)
    return {day: min(len(found), a_day) for day, found in questions.items()}

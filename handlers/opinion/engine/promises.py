"""By when an opinion is answered, in workdays, and when the clock stands still."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, Self, TypeVar

from handlers.opinion.engine import State
from handlers.opinion.engine.thread import Heard, left_in


class Workdays(Protocol):
    """Which days are worked on (scheduler.workdays)."""

    def is_workday(self, day: date) -> bool:
        """Whether this one is."""

    def is_provisional(self, day: date) -> bool:
        """Whether the arrangement of its year isn't known yet."""

    def after(self, day: date, count: int) -> date:
        """The `count`-th workday after a day."""

    def between(self, day: date, last: date) -> int:
        """How many come after a day, up to and with the last."""

    def left(self, due: date, today: date) -> int:
        """How many are left until a day, less than none when it is over."""

    def is_next(self, today: date, day: date) -> bool:
        """Whether today is the first one after a day."""


_OPEN = frozenset({State.RECEIVED, State.IN_HAND, State.REOPENED})


class Handled(Protocol):
    """An opinion, as far as it is handled here (storage.opinion.Opinion)."""

    @property
    def category(self) -> str:
        """Its name."""

    @property
    def state(self) -> str:
        """The one that we left it in."""

    @property
    def due(self) -> date | None:
        """By when it is answered."""

    @property
    def stopped_on(self) -> date | None:
        """When the clock was stopped."""

    @property
    def turns(self) -> int:
        """How often we said something to the sender."""

    @property
    def heard(self) -> Sequence[Heard]:
        """What the sender said to it."""

    def at(self, *, state: str, due: date | None) -> Self:
        """The same, further on."""


H = TypeVar("H", bound=Handled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Within how many workdays an opinion is answered: what an `urgent` category says of its own, else `categories`.

    What neither says has `days`.
    """

    workdays: Workdays
    days: int
    categories: Callable[[], str]
    urgent: Callable[[], Mapping[str, int]] = dict

    def due(self, category: str, day: date) -> date:
        """By when what comes on this day is answered."""
        own = self.urgent().get(category) or dict(_listed(self.categories())).get(category)
        return self.workdays.after(day, own or self.days)

    def escalates_after(self, category: str, workdays: int) -> int:
        """With how many workdays of delay it goes up each level: in all things urgent no slower than was promised."""
        return min(self.urgent().get(category) or workdays, workdays)

    def current(self, opinion: H) -> H:
        """The opinion as what its sender said left it: an answer lets the clock go on, a comment opens it anew."""
        state = left_in(opinion.state, opinion.turns, opinion.heard)
        if state == opinion.state:
            return opinion
        said = next(each.day for each in opinion.heard if each.turn == opinion.turns)
        reopened = state == State.REOPENED
        return opinion.at(
            state=state, due=self.due(opinion.category, said) if reopened else self.gone_on(opinion, said)
        )

    def gone_on(self, opinion: Handled, day: date) -> date | None:
        """By when it is answered, where the clock stood still until this day; what was late stays late."""
        stopped, due = opinion.stopped_on, opinion.due
        if stopped is None or due is None or due < stopped:
            return due
        return self.workdays.after(day, self.workdays.between(stopped, due))

    def is_sure(self, due: date) -> bool:
        """Whether that year's holidays are known: else Monday to Friday were counted."""
        return not self.workdays.is_provisional(due)

    def left(self, state: str, due: date | None, today: date) -> int | None:
        """How many workdays are left, less than none when it is overdue; None where nobody waits for an answer."""
        return None if due is None or state not in _OPEN else self.workdays.left(due, today)

    def was_heard(self, heard: Sequence[Heard], turn: int, today: date) -> bool:
        """Whether to say today that a sender spoke: on the first workday after theirs, so that no time is told."""
        return any(self.workdays.is_next(today, each.day) for each in heard if each.turn == turn)


_LISTED = re.compile(r"\s*([^、，,\n]*?)\s*(?:[（(]\s*([1-9]\d?)\s*(?:个工作日)?\s*[)）])?\s*(?:[、，,\n]|$)")


def listed(words: str) -> tuple[str, ...]:
    """The names in a list written with 、 or commas; nine at most, so that a number is one digit.

    In brackets behind a name may stand within how many workdays such an opinion is answered: see `Promise`.
    """
    return tuple(name for name, _ in _listed(words))


def _listed(words: str) -> list[tuple[str, int]]:
    """The names with their workdays, 0 where none are said."""
    return [(name, int(days or 0)) for name, days in _LISTED.findall(words) if name][:9]

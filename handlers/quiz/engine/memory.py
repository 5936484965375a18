"""When a question that was missed is to be asked again: by FSRS, from its answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

import fsrs

from content.models import Drawn

# Rounds come once a day, so there are no steps of minutes, and the same answers lead to the same day. A year is the
# longest that a question once missed is left alone.
_MEMORY = fsrs.Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=365, enable_fuzzing=False)


def due(history: Iterable[tuple[datetime, bool]]) -> datetime | None:
    """When a question is to be reviewed: by FSRS, from its answers (in UTC, oldest first). None: it was never wrong.

    The first mistake makes the card. From it on what was right is rated Good and what was wrong Again: how long
    somebody thought isn't measured, and nobody is asked how hard it was.
    """
    card: fsrs.Card | None = None
    for at, right in history:
        if right and card is None:
            continue
        rating = fsrs.Rating.Good if right else fsrs.Rating.Again
        card, _ = _MEMORY.review_card(card or fsrs.Card(card_id=0, due=at), rating, at)
    return card.due if card else None


@dataclass(frozen=True, slots=True)
class Review:
    """A question to go through again: from which day on, and whether its newest answer was wrong."""

    question: Drawn
    day: date
    wrong: bool


class Carded(Protocol):
    """What is known of a question that was answered wrong at some time."""

    @property
    def wrong(self) -> bool:
        """Whether its newest answer was."""

    @property
    def due(self) -> datetime:
        """When it is to be reviewed."""


def again(cards: Iterable[tuple[Drawn | None, Carded]], *, on: date, zone: tzinfo) -> list[Review]:
    """What to go through again: what is due that day, the longest first, then what is due later but still wrong.

    Only what the pack has, and what holds that day.
    """
    known = [
        (card.due, Review(question, card.due.astimezone(zone).date(), card.wrong))
        for question, card in cards
        if question and question.in_effect(on)
    ]
    found = [each for each in known if each[1].day <= on or each[1].wrong]
    return [review for _, review in sorted(found, key=lambda each: (each[1].day > on, each[0], each[1].question.id))]

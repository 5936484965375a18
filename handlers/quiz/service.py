"""What the quiz does, whichever door was come by: which round somebody is given, and how far it is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content.library import Library
from content.models import Question
from content.shelf import Shelf
from handlers.quiz import engine
from handlers.quiz.engine import Daily, Review
from storage.cards import Card, Cards
from storage.quiz import QuizStore, Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """What a person has to go through again, as far as the day's load allows: `offered` now, of `waiting`.

    `next` is the day on which something is due again, where nothing waits.
    """

    waiting: list[Review]
    offered: list[Review]
    next: date | None

    @property
    def is_enough(self) -> bool:
        """Whether something waits and the day's load is done."""
        return bool(self.waiting) and not self.offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The quiz behind its doors. Who asks, and when, is said each time; answers are kept by `store`."""

    store: QuizStore
    cards: Cards
    shelf: Shelf
    zone: ZoneInfo
    drawn: Daily
    reviews_a_day: int

    def day(self, now: datetime) -> date:
        """The day it is for members."""
        return now.astimezone(self.zone).date()

    def question(self, id_: str) -> Question | None:
        """The pack's question."""
        return self._library.question(id_)

    # -- the day's round -----------------------------------------------------------------------------------------

    def drawn_on(self, today: date) -> tuple[str, ...]:
        """The questions of a day."""
        return self.drawn.on(today, self._library.questions_on(today))

    def todays(self, person: str, today: date) -> Round | None:
        """Today's round, begun if it isn't; None where there is nothing to ask."""
        drawn = self.drawn_on(today)
        name = engine.daily(today)
        return self.store.begin(person=person, name=name, day=today, questions=drawn) if drawn else None

    def going(self, person: str, today: date) -> Round | None:
        """A round of today with something left to ask."""
        return engine.unfinished(self.store.unfinished(person=person, day=today), known=self.question)

    def open_at(self, going: Round) -> int:
        """The position of a round that is to be answered next; the number of its questions where it is over."""
        return engine.open_at(going.questions, going.answered, known=self.question)

    # -- mistakes ------------------------------------------------------------------------------------------------

    def going_again(self, person: str, today: date) -> Round | None:
        """The round of mistakes that is open."""
        going = self.going(person, today)
        return going if going and engine.is_of_mistakes(going) else None

    def mistakes(self, person: str, today: date, *, name: str) -> Round | None:
        """The round of mistakes that is open, else one of that name; None where nothing is offered."""
        going = self.going_again(person, today)
        if going:
            return going
        ids = [each.question.id for each in self.reviews(person, today).offered[: self.drawn.count]]
        return self.store.begin(person=person, name=name, day=today, questions=ids) if ids else None

    def reviews(self, person: str, today: date) -> Reviews:
        """What there is to go through again; a load that was done today isn't put on twice."""
        cards = self._reckoned(person)
        known = [(self.question(card.question), card) for card in cards]
        waiting = engine.again(known, on=today, zone=self.zone)
        left = self.reviews_a_day - self.store.reviewed(person=person, day=today)
        days = (card.due.astimezone(self.zone).date() for question, card in known if question)
        return Reviews(waiting=waiting, offered=waiting[: max(0, left)], next=min(days, default=None))

    def _reckoned(self, person: str) -> list[Card]:
        """The person's cards, those made anew that have counted fewer answers than there are.

        A question that has another id now has one card, with the answers under both.
        """
        tallies, kept = self.cards.tallies(person), self.cards.of(person)
        called: dict[str, list[str]] = defaultdict(list)
        for said in tallies:
            question = self.question(said)
            called[question.id if question else said].append(said)
        missed = {id_: said for id_, said in called.items() if any(tallies[each].wrong for each in said)}
        counted = {id_: sum(tallies[each].answers for each in said) for id_, said in missed.items()}
        stale = [id_ for id_ in missed if id_ not in kept or kept[id_].answers != counted[id_]]
        made = list(self._made(person, {id_: missed[id_] for id_ in stale}))
        self.cards.keep(person, made)
        return [kept[id_] for id_ in missed if id_ not in stale] + made

    def _made(self, person: str, called: dict[str, list[str]]) -> Iterable[Card]:
        histories = self.cards.history(person, [each for said in called.values() for each in said])
        for id_, said in called.items():
            history = sorted(given for each in said for given in histories.get(each, ()))
            due = engine.due(history)
            if due:
                yield Card(id_, len(history), wrong=not history[-1][1], due=due)

    @property
    def _library(self) -> Library:
        return self.shelf.current()

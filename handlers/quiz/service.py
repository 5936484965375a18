"""What the quiz does, whichever door was come by: which round somebody is given, and how far it is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content.library import Library
from content.models import Question
from content.shelf import Shelf
from handlers.quiz import engine
from handlers.quiz.engine import Daily, Mode, Review
from storage.cards import Card, Cards
from storage.places import Places
from storage.quiz import QuizStore, Round

MOST_KEPT = 64  # days and topics whose questions were gone through


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
class Offered:
    """A topic or a bank that can be chosen: how many questions it has, and how many of them are behind somebody."""

    id: str
    title: str
    questions: int
    reached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The quiz behind its doors. Who asks, and when, is said each time; answers are kept by `store`."""

    store: QuizStore
    cards: Cards
    places: Places
    shelf: Shelf
    zone: ZoneInfo
    drawn: Daily
    reviews_a_day: int
    questions_a_round: int
    _asked: dict[tuple[date, str], tuple[Sequence[Question], Sequence[Question]]] = field(
        default_factory=dict, init=False, repr=False
    )

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
        return self._begin(person, today, engine.daily(today), self.drawn_on(today))

    def going(self, person: str, today: date, *, named: str = "") -> Round | None:
        """A round of today with something left to ask, of those whose names begin so."""
        begun = (each for each in self.store.unfinished(person=person, day=today) if each.name.startswith(named))
        return engine.unfinished(begun, known=self.question)

    def open_at(self, going: Round) -> int:
        """The position of a round that is to be answered next; the number of its questions where it is over."""
        return engine.open_at(going, known=self.question)

    # -- what is chosen ------------------------------------------------------------------------------------------

    def topics(self, today: date) -> list[Offered]:
        """The pack's topics that something can be asked of."""
        counted = ((each, len(self._askable(today, topic=each.id))) for each in self._library.account.topics)
        return [Offered(id=each.id, title=each.name, questions=count) for each, count in counted if count]

    def of_topic(self, person: str, today: date, *, topic: str, asked_by: str) -> Round | None:
        """The round of that topic that is open today, else another, of what was never answered first."""
        going = self.going(person, today, named=engine.chosen_of(Mode.TOPIC, topic))
        if going:
            return going
        known, questions = self.cards.tallies(person), self._askable(today, topic=topic)
        ids = engine.some(questions, seed=asked_by, count=self.questions_a_round, known=known.get)
        return self._begin(person, today, engine.named(Mode.TOPIC, topic, asked_by), ids)

    def challenge(self, person: str, today: date, *, asked_by: str) -> Round | None:
        """The challenge that is open today, else another: many questions, until the third mistake."""
        going = self.going(person, today, named=f"{Mode.CHALLENGE}:")
        if going:
            return going
        questions = self._askable(today)
        ids = engine.some(questions, seed=asked_by, count=engine.LONGEST_CHALLENGE, known=lambda _: False)
        return self._begin(person, today, engine.named(Mode.CHALLENGE, "", asked_by), ids)

    def banks(self, person: str, today: date) -> list[Offered]:
        """The pack's banks, with the place where somebody is in each."""
        places, found = self.places.of(person), []
        for bank in self._library.banks.values():
            last = self.store.own(places[bank.name], person=person) if bank.name in places else None
            ids = [each.id for each in self._of(today, f"bank:{bank.name}", bank.questions)]
            reached = engine.reached(ids, last) if last else 0
            found.append(Offered(id=bank.name, title=bank.title, questions=len(ids), reached=reached))
        return [each for each in found if each.questions]

    def in_order(self, person: str, today: date, *, bank: str) -> Round | None:
        """The round of a bank that is open, whenever it was begun, else the next; behind the last one the first."""
        chosen = self._library.banks.get(bank)
        if chosen is None:
            return None
        place = self.places.of(person).get(bank)
        last = self.store.own(place, person=person) if place else None
        if last and self.open_at(last) < len(last.questions):
            return last
        askable = self._of(today, f"bank:{bank}", chosen.questions)
        ids = engine.following(askable, after=last.questions[-1] if last else None, count=self.questions_a_round)
        begun = self._begin(person, today, engine.named(Mode.SEQUENCE, bank, last.id if last else ""), ids)
        if begun:
            self.places.put(person, bank=bank, round=begun.id)
        return begun

    def _begin(self, person: str, today: date, name: str, ids: Sequence[str]) -> Round | None:
        return self.store.begin(person=person, name=name, day=today, questions=ids) if ids else None

    def _askable(self, today: date, *, topic: str | None = None) -> Sequence[Question]:
        return self._of(today, f"topic:{topic}", self._library.questions_on(today, topic=topic))

    def _of(self, today: date, what: str, questions: Sequence[Question]) -> Sequence[Question]:
        """Those that can be asked that day: they are gone through once for a pack and a day."""
        known = self._asked.get((today, what))
        if known is None or known[0] is not questions:
            if len(self._asked) >= MOST_KEPT:
                self._asked.clear()
            known = self._asked[today, what] = questions, engine.askable(questions, on=today)
        return known[1]

    # -- mistakes ------------------------------------------------------------------------------------------------

    def going_again(self, person: str, today: date) -> Round | None:
        """The round of mistakes that is open."""
        return self.going(person, today, named=f"{Mode.MISTAKES}:")

    def mistakes(self, person: str, today: date, *, name: str) -> Round | None:
        """The round of mistakes that is open, else one of that name; None where nothing is offered."""
        going = self.going_again(person, today)
        if going:
            return going
        ids = [each.question.id for each in self.reviews(person, today).offered[: self.drawn.count]]
        return self._begin(person, today, name, ids)

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

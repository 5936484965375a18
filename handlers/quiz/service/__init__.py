"""What the quiz does, whichever door was come by: which round somebody is given, and how far it is."""

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from content.exams import Exam
from content.large_banks import AnyBank
from content.library import Library
from content.models import Drawn, Question, QuestionType
from content.shelf import Shelf
from handlers.quiz import engine
from handlers.quiz.engine import Begun, Daily, Mode, marking, memory
from handlers.quiz.engine.marking import Answer, Asked, Mark
from handlers.quiz.service.points import Pointing
from handlers.quiz.service.told import MOST_SUGGESTED, Offered, Paper, Reviews, Study, Weak
from storage.cards import Card, Cards
from storage.places import Places
from storage.quiz import Given, QuizStore, Round
from storage.sittings import Sitting, Sittings

FEWEST_TRIED = 3  # questions of a topic, before it is called weak
RAN_OUT_AT_ONCE = 500  # sittings
MOST_KEPT = 64  # banks whose questions were gone through
_VERDICTS = {
    QuestionType.JUDGE: ("quiz.yes", "quiz.no"),
    **dict.fromkeys(marking.SELF_JUDGED, ("quiz.got_it", "quiz.missed")),
}


def shown_of(library: Library, question: Question, *, seed: str) -> Asked:
    """A question of a pack as it is shown by a seed."""
    words = _VERDICTS.get(question.type)
    yes, no = map(library.say, words) if words else ("", "")
    return Asked(question, library.case_of(question), marking.choices(question, seed=seed, yes=yes, no=no))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The quiz behind its doors. Who asks, and when, is said each time; answers are kept by `store`.

    `organisation` gives what a person is bound to, "" for nothing: some questions are only for some.
    """

    store: QuizStore
    cards: Cards
    places: Places
    sittings: Sittings
    shelf: Shelf
    zone: ZoneInfo
    drawn: Daily
    reviews_a_day: int
    questions_a_round: int
    organisation: Callable[[str], str]
    weak_topics_first: bool = False
    pointing: Pointing | None = None
    _holding: dict[tuple[date, str, frozenset[str]], tuple[AnyBank, tuple[str, ...]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def day(self, now: datetime) -> date:
        """The day it is for members."""
        return now.astimezone(self.zone).date()

    def question(self, id_: str) -> Question | None:
        """The pack's question."""
        return self._library.question(id_)

    def outline(self, id_: str) -> Drawn | None:
        """What is known of the pack's question without its words."""
        return self._library.outline(id_)

    def pool(self, today: date) -> Sequence[Drawn]:
        """All that can be asked of everybody on a day."""
        return self._library.questions_on(today)

    def circle(self, person: str) -> frozenset[str]:
        """The organisations that somebody belongs to, of those that some questions are only for."""
        library = self._library
        return library.circle(self.organisation(person)) if library.circles else frozenset()

    def is_for(self, question: Drawn, circle: frozenset[str]) -> bool:
        """Whether a question may be asked of a circle's members."""
        return self._library.is_for(question, circle)

    def _asked_of(self, person: str, today: date, *, topic: str | None = None) -> Sequence[Drawn]:
        """All that can be asked of somebody on a day, or all of a topic."""
        return self._library.questions_on(today, topic=topic, circle=self.circle(person))

    # -- one question --------------------------------------------------------------------------------------------

    def asked(self, going: Begun, at: int, *, seed: str) -> Asked | None:
        """The question at a place of a round, as it is shown by the round's seed; None where there is none any more."""
        question = self.question(going.questions[at]) if 0 <= at < len(going.questions) else None
        return self.shown(question, seed=seed) if question else None

    def shown(self, question: Question, *, seed: str) -> Asked:
        """A question as it is shown by a seed."""
        return shown_of(self._library, question, seed=seed)

    def in_words(self, id_: str, said: str) -> tuple[str, str]:
        """A question, and what was kept of an answer to it, as people read them; of one that is gone what was kept."""
        question = self.question(id_)
        stem = question.stem if question else ""
        if said.startswith("["):  # what was written into blanks, whatever the question is by now
            return stem, "；".join(json.loads(said))
        texts = {each.id: each.text for each in self.shown(question, seed="").shown} if question else {}
        return stem, "；".join(texts.get(each) or each for each in said.split(","))

    def keep(
        self, person: str, going: str, at: int, asked: Asked, answer: Answer, *, message: str, now: datetime
    ) -> Mark | None:
        """Mark an answer and keep it; None where the question was answered by another message already."""
        mark, kept = asked.mark(answer), asked.kept(answer)
        is_kept = self.store.record(
            round=going,
            position=at,
            person=person,
            question=asked.question.id,
            given=Given(kept.said, kept.written, message),
            right=mark.right,
            credit=mark.credit if 0 < mark.credit < marking.WHOLE else None,
            now=now,
        )
        return mark if is_kept else None

    # -- the day's round -----------------------------------------------------------------------------------------

    def drawn_on(self, person: str, today: date) -> tuple[str, ...]:
        """The questions of a day, for somebody as for all of their circle."""
        circle = self.circle(person)
        return self.drawn.on(today, self._library.questions_on(today, circle=circle), circle=circle)

    def todays(self, person: str, today: date) -> Round | None:
        """Today's round, begun if it isn't; None where there is nothing to ask."""
        name = engine.daily(today)
        if not self.weak_topics_first:
            return self.begun(person, today, name, self.drawn_on(person, today))
        found = self.store.find(person=person, name=name)
        return found or self.begun(person, today, name, self._weak_first(person, today))

    def _weak_first(self, person: str, today: date) -> list[str]:
        """The day's questions for somebody: of their weak topics, as many of them as there are, else everybody's."""
        topics = [self._asked_of(person, today, topic=each.id) for each in self._weak(person)]
        known, seed = self.cards.tallies(person), f"{today.isoformat()}:{person}"
        usual = self.drawn_on(person, today)
        return engine.weak_first(topics, usual, seed=seed, count=self.drawn.count, known=known.get)

    def going(self, person: str, today: date, *, named: str = "") -> Round | None:
        """A round of today with something left to ask, of those whose names begin so."""
        begun = self.store.unfinished(person=person, day=today)
        found = (each for each in begun if each.name.startswith(named) and engine.mode(each) is not Mode.EXAM)
        return engine.unfinished(found, known=self.outline)

    def open_at(self, going: Round, sitting: Sitting | None = None, *, now: datetime | None = None) -> int:
        """The position of a round that is to be answered next; the number of its questions where it is over.

        A round of an exam is over when the time of its sitting is, too.
        """
        is_late = engine.mode(going) is Mode.EXAM and (sitting is None or now is None or now >= sitting.ends_at)
        return len(going.questions) if is_late else engine.open_at(going, known=self.outline)

    # -- what is chosen ------------------------------------------------------------------------------------------

    def topics(self, person: str, today: date) -> list[Offered]:
        """The pack's topics that somebody can be asked something of."""
        library, circle = self._library, self.circle(person)
        counted = (
            (each, len(library.questions_on(today, topic=each.id, circle=circle))) for each in library.account.topics
        )
        return [Offered(id=each.id, title=each.name, questions=count) for each, count in counted if count]

    def of_topic(self, person: str, today: date, *, topic: str, asked_by: str) -> Round | None:
        """The round of that topic that is open today, else another, of what was never answered first."""
        going = self.going(person, today, named=engine.chosen_of(Mode.TOPIC, topic))
        if going:
            return going
        known, questions = self.cards.tallies(person), self._asked_of(person, today, topic=topic)
        ids = engine.some(questions, seed=asked_by, count=self.questions_a_round, known=known.get)
        return self.begun(person, today, engine.named(Mode.TOPIC, topic, asked_by), ids)

    def challenge(self, person: str, today: date, *, asked_by: str) -> Round | None:
        """The challenge that is open today, else another: many questions, until the third mistake."""
        going = self.going(person, today, named=f"{Mode.CHALLENGE}:")
        if going:
            return going
        questions = self._asked_of(person, today)
        ids = engine.some(questions, seed=asked_by, count=engine.LONGEST_CHALLENGE, known=lambda _: False)
        return self.begun(person, today, engine.named(Mode.CHALLENGE, "", asked_by), ids)

    def banks(self, person: str, today: date) -> list[Offered]:
        """The pack's banks, with the place where somebody is in each."""
        places, circle, found = self.places.of(person), self.circle(person), []
        for bank in self._library.banks.values():
            last = self.store.own(places[bank.name], person=person) if bank.name in places else None
            ids = self._in_bank(today, bank, circle)
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
        all_ids = self._in_bank(today, chosen, self.circle(person))
        ids = engine.following(all_ids, after=last.questions[-1] if last else None, count=self.questions_a_round)
        begun = self.begun(person, today, engine.named(Mode.SEQUENCE, bank, last.id if last else ""), ids)
        if begun:
            self.places.put(person, bank=bank, round=begun.id)
        return begun

    def read_through(self, person: str, today: date, *, bank: str) -> Sequence[str]:
        """The ids of a bank's questions in their order, for who reads them with their answers."""
        chosen = self._library.banks.get(bank)
        return self._in_bank(today, chosen, self.circle(person)) if chosen else ()

    def begun(
        self, person: str, today: date, name: str, ids: Sequence[str], *, scores: Sequence[int] = ()
    ) -> Round | None:
        """The person's round of that name, begun with these questions if it isn't; None where there are none."""
        return self.store.begin(person=person, name=name, day=today, questions=ids, scores=scores) if ids else None

    def _in_bank(self, today: date, bank: AnyBank, circle: frozenset[str]) -> Sequence[str]:
        """The ids of a bank's questions that hold that day for a circle, gone through once for a pack and a day."""
        known = self._holding.get((today, bank.name, circle))
        if known is None or known[0] is not bank:
            if len(self._holding) >= MOST_KEPT:
                self._holding.clear()
            holding = engine.effective(bank.outlines, on=today)
            ids = tuple(each.id for each in holding if self._library.is_for(each, circle))
            known = self._holding[today, bank.name, circle] = (bank, ids)
        return known[1]

    # -- exams ---------------------------------------------------------------------------------------------------

    def papers(self, person: str, now: datetime) -> list[Paper]:
        """The exams that can be begun, and those that the person has sat."""
        sat = self.sittings.of(person)
        papers = (
            Paper(
                exam=exam,
                sitting=sat[exam.key][1] if exam.key in sat else None,
                is_open=exam.is_open(now) and self._may_sit(person, exam),
                now=now,
            )
            for exam in self._library.exams.values()
        )
        return [each for each in papers if each.is_open or each.sitting]

    def _may_sit(self, person: str, exam: Exam) -> bool:
        return not exam.audience or exam.is_for(self._library.above(self.organisation(person)))

    def exam(self, person: str, now: datetime, *, key: str, asked_by: str) -> Round | None:
        """The round of an exam: of the sitting that there is, else begun with its clock; None where it can't be.

        A practice is begun again once it is over. The draw is kept by its seed before the round is: whoever is cut off
        between the two comes back to the same questions and the same end.
        """
        exam, today = self._library.exams.get(key), self.day(now)
        name, sitting = self._sat(person, key)
        begun = self.store.find(person=person, name=name) if sitting else None
        is_over = begun is not None and self.open_at(begun, sitting, now=now) >= len(begun.questions)
        if begun and not (exam and exam.practice and is_over):
            return begun
        can_begin = exam is not None and exam.is_open(now) and self._may_sit(person, exam)
        if exam is None or ((sitting is None or is_over) and not can_begin):
            return None
        if sitting is None or is_over:
            name = engine.named(Mode.EXAM, key, asked_by if exam.practice else "")
            sitting = self.sittings.begin(person, name=name, sitting=self._new(exam, now))
        parts = [(each.count, each.score, self._library.drawn_from(exam, each, day=today)) for each in exam.parts]
        paper = engine.paper(parts, seed=sitting.seed)
        return self.begun(person, today, name, [*paper], scores=engine.differing(paper.values()))

    def going_exam(self, person: str, now: datetime) -> Round | None:
        """The round of an exam whose time is running, with something left to ask."""
        for name, sitting in self.sittings.of(person).values():
            going = self.store.find(person=person, name=name) if now < sitting.ends_at else None
            if going and self.open_at(going, sitting, now=now) < len(going.questions):
                return going
        return None

    def sitting(self, person: str, going: Round) -> Sitting | None:
        """The sitting that a round belongs to; None where it is of no exam."""
        return self.sittings.find(person, name=going.name) if engine.mode(going) is Mode.EXAM else None

    def closed(self, person: str, going: Round) -> Sitting | None:
        """What a round of an exam that is over came to: written down once, with the certificate of who passed."""
        sitting = self.sitting(person, going)
        if sitting is None or sitting.mark is not None:
            return sitting
        mark = engine.mark(self.store.credits(going.id), total=len(going.questions), scores=going.scores)
        counts = going.name == engine.named(Mode.EXAM, sitting.exam, "")
        certified = counts and mark >= sitting.pass_mark
        return self.sittings.close(person, name=going.name, mark=mark, certified=certified)

    def close_ran_out(self, now: datetime) -> None:
        """Write down what the sittings came to whose time ran out while nobody looked."""
        for person, name in self.sittings.ran_out(now=now, most=RAN_OUT_AT_ONCE):
            begun = self.store.find(person=person, name=name)
            if begun:
                self.closed(person, begun)
            else:  # it broke off before there was a paper
                self.sittings.close(person, name=name, mark=0, certified=False)

    def _sat(self, person: str, key: str) -> tuple[str, Sitting | None]:
        return self.sittings.of(person).get(key, ("", None))

    @staticmethod
    def _new(exam: Exam, now: datetime) -> Sitting:
        ends_at = now + timedelta(minutes=exam.minutes)
        return Sitting(
            exam=exam.key,
            title=exam.title,
            seed=secrets.token_hex(16),
            begun_at=now,
            ends_at=min(ends_at, exam.closes_at) if exam.closes_at else ends_at,
            pass_mark=exam.pass_mark,
        )

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
        return self.begun(person, today, name, ids)

    def reviews(self, person: str, today: date) -> Reviews:
        """What there is to go through again; a load that was done today isn't put on twice."""
        library, circle = self._library, self.circle(person)
        found = ((library.outline(card.question), card) for card in self._reckoned(person))
        known = [(question, card) for question, card in found if question and library.is_for(question, circle)]
        waiting = memory.again(known, on=today, zone=self.zone)
        left = self.reviews_a_day - self.store.reviewed(person=person, day=today)
        days = (card.due.astimezone(self.zone).date() for _, card in known)
        return Reviews(waiting=waiting, offered=waiting[: max(0, left)], next=min(days, default=None))

    def study(self, person: str, today: date) -> Study:
        """Where somebody stands."""
        given, right = self.store.tally(person)
        begun = self.store.find(person=person, name=engine.daily(today))
        is_done = self.open_at(begun) >= len(begun.questions) if begun else not self.drawn_on(person, today)
        return Study(
            given=given,
            right=right,
            weak=self._weak(person),
            reviews=self.reviews(person, today),
            is_today_done=is_done,
            points=self.pointing.own(person, today) if self.pointing else None,
        )

    def _weak(self, person: str) -> list[Weak]:
        """Topics with what is still wrong, those with the most of it first."""
        missed = {card.question for card in self._reckoned(person) if card.wrong}
        known = {question.id: question for said in self.cards.tallies(person) if (question := self.outline(said))}
        of: dict[str, list[str]] = defaultdict(list)
        for id_, question in known.items():
            of[self._library.topic_of(question)].append(id_)
        found = [
            Weak(
                id=topic.id,
                title=topic.name,
                missed=sum(each in missed for each in of[topic.id]),
                tried=len(of[topic.id]),
            )
            for topic in self._library.account.topics
            if len(of[topic.id]) >= FEWEST_TRIED
        ]
        weak = (each for each in found if each.missed)
        return sorted(weak, key=lambda each: -each.missed / each.tried)[:MOST_SUGGESTED]

    def _reckoned(self, person: str) -> list[Card]:
        """The person's cards, those made anew that have counted fewer answers than there are.

        A question that has another id now has one card, with the answers under both.
        """
        tallies, kept = self.cards.tallies(person), self.cards.of(person)
        called: dict[str, list[str]] = defaultdict(list)
        for said in tallies:
            question = self.outline(said)
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
            due = memory.due(history)
            if due:
                yield Card(id_, len(history), wrong=not history[-1][1], due=due)

    @property
    def _library(self) -> Library:
        return self.shelf.current()

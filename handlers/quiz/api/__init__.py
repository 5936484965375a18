"""The quiz for the mini-program: a round, an answer marked here, and what was answered wrong."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from apiflask import APIBlueprint

from handlers import openapi, problems, session
from handlers.conversation import Say
from handlers.openapi import Effect, Once, Paged
from handlers.problems import Problem, Refused
from handlers.quiz import engine
from handlers.quiz.api import reading
from handlers.quiz.api.shapes import (
    OF,
    Answer,
    Begin,
    Choosable,
    Choosables,
    Duelled,
    Duels,
    ExamOffered,
    Exams,
    Going,
    Mistake,
    Mistakes,
    Of,
    Pointed,
    Sat,
    Shown,
    Standing,
    Study,
    Verdict,
    Wanted,
    Weak,
)
from handlers.quiz.engine import Mode
from handlers.quiz.engine.marking import Answer as Said
from handlers.quiz.engine.marking import Asked
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling, Refusal
from handlers.quiz.service.regards import Regarding
from storage.quiz import Given, QuizStore, Round
from storage.sittings import Sitting

NO_QUESTIONS = Problem(404, "quiz.problem_no_questions")
NO_MISTAKES = Problem(404, "quiz.problem_no_mistakes")
ENOUGH = Problem(409, "quiz.problem_enough")
NO_SUCH_CHOICE = reading.NO_SUCH_CHOICE
READ_LATER = reading.READ_LATER
NOTHING_KEPT = Problem(404, "quiz.problem_nothing_kept")
NOTHING_TO_ASK = (NO_QUESTIONS, NO_MISTAKES, ENOUGH, NOTHING_KEPT)
NO_SUCH_EXAM = Problem(404, "quiz.problem_no_such_exam")
NO_SUCH_DUEL = Problem(404, "quiz.problem_no_such_duel")
TOO_MANY_CODES = Problem(429, "quiz.problem_too_many_codes")
NAMELESS = Problem(409, "quiz.problem_nameless")
OF_DUELS = (NO_SUCH_DUEL, TOO_MANY_CODES, NAMELESS)
NO_SUCH_ROUND = Problem(404, "quiz.problem_no_such_round")
NOT_OPEN = Problem(409, "quiz.problem_not_open")
CHANGED = Problem(409, "quiz.problem_changed")
ANSWERED = Problem(409, "quiz.problem_answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """What the doors do. A round is the same one that the chat goes on with."""

    service: Service
    duelling: Duelling
    regarding: Regarding
    clock: Callable[[], datetime]
    effect: Effect

    def standing(self) -> Standing:
        """Where the member stands."""
        person, today = session.who().person, self._today()
        drawn = self.service.drawn_on(person, today)
        begun = self.store.find(person=person, name=engine.daily(today))
        given, right = self.store.tally(person)
        sits = self.service.going_exam(person, self.clock())  # of which nothing is told before it is over
        return Standing(
            begun=begun is not None,
            answered=begun.answered if begun else 0,
            total=len(begun.questions if begun else drawn),
            given=given,
            right=right,
            review=0 if sits else len(self.service.reviews(person, today).offered),
        )

    def study(self) -> Study:
        """Where the member stands in what they study."""
        self._looks_later()
        study = self.service.study(session.who().person, self._today())
        weakest = study.weak[0].id if study.weak else ""
        return Study(
            given=study.given,
            right=study.right,
            weak=[Weak(**asdict(each)) for each in study.weak],
            review=len(study.reviews.waiting),
            next_review=study.reviews.next,
            suggested=[Begin(of=OF[each], id=weakest if each is Mode.TOPIC else "") for each in study.suggested],
            points=Pointed(**study.points._asdict()) if study.points else None,
        )

    def begin(self, wanted: Wanted, once: Once) -> Going:
        """A round of what is wanted: the one that is open goes on, here as in the chat."""
        begun, problem = self._begun(wanted, self.effect(once))
        if begun is None:
            raise Refused(problem)
        return self._going(begun)

    def _begun(self, wanted: Wanted, asked_by: str) -> tuple[Round | None, Problem]:  # noqa: C901 - a case a mode
        """The round, and what is the matter where there is none."""
        person, today = session.who().person, self._today()
        match wanted.of:
            case Of.TODAY:
                begun, problem = self.service.todays(person, today), NO_QUESTIONS
            case Of.KEPT:
                begun, problem = self.regarding.practice(person, today, asked_by=asked_by), NOTHING_KEPT
            case Of.MISTAKES:
                begun, problem = self._mistakes(person, today, asked_by)
            case Of.TOPIC:
                begun = self.service.of_topic(person, today, topic=wanted.id, asked_by=asked_by)
                problem = NO_SUCH_CHOICE
            case Of.SEQUENCE:
                begun, problem = self.service.in_order(person, today, bank=wanted.id), NO_SUCH_CHOICE
            case Of.CHALLENGE:
                begun, problem = self.service.challenge(person, today, asked_by=asked_by), NO_QUESTIONS
            case Of.EXAM:
                begun = self.service.exam(person, self.clock(), key=wanted.id, asked_by=asked_by)
                problem = NO_SUCH_EXAM
            case Of.DUEL:
                begun, problem = self._duel(wanted, asked_by), NO_QUESTIONS
        return begun, problem

    def _looks_later(self) -> None:
        """Refuse to tell what was right while an exam goes on: its answers are among it."""
        if self.service.going_exam(session.who().person, self.clock()):
            raise Refused(READ_LATER)

    def _mistakes(self, person: str, today: date, asked_by: str) -> tuple[Round | None, Problem]:
        self._looks_later()
        begun = self.service.mistakes(person, today, name=engine.of_mistakes(asked_by))
        is_enough = begun is None and self.service.reviews(person, today).is_enough
        return begun, ENOUGH if is_enough else NO_MISTAKES

    def _duel(self, wanted: Wanted, asked_by: str) -> Round | None:
        """The round of a duel of one's own, or of the one whose code was passed on."""
        who, now = session.who(), self.clock()
        if wanted.named and not who.name:
            raise Refused(NAMELESS, field="named")
        if not wanted.id:
            return self.duelling.invite(who.person, now, asked_by=asked_by, named=wanted.named)
        begun = self.duelling.take(who, now, said=wanted.id, named=wanted.named)
        if isinstance(begun, Refusal):
            raise Refused({Refusal.UNKNOWN: NO_SUCH_DUEL, Refusal.TOO_MANY: TOO_MANY_CODES}[begun], field="id")
        return begun

    def duels(self) -> Duels:
        """The duels that the member is in, or was within a week."""
        return Duels(items=[Duelled.of(each) for each in self.duelling.of(session.who().person, self.clock())])

    def exams(self) -> Exams:
        """The exams that can be begun, and those that were sat."""
        papers = self.service.papers(session.who().person, self.clock())
        return Exams(items=[ExamOffered.of(each) for each in papers])

    def choices(self) -> Choosables:
        """The topics and the banks."""
        person, today = session.who().person, self._today()
        return Choosables(
            topics=[Choosable(**asdict(each)) for each in self.service.topics(person, today)],
            banks=[Choosable(**asdict(each)) for each in self.service.banks(person, today)],
        )

    def round(self, found: str) -> Going:
        """A round of one's own."""
        return self._going(self._own(found))

    def answer(self, found: str, answer: Answer, once: Once) -> Verdict:
        """Mark and keep the answer. A repeat with the same key gets the same verdict."""
        going = self._own(found)
        asked = self._asked(going, answer)
        said = tuple(answer.filled) if asked.is_written else frozenset(answer.chosen)
        if not asked.takes(said):
            raise Refused(problems.INVALID, field="filled" if asked.is_written else "chosen", kind="wrong")
        person, message = session.who().person, self.effect(once)
        self.service.keep(person, going.id, answer.position, asked, said, message=message, now=self.clock())
        if self.store.given(round=going.id, position=answer.position) != Given(*asked.kept(said), message):
            raise Refused(ANSWERED, field="position")
        return self._verdict(asked, said, self._own(found))

    def _asked(self, going: Round, answer: Answer) -> Asked:
        """The question that is answered, as its reader saw it."""
        is_open = answer.position < going.answered or answer.position == self._open_at(going) < len(going.questions)
        asked = self.service.asked(going, answer.position, seed=going.id) if is_open else None
        if asked is None:
            raise Refused(NOT_OPEN, field="position")
        if answer.look != asked.look:
            raise Refused(CHANGED, field="look")
        return asked

    def mistakes(self, page: Paged) -> Mistakes:
        """What there is to go through again."""
        self._looks_later()
        reviews = self.service.reviews(session.who().person, self._today())
        shown, following = openapi.page(reviews.waiting, page, key=lambda review: review.question.id)
        asked = [(each, self.service.question(each.question.id)) for each in shown]
        some = [
            Mistake(question=question.id, type=question.type, stem=question.stem, due=each.day, wrong=each.wrong)
            for each, question in asked
            if question
        ]
        return Mistakes(items=some, total=len(reviews.waiting), today=len(reviews.offered), next=following)

    def _own(self, found: str) -> Round:
        going = self.store.own(found, person=session.who().person)
        if going is None:
            raise Refused(NO_SUCH_ROUND)
        return going

    def _open_at(self, going: Round) -> int:
        return self.service.open_at(going, self._sitting(going), now=self.clock())

    def _sitting(self, going: Round) -> Sitting | None:
        return self.service.sitting(session.who().person, going)

    def _going(self, going: Round) -> Going:
        at = self._open_at(going)
        asked = self.service.asked(going, at, seed=going.id)
        is_told = engine.mode(going) is not Mode.EXAM or asked is None
        sitting = self._sitting(going) if asked else self.service.closed(session.who().person, going)
        duel = self.duelling.standing(session.who().person, going, self.clock())
        return Going(
            id=going.id,
            of=OF[engine.mode(going)],
            total=len(going.questions),
            answered=going.answered,
            right=going.right if is_told else None,
            wrong=going.wrong if is_told else None,
            question=Shown.of(asked, at=at, scores=going.scores) if asked else None,
            exam=Sat.of(sitting) if sitting else None,
            duel=Duelled.of(duel) if duel else None,
        )

    def _verdict(self, asked: Asked, said: Said, going: Round) -> Verdict:
        if engine.mode(going) is Mode.EXAM:
            return Verdict(
                right=None,
                credit=None,
                answer=[],
                accepted=[],
                explanation="",
                source="",
                cites=[],
                round=self._going(going),
            )
        mark = asked.mark(said)
        return Verdict(right=mark.right, credit=mark.credit, round=self._going(going), **Verdict.told(asked))

    def _today(self) -> date:
        return self.service.day(self.clock())

    @property
    def store(self) -> QuizStore:
        """Where answers are kept."""
        return self.service.store


def blueprint(quiz: Quiz) -> APIBlueprint:
    """Serve /api/v1/quiz."""
    doors, say = openapi.doors("quiz"), quiz.service.shelf.say

    _looks(doors, quiz, say)
    reading.add(doors, reading.Reading(regarding=quiz.regarding, clock=quiz.clock))

    @doors.post("/rounds")
    @doors.input(Wanted)
    @doors.input(Once, location="headers")
    @doors.output(Going)
    @doors.doc(
        summary="Begin a round, or go on with the one that is open",
        responses=openapi.says(say, *NOTHING_TO_ASK, NO_SUCH_CHOICE, NO_SUCH_EXAM, READ_LATER, *OF_DUELS),
    )
    def begin(json_data: Wanted, headers_data: Once) -> Going:
        return quiz.begin(json_data, headers_data)

    @doors.get("/rounds/<id:found>")
    @doors.output(Going)
    @doors.doc(summary="A round of yours", responses=openapi.says(say, NO_SUCH_ROUND))
    def going(found: str) -> Going:
        return quiz.round(found)

    @doors.post("/rounds/<id:found>/answers")
    @doors.input(Answer)
    @doors.input(Once, location="headers")
    @doors.output(Verdict)
    @doors.doc(
        summary="Answer the open question",
        description="It is marked here: what a client claims of its own answer is not looked at.",
        responses=openapi.says(say, NO_SUCH_ROUND, NOT_OPEN, CHANGED, ANSWERED),
    )
    def answer(found: str, json_data: Answer, headers_data: Once) -> Verdict:
        return quiz.answer(found, json_data, headers_data)

    return doors


def _looks(doors: APIBlueprint, quiz: Quiz, say: Say) -> None:
    """What only tells and begins nothing."""

    @doors.get("")
    @doors.output(Standing)
    @doors.doc(summary="Today's round and your own count")
    def standing() -> Standing:
        return quiz.standing()

    @doors.get("/study")
    @doors.output(Study)
    @doors.doc(summary="Where you stand, and what might be next", responses=openapi.says(say, READ_LATER))
    def study() -> Study:
        return quiz.study()

    @doors.get("/choices")
    @doors.output(Choosables)
    @doors.doc(summary="The topics and the banks that a round can be made of")
    def choices() -> Choosables:
        return quiz.choices()

    @doors.get("/exams")
    @doors.output(Exams)
    @doors.doc(summary="The exams that can be begun, and those that you sat")
    def exams() -> Exams:
        return quiz.exams()

    @doors.get("/duels")
    @doors.output(Duels)
    @doors.doc(summary="Your own duels; what the other came to is told once both are done")
    def duels() -> Duels:
        return quiz.duels()

    @doors.get("/mistakes")
    @doors.input(Paged, location="query")
    @doors.output(Mistakes)
    @doors.doc(summary="What there is to go through again", responses=openapi.says(say, READ_LATER))
    def mistakes(query_data: Paged) -> Mistakes:
        return quiz.mistakes(query_data)

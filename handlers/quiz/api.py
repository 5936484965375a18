"""The quiz for the mini-program: a round, an answer marked here, and what was answered wrong."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from content.library import Library
from content.models import Question, QuestionType
from handlers import openapi, problems, session
from handlers.openapi import Effect, Once, Paged
from handlers.problems import Problem, Refused
from handlers.quiz import engine
from handlers.quiz.engine import Mode
from handlers.quiz.service import Paper, Service
from storage.quiz import Given, QuizStore, Round
from storage.sittings import Sitting

NO_QUESTIONS = Problem(404, "quiz.problem_no_questions")
NO_MISTAKES = Problem(404, "quiz.problem_no_mistakes")
ENOUGH = Problem(409, "quiz.problem_enough")
NO_SUCH_CHOICE = Problem(404, "quiz.problem_no_such_choice")
NO_SUCH_EXAM = Problem(404, "quiz.problem_no_such_exam")
NO_SUCH_ROUND = Problem(404, "quiz.problem_no_such_round")
NOT_OPEN = Problem(409, "quiz.problem_not_open")
CHANGED = Problem(409, "quiz.problem_changed")
ANSWERED = Problem(409, "quiz.problem_answered")


class Of(StrEnum):
    """What a round is made of."""

    TODAY = "today"
    MISTAKES = "mistakes"
    TOPIC = "topic"
    SEQUENCE = "sequence"
    CHALLENGE = "challenge"
    EXAM = "exam"


_OF = {Mode.TODAY: Of.TODAY, Mode.MISTAKES: Of.MISTAKES} | {
    mode: Of(mode.value) for mode in (Mode.TOPIC, Mode.SEQUENCE, Mode.CHALLENGE, Mode.EXAM)
}


class Begin(BaseModel):
    """Which round to begin, or to go on with; `id` is the topic's, the bank's or the exam's."""

    of: Of
    id: str = Field("", max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"of": "today"}, {"of": "topic", "id": "dangzhang"}]})


class Choosable(BaseModel):
    """A topic, or a bank that is gone through in order."""

    id: str = Field(examples=["dangzhang"])
    title: str
    questions: int = Field(description="How many there are.")
    reached: int = Field(description="How many of them are behind you, where they have an order.")


class Choosables(BaseModel):
    """What a round can be made of."""

    topics: list[Choosable]
    banks: list[Choosable]


class Shown(BaseModel):
    """A question as it is asked; `look` goes back with the answer, so that it counts for what was seen."""

    position: int = Field(ge=0, examples=[0])
    type: QuestionType
    stem: str = Field(examples=["From which day on does membership count?"])
    choices: list["Offered"]
    look: str = Field(examples=["5f0c2b7d9a1e4c33"])


class Offered(BaseModel):
    """One choice; letters are for people, ids for answers."""

    id: str = Field(examples=["a"])
    letter: str = Field(examples=["B"])
    text: str = Field(examples=["The day on which probation ends"])


class ExamOffered(BaseModel):
    """An exam that can be begun, or was sat."""

    id: str = Field(examples=["2026-spring"])
    title: str
    questions: int
    minutes: int
    pass_mark: int = Field(description="Of a hundred.")
    practice: bool = Field(description="Whether it may be repeated, and gives no certificate.")
    can_begin: bool
    going: bool = Field(description="Whether its clock runs for you.")
    mark: int | None = Field(description="What yours came to, of a hundred; null until it is over.")


class Exams(BaseModel):
    """What can be sat, and what was."""

    items: list[ExamOffered]


class Sat(BaseModel):
    """What a round of an exam is beside its questions; there is a mark once it is over."""

    title: str
    ends_at: datetime = Field(description="No answer is taken from then on.")
    pass_mark: int
    mark: int | None
    passed: bool
    certificate: str | None = Field(description="Whoever has the number can check it at /p/quiz/certificate.")


class Going(BaseModel):
    """A round as far as it is answered; without a question it is over. A challenge ends with its third mistake.

    Of an exam nothing is told of right and wrong before it is over.
    """

    id: str = Field(examples=["0cc175b9c0f1b6a831c399e269772661"])
    of: Of
    total: int = Field(examples=[5])
    answered: int = Field(examples=[2])
    right: int | None = Field(examples=[1])
    wrong: int | None = Field(examples=[1])
    question: Shown | None
    exam: Sat | None


class Answer(BaseModel):
    """What was chosen for the question at a position; what is right is found out here."""

    position: int = Field(ge=0, le=1000)
    look: str = Field(max_length=64)
    chosen: list[str] = Field(min_length=1, max_length=10)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"position": 0, "look": "5f0c2b7d9a1e4c33", "chosen": ["a"]}]}
    )


class Source(BaseModel):
    """The article of a regulation that a question rests on."""

    reg: str = Field(examples=["中国共产党章程"])
    version: str = Field(examples=["2022-10-22"])
    article: str = Field(examples=["第八条"])


class Verdict(BaseModel):
    """Whether it was right, why, and how the round goes on; in an exam only how it goes on."""

    right: bool | None
    answer: list[str] = Field(description="Ids of the right choices.", examples=[["a"]])
    explanation: str
    source: str
    cites: list[Source]
    round: Going


class Mistake(BaseModel):
    """A question that was answered wrong, and is due again or still wrong."""

    question: str = Field(examples=["dangzhang-012"])
    type: QuestionType
    stem: str
    due: date = Field(description="The day from which on it is to be reviewed, by FSRS.")
    wrong: bool = Field(description="Whether the newest answer to it was wrong.")


class Mistakes(BaseModel):
    """A page of them: what is due the longest first, then what is due later and still wrong."""

    items: list[Mistake]
    total: int
    today: int = Field(description="How many of them a round may still have today.")
    next: str | None = Field(description="`after` of the next page; null on the last one.")


class Standing(BaseModel):
    """Today's round and one's own count; nobody is compared with anybody."""

    begun: bool
    answered: int
    total: int
    given: int = Field(description="Answers given so far, all rounds together.")
    right: int = Field(description="How many of those were right.")
    review: int = Field(description="Questions to go through again today.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """What the doors do. A round is the same one that the chat goes on with."""

    service: Service
    clock: Callable[[], datetime]
    effect: Effect

    def standing(self) -> Standing:
        """Where the member stands."""
        person, today = session.who().person, self._today()
        drawn = self.service.drawn_on(today)
        begun = self.store.find(person=person, name=engine.daily(today))
        given, right = self.store.tally(person)
        return Standing(
            begun=begun is not None,
            answered=begun.answered if begun else 0,
            total=len(begun.questions if begun else drawn),
            given=given,
            right=right,
            review=len(self.service.reviews(person, today).offered),
        )

    def begin(self, wanted: Begin, once: Once) -> Going:
        """A round of what is wanted: the one that is open goes on, here as in the chat."""
        person, today, asked_by = session.who().person, self._today(), self.effect(once)
        match wanted.of:
            case Of.TODAY:
                begun, problem = self.service.todays(person, today), NO_QUESTIONS
            case Of.MISTAKES:
                begun = self.service.mistakes(person, today, name=engine.of_mistakes(asked_by))
                problem = ENOUGH if begun is None and self.service.reviews(person, today).is_enough else NO_MISTAKES
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
        if begun is None:
            raise Refused(problem)
        return self._going(begun)

    def exams(self) -> Exams:
        """The exams that can be begun, and those that were sat."""
        papers = self.service.papers(session.who().person, self.clock())
        return Exams(items=[_offered(each) for each in papers])

    def choices(self) -> Choosables:
        """The topics and the banks."""
        person, today = session.who().person, self._today()
        return Choosables(
            topics=[Choosable(**asdict(each)) for each in self.service.topics(today)],
            banks=[Choosable(**asdict(each)) for each in self.service.banks(person, today)],
        )

    def round(self, found: str) -> Going:
        """A round of one's own."""
        return self._going(self._own(found))

    def answer(self, found: str, answer: Answer, once: Once) -> Verdict:
        """Mark and keep the answer. A repeat with the same key gets the same verdict."""
        going = self._own(found)
        question, shown = self._asked(going, answer)
        chosen = frozenset(answer.chosen)
        if not engine.may_choose(question, shown, chosen):
            raise Refused(problems.INVALID, field="chosen", kind="wrong")
        right = chosen == engine.right_ids(question)
        given = Given(said=",".join(sorted(chosen))[:64], message=self.effect(once))
        self.store.record(
            round=going.id,
            position=answer.position,
            person=session.who().person,
            question=question.id,
            said=given.said,
            right=right,
            message=given.message,
            now=self.clock(),
        )
        if self.store.given(round=going.id, position=answer.position) != given:
            raise Refused(ANSWERED, field="position")
        return self._verdict(question, shown, self._own(found), right=right)

    def _asked(self, going: Round, answer: Answer) -> tuple[Question, tuple[engine.Choice, ...]]:
        """The question that is answered, as its reader saw it."""
        is_open = answer.position < going.answered or answer.position == self._open_at(going) < len(going.questions)
        question = self._library.question(going.questions[answer.position]) if is_open else None
        if question is None:
            raise Refused(NOT_OPEN, field="position")
        shown = self._shown(question, going)
        if answer.look != engine.looks(question, shown):
            raise Refused(CHANGED, field="look")
        return question, shown

    def mistakes(self, page: Paged) -> Mistakes:
        """What there is to go through again."""
        reviews = self.service.reviews(session.who().person, self._today())
        items = [
            Mistake(
                question=each.question.id,
                type=each.question.type,
                stem=each.question.stem,
                due=each.day,
                wrong=each.wrong,
            )
            for each in reviews.waiting
        ]
        some, following = openapi.page(items, page, key=lambda item: item.question)
        return Mistakes(items=some, total=len(items), today=len(reviews.offered), next=following)

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
        question = self._library.question(going.questions[at]) if at < len(going.questions) else None
        is_exam = engine.mode(going) is Mode.EXAM
        is_told = not is_exam or question is None
        sitting = self.service.closed(session.who().person, going) if question is None else self._sitting(going)
        return Going(
            id=going.id,
            of=_OF[engine.mode(going)],
            total=len(going.questions),
            answered=going.answered,
            right=going.right if is_told else None,
            wrong=going.wrong if is_told else None,
            question=self._asking(question, going, at) if question else None,
            exam=_sat(sitting) if sitting else None,
        )

    def _asking(self, question: Question, going: Round, at: int) -> Shown:
        shown = self._shown(question, going)
        return Shown(
            position=at,
            type=question.type,
            stem=question.stem,
            choices=[Offered(id=each.id, letter=each.letter, text=each.text) for each in shown],
            look=engine.looks(question, shown),
        )

    def _verdict(self, question: Question, shown: tuple[engine.Choice, ...], going: Round, *, right: bool) -> Verdict:
        if engine.mode(going) is Mode.EXAM:
            return Verdict(right=None, answer=[], explanation="", source="", cites=[], round=self._going(going))
        return Verdict(
            right=right,
            answer=sorted(engine.right_ids(question)),
            explanation=engine.explain(question, shown),
            source=question.source,
            cites=[Source(reg=each.reg, version=each.version, article=each.article) for each in question.cites],
            round=self._going(going),
        )

    def _shown(self, question: Question, going: Round) -> tuple[engine.Choice, ...]:
        say = self._library.say
        return engine.choices(question, seed=going.id, yes=say("quiz.yes"), no=say("quiz.no"))

    def _today(self) -> date:
        return self.service.day(self.clock())

    @property
    def store(self) -> QuizStore:
        """Where answers are kept."""
        return self.service.store

    @property
    def _library(self) -> Library:
        return self.service.shelf.current()


def _offered(paper: Paper) -> ExamOffered:
    return ExamOffered(
        id=paper.exam.key,
        title=paper.exam.title,
        questions=paper.exam.count,
        minutes=paper.exam.minutes,
        pass_mark=paper.exam.pass_mark,
        practice=paper.exam.practice,
        can_begin=paper.can_begin,
        going=paper.is_going,
        mark=paper.sitting.mark if paper.sitting else None,
    )


def _sat(sitting: Sitting) -> Sat:
    return Sat(
        title=sitting.title,
        ends_at=sitting.ends_at,
        pass_mark=sitting.pass_mark,
        mark=sitting.mark,
        passed=sitting.has_passed,
        certificate=sitting.certificate,
    )


def blueprint(quiz: Quiz) -> APIBlueprint:
    """Serve /api/v1/quiz."""
    doors, say = openapi.doors("quiz"), quiz.service.shelf.say

    @doors.get("")
    @doors.output(Standing)
    @doors.doc(summary="Today's round and your own count")
    def standing() -> Standing:
        return quiz.standing()

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

    @doors.post("/rounds")
    @doors.input(Begin)
    @doors.input(Once, location="headers")
    @doors.output(Going)
    @doors.doc(
        summary="Begin a round, or go on with the one that is open",
        responses=openapi.says(say, NO_QUESTIONS, NO_MISTAKES, ENOUGH, NO_SUCH_CHOICE, NO_SUCH_EXAM),
    )
    def begin(json_data: Begin, headers_data: Once) -> Going:
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

    @doors.get("/mistakes")
    @doors.input(Paged, location="query")
    @doors.output(Mistakes)
    @doors.doc(summary="What there is to go through again")
    def mistakes(query_data: Paged) -> Mistakes:
        return quiz.mistakes(query_data)

    return doors

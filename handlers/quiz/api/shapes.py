"""What the mini-program sends to the quiz and is sent, field by field."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from content.models import QuestionType
from handlers.front import PICTURES
from handlers.openapi import Line
from handlers.quiz.engine import Mode
from handlers.quiz.engine.marking import Asked
from handlers.quiz.service.told import Paper
from storage.duels import Duel
from storage.sittings import Sitting


class Of(StrEnum):
    """What a round is made of."""

    TODAY = "today"
    MISTAKES = "mistakes"
    TOPIC = "topic"
    SEQUENCE = "sequence"
    CHALLENGE = "challenge"
    EXAM = "exam"
    DUEL = "duel"
    KEPT = "kept"


OF = {Mode.TODAY: Of.TODAY, Mode.MISTAKES: Of.MISTAKES} | {
    mode: Of(mode.value) for mode in (Mode.TOPIC, Mode.SEQUENCE, Mode.CHALLENGE, Mode.EXAM, Mode.DUEL, Mode.KEPT)
}


class Begin(BaseModel):
    """Which round to begin, or to go on with; `id` is the topic's, the bank's or the exam's.

    Of a duel it is the code that somebody passed on; without one, a code of one's own is drawn to be passed on.
    """

    of: Of
    id: str = Field("", max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"of": "today"}, {"of": "topic", "id": "dangzhang"}]})


class Wanted(Begin):
    """A round to begin, and of a duel whether the other may know your name."""

    named: StrictBool = False

    model_config = ConfigDict(json_schema_extra={"examples": [{"of": "today"}, {"of": "duel", "id": "K7M2QX"}]})


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
    """A question as it is asked; `look` goes back with the answer, so that it counts for what was seen.

    It is answered by choosing, or, where it has blanks, by filling them. Where it has points, show them once its reader
    has thought of an answer: they are what the reader then judges it by, with one of the two choices.
    """

    position: int = Field(ge=0, examples=[0])
    id: str = Field(description="The question's, to keep it or say of what use it was.", examples=["dangzhang-012"])
    type: QuestionType
    before: str = Field(description="To be read first: the case that the question is about.")
    stem: str = Field(examples=["From which day on does membership count?"])
    pictures: list["Pictured"]
    choices: list["Offered"]
    blanks: int = Field(description="How many there are in the stem, each drawn as a line or as empty brackets.")
    points: list[str] = Field(description="Of the model answer, where the reader judges their own.")
    score: int | None = Field(description="What it counts for in an exam; null where all questions count alike.")
    look: str = Field(examples=["5f0c2b7d9a1e4c33"])

    @classmethod
    def of(cls, asked: Asked, *, at: int, scores: Sequence[int]) -> "Shown":
        """The question at a place of its round."""
        return cls(
            position=at,
            id=asked.question.id,
            type=asked.question.type,
            before=asked.case.stem if asked.case else "",
            stem=asked.question.stem,
            pictures=[Pictured(address=_address(each.file), words=each.words) for each in asked.pictures],
            choices=[
                Offered(id=each.id, letter=each.letter, text=each.text, picture=each.picture and _address(each.picture))
                for each in asked.shown
                if not asked.is_written
            ],
            blanks=asked.blanks,
            points=[*asked.model] if asked.is_self_judged else [],
            score=scores[at] if scores else None,
            look=asked.look,
        )


def _address(picture: str) -> str:
    return f"{PICTURES}/{picture}"


class Pictured(BaseModel):
    """A picture, and its words for who can't see it."""

    address: str = Field(examples=["/p/pictures/emblem.png"])
    words: str


class Offered(BaseModel):
    """One choice; letters are for people, ids for answers."""

    id: str = Field(examples=["a"])
    letter: str = Field(examples=["B"])
    text: str = Field(examples=["The day on which probation ends"])
    picture: str = Field(description="Its address, empty where there is none.")


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

    @classmethod
    def of(cls, paper: Paper) -> "ExamOffered":
        """How an exam stands for somebody."""
        return cls(
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

    @classmethod
    def of(cls, sitting: Sitting) -> "Sat":
        """How a sitting stands."""
        return cls(
            title=sitting.title,
            ends_at=sitting.ends_at,
            pass_mark=sitting.pass_mark,
            mark=sitting.mark,
            passed=sitting.has_passed,
            certificate=sitting.certificate,
        )


class Duelled(BaseModel):
    """A duel as it stands for you; the other one sees theirs, and nobody else sees any of it."""

    code: str = Field(description="For one other member, as long as it isn't taken.", examples=["K7M2QX"])
    taken: bool
    ends_at: datetime = Field(description="What isn't done by then has no result; what is over can be read until then.")
    named: bool = Field(description="Whether the other may know your name.")
    name: str = Field(description="The other's, where they chose to be named.")
    right: int | None = Field(description="Your right answers, once you are done.")
    theirs: int | None = Field(description="The other's, once both are done.")
    ahead: int | None = Field(description="How many more of yours are right; below zero, how many fewer.")

    @classmethod
    def of(cls, duel: Duel) -> "Duelled":
        """How a duel stands for one of the two."""
        return cls(
            code=duel.code,
            taken=duel.taken,
            ends_at=duel.ends_at,
            named=duel.named,
            name=duel.name,
            right=duel.right,
            theirs=None if duel.ahead is None else duel.theirs,
            ahead=duel.ahead,
        )


class Duels(BaseModel):
    """Your own duels, as long as they can be read; to go on with one, begin it again by its code."""

    items: list[Duelled]


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
    duel: Duelled | None


class Answer(BaseModel):
    """What was chosen for the question at a position, or written into its blanks; what is right is found out here."""

    position: int = Field(ge=0, le=1000)
    look: str = Field(max_length=64)
    chosen: list[str] = Field([], max_length=10)
    filled: list[Annotated[Line, Field(max_length=200)]] = Field([], max_length=20)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"position": 0, "look": "5f0c2b7d9a1e4c33", "chosen": ["a"]}]}
    )


class Source(BaseModel):
    """The article of a regulation that a question rests on."""

    reg: str = Field(examples=["中国共产党章程"])
    version: str = Field(examples=["2022-10-22"])
    article: str = Field(examples=["第八条"])


class Told(BaseModel):
    """What is right of a question, and why."""

    answer: list[str] = Field(description="Ids of the right choices.", examples=[["a"]])
    accepted: list[str] = Field(description="What each blank takes.")
    explanation: str
    source: str
    cites: list[Source]

    @staticmethod
    def told(asked: Asked) -> dict[str, Any]:
        """The values of these fields for a question as it is shown."""
        question = asked.question
        return {
            "answer": sorted(asked.right),
            "accepted": [*asked.model] if asked.is_written else [],
            "explanation": asked.explanation,
            "source": question.source,
            "cites": [Source(reg=each.reg, version=each.version, article=each.article) for each in question.cites],
        }


class Verdict(Told):
    """Whether it was right, why, and how the round goes on; in an exam only how it goes on."""

    right: bool | None
    credit: int | None = Field(description="Of a hundred: what is not right may be so in part.", examples=[100])
    round: Going


class Read(Told):
    """A question of a bank that is read through, with its answer; its `position` is that in the bank."""

    question: Shown

    @classmethod
    def of(cls, asked: Asked, *, at: int) -> "Read":
        """The question at a place of its bank."""
        return cls(question=Shown.of(asked, at=at, scores=()), **cls.told(asked))


class Reads(BaseModel):
    """A page of them, in the bank's order. Nothing of it is kept, and nothing marked."""

    items: list[Read]
    total: int
    next: str | None = Field(description="`after` of the next page; null on the last one.")


class Rated(BaseModel):
    """What somebody says of a question's use."""

    useful: StrictBool | None = Field(description="Null takes back what was said.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"useful": False}]})


class Regarded(BaseModel):
    """What you think of a question."""

    kept: bool = Field(description="Whether you keep it to come back to.")
    useful: bool | None = Field(description="Whether it was of use to you; null where you said nothing.")


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


class Weak(BaseModel):
    """A topic with questions whose newest answer of yours was wrong."""

    id: str = Field(examples=["dangzhang"])
    title: str
    tried: int
    missed: int


class Pointed(BaseModel):
    """Your own points: one for each question answered right on a day, up to so many; exams give none."""

    today: int
    a_day: int = Field(description="How many a day may bring.")
    month: int
    basis: str = Field(description="The document that asks for them.")


class Study(BaseModel):
    """Where you stand, and what might be next; nobody else is told."""

    given: int
    right: int
    weak: list[Weak] = Field(description="Three at most, those with the most still wrong first.")
    review: int = Field(description="Questions that wait to be gone through again.")
    next_review: date | None = Field(description="When the next one is due.")
    suggested: list[Begin] = Field(description="Rounds that might be next, three at most.")
    points: Pointed | None = Field(description="Null unless points are switched on.")


class Standing(BaseModel):
    """Today's round and one's own count; nobody is compared with anybody."""

    begun: bool
    answered: int
    total: int
    given: int = Field(description="Answers given so far, all rounds together.")
    right: int = Field(description="How many of those were right.")
    review: int = Field(description="Questions to go through again today.")

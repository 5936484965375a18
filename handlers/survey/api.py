"""Surveys and votes for the mini-program: what there is to take part in, a ballot, and what became of those over.

The door that takes a ballot looks nothing up in SQL (docs/decisions/0056): whoever has a form was looked up when it was
given. Keys of surveys are in bodies, so that no log on the way tells who took part in which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from content.surveys import Asked, Survey
from handlers import openapi, problems, session
from handlers.conversation import Say
from handlers.problems import Problem, Refused
from handlers.survey.service import Booth, HandedIn
from storage.survey import Result

OVER = Problem(410, "survey.problem_over")
BEFORE = Problem(409, "survey.problem_before")
OLD_FORM = Problem(409, "survey.problem_old_form")
LATER = Problem(503, "survey.problem_later")
_REFUSED: Mapping[HandedIn, Problem] = {HandedIn.BEFORE: BEFORE, HandedIn.OVER: OVER, HandedIn.LATER: LATER}
_WAIT_SECONDS = 2  # a round of the postman
_Key = Annotated[str, Field(min_length=1, max_length=64)]


class SurveyChoice(BaseModel):
    """What can be chosen."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str


class SurveyQuestion(BaseModel):
    """A question: one of its choices, or none of them."""

    id: str
    text: str
    choices: list[SurveyChoice]
    scale: bool = Field(description="The choices are steps from one to five.")
    voted: bool = Field(description="It is voted on: the end is told.")
    two_thirds: bool = Field(description="It is carried by two thirds of the ballots, else by more than half.")


class OpenSurvey(BaseModel):
    """A survey that the member may take part in, once."""

    key: str = Field(examples=["shitang"])
    title: str
    about: str
    closes: date = Field(description="The last day; what became of it is told afterwards.")
    vote: bool = Field(description="Something is voted on: it asks for opinions, and stands for no meeting.")
    questions: list[SurveyQuestion]


class OpenSurveys(BaseModel):
    """Those that the member has not taken part in yet."""

    items: list[OpenSurvey]


class WhichSurvey(BaseModel):
    """The survey that a form is wanted for."""

    survey: _Key

    model_config = ConfigDict(json_schema_extra={"examples": [{"survey": "shitang"}]})


class BallotForm(BaseModel):
    """What a ballot is handed in with. The same form handed in twice is one ballot."""

    form: str = Field(description="Good today, for this member and this survey.")


class Ballot(BaseModel):
    """What was chosen: a choice's id by its question's id. What is left out is not answered."""

    survey: _Key
    form: str = Field(min_length=1, max_length=512)
    choices: dict[_Key, _Key] = Field(max_length=9)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"survey": "shitang", "form": "…", "choices": {"hao": "5", "gai": "wei"}}]}
    )


class BallotKept(BaseModel):
    """It is kept, and nobody finds it again: it can't be changed."""

    kept: Literal[True] = True
    closes: date = Field(description="After this day it is told what became of it.")


class CountedChoices(BaseModel):
    """How many chose one of these: several where each alone would tell of fewer than five."""

    choices: list[str]
    count: int


class CountedQuestion(BaseModel):
    """What was chosen of a question."""

    text: str
    counts: list[CountedChoices]
    voted: bool
    carried: bool | None = Field(
        description="Null where nothing is voted on, or the end would tell of fewer than five."
    )
    two_thirds: bool


class SurveyResult(BaseModel):
    """What became of a survey; of fewer than five ballots nothing is told."""

    title: str
    closed_on: date
    count: int | None = Field(description="How many took part; null for fewer than five.")
    questions: list[CountedQuestion]


class SurveyResults(BaseModel):
    """Those that are over and whose results are for everybody, the last one first."""

    items: list[SurveyResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the doors do."""

    booth: Booth

    def listed(self) -> OpenSurveys:
        """What there is to take part in."""
        return OpenSurveys(items=[_shown(each) for each in self.booth.asked_of(session.who())])

    def form(self, wanted: WhichSurvey) -> BallotForm:
        """A form for who has not taken part yet."""
        who = session.who()
        if self.booth.open_one(wanted.survey, who) is None:
            raise Refused(OVER, field="survey")
        if wanted.survey not in {each.key for each in self.booth.asked_of(who)}:
            raise Refused(BEFORE, field="survey")
        return BallotForm(form=self.booth.form(wanted.survey, who))

    def take(self, ballot: Ballot) -> BallotKept:
        """Keep it; nothing of it leads to the member afterwards."""
        who = session.who()
        survey, paper = self.booth.open_one(ballot.survey, who), self.booth.paper_of(ballot.form, ballot.survey, who)
        if survey is None:
            raise Refused(OVER, field="survey")
        if paper is None:
            raise Refused(OLD_FORM, field="form")
        known = {(asked.id, choice.id) for asked in survey.questions for choice in asked.choices}
        if not known >= ballot.choices.items():
            raise Refused(problems.INVALID, field="choices", kind="not_offered")
        became = self.booth.hand_in(ballot.survey, who, paper, ballot.choices)
        if became is not HandedIn.KEPT:
            raise Refused(_REFUSED[became], field="survey", wait=_WAIT_SECONDS if became is HandedIn.LATER else 0)
        return BallotKept(closes=survey.closes)

    def results(self) -> SurveyResults:
        """What everybody may see; it takes no filter."""
        return SurveyResults(items=[_told(each) for each in self.booth.over() if each.told["public"]])


def _shown(survey: Survey) -> OpenSurvey:
    return OpenSurvey(
        key=survey.key,
        title=survey.title,
        about=survey.about,
        closes=survey.closes,
        vote=survey.is_vote,
        questions=[_question(each) for each in survey.questions],
    )


def _question(asked: Asked) -> SurveyQuestion:
    return SurveyQuestion(
        id=asked.id,
        text=asked.text,
        choices=[SurveyChoice.model_validate(each) for each in asked.choices],
        scale=bool(asked.scale),
        voted=bool(asked.carried_by),
        two_thirds=asked.two_thirds,
    )


def _told(result: Result) -> SurveyResult:
    told = result.told
    return SurveyResult(
        title=told["title"],
        closed_on=result.closed_on,
        count=told["count"],
        questions=[_counted(each) for each in told["questions"]],
    )


def _counted(question: Mapping[str, Any]) -> CountedQuestion:
    return CountedQuestion(
        text=question["text"],
        counts=[CountedChoices(choices=names, count=count) for names, count in question["rows"]],
        voted="carried" in question,
        carried=question.get("carried"),
        two_thirds=question.get("two_thirds", False),
    )


def blueprint(counter: Counter, say: Say) -> APIBlueprint:
    """Serve /api/v1/survey."""
    doors = openapi.doors("survey")

    @doors.get("")
    @doors.output(OpenSurveys)
    @doors.doc(summary="Surveys and votes that you may take part in")
    def listed() -> OpenSurveys:
        return counter.listed()

    @doors.post("/forms")
    @doors.input(WhichSurvey)
    @doors.output(BallotForm)
    @doors.doc(
        summary="A form to hand a ballot in with",
        description="Nothing is kept of it: it is good today, for you and for this survey.",
        responses=openapi.says(say, OVER, BEFORE),
    )
    def form(json_data: WhichSurvey) -> BallotForm:
        return counter.form(json_data)

    @doors.post("/ballots")
    @doors.input(Ballot)
    @doors.output(BallotKept, 201)
    @doors.doc(
        summary="Hand a ballot in",
        description="Once. Your ballot and that you took part are kept apart: nobody finds it again, so it can't be "
        "changed. A repeat with the same form, after no answer or a 503, is the same ballot.",
        responses=openapi.says(say, OVER, BEFORE, OLD_FORM, LATER),
    )
    def take(json_data: Ballot) -> BallotKept:
        return counter.take(json_data)

    @doors.get("/results")
    @doors.output(SurveyResults)
    @doors.doc(
        summary="What became of those that are over",
        description="Once, after the last day, and of five ballots or more: no number is of fewer than five, nor does "
        "a difference of two tell of so few.",
    )
    def results() -> SurveyResults:
        return counter.results()

    return doors

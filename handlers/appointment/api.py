"""谈心谈话 for the mini-program: whom one can talk to and when, one's own talk, and taking it back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from apiflask import APIBlueprint
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from handlers import openapi, problems, session
from handlers.appointment import engine
from handlers.appointment.engine import State
from handlers.appointment.service import No, Reception
from handlers.conversation import Say
from handlers.openapi import Effect, Line, Once
from handlers.problems import Problem, Refused
from storage.appointment import Appointment

GONE = Problem(409, "appointment.problem_gone")
HAS_ONE = Problem(409, "appointment.problem_has_one")
TOO_LONG = Problem(422, "appointment.problem_too_long")
NAME_PLEASE = Problem(422, "appointment.problem_name_please")
NO_SUCH_HOST = Problem(404, "appointment.problem_no_such_host")
NO_SUCH_TALK = Problem(404, "appointment.problem_no_such_talk")
_NO = {
    No.GONE: (GONE, "at"),
    No.HAS_ONE: (HAS_ONE, ""),
    No.TOO_LONG: (TOO_LONG, "words"),
    No.NAME_PLEASE: (NAME_PLEASE, "words"),
    No.NO_SUCH_HOST: (NO_SUCH_HOST, "host"),
}


class Host(BaseModel):
    """Somebody to talk to, and when they can be had."""

    id: str = Field(examples=["shuji"])
    name: str
    title: str
    place: str
    times: list[datetime]


class Talk(BaseModel):
    """A talk that the member asked for, and what was said to it."""

    id: str
    host: str
    name: str = Field(description="The host's; empty where they can't be asked any more.")
    place: str
    at: datetime
    words: str
    state: State
    answer: str


class Talks(BaseModel):
    """All there is: whom to ask, and the member's own. Nobody else is shown them but who was asked."""

    hosts: list[Host]
    talks: list[Talk] = Field(description="One that is to come at most, and those of the last week.")
    longest: int = Field(description="Characters of `words`.")
    name_needed: bool = Field(description="Whether `words` must say who is coming: the member is not bound.")


class TalkWanted(BaseModel):
    """Whom, when, and about what."""

    host: Line = Field(max_length=64)
    at: AwareDatetime
    words: str = Field("", max_length=1000)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"host": "shuji", "at": "2026-12-02T15:00:00+08:00", "words": "About my new post"}]
        }
    )


class TakenBack(BaseModel):
    """Nothing of it is kept."""

    taken_back: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What the doors do."""

    reception: Reception
    say: Say
    clock: Callable[[], datetime]
    zone: tzinfo
    effect: Effect

    def show(self) -> Talks:
        """Whom to ask, and what was asked."""
        who, now = session.who(), self.clock()
        return Talks(
            hosts=[
                Host(
                    id=each.id,
                    name=each.name,
                    title=each.title,
                    place=each.place,
                    times=self.reception.times(each, now),
                )
                for each in self.reception.hosts().values()
            ],
            talks=list(map(self._told, self.reception.talks(who))),
            longest=engine.WORDS_LONGEST,
            name_needed=not who.name,
        )

    def ask(self, wanted: TalkWanted, once: Once) -> Talk:
        """Ask for one."""
        became = self.reception.ask(
            wanted.host,
            wanted.at,
            wanted.words.strip(),
            who=session.who(),
            now=self.clock(),
            message=self.effect(once),
        )
        if isinstance(became, No):
            problem, field = _NO[became]
            raise Refused(problem, field=field, longest=engine.WORDS_LONGEST)
        return self._told(became)

    def take_back(self, talk: str) -> TakenBack:
        """Forget one's own."""
        if not self.reception.take_back(talk, who=session.who()):
            raise Refused(NO_SUCH_TALK)
        return TakenBack()

    def _told(self, talk: Appointment) -> Talk:
        host = self.reception.hosts().get(talk.host)
        return Talk(
            id=talk.id,
            host=talk.host,
            name=host.name if host else "",
            place=host.place if host else "",
            at=talk.at.astimezone(self.zone),
            words=talk.words,
            state=State(talk.state),
            answer=talk.answer,
        )


def blueprint(window: Window) -> APIBlueprint:
    """Serve /api/v1/appointment."""
    doors, say = openapi.doors("appointment"), window.say

    @doors.get("")
    @doors.output(Talks)
    @doors.doc(summary="Whom one can talk to, and one's own talks")
    def show() -> Talks:
        return window.show()

    @doors.post("")
    @doors.input(TalkWanted)
    @doors.input(Once, location="headers")
    @doors.output(Talk, 201)
    @doors.doc(
        summary="Ask for a talk",
        description="One at a time, when it was offered. Whoever is asked reads it in the console, and nobody else.",
        responses=openapi.says(say, GONE, HAS_ONE, TOO_LONG, NAME_PLEASE, NO_SUCH_HOST),
    )
    def ask(json_data: TalkWanted, headers_data: Once) -> Talk:
        return window.ask(json_data, headers_data)

    @doors.delete("/<talk>")
    @doors.output(TakenBack)
    @doors.doc(summary="Take a talk back", responses=openapi.says(say, problems.NOT_FOUND, NO_SUCH_TALK))
    def take_back(talk: str) -> TakenBack:
        return window.take_back(talk)

    return doors

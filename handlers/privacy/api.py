"""The notice, what one agreed to, a copy of one's data and what is wrong in it, for the mini-program."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from handlers import openapi, session
from handlers.openapi import Effect, Line, Once
from handlers.privacy import engine
from handlers.privacy.engine import Purpose
from handlers.privacy.service import Office
from handlers.problems import Problem, Refused

OLD_VERSION = Problem(409, "privacy.problem_old_version")
NO_SUCH_PURPOSE = Problem(404, "privacy.problem_no_such_purpose")


class Given(BaseModel):
    """A consent that holds."""

    purpose: str = Field(examples=["membership"])
    called: str = Field(examples=["绑定身份"])
    version: int
    since: date


class NoticeAndConsents(BaseModel):
    """The notice as it is now, and what the member agreed to. `html` is safe to show."""

    title: str
    version: int
    revised_on: date
    summary: str
    html: str
    purposes: list[str] = Field(examples=[["membership", "opinion", "phone"]])
    given: list[Given]


class AgreedTo(BaseModel):
    """Which version of the notice the member has read and agrees to."""

    version: int = Field(ge=1)

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1}]})


class Withdrawn(BaseModel):
    """What has ended, and what that means, a line each."""

    lines: list[str]


class Table(BaseModel):
    """A table of the member's data, as words."""

    name: str
    columns: list[str]
    rows: list[list[str]]


class Copy(BaseModel):
    """All that is kept of the member."""

    tables: list[Table]


class Wrong(BaseModel):
    """What is wrong, in a sentence."""

    said: Line = Field(min_length=1, max_length=engine.CORRECTION_LONGEST)

    model_config = ConfigDict(json_schema_extra={"examples": [{"said": "My name is written with another character"}]})


class Taken(BaseModel):
    """What was done."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the doors do."""

    office: Office
    clock: Callable[[], datetime]
    effect: Effect

    def notice(self) -> NoticeAndConsents:
        """The notice, and what was agreed to."""
        notice = self.office.notice()
        holds = [each for each in self.office.given(session.who().person) if each["withdrawn_on"] is None]
        return NoticeAndConsents(
            title=notice.title,
            version=notice.version,
            revised_on=notice.revised_on,
            summary=notice.summary,
            html="\n".join(block.html for block in notice.blocks),
            purposes=[*Purpose],
            given=[Given.model_validate(each) for each in holds],
        )

    def agree(self, purpose: str, agreed: AgreedTo) -> NoticeAndConsents:
        """Agree to one thing."""
        if purpose not in [*Purpose]:
            raise Refused(NO_SUCH_PURPOSE)
        if agreed.version != self.office.notice().version:
            raise Refused(OLD_VERSION, field="version")
        self.office.agree(session.who().person, Purpose(purpose), now=self.clock())
        return self.notice()

    def withdraw(self) -> Withdrawn:
        """Agree to nothing any more."""
        return Withdrawn(lines=list(self.office.withdraw(session.who().person, now=self.clock())))

    def copy(self) -> Copy:
        """All of it."""
        sheets = [each for each in self.office.own_data.export(session.who().person) if each.rows]
        return Copy(
            tables=[
                Table(
                    name=each.name,
                    columns=[*each.columns],
                    rows=[["" if cell is None else str(cell) for cell in row] for row in each.rows],
                )
                for each in sheets
            ]
        )

    def correct(self, wrong: Wrong, once: Once) -> Taken:
        """Say what is wrong."""
        who, now = session.who(), self.clock()
        return Taken(words=self.office.correct(who, wrong.said, message=self.effect(once), now=now))


def blueprint(desk: Desk) -> APIBlueprint:
    """Serve /api/v1/privacy."""
    doors, say = openapi.doors("privacy"), desk.office.say

    @doors.get("")
    @doors.output(NoticeAndConsents)
    @doors.doc(summary="The privacy notice, and what you agreed to")
    def notice() -> NoticeAndConsents:
        return desk.notice()

    @doors.put("/consents/<purpose>")
    @doors.input(AgreedTo)
    @doors.output(NoticeAndConsents)
    @doors.doc(
        summary="Agree to one thing",
        description="Sending an opinion under a name agrees to `opinion`, and giving a number to `phone`, as well.",
        responses=openapi.says(say, OLD_VERSION, NO_SUCH_PURPOSE),
    )
    def agree(purpose: str, json_data: AgreedTo) -> NoticeAndConsents:
        return desk.agree(purpose, json_data)

    @doors.delete("/consents")
    @doors.output(Withdrawn)
    @doors.doc(summary="Take back all that you agreed to", description="The binding and the number end with it.")
    def withdraw() -> Withdrawn:
        return desk.withdraw()

    @doors.get("/export")
    @doors.output(Copy)
    @doors.doc(summary="A copy of all that is kept of you")
    def copy() -> Copy:
        return desk.copy()

    @doors.post("/corrections")
    @doors.input(Wrong)
    @doors.input(Once, location="headers")
    @doors.output(Taken)
    @doors.doc(summary="Say what is wrong in it", responses=openapi.says(say))
    def correct(json_data: Wrong, headers_data: Once) -> Taken:
        return desk.correct(json_data, headers_data)

    return doors

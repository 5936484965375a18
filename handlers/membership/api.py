"""Membership for the mini-program: binding with a one-time code, seeing the binding, undoing it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from content.shelf import Shelf
from handlers import openapi, problems, session
from handlers.agreement import Agreement
from handlers.membership import engine
from handlers.openapi import Effect, Line, Once
from handlers.problems import Problem, Refused
from storage.roster import Refusal, Roster

CODE_UNKNOWN = Problem(404, "membership.problem_code_unknown")
CODE_EXPIRED = Problem(410, "membership.problem_code_expired")
CONSENT_PLEASE = Problem(403, "membership.problem_consent_please")
TOO_MANY_TRIES = Problem(429, "membership.problem_too_many_tries")
_REFUSALS = {Refusal.UNKNOWN: CODE_UNKNOWN, Refusal.EXPIRED: CODE_EXPIRED}


class JoinCode(BaseModel):
    """A join code as it was typed: any case, spaces and dashes."""

    code: Line = Field(min_length=1, max_length=40)
    consent: bool = Field(
        False,
        description="That the member has read the notice (`GET privacy`) and agrees; needed once a version of it.",
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "K7M2-9QXF", "consent": True}]})


class Bound(BaseModel):
    """Whom we take the member for; not bound, all else is empty."""

    bound: bool
    name: str = Field("", examples=["张三"])
    organisation: str = Field("", examples=["机关第一党支部"])
    role: str = Field("", examples=["党小组长"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What the doors do."""

    roster: Roster
    shelf: Shelf
    zone: ZoneInfo
    clock: Callable[[], datetime]
    effect: Effect
    agreement: Agreement

    def mine(self) -> Bound:
        """The binding of whoever asks."""
        who = session.who()
        if not who.verified:
            return Bound(bound=False)
        return self._bound(who.name, who.organisation, who.role)

    def join(self, said: JoinCode, once: Once) -> Bound:
        """Bind with a code; five tries a day, in the chat and here together."""
        who, now, code = session.who(), self.clock(), engine.code_in(said.code)
        if code is None:
            raise Refused(problems.INVALID, field="code", kind="wrong")
        message = self.effect(once, code)
        if self.roster.joined_with(who.person, code, message=message):  # no try: only the own one is told
            return self._bound(who.name, who.organisation, who.role)
        tries = self.roster.count_try(who.person, day=now.astimezone(self.zone).date(), message=message)
        if tries > engine.TRIES_A_DAY:  # before anything is said of the code
            raise Refused(TOO_MANY_TRIES)
        if self.roster.knows(code, now=now) and self.agreement.asks(who.person):
            if not said.consent:
                raise Refused(CONSENT_PLEASE, field="consent")
            self.agreement.agree(who.person, now=now)
        bound = self.roster.bind(code=code, person=who.person, contact=who.contact, message=message, now=now)
        if isinstance(bound, Refusal):
            raise Refused(_REFUSALS[bound], field="code", left=engine.TRIES_A_DAY - tries)
        return self._bound(bound.name, bound.organisation, bound.role)

    def leave(self) -> None:
        """Undo the binding."""
        self.roster.unbind(session.who().person)

    def _bound(self, name: str, organisation: str, role: str) -> Bound:
        called = self.shelf.current().organisation_name(organisation)
        return Bound(bound=True, name=name, organisation=called, role=role)


def blueprint(register: Register) -> APIBlueprint:
    """Serve /api/v1/membership."""
    doors, say = openapi.doors("membership"), register.shelf.say

    @doors.get("")
    @doors.output(Bound)
    @doors.doc(summary="Your binding")
    def mine() -> Bound:
        return register.mine()

    @doors.post("")
    @doors.input(JoinCode)
    @doors.input(Once, location="headers")
    @doors.output(Bound)
    @doors.doc(
        summary="Bind with a join code",
        responses=openapi.says(say, CODE_UNKNOWN, CODE_EXPIRED, TOO_MANY_TRIES, CONSENT_PLEASE),
    )
    def join(json_data: JoinCode, headers_data: Once) -> Bound:
        return register.join(json_data, headers_data)

    @doors.delete("")
    @doors.output({}, 204)
    @doors.doc(summary="Undo the binding")
    def leave() -> str:
        register.leave()
        return ""

    return doors

"""The phone number for the mini-program: what it is for, binding it with WeChat's button, and taking it away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Literal, Protocol

import structlog
from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from handlers import masks, openapi, problems, session
from handlers.agreement import Agreement
from handlers.conversation import Say
from handlers.problems import Problem, Refused
from storage.phone import Phones
from wechat.errors import BadRequest, Retryable, WeChatError

CODE_REFUSED = Problem(400, "phone.problem_code_refused")
NOT_HERE = Problem(409, "phone.problem_not_here")
_MINUTE = 60


class Numbered(Protocol):
    """A number that its owner let the mini-program have."""

    @property
    def number(self) -> str:
        """Without the country's code."""


class Asks(Protocol):
    """A mini-program's way to the platform."""

    def phone_number(self, code: str) -> Numbered:
        """Ask which number belongs to a code; raises `WeChatError`."""


class Agreed(BaseModel):
    """What WeChat's button gave, and that the member has read what the number is for."""

    code: str = Field(min_length=1, max_length=512, description="Of open-type getPhoneNumber: good once, five minutes.")
    consent: Literal[True]

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "0a1XyzB00PqRsT1", "consent": True}]})


class Number(BaseModel):
    """What is kept, masked, and what it is for: to be shown before anybody agrees."""

    purpose: str = Field(examples=["Only for calling you back about what you said under your name."])
    number: str = Field(description="Masked; empty where none is kept.", examples=["138****0000"])
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the doors do."""

    phones: Phones
    accounts: Mapping[str, Asks]
    say: Say
    clock: Callable[[], datetime]
    zone: tzinfo
    agreement: Agreement
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("phone"))

    def mine(self) -> Number:
        """The member's own."""
        kept = self.phones.of(session.who().person)
        number = masks.phone(kept.number) if kept else ""
        return Number(purpose=self.say("phone.purpose"), number=number, since=kept.since if kept else None)

    def bind(self, agreed: Agreed) -> Number:
        """Keep the number that the platform tells; nobody types one."""
        who = session.who()
        number = self._ask(who.account, agreed.code)
        self.phones.keep(who.person, number, today=self.clock().astimezone(self.zone).date())
        self.agreement.agree(who.person, now=self.clock())
        return self.mine()

    def _ask(self, account: str, code: str) -> str:
        if account not in self.accounts:
            raise Refused(NOT_HERE)
        try:
            return self.accounts[account].phone_number(code).number
        except BadRequest:
            raise Refused(CODE_REFUSED, field="code") from None
        except Retryable as busy:
            raise Refused(problems.AWAY, wait=int(busy.after_seconds)) from None
        except WeChatError as error:
            self.log.error("no phone number", account=account, errcode=error.errcode)  # noqa: TRY400 - may hold the code
            raise Refused(problems.AWAY, wait=_MINUTE) from None

    def drop(self) -> None:
        """Take the consent back."""
        self.phones.drop(session.who().person)


def blueprint(desk: Desk) -> APIBlueprint:
    """Serve /api/v1/phone."""
    doors = openapi.doors("phone")

    @doors.get("")
    @doors.output(Number)
    @doors.doc(summary="Your number, and what it would be for")
    def mine() -> Number:
        return desk.mine()

    @doors.post("")
    @doors.input(Agreed)
    @doors.output(Number)
    @doors.doc(
        summary="Let the organisation call you back",
        description="A repeat finds its code used up, and the number kept.",
        responses=openapi.says(desk.say, CODE_REFUSED, NOT_HERE),
    )
    def bind(json_data: Agreed) -> Number:
        return desk.bind(json_data)

    @doors.delete("")
    @doors.output({}, 204)
    @doors.doc(summary="Take the number away")
    def drop() -> str:
        desk.drop()
        return ""

    return doors

"""Signing in to the mini-program, going on, and the devices that are signed in."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from threading import BoundedSemaphore
from typing import Protocol

import structlog
from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from handlers import openapi, problems, session
from handlers.conversation import Say
from handlers.guessing import address
from handlers.login import engine
from handlers.openapi import Line
from handlers.problems import Problem, Refused
from storage.paces import Paces
from storage.people import Who
from storage.sessions import DEVICE_LETTERS, Sessions
from wechat.errors import BadRequest, RecipientGone, Retryable, WeChatError

CODE_REFUSED = Problem(400, "login.problem_code_refused")
BLOCKED = Problem(403, "login.problem_blocked")
NO_SUCH_DEVICE = Problem(404, "login.problem_no_such_device")
_TRIES_A_MINUTE = 600  # from one address: a whole district may be behind it
_MINUTE = 60


class Visitor(Protocol):
    """Who the platform says has sent a code."""

    @property
    def openid(self) -> str:
        """The member on this mini-program."""

    @property
    def unionid(self) -> str:
        """The member on all accounts of one owner; "" where the platform doesn't say."""


class Asks(Protocol):
    """A mini-program's way to the platform."""

    def sign_in(self, code: str) -> Visitor:
        """Ask whose code this is; raises `WeChatError`."""


class Meet(Protocol):
    """Finds the member behind a contact, or makes one."""

    def __call__(self, *, account: str, openid: str, unionid: str, today: date) -> Who:
        """Who it is, tied by the unionid to whom the other accounts know."""


class Credentials(BaseModel):
    """What a mini-program has in hand after wx.login."""

    account: str = Field(min_length=1, max_length=64, description="The account's name in the configuration.")
    code: str = Field(min_length=1, max_length=512, description="What wx.login gave; good once, for five minutes.")
    device: Line = Field("", max_length=DEVICE_LETTERS, description="What the owner would call this device.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"account": "mini", "code": "0a1XyzB00PqRsT1", "device": "iPhone 15"}]}
    )


class Token(BaseModel):
    """What signs the next requests: `Authorization: Bearer <token>`."""

    token: str = Field(examples=["3q2-7w5vXyJmS0aT4u8bNf1cLrKdHgPeQiZoVxYtWsE"])
    expires_in: int = Field(description="Seconds.", examples=[604800])


class Device(BaseModel):
    """A device that is signed in; `this` is the one that asks."""

    id: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015"])
    account: str = Field(examples=["mini"])
    name: str = Field(examples=["iPhone 15"])
    since: date
    expires_at: datetime
    this: bool


class Devices(BaseModel):
    """All devices of the one who asks."""

    items: list[Device]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where members sign in. What signing in needs of the platform takes at most half of the threads."""

    accounts: Mapping[str, Asks]
    meet: Meet
    sessions: Sessions
    paces: Paces
    clock: Callable[[], datetime]
    zone: tzinfo
    days: int
    room: BoundedSemaphore
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("login"))

    def sign_in(self, given: Credentials) -> Token:
        """A token for whoever the platform says sent the code; its session key is dropped unseen."""
        now = self.clock()
        wait = self.paces.wait("login", address(), most=_TRIES_A_MINUTE, seconds=_MINUTE, now=now)
        if wait:
            raise Refused(problems.TOO_FAST, wait=wait)
        if given.account not in self.accounts:
            raise Refused(problems.INVALID, field="account", kind="wrong")
        visitor = self._ask(given)
        today = self._today()
        who = self.meet(account=given.account, openid=visitor.openid, unionid=visitor.unionid, today=today)
        return self._token(
            self.sessions.begin(who.contact, device=given.device, today=today, until=self._until(), now=now)
        )

    def _ask(self, given: Credentials) -> Visitor:
        with self._room():
            try:
                return self.accounts[given.account].sign_in(given.code)
            except BadRequest:
                raise Refused(CODE_REFUSED, field="code") from None
            except RecipientGone:
                raise Refused(BLOCKED) from None
            except Retryable as busy:
                raise Refused(problems.AWAY, wait=int(busy.after_seconds)) from None
            except WeChatError as error:
                self.log.error(  # noqa: TRY400 - a traceback may hold the code
                    "nobody can sign in", account=given.account, errcode=error.errcode, rid=error.rid
                )
                raise Refused(problems.AWAY, wait=_MINUTE) from None

    @contextmanager
    def _room(self) -> Iterator[None]:
        if not self.room.acquire(blocking=False):
            raise Refused(problems.AWAY, wait=1)
        try:
            yield
        finally:
            self.room.release()

    def refresh(self) -> Token:
        """A new token in the place of the one that asks, which is over then."""
        new = self.sessions.renew(session.token(), until=self._until(), now=self.clock())
        if new is None:
            raise Refused(problems.NOT_SIGNED_IN)
        return self._token(new)

    def sign_out(self) -> None:
        """End the session that asks."""
        self.sessions.end(session.current().id, person=session.who().person)

    def devices(self) -> Devices:
        """Where the one who asks is signed in."""
        this = session.current().id
        found = self.sessions.of(session.who().person, now=self.clock())
        return Devices(
            items=[
                Device(
                    id=each.id,
                    account=each.account,
                    name=each.name,
                    since=each.since,
                    expires_at=each.expires_at,
                    this=each.id == this,
                )
                for each in found
            ]
        )

    def revoke(self, device: str) -> None:
        """Sign a device out, wherever it lies."""
        if not self.sessions.end(device, person=session.who().person):
            raise Refused(NO_SUCH_DEVICE)

    def _token(self, token: str) -> Token:
        return Token(token=token, expires_in=int((self._until() - self.clock()).total_seconds()))

    def _until(self) -> datetime:
        return engine.ends(self._today(), days=self.days, zone=self.zone)

    def _today(self) -> date:
        return self.clock().astimezone(self.zone).date()


def for_anyone(desk: Desk, say: Say) -> APIBlueprint:
    """The one door that needs no token."""
    doors = openapi.doors("login", name="login_for_anyone")

    @doors.post("")
    @doors.input(Credentials)
    @doors.output(Token)
    @doors.doc(summary="Sign in", responses=openapi.says(say, CODE_REFUSED, BLOCKED, problems.TOO_FAST))
    def sign_in(json_data: Credentials) -> Token:
        return desk.sign_in(json_data)

    return doors


def blueprint(desk: Desk, say: Say) -> APIBlueprint:
    """What a member does with the session."""
    doors = openapi.doors("login")

    @doors.delete("")
    @doors.output({}, 204)
    @doors.doc(summary="Sign this device out")
    def sign_out() -> str:
        desk.sign_out()
        return ""

    @doors.post("/refresh")
    @doors.output(Token)
    @doors.doc(summary="Change the token for a new one", description="The token that asks is over then.")
    def refresh() -> Token:
        return desk.refresh()

    @doors.get("/devices")
    @doors.output(Devices)
    @doors.doc(summary="Where you are signed in")
    def devices() -> Devices:
        return desk.devices()

    @doors.delete("/devices/<id:device>")
    @doors.output({}, 204)
    @doors.doc(summary="Sign a device out", responses=openapi.says(say, NO_SUCH_DEVICE))
    def revoke(device: str) -> str:
        desk.revoke(device)
        return ""

    return doors

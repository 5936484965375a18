"""Who is signed in to the API: the token that a request bears, the member behind it, and the guard before the doors."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import g, request

from handlers.problems import NOT_SIGNED_IN, TOO_FAST, Refused
from storage.paces import Paces
from storage.people import Who
from storage.sessions import Session, Sessions

_BEARER = re.compile(r"Bearer +([\w-]{43})", re.ASCII | re.IGNORECASE)
_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets members in, each so often a minute. It writes nothing about who comes in (docs/anonymity.md)."""

    sessions: Sessions
    paces: Paces
    clock: Callable[[], datetime]
    a_minute: int

    def requires_member(self) -> None:
        """Only who bears a good token comes in."""
        session = self.sessions.find(token(), now=self.clock())
        if session is None:
            raise Refused(NOT_SIGNED_IN)
        wait = self.paces.wait("api", session.who.person, most=self.a_minute, seconds=_MINUTE, now=self.clock())
        if wait:
            raise Refused(TOO_FAST, wait=wait)
        g.session = session


def token() -> str:
    """The token that this request bears; one that can't be a token is refused without a look at the database."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise Refused(NOT_SIGNED_IN)
    return found[1]


def current() -> Session:
    """The session of this request, behind the guard."""
    return cast("Session", g.session)


def who() -> Who:
    """The member of this request, behind the guard."""
    return current().who

"""Who is signed in: the token that a request or a browser bears, the member behind it, and the guards before the doors.

The API and the pages have tokens of their own: neither opens the other's doors.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Response, after_this_request, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from content.models import Account
from handlers.problems import NOT_SIGNED_IN, TOO_FAST, Refused
from handlers.unsent import Unsent
from storage.paces import Paces
from storage.people import Who
from storage.sessions import Session, Sessions

_BEARER = re.compile(r"Bearer +([\w-]{43})", re.ASCII | re.IGNORECASE)
_MINUTE = 60
PAGE_COOKIE, PAGES = "zhibu_page", "/p"
_PAGE_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


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

    def has_left(self) -> bool:
        """Whether whoever was let in is signed in no more: out, or erased, before the door had done its work."""
        return "session" in g and self.sessions.find(token(), now=self.clock()) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageGate:
    """Lets members in to the pages that are theirs, and sends everybody else to sign in. It writes nothing either."""

    sessions: Sessions
    paces: Paces
    account: Callable[[], Account]
    clock: Callable[[], datetime]
    a_minute: int

    def requires_member(self) -> ResponseReturnValue | None:
        """Only who is signed in comes in; what is shown is kept by no browser and no proxy."""
        after_this_request(private)
        found = self.found()
        if found is None:
            return self._out()
        wait = self.paces.wait("page", found.who.person, most=self.a_minute, seconds=_MINUTE, now=self.clock())
        if wait:
            raise TooManyRequests(retry_after=wait)
        g.session = found
        return None

    def _out(self) -> ResponseReturnValue:
        """To the sign-in; what they wrote until their session was over is shown to them, to be sent after it."""
        unsent = None
        with suppress(RequestEntityTooLarge):
            unsent = Unsent.of_request()
        if unsent is None:
            return redirect(url_for("login.form", to=_wanted()), 303)
        return render_template("login/unsent.html", unsent=unsent, to=_wanted(), account=self.account()), 401

    def found(self) -> Session | None:
        """The session of this browser, while it is good."""
        said = request.cookies.get(PAGE_COOKIE, "")
        return self.sessions.find(said, now=self.clock()) if _PAGE_TOKEN.fullmatch(said) else None


def private(response: Response) -> Response:
    """Of a page that is for one reader: nobody keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _wanted() -> str:
    """Where somebody who has to sign in first wants to be: a page, else the first one of its feature."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return "/".join(request.path.split("/")[:3])


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

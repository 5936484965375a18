"""Signing in to the phone pages: by what WeChat says of who opens them, or by a link from the chat that serves once.

A browser's session is one of `storage.sessions`, in a cookie: it hangs on its contact and goes with it.
"""

import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from threading import BoundedSemaphore
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response
from werkzeug.exceptions import TooManyRequests

from content.shelf import Shelf
from handlers import session
from handlers.guessing import address
from handlers.login import engine
from handlers.session import PageGate
from storage import redis
from storage.paces import Paces
from storage.passes import LIVES, Passes
from storage.people import Who
from storage.sessions import NoContact, Sessions
from wechat.errors import BadRequest, RecipientGone, Retryable, WeChatError

BACK = "/p/login/back"
_BROWSER = "zhibu_browser"  # what ties a way through the platform to the browser that set out on it
_GIVEN = re.compile("[0-9a-f]{32}", re.ASCII)
_MINE = "/p/login"
_TRIES_A_MINUTE = 600  # from one address: a whole district may be behind it
_MINUTE = 60
_STATUS = {"snapshot": 403, "stranger": 403, "link_over": 410}  # else 400: this try has failed, another may not


class Reader(Protocol):
    """Who the platform says has opened a page."""

    @property
    def openid(self) -> str:
        """The reader on this account."""

    @property
    def is_snapshot(self) -> bool:
        """Whether they see a snapshot of the page; then the openid is nobody's."""


class AsksWho(Protocol):
    """An account's way to learn who opens a page."""

    def page_address(self, redirect_uri: str, *, state: str) -> str:
        """Where to send the browser, so that it comes back with a code and the state."""

    def reader(self, code: str) -> Reader:
        """Ask who has come back with this code; raises `WeChatError`."""


class Find(Protocol):
    """Finds the member behind a contact, and makes none."""

    def __call__(self, *, account: str, openid: str) -> Who:
        """Who it is, or a stranger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatWay:
    """The account whose word is taken for who opens a page; `anywhere`, or in WeChat's own browser only."""

    account: str
    asks: AsksWho
    anywhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What a browser may come in by: passes for links of the chat, and for browsers that are sent to the platform."""

    links: Passes
    tries: Passes
    wechat: WeChatWay | None
    public_url: str
    room: BoundedSemaphore


class NotIn(Exception):
    """Why nobody was signed in: a name of `login/said.html`, and where they wanted to be."""

    def __init__(self, what: str, *, to: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.to = to


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where browsers come in, and go out again."""

    ways: Ways
    gate: PageGate
    sessions: Sessions
    find: Find
    paces: Paces
    shelf: Shelf
    clock: Callable[[], datetime]
    zone: tzinfo
    hours: int
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("login"))

    # -- the pages -----------------------------------------------------------------------------------------------

    def form(self) -> ResponseReturnValue:
        """The ways in; who is in already goes on. Whom a member's page has sent here is signed in without a word.

        But once in a while: who comes back from a fault page of the platform's own is shown the other way in.
        """
        to, found = engine.ours(request.args.get("to", "")), self.gate.found()
        if found:
            return redirect(to) if to else self._page("in", name=found.who.name)
        if to and self._may_ask() and not self._browser():
            return redirect(url_for(".begin", to=to))
        return self._page("form", to=to, may_ask=self._may_ask(), is_out="out" in request.args)

    def begin(self) -> ResponseReturnValue:
        """Send the browser to the platform, to come back by `back`; a stranger's browser can't come back for it."""
        to, way = engine.ours(request.args.get("to", "")), self.ways.wechat
        if way is None or not self._may_ask():
            return redirect(url_for(".form"))
        if request.host != urlsplit(self.ways.public_url).netloc and "here" not in request.args:
            return redirect(self.ways.public_url + url_for(".begin", to=to, here=1))  # cookies are for one name
        self._pace()
        browser = self._browser() or secrets.token_hex(16)
        with self._memory(to):
            state = self.ways.tries.give(json.dumps([browser, to]), now=self.clock())
        response = redirect(way.asks.page_address(self.ways.public_url + BACK, state=state))
        self._set_cookie(response, _BROWSER, browser, path=_MINE, lives=LIVES)
        return response

    def back(self) -> ResponseReturnValue:
        """Somebody comes back from the platform: in, if it is the browser that set out, and knows them."""
        self._pace()
        to = self._set_out()
        if to is None:
            if self.gate.found():  # somebody in went one page back
                return redirect(url_for(".form"))
            raise NotIn("stale")
        way = self.ways.wechat
        code = request.args.get("code", "")
        if way is None or not code:
            raise NotIn("refused", to=to)
        reader = self._ask(way, code, to)
        if reader.is_snapshot:
            raise NotIn("snapshot", to=to)
        who = self.find(account=way.account, openid=reader.openid)
        if not who.known:
            raise NotIn("stranger", to=to)
        return self._let_in(who.contact, to)

    def link(self, said: str) -> ResponseReturnValue:
        """A link from the chat was opened. That doesn't use it up: what looks ahead at links would."""
        with self._memory():
            about = self.ways.links.look(said, now=self.clock())
        if about is None:
            raise NotIn("link_over")
        return self._page("link", said=said)

    def use_link(self, said: str) -> ResponseReturnValue:
        """The button on it was pressed."""
        self._pace()
        with self._memory():
            contact = self.ways.links.take(said, now=self.clock())
        if contact is None:
            raise NotIn("link_over")
        who, _, to = contact.partition(" ")
        return self._let_in(who, engine.ours(to))

    def leave(self) -> ResponseReturnValue:
        """Sign this browser out."""
        self._end_before()
        response = redirect(url_for(".form", out=1), 303)
        response.delete_cookie(session.PAGE_COOKIE, path=session.PAGES)
        return response

    def not_in(self, why: NotIn) -> ResponseReturnValue:
        """What is wrong, and the way on."""
        return self._page("said", what=why.what, to=why.to, may_ask=self._may_ask()), _STATUS.get(why.what, 400)

    # -- how -----------------------------------------------------------------------------------------------------

    def _browser(self) -> str:
        """What this browser was given when it last set out for the platform; "" for what we have not given."""
        said = request.cookies.get(_BROWSER, "")
        return said if _GIVEN.fullmatch(said) else ""

    def _may_ask(self) -> bool:
        """Whether the platform would know who opens a page in this browser."""
        way = self.ways.wechat
        known = way is not None and (way.anywhere or engine.is_wechat(request.user_agent.string))
        return known and bool(self.ways.public_url)

    def _set_out(self) -> str | None:
        """Where this browser wanted to be when it set out for the platform; None where it did not, or is back."""
        with self._memory():
            tried = self.ways.tries.take(request.args.get("state", ""), now=self.clock())
        browser, to = json.loads(tried) if tried else ("", "")
        same = hmac.compare_digest(browser.encode(), self._browser().encode())
        return engine.ours(to) if browser and same else None

    def _ask(self, way: WeChatWay, code: str, to: str) -> Reader:
        if not self.ways.room.acquire(blocking=False):
            raise NotIn("away", to=to)
        try:
            return way.asks.reader(code)
        except (BadRequest, RecipientGone):
            raise NotIn("refused", to=to) from None
        except Retryable:
            raise NotIn("away", to=to) from None
        except WeChatError as error:
            self.log.error(  # noqa: TRY400 - a traceback may hold the code
                "nobody can sign in to the pages", account=way.account, errcode=error.errcode, rid=error.rid
            )
            raise NotIn("away", to=to) from None
        finally:
            self.ways.room.release()

    def _let_in(self, contact: str, to: str) -> ResponseReturnValue:
        """Begin a session for this browser; the one it had is over."""
        now, today = self.clock(), self._today()
        until = engine.ends(today, days=0, zone=self.zone)
        device = self.shelf.current().say("login.page")
        try:
            token = self.sessions.begin(contact, device=device, today=today, until=until, now=now)
        except NoContact:
            raise NotIn("stranger", to=to) from None
        self._end_before()
        response = redirect(to or url_for(".form"), 303)
        lives = min(timedelta(hours=self.hours), until - now)
        self._set_cookie(response, session.PAGE_COOKIE, token, path=session.PAGES, lives=lives)
        return response

    def _end_before(self) -> None:
        found = self.gate.found()
        if found:
            self.sessions.end(found.id, person=found.who.person)

    def _set_cookie(self, response: Response, name: str, value: str, *, path: str, lives: timedelta) -> None:
        response.set_cookie(
            name,
            value,
            max_age=lives,
            path=path,
            secure=self.ways.public_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )

    @contextmanager
    def _memory(self, to: str = "") -> Iterator[None]:
        """While Redis is away nobody can come in; who is in stays so."""
        try:
            yield
        except redis.Gone:
            raise NotIn("away", to=to) from None

    def _pace(self) -> None:
        wait = self.paces.wait("page login", address(), most=_TRIES_A_MINUTE, seconds=_MINUTE, now=self.clock())
        if wait:
            raise TooManyRequests(retry_after=wait)

    def _page(self, name: str, /, **values: object) -> str:
        return render_template(f"login/{name}.html", account=self.shelf.current().account, **values)

    def _today(self) -> date:
        return self.clock().astimezone(self.zone).date()


def blueprint(entrance: Entrance) -> Blueprint:
    """Serve /p/login and what is under it."""
    doors = Blueprint("login", __name__, url_prefix=_MINE, template_folder="../templates")
    doors.add_url_rule("", "form", entrance.form)
    doors.add_url_rule("/wechat", "begin", entrance.begin)
    doors.add_url_rule("/back", "back", entrance.back)
    doors.add_url_rule("/link/<said>", "link", entrance.link)
    doors.add_url_rule("/link/<said>", "use_link", entrance.use_link, methods=["POST"])
    doors.add_url_rule("/out", "leave", entrance.leave, methods=["POST"])
    doors.register_error_handler(NotIn, entrance.not_in)
    doors.after_request(session.private)
    return doors

"""The sign-in."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from handlers import access, guards, noting
from handlers.console import engine
from handlers.entrance import Entrance, Outcome, Tried
from handlers.feature import Waiting
from handlers.unsent import Unsent
from storage import audit

TRIES = "10 per minute; 60 per hour"  # of an address; wrong ones of a name are counted by the entrance

_STATUS = {Outcome.CODE: 200, Outcome.WAITS: 429, Outcome.DISABLED: 403}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Name and password, then a code where the account has a second factor."""

    entrance: Entrance

    def form(self) -> ResponseReturnValue:
        """What is asked of everybody."""
        wanted = _inside(request.args.get("next", ""))
        return render_template("console/login.html", next=wanted, is_sent=wanted != url_for("console.overview"))

    def password(self) -> ResponseReturnValue:
        """Look at what was said."""
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        session.clear()  # a session from before the sign-in must not become a signed-in one
        tried = self.entrance.by_password(name, password, access.whence())
        if tried.outcome is Outcome.CODE and tried.admin:
            access.halfway(tried.admin, self.entrance)
            return self._again("code", tried)
        return self._entered("login", tried, name=name)

    def code(self) -> ResponseReturnValue:
        """Look at the code of somebody whose password was right."""
        admin = access.who_is_halfway(self.entrance)
        if admin is None:
            return self._again("login", Tried(Outcome.CODE), is_over=True)
        return self._entered("code", self.entrance.by_code(admin, request.form.get("code", ""), access.whence()))

    def sign_out(self) -> ResponseReturnValue:
        """Be somebody unknown."""
        access.sign_out(self.entrance)
        return redirect(url_for("signin.form"))

    def _entered(self, page: str, tried: Tried, *, name: str = "") -> ResponseReturnValue:
        """Where they wanted to be, or the same page again, with why."""
        if tried.outcome is Outcome.WAITS:
            return self._again(page, tried, name=name)
        if tried.outcome is not Outcome.IN or tried.admin is None:
            noting.note_sign_in(tried.admin, audit.Outcome.REFUSED)
            return self._again(page, tried, name=name)
        noting.note_sign_in(tried.admin, audit.Outcome.ALLOWED)
        access.let_in(self.entrance, tried.admin)
        unsent = Unsent.of_sign_in()
        return unsent.page() if unsent else redirect(_inside(request.form.get("next", "")))

    def _again(self, page: str, tried: Tried, *, name: str = "", is_over: bool = False) -> ResponseReturnValue:
        shown = render_template(
            f"console/{page}.html",
            name=name,
            outcome=tried.outcome,
            minutes=math.ceil(tried.wait.total_seconds() / 60),
            is_over=is_over,
            next=request.form.get("next", ""),
            unsent=Unsent.of_sign_in(),
        )
        answer = make_response(shown, _STATUS.get(tried.outcome, 401))
        if tried.wait:
            answer.headers["Retry-After"] = str(math.ceil(tried.wait.total_seconds()))
        return answer


def blueprint(
    *, entrance: Entrance, limiter: Limiter, words: Mapping[str, Any], waits: Callable[[str], Sequence[Waiting]]
) -> Blueprint:
    """Serve /admin/login, /admin/logout and the console's style sheet; its doors tell what `waits` behind them."""
    doors = Blueprint("signin", __name__, url_prefix="/admin", template_folder="../templates")
    sign_in, limited = SignIn(entrance=entrance), limiter.shared_limit(TRIES, scope="signin")
    doors.add_url_rule("/style.css", "style", _style)
    doors.add_url_rule("/login", "form", sign_in.form)
    doors.add_url_rule("/login", "sign_in", limited(sign_in.password), methods=["POST"])
    doors.add_url_rule("/login/code", "code", limited(sign_in.code), methods=["POST"])
    doors.add_url_rule("/logout", "sign_out", sign_in.sign_out, methods=["POST"])

    @doors.app_context_processor
    def _doors() -> dict[str, Any]:
        if not request.path.startswith(access.INSIDE):
            return {"console_doors": ()}
        open_ones = {address: name for address, name in words["doors"].items() if guards.opens(address)}
        inner = {each for each in open_ones for other in open_ones if each != other and each.startswith(other)}
        opened = {each: name for each, name in open_ones.items() if each not in inner}  # those are linked behind others
        first = engine.pressing(opened, waits(access.who_is_in())) if opened else {}
        return {"console_doors": [(address, name, first.get(address)) for address, name in opened.items()]}

    return doors


def _style() -> ResponseReturnValue:
    return Response(render_template("console/style.css"), mimetype="text/css")


def _inside(wanted: str) -> str:
    """A page of the console, never somebody else's address."""
    parts = urlsplit(wanted)
    here = not parts.scheme and not parts.netloc and parts.path.startswith(access.INSIDE)
    leads_out = "\\" in wanted or ".." in parts.path.split("/")
    return wanted if here and not leads_out and wanted.isprintable() else url_for("console.overview")

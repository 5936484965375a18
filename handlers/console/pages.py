"""The sign-in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from handlers import access
from storage.admins import Admins

TRIES = "10 per minute; 60 per hour"
TRIES_A_NAME = "20 per hour"


def blueprint(*, admins: Admins, limiter: Limiter, words: Mapping[str, Any]) -> Blueprint:
    """Serve /admin/login, /admin/logout and the console's style sheet."""
    signin = Blueprint("signin", __name__, url_prefix="/admin", template_folder="../templates")

    @signin.get("/style.css")
    def style() -> ResponseReturnValue:
        return Response(render_template("console/style.css"), mimetype="text/css")

    @signin.get("/login")
    def form() -> ResponseReturnValue:
        return render_template("console/login.html", next=_inside(request.args.get("next", "")))

    @signin.post("/login")
    @limiter.limit(TRIES)
    @limiter.limit(TRIES_A_NAME, key_func=lambda: f"name:{request.form.get('name', '')[:64]}")
    def sign_in() -> ResponseReturnValue:
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        session.clear()  # a session from before the sign-in must not become a signed-in one
        session.permanent = True
        unsent, wanted = access.Unsent.of_sign_in(), request.form.get("next", "")
        if access.sign_in(admins, name=name, password=password):
            return unsent.page() if unsent else redirect(_inside(wanted))
        return render_template("console/login.html", name=name, failed=True, next=wanted, unsent=unsent), 401

    @signin.post("/logout")
    def sign_out() -> ResponseReturnValue:
        access.sign_out()
        session.clear()
        return redirect(url_for("signin.form"))

    @signin.app_context_processor
    def doors() -> dict[str, Any]:
        return {"console_doors": [each for each in words["doors"].items() if access.opens(each[0])]}

    return signin


def _inside(wanted: str) -> str:
    """A page of the console, never somebody else's address."""
    parts = urlsplit(wanted)
    safe = not parts.scheme and not parts.netloc and parts.path.startswith(access.INSIDE) and "\\" not in wanted
    return wanted if safe else url_for("console.overview")

"""谈心谈话 in a phone's browser: one's own talk, or whom to ask and when. Seen by who asked and who was asked."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.models import Account
from handlers import session
from handlers.appointment import engine
from handlers.appointment.service import No, Reception
from handlers.conversation import Say
from handlers.openapi import Effect, Once

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
_STATUS = {No.GONE: 409, No.HAS_ONE: 409}
_FORM_LETTERS = 2_000  # more than is taken: what is too long is said to be so, and shown again


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What the member of a request is shown, and does."""

    reception: Reception
    say: Say
    account: Callable[[], Account]
    clock: Callable[[], datetime]
    zone: tzinfo
    effect: Effect

    def listed(self) -> ResponseReturnValue:
        """What was asked for, else whom to ask."""
        return self._page()

    def ask(self) -> ResponseReturnValue:
        """Ask for a talk; what can't be is said, and what was written stays."""
        fields = request.form
        host, _, at = fields.get("time", "")[:128].partition(" ")
        words = fields.get("words", "").strip()[:_FORM_LETTERS]
        key = fields.get("key", "")
        when, key = _moment(at), key if _KEY.fullmatch(key) else secrets.token_hex(16)
        if when is None:
            return self._page(fault="when", words=words), 422
        became = self.reception.ask(
            host,
            when,
            words,
            who=session.who(),
            now=self.clock(),
            message=self.effect(Once(idempotency_key=key)),
        )
        if isinstance(became, No):
            return self._page(fault=became, words=words, chosen=fields.get("time", "")), _STATUS.get(became, 422)
        return redirect(url_for("appointment_pages.listed"), 303)

    def take_back(self) -> ResponseReturnValue:
        """Forget one's own; what isn't there any more is forgotten already."""
        self.reception.take_back(request.form.get("talk", "")[:64], who=session.who())
        return redirect(url_for("appointment_pages.listed"), 303)

    def _page(self, *, fault: str = "", words: str = "", chosen: str = "") -> Response:
        who, now, hosts = session.who(), self.clock(), self.reception.hosts()
        coming = self.reception.coming(who, now)
        free = [] if coming else [(each, self.reception.times(each, now)) for each in hosts.values()]
        page = render_template(
            "appointment/mine.html",
            account=self.account(),
            coming=coming,
            host=hosts.get(coming.host) if coming else None,
            at=self._said(coming.at) if coming else "",
            free=[(each, [(at.isoformat(), self._said(at)) for at in times]) for each, times in free],
            name=who.name,
            longest=engine.WORDS_LONGEST,
            key=secrets.token_hex(16),
            fault=fault,
            words=words,
            chosen=chosen,
        )
        return make_response(page)

    def _said(self, at: datetime) -> str:
        return self.say("appointment.moment", at=at.astimezone(self.zone))


def _moment(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else None


def blueprint(booking: Booking) -> Blueprint:
    """Serve /p/appointment, for members."""
    doors = Blueprint("appointment_pages", __name__, url_prefix="/p/appointment", template_folder="../templates")
    doors.add_url_rule("", "listed", booking.listed)
    doors.add_url_rule("", "ask", booking.ask, methods=["POST"])
    doors.add_url_rule("/taken-back", "take_back", booking.take_back, methods=["POST"])
    return doors

"""What a host sees of the talks that members asked them for: nobody else sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty
from content.talks import Host
from handlers import access, noting
from handlers.appointment import engine
from handlers.appointment.engine import State
from handlers.guards import needs
from storage.appointment import Appointment, Appointments


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """The talks of the admin of a request; `answered` tells a member that there is an answer, `said` the host."""

    appointments: Appointments
    hosts: Callable[[], Mapping[str, Host]]
    answered: Callable[[Appointment], None]
    said: Mapping[str, str]
    zone: tzinfo

    def listed(self) -> ResponseReturnValue:
        """Those that are to come or were within a week, the next first."""
        return self._page()

    def answer(self, which: str) -> ResponseReturnValue:
        """Agree, or say why not and when it could be."""
        found = next((each for each in self._mine() if each.id == which), None) or abort(404)
        state = State.AGREED if request.form.get("agree") else State.DECLINED
        words = request.form.get("answer", "").strip()
        if len(words) > engine.WORDS_LONGEST or (state is State.DECLINED and not words):
            return self._page(fault=which), 422
        if (found.state, found.answer) != (state, words):
            declined = state is State.DECLINED
            self.appointments.change(which, lambda now: replace(now, state=state, answer=words), frees=declined)
            self.answered(replace(found, state=state))
            flash(self.said[state])
        return redirect(url_for("appointment_admin.listed"), 303)

    def _page(self, fault: str = "") -> str:
        rows = [(each, each.at.astimezone(self.zone)) for each in self._mine()]
        for person in dict.fromkeys(each.person for each, _ in rows):
            noting.looked_at("talk", person)
        return render_template(
            "appointment/list.html",
            rows=rows,
            is_host=bool(self._hosts()),
            me=access.who_is_in(),
            fault=fault,
            typed=request.form.get("answer", ""),
            longest=engine.WORDS_LONGEST,
        )

    def _hosts(self) -> frozenset[str]:
        return frozenset(each.id for each in self.hosts().values() if each.admin == access.who_is_in())

    def _mine(self) -> list[Appointment]:
        return self.appointments.of_hosts(self._hosts())


def blueprint(diary: Diary) -> Blueprint:
    """The pages under /admin/appointment."""
    pages = Blueprint("appointment_admin", __name__, url_prefix="/admin/appointment", template_folder="../templates")
    shows = "talks"  # of members, under their names
    pages.add_url_rule("/", "listed", needs(Duty.TALKS, diary.listed, shows=shows))
    pages.add_url_rule("/<which>/answer", "answer", needs(Duty.TALKS, diary.answer, shows=shows), methods=["POST"])
    return pages

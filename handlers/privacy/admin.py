"""What members say is wrong in the list: whoever looks after the members of an organisation settles it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty
from handlers import access, masks, noting
from handlers.feature import Queued, Waiting
from handlers.guards import needs
from handlers.privacy import engine
from handlers.privacy.service import Office
from scheduler.staff import Staff
from storage.audit import Act
from storage.privacy import Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Those that are for the admin of a request to look into (scheduler.staff): their organisations', and nobody's."""

    office: Office
    staff: Staff
    called: Callable[[str], str]  # the name of an organisation
    clock: Callable[[], datetime]
    waiting: str  # how many wait, in words

    def waits(self, _name: str) -> list[Waiting]:
        """What the admin of this request has to look into."""
        count = len(self._mine())
        return [Waiting(count=count, said=self.waiting.format(count), link="/admin/privacy/")] if count else []

    def queue(self) -> Iterator[Queued]:
        """All that wait, each with who looks after it."""
        see_to = cache(partial(self.staff.now().see_to, Duty.MEMBERS))
        for each in self.office.corrections.waiting():
            yield Queued(duty=Duty.MEMBERS, organisation=each.organisation, who=see_to(each.organisation))

    def listed(self) -> ResponseReturnValue:
        """Those that wait."""
        return self._page()

    def settle(self, which: str) -> ResponseReturnValue:
        """Say what came of it; its sender hears it."""
        found = next((each for each in self._mine() if each.id == which), None) or abort(404)
        answer = request.form.get("answer", "").strip()
        if not 1 <= len(answer) <= engine.CORRECTION_LONGEST:
            return self._page(fault=which), 422
        noting.note(Act.CHANGE, "correction", person=found.person)
        self.office.settle(found, answer, by=access.who_is_in(), now=self.clock())
        return redirect(url_for("privacy_admin.listed"), 303)

    def _page(self, fault: str = "") -> str:
        rows = [(each, self._masked(each.person)) for each in self._mine()]
        for person in {each.person for each, _ in rows}:
            noting.looked_at("correction", person)
        return render_template(
            "privacy/corrections.html",
            rows=rows,
            called=self.called,
            fault=fault,
            typed=request.form.get("answer", ""),
            longest=engine.CORRECTION_LONGEST,
        )

    def _masked(self, person: str) -> str:
        profile = self.office.people.profile(person)
        return masks.name(profile.name) if profile else ""

    def _mine(self) -> list[Correction]:
        name, see_to = access.who_is_in(), cache(partial(self.staff.now().see_to, Duty.MEMBERS))
        return [each for each in self.office.corrections.waiting() if name in see_to(each.organisation)]


def blueprint(desk: Desk) -> Blueprint:
    """The pages under /admin/privacy."""
    pages = Blueprint("privacy_admin", __name__, url_prefix="/admin/privacy", template_folder="../templates")
    shows = "corrections"  # of members, under their names
    pages.add_url_rule("/", "listed", needs(Duty.MEMBERS, desk.listed, shows=shows))
    pages.add_url_rule("/<which>/settle", "settle", needs(Duty.MEMBERS, desk.settle, shows=shows), methods=["POST"])
    return pages

"""The list of members as admins see it: masked, of their own organisations, and in full for a reason, one at a time."""

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty
from content.shelf import Shelf
from handlers import access, masks, noting, uploads, workbooks
from handlers.asking import Asked, Page
from handlers.guards import needs
from handlers.membership.admin.taking import CODE_DAYS, MEMBER, MEMBERS, MOST_BYTES, Sealing, Taking
from storage.audit import Act
from storage.roster import Roster, Row
from storage.sealing import CannotOpen

__all__ = ["Book", "Sealing", "Taking", "blueprint"]

WHY_LONGEST = 100
JOINED, WAITING = "joined", "waiting"
_NOT_KEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Filter(Asked):
    """Who is meant; whose name is sought stands in the address sealed, since addresses are logged."""

    longest = 400  # of a sealed name

    who: str
    organisation: str
    role: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What the pages show and do."""

    roster: Roster
    shelf: Shelf
    sealing: Sealing
    clock: Callable[[], datetime]
    zone: ZoneInfo
    words: Mapping[str, Any]

    # -- the list ------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """Those that are meant, masked, so many a page."""
        asked, mine = Filter.of_request(), self._mine()
        found = self._meant(asked, mine)
        page = Page.of_request(len(found))
        return render_template(
            "membership/list.html",
            rows=found[page.rows],
            page=page,
            asked=asked,
            name=self._name(asked.who),
            organisations={each: self._called(each) for each in sorted({row.entry.organisation for row in mine})},
            roles=sorted({row.entry.role for row in mine} - {""}),
            joined=sum(row.bound for row in found),
            **self._shown(),
        )

    def find(self) -> ResponseReturnValue:
        """Lead to the address of what the form asks for."""
        name = request.form.get("who", "").strip()[:64]
        sealed = base64.urlsafe_b64encode(self.sealing.sought.seal(name.encode())).decode() if name else ""
        asked = replace(Filter.of_request(), who=sealed)
        return redirect(url_for("membership_admin.listed", **asked.address), 303)

    def export(self) -> ResponseReturnValue:
        """Those that are meant as a workbook: masked, or in full for a reason."""
        asked, why = Filter.of_request(), request.form.get("why", "").strip()
        is_full = request.method == "POST"
        if is_full and not 0 < len(why) <= WHY_LONGEST:
            flash(self.words["faults"]["why"].format(WHY_LONGEST), "warning")
            return redirect(url_for("membership_admin.listed", **asked.address), 303)
        found = self._meant(asked, self._mine())
        noting.note(Act.EXPORT, MEMBERS, about=str(len(found)), reason=why)
        return workbooks.sent("members", self.words["heads"], [self._cells(row, is_full=is_full) for row in found])

    def _cells(self, row: Row, *, is_full: bool) -> Sequence[str]:
        entry, state = row.entry, self.words["states"][JOINED if row.bound else WAITING]
        name, number = (entry.name, entry.number) if is_full else (masks.name(entry.name), masks.number(entry.number))
        return self._called(entry.organisation), name, number, entry.role, state

    def _mine(self) -> list[Row]:
        """The rows of the organisations of whoever asks."""
        reach = access.reach(Duty.MEMBERS)
        return [row for row in self.roster.rows() if reach.covers(row.entry.organisation)]

    def _meant(self, asked: Filter, rows: Sequence[Row]) -> list[Row]:
        name, below = self._name(asked.who), self.shelf.current().casting.within(asked.organisation)
        state = {JOINED: True, WAITING: False}.get(asked.state)
        return [
            row
            for row in rows
            if name in row.entry.name
            and (not asked.organisation or row.entry.organisation in {asked.organisation, *below})
            and asked.role in {"", row.entry.role}
            and state in {None, row.bound}
        ]

    def _name(self, sealed: str) -> str:
        with suppress(CannotOpen, ValueError):
            return self.sealing.sought.open(base64.urlsafe_b64decode(sealed)).decode() if sealed else ""
        return ""

    # -- one of them ---------------------------------------------------------------------------------------------

    def one(self, which: str) -> ResponseReturnValue:
        """A member, masked, with what can be done."""
        row = self._find(which)
        self._note(Act.LOOK, row)
        return self._page(row)

    def reveal(self, which: str) -> ResponseReturnValue:
        """The same in full, for a reason that is kept."""
        row, why = self._find(which), request.form.get("why", "").strip()
        if not 0 < len(why) <= WHY_LONGEST:
            return self._page(row, fault="why", typed=why), 422
        self._note(Act.REVEAL, row, why)
        return self._page(row, reveals=True), 200, _NOT_KEPT

    def reissue(self, which: str) -> ResponseReturnValue:
        """A new join code, shown this once; the one before is good no longer."""
        row = self._find(which)
        self._note(Act.CHANGE, row)
        entry, until = row.entry, self.clock() + timedelta(days=CODE_DAYS)
        code = self.roster.reissue(
            name=entry.name, organisation=entry.organisation, number=entry.number, expires_at=until
        )
        return self._page(self._find(which), code=code or abort(404)), 200, _NOT_KEPT

    def unbind(self, which: str) -> ResponseReturnValue:
        """Let them be a guest again, where whoever asks for it is sure."""
        row = self._find(which)
        if "sure" not in request.form:
            return self._page(row, fault="sure"), 422
        self._note(Act.CHANGE, row)
        self.roster.unbind_row(row.entry)
        flash(self.words["said"]["unbound"])
        return redirect(url_for("membership_admin.one", which=which), 303)

    def _find(self, which: str) -> Row:
        """A row of the organisations of whoever asks, or 404: of others it isn't told that they are there."""
        return next((row for row in self._mine() if row.id == which), None) or abort(404)

    def _note(self, act: Act, row: Row, why: str = "") -> None:
        """Who hasn't joined is no person yet: the row's own random name stands for them."""
        about = "" if row.person else row.id
        noting.note(act, MEMBER, person=row.person, about=about, reason=why, at=row.entry.organisation)

    def _page(self, row: Row, *, fault: str = "", typed: str = "", code: str = "", reveals: bool = False) -> str:
        return render_template(
            "membership/one.html",
            row=row,
            fault=self.words["faults"][fault].format(WHY_LONGEST) if fault else "",
            at=fault,
            typed=typed,
            code=code,
            days=CODE_DAYS,
            reveals=reveals,
            **self._shown(),
        )

    def _shown(self) -> Mapping[str, Any]:
        """What both pages need to say who somebody is."""
        return {
            "masked_name": masks.name,
            "masked_number": masks.number,
            "called": self._called,
            "why_longest": WHY_LONGEST,
            "now": self.clock(),
            "zone": self.zone,
        }

    def _called(self, organisation: str) -> str:
        return self.shelf.current().organisation_name(organisation)


def blueprint(book: Book, taking: Taking) -> Blueprint:
    """The pages under /admin/membership."""
    pages = Blueprint("membership_admin", __name__, url_prefix="/admin/membership", template_folder="../../templates")
    pages.add_url_rule("/", "listed", needs(Duty.MEMBERS, book.listed, shows=MEMBERS))
    doors: Mapping[str, tuple[str, Callable[..., ResponseReturnValue], tuple[str, ...]]] = {
        "find": ("/find", book.find, ("POST",)),
        "export": ("/members.xlsx", book.export, ("GET", "POST")),
        "form": ("/import", taking.form, ("GET",)),
        "look": ("/import/look", taking.look, ("POST",)),
        "take": ("/import/take", taking.take, ("POST",)),
        "codes": ("/import/codes.xlsx", taking.codes, ("POST",)),
        "one": ("/<which>", book.one, ("GET",)),
        "reveal": ("/<which>/reveal", book.reveal, ("POST",)),
        "reissue": ("/<which>/code", book.reissue, ("POST",)),
        "unbind": ("/<which>/unbind", book.unbind, ("POST",)),
    }
    for name, (rule, view, methods) in doors.items():
        door = needs(Duty.MEMBERS, view, shows=MEMBERS, notes=True)
        pages.add_url_rule(rule, name, door, methods=list(methods))
    uploads.taken_by(pages, {"look"}, most=MOST_BYTES, form="membership_admin.form")
    return pages

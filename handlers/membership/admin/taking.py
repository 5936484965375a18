"""The list of members taken in from a file: looked at first, then taken, with a join code for each new one."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import render_template, request
from flask.typing import ResponseReturnValue

from content.importers import members, safety
from content.importers.members import NAMES, Fault, Place, Table
from content.importers.safety import Format
from content.importers.sentences import Note, Refused
from content.importers.waiting import Waiting
from content.organisations import Organisation
from content.roles import Duty
from content.shelf import Shelf
from handlers import access, masks, noting, uploads, workbooks
from handlers.membership.service import Plan, entry_of, planned
from storage.audit import Act
from storage.roster import Roster, Row
from storage.sealing import Box, CannotOpen

MOST_BYTES = 2 * 2**20
CODE_DAYS = 30
SHOWN = 100  # lines of each kind
MEMBER, MEMBERS = "member", "members"  # one of them, and the list
A_LIST, CODES = b"list", b"codes"  # what is sealed
_TABLES = {Format.WORKBOOK, Format.TABLE, Format.TEXT}


class Given(NamedTuple):
    """A join code that was made, and for whom: the line of the list they stand on."""

    place: str
    organisation: str
    name: str
    number: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What of members lies outside the roster: a name that is `sought`, and lists that wait for a yes."""

    sought: Box
    listed: Box
    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """The pages. What was sent in lies sealed, for an hour at most, and opens for who sent it alone."""

    roster: Roster
    shelf: Shelf
    sealing: Sealing
    clock: Callable[[], datetime]
    words: Mapping[str, Any]

    def form(self) -> ResponseReturnValue:
        """What a list looks like, and where to send it in."""
        return self._form()

    def look(self) -> ResponseReturnValue:
        """What taking a list in would change, or what is wrong with it, line by line; nothing is written."""
        sent = uploads.sent(MOST_BYTES)
        if sent is None:
            return self._form(fault=self.words["faults"]["no_file"]), 422
        name, data = sent
        noting.note(Act.LOOK, MEMBERS)
        try:
            table = self._read(data, _looked(name, data))
        except Refused as refused:
            return self._form(refused=refused.note), 422
        if table.faults:
            return self._form(table=table), 422
        return self._preview(table, self._keep(data, A_LIST))

    def take(self) -> ResponseReturnValue:
        """Take in a list that was looked at, where it would still change the same; the codes are shown this once."""
        token = request.form.get("token", "")
        data = self._kept(token, A_LIST)
        if data is None:
            return self._form(fault=self.words["faults"]["gone"]), 410
        table = self._read(data, Format.TABLE)
        if table.faults:  # an organisation of it has gone meanwhile, or the duty there
            return self._form(table=table), 422
        plan = planned(table, self._mine())
        if request.form.get("seen") != _seen(plan):
            return self._preview(table, token, fault=self.words["faults"]["changed"]), 409
        off = plan.missing if "take_off" in request.form else ()
        given = self._taken(table, plan, off)
        self.sealing.waiting.drop(token, by=access.who_is_in())
        page = render_template(
            "membership/taken.html",
            given=given,
            changed=len(plan.changed),
            off=len(off),
            days=CODE_DAYS,
            shown=SHOWN,
            token=self._keep(json.dumps(given, ensure_ascii=False).encode(), CODES) if given else "",
            masked_name=masks.name,
        )
        return page, 200, {"Cache-Control": "no-store"}

    def codes(self) -> ResponseReturnValue:
        """The codes that were made, as a workbook with the names in full: for an hour, for who made them."""
        data = self._kept(request.form.get("token", ""), CODES)
        if data is None:
            return self._form(fault=self.words["faults"]["codes_gone"]), 410
        rows = [Given(*each) for each in json.loads(data)]
        noting.note(Act.EXPORT, MEMBERS, about=str(len(rows)))
        cells = [(each.organisation, each.name, each.number, _by_halves(each.code), each.place) for each in rows]
        return workbooks.sent("codes", self.words["code_heads"], cells)

    # -- a list ------------------------------------------------------------------------------------------------------

    def _read(self, data: bytes, kind: Format) -> Table:
        """The list, of the organisations that whoever asks has the duty for."""
        if kind not in _TABLES:
            return Table(faults=[Fault(kind="unreadable")])
        return members.read(data, self._organisations())

    def _organisations(self) -> Mapping[str, Organisation]:
        reach = access.reach(Duty.MEMBERS)
        known = self.shelf.current().organisations
        return {id_: each for id_, each in known.items() if reach.covers(id_)}

    def _mine(self) -> list[Row]:
        reach = access.reach(Duty.MEMBERS)
        return [row for row in self.roster.rows() if reach.covers(row.entry.organisation)]

    def _taken(self, table: Table, plan: Plan, off: Sequence[Row]) -> list[Given]:
        about = f"new={len(plan.new)} changed={len(plan.changed)} off={len(off)}"
        noting.note(Act.CHANGE, MEMBERS, about=about)
        for row in off:
            noting.note(Act.CHANGE, MEMBER, person=row.person, about="" if row.person else row.id)
        issued = self.roster.take_in(
            map(entry_of, table.members),
            expires_at=self.clock() + timedelta(days=CODE_DAYS),
            taken_off=[row.entry for row in off],
        )
        places = {tuple(asdict(entry_of(each)).values()): each.at for each in table.members}
        return [
            Given(
                self._place(places[tuple(asdict(each.entry).values())]),
                self._called(each.entry.organisation),
                each.entry.name,
                each.entry.number,
                each.code,
            )
            for each in issued
        ]

    # -- what waits --------------------------------------------------------------------------------------------------

    def _keep(self, data: bytes, what: bytes) -> str:
        sealed = self.sealing.listed.seal(data, bound_to=what)
        return self.sealing.waiting.keep(sealed, by=access.who_is_in(), now=self.clock())

    def _kept(self, token: str, what: bytes) -> bytes | None:
        sealed = self.sealing.waiting.get(token, by=access.who_is_in(), now=self.clock())
        try:
            return self.sealing.listed.open(sealed, bound_to=what) if sealed else None
        except CannotOpen:
            return None

    # -- pages -------------------------------------------------------------------------------------------------------

    def _form(self, *, fault: str = "", refused: Note | None = None, table: Table | None = None) -> str:
        faults = [*self._faults(table)] if table else []
        return render_template(
            "membership/import.html",
            fault=fault,
            refused=refused,
            faults=faults,
            shown=SHOWN,
            organisations=[each.name for each in self._organisations().values()][:SHOWN],
            most=MOST_BYTES // 2**20,
        )

    def _faults(self, table: Table) -> Iterator[tuple[str, str]]:
        """Where, and what is wrong there with how to mend it."""
        for fault in table.faults:
            said = self.words["table"][fault.kind].format(
                column=NAMES[fault.column][0] if fault.column in NAMES else fault.column,
                said=fault.said,
                name=masks.name(fault.name),
                longest=fault.longest,
                before=self._place(fault.before),
            )
            yield self._place(fault.at), said

    def _place(self, at: Place | None) -> str:
        if at is None:
            return ""
        return str(self.words["places"]["sheet" if at.sheet else "line"].format(sheet=at.sheet, line=at.line))

    def _preview(self, table: Table, token: str, *, fault: str = "") -> str:
        plan = planned(table, self._mine())
        return render_template(
            "membership/preview.html",
            plan=plan,
            table=table,
            token=token,
            seen=_seen(plan),
            fault=fault,
            shown=SHOWN,
            days=CODE_DAYS,
            place=self._place,
            called=self._called,
            masked_name=masks.name,
            masked_number=masks.number,
        )

    def _called(self, organisation: str) -> str:
        return self.shelf.current().organisation_name(organisation)


def _looked(name: str, data: bytes) -> Format:
    """How it is read; raises Refused."""
    if len(data) > MOST_BYTES:
        raise Refused("too_big", size=len(data) // 2**20, most=MOST_BYTES // 2**20)
    return safety.look(name, data).format


def _seen(plan: Plan) -> str:
    return hashlib.sha256(repr(plan).encode("utf-8", "replace")).hexdigest()


def _by_halves(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"

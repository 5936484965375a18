"""The trail as those read it who audit: what is meant stands in the address, the chain is verified when they ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty, facts
from handlers import access, noting, workbooks
from handlers.asking import Asked
from handlers.guards import needs
from handlers.trail import engine
from handlers.trail.service import Watch
from storage.audit import Act, Audit, Entry, Outcome, Wanted

A_PAGE = 50
MOST_ROWS = 10_000  # of a workbook
LAST = 2**31 - 1
COMMAND = "zhibu admin "  # before its name, as the door of what it did: its name isn't said again


class Names(NamedTuple):
    """What roles and organisations are called, by their ids."""

    role: Callable[[str], str]
    organisation: Callable[[str], str]


class Shown(NamedTuple):
    """An entry in the reader's language."""

    entry: Entry
    at: datetime
    who: str
    roles: str
    did: str
    about: str
    was_refused: bool


@dataclass(frozen=True)
class Filter(Asked):
    """The entries that are meant; the days as they stand in the address."""

    account: str
    act: str
    kind: str
    pseudonym: str
    since: str
    until: str

    def wanted(self, zone: ZoneInfo) -> Wanted:
        """The same for the store; the last day is meant too."""
        return Wanted(
            account=self.account,
            act=self.act,
            kind=self.kind,
            pseudonym=self.pseudonym,
            since=_begin(self.since, zone),
            until=_begin(self.until, zone, days=1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the pages show."""

    audit: Audit
    watch: Watch
    words: Mapping[str, Any]
    capacity: Callable[[str], str]
    called: Names
    zone: ZoneInfo

    def listed(self) -> ResponseReturnValue:
        """The entries that are meant, the newest first, so many a page."""
        asked, before = _asked(), request.args.get("before", type=_number)
        found = self.audit.entries(asked.wanted(self.zone), before=before, most=A_PAGE + 1)
        accounts, kinds = self.audit.seen()
        return render_template(
            "trail/list.html",
            rows=[self._shown(each) for each in found[:A_PAGE]],
            older=found[A_PAGE - 1].sequence if len(found) > A_PAGE else None,
            asked=asked,
            accounts=[each for each in accounts if each],
            acts={act.value: self.words["acts"][act] for act in Act},
            kinds={each: self._kind(each) for each in kinds},
            entries=self.audit.head()[0],
            last=self.watch.walks.standing().last,
        )

    def chain(self) -> ResponseReturnValue:
        """What the clock has found out about the chain; `part` is what of the page changes meanwhile.

        Where somebody typed a hash that they kept, whether it is in the chain, and whether that was verified.
        """
        standing, head = self.watch.walks.standing(), request.args.get("head", "").strip().lower()
        return render_template(
            "trail/_chain.html" if "part" in request.args else "trail/chain.html",
            last=standing.last,
            under_way=standing.under_way,
            before=standing.before,
            entries=self.audit.head()[0],
            unseen_for=self.watch.unseen_for(standing),
            zone=self.zone,
            head=head,
            place=self.audit.place_of(head) if head else None,
        )

    def walk(self) -> ResponseReturnValue:
        """Have the clock verify the whole chain, from the first entry on."""
        asked = self.watch.walks.ask(now=self.watch.clock(), by=access.who_is_in())
        flash(self.words["asked" if asked else "under_way"])
        return redirect(url_for("trail_admin.chain"), 303)

    def workbook(self) -> ResponseReturnValue:
        """The entries that are meant as a workbook; that it was taken is an entry too."""
        asked = _asked()
        rows = [*map(self._cells, self.audit.entries(asked.wanted(self.zone), most=MOST_ROWS))]
        noting.note(Act.EXPORT, "trail", about=str(len(rows)))
        return workbooks.sent("trail", self.words["heads"], rows)

    def _cells(self, entry: Entry) -> list[str | float]:
        shown = self._shown(entry)
        what = (shown.did, shown.about, entry.pseudonym, self._reason(entry), entry.door, entry.hash)
        when = f"{shown.at:%Y-%m-%d %H:%M:%S}"
        allowed = self.words["outcomes"][entry.outcome]
        return [entry.sequence, when, shown.who, shown.roles, *what[:4], allowed, *what[4:]]

    def _reason(self, entry: Entry) -> str:
        return self.words["forgotten"] if entry.reason is None else entry.reason

    def _shown(self, entry: Entry) -> Shown:
        return Shown(
            entry=entry,
            at=entry.at.astimezone(self.zone),
            who=entry.account or self.words["nobody"],
            roles=self.capacity(entry.role),
            did=self._did(entry),
            about=self._about(entry),
            was_refused=entry.outcome == Outcome.REFUSED,
        )

    def _did(self, entry: Entry) -> str:
        act = str(self.words["acts"].get(entry.act, entry.act))
        return act if entry.act in {Act.SIGN_IN, Act.GRANT} else f"{act} · {self._kind(entry.kind)}"

    def _about(self, entry: Entry) -> str:
        command = entry.door.removeprefix(COMMAND) if entry.door in {f"{COMMAND}grant", f"{COMMAND}revoke"} else ""
        forms = [(each["kept"], each["said"]) for each in self.words["abouts"]]
        return engine.told(f"{command} {entry.about}".strip(), forms, self._part)

    def _part(self, part: str, kept: str) -> str:
        """What a part of what was kept is called."""
        if part == "role":
            return self.called.role(kept)
        if part == "where":
            return self.called.organisation(kept) if kept else str(self.words["house"])
        if part == "duties":
            return "、".join(facts(Duty(each)).name if each in {*Duty} else each for each in kept.split())
        return kept

    def _kind(self, kind: str) -> str:
        return str(self.words["kinds"].get(kind, kind))


def _number(written: str) -> int:
    """An entry's number: there are none beyond what a database counts. Raises ValueError."""
    return min(int(written), LAST)


def _asked() -> Filter:
    """The filter of this request; a day that is none is left out."""
    said = Filter.of_request()
    return replace(said, since=_day_or_nothing(said.since), until=_day_or_nothing(said.until))


def _day_or_nothing(written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        return ""


def _begin(written: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """When a day begins, or so many after it; None where none is named, or none that a calendar has after it."""
    try:
        return datetime.combine(date.fromisoformat(written) + timedelta(days=days), time(), zone) if written else None
    except OverflowError:
        return None


def blueprint(reading: Reading) -> Blueprint:
    """The pages under /admin/trail."""
    pages = Blueprint("trail_admin", __name__, url_prefix="/admin/trail", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.AUDIT, reading.listed, shows="trail"))
    pages.add_url_rule("/chain", "chain", needs(Duty.AUDIT, reading.chain))
    pages.add_url_rule("/chain", "walk", needs(Duty.AUDIT, reading.walk), methods=["POST"])
    pages.add_url_rule("/trail.xlsx", "workbook", needs(Duty.AUDIT, reading.workbook))
    return pages

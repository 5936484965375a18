"""Decisions in the console: a list, a page of each to be read and printed, a form for another, and who confirms one."""

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Protocol

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Capacity, Duty
from handlers import access, masks, noting
from handlers.asking import Page
from handlers.decision import engine
from handlers.decision.engine import Fault, Votes
from handlers.decision.service import COUNTED, Case, Filter, Work
from handlers.guards import needs
from storage.audit import Act
from storage.decision import Decision

COMMITTEE = "committee"
_NO_OFFICE = frozenset({"general"})  # a role of the console, and no office in an organisation
DECISION, DECISIONS = "decision", "decisions"  # one of them, and the list
_ID = re.compile(r"[0-9a-f]{32}")


class Entry(Protocol):
    """What the roster says of somebody (storage.roster.Entry)."""

    @property
    def name(self) -> str:
        """What they are called."""

    @property
    def number(self) -> str:
        """What tells people of one name apart."""

    @property
    def organisation(self) -> str:
        """Where they belong."""


class Roster(Protocol):
    """Reads the roster (storage.roster.Roster.rows)."""

    def __call__(self, *, only: Collection[str] | None = None) -> Sequence["Listed"]:
        """The whole list, or the rows of these ids."""


class Listed(Protocol):
    """A row of the roster (storage.roster.Row)."""

    @property
    def id(self) -> str:
        """Its own random name."""

    @property
    def person(self) -> str:
        """Who joined by it, "" while nobody has."""

    @property
    def entry(self) -> Entry:
        """What it says."""


@dataclass
class Draft:
    """What was typed, as far as it could be read, and why it isn't taken."""

    typed: Mapping[str, str]
    faults: dict[Fault, Mapping[str, Any]] = field(default_factory=dict)

    def text(self, name: str, fault: Fault, longest: int = engine.LONGEST_TEXT) -> str:
        """A text that must be there."""
        words = self.typed.get(name, "").strip()
        if not engine.is_text(words, longest):
            self.faults[fault] = {}
        return words

    def choice(self, name: str, fault: Fault, known: Mapping[str, Any] | Sequence[str]) -> str:
        """One of those that there are."""
        chosen = self.typed.get(name, "")
        if chosen not in known:
            self.faults[fault] = {}
        return chosen

    def day(self, today: date) -> date:
        """The day of the meeting, which has come."""
        try:
            day = date.fromisoformat(self.typed.get("day", ""))
        except ValueError:
            self.faults[Fault.DAY] = {}
            return today
        if day > today:
            self.faults[Fault.FUTURE] = {}
        return day

    def votes(self, names: Mapping[str, str]) -> Votes:
        """The numbers; `names` is what each is called."""
        said = {name: self.typed.get(name, "").strip() or "0" for name in COUNTED}
        bad = [names[name] for name, each in said.items() if not re.fullmatch("[0-9]{1,4}", each)]
        if bad:
            self.faults[Fault.NUMBERS] = {"which": "、".join(bad)}
        return Votes(**{name: 0 if bad else int(each) for name, each in said.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the pages show and do."""

    work: Work
    roster: Roster
    called: Callable[[], Callable[[str], str]]
    words: Mapping[str, Any]

    # -- the list, and one of them -------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """Those that are meant, the newest meeting first, so many a page."""
        asked, reach, called = Filter.of_request(), access.reach(Duty.DECISIONS), self.called()
        wanted = self.work.meant(reach, asked)
        count, pending = self.work.decisions.count(wanted)
        page = Page.of_request(count)
        rows = self.work.shown(wanted, after=page.after, most=page.most)
        theirs = self.work.decisions.organisations(self.work.meant(reach, Filter()))
        return render_template(
            "decision/list.html",
            rows=rows,
            page=page,
            pending=pending,
            asked=asked,
            organisations={each: called(each) for each in theirs},
            known={each.id: each.name for each in self.work.kinds.values()},
            rows_of=self._rows_of(each.decision for each in rows),
            **self._shown(),
        )

    def one(self, which: str) -> ResponseReturnValue:
        """A record with what came of it, and who confirms it."""
        case = self._find(which)
        if case.decision.about:
            self._note(Act.LOOK, case.decision)
        return self._page(case)

    def confirm(self, which: str) -> ResponseReturnValue:
        """Keep that another person has compared it with the minutes."""
        case, by = self._find(which), access.who_is_in()
        fault = engine.confirm_fault(case.state, recorded_by=case.decision.recorded_by, by=by)
        if fault is None:
            self._note(Act.CHANGE, case.decision)
            if self.work.decisions.confirm(
                which, by=by, on=self.work.today(), capacity=access.capacity(case.decision.organisation)
            ):
                flash(self.words["said"]["confirmed"])
                return redirect(url_for("decision_admin.one", which=which), 303)
        return self._page(self._find(which), fault=self._said(fault or Fault.NOT_PENDING)[1]), 422

    # -- another one ---------------------------------------------------------------------------------------------

    def form(self) -> ResponseReturnValue:
        """An empty one of an organisation, or one that begins with what it corrects.

        Its id stands in its address: who goes back to a form that was sent comes to what it became.
        """
        old, new = self._corrected(request.args.get("corrects", "")), request.args.get("id", "")
        if old and old.corrected_by:
            return redirect(url_for("decision_admin.one", which=old.id), 303)
        where = self._where(old)
        if where and not _ID.fullmatch(new):
            new, corrects = secrets.token_hex(16), old.id if old else None
            return redirect(url_for("decision_admin.form", organisation=where, corrects=corrects, id=new), 303)
        if where and self._one(new):
            flash(self.words["said"]["recorded_before"])
            return redirect(url_for("decision_admin.one", which=new), 303)
        noting.note(Act.LOOK, DECISIONS)
        typed = {name: str(value) for name, value in asdict(old).items()} if old else {}
        return self._form(Draft({**typed, "id": new, "why": ""}), where, old)

    def record(self) -> ResponseReturnValue:
        """Keep what was typed, or say what is to be mended."""
        old = self._corrected(request.form.get("corrects", ""))
        where, draft = self._where(old), Draft(request.form)
        new = self._read(draft, where, old)
        if draft.faults:
            return self._form(draft, where, old), 422
        self._note(Act.CHANGE, new)
        if self.work.decisions.add(new):
            flash(self.words["said"]["recorded"])
        elif (taken := self._one(new.id)) is None or taken.decision != new:  # not the same form, sent twice
            draft.faults[Fault.SAVED_BEFORE if taken or not old else Fault.CORRECTED_BEFORE] = {}
            return self._form(draft, where, old), 422
        return redirect(url_for("decision_admin.one", which=new.id), 303)

    def _read(self, draft: Draft, where: str, old: Decision | None) -> Decision:
        """The record that was typed; it is only good where the draft has no fault."""
        today, kinds = self.work.today(), self.work.kinds
        meeting = draft.text("meeting", Fault.MEETING, engine.LONGEST_MEETING)
        day, votes = draft.day(today), draft.votes(self.words["numbers"])
        kind = kinds.get(draft.choice("kind", Fault.KIND, kinds))
        about = draft.typed.get("about", "")
        if about not in {*([] if kind and kind.about_person else [""]), *(row.id for row in self._people(where))}:
            draft.faults[Fault.ABOUT] = {}
        impossible = engine.vote_fault(votes, kind.rule(day)) if kind and Fault.NUMBERS not in draft.faults else None
        if impossible:
            draft.faults[impossible] = {
                **asdict(votes),
                "cast": votes.cast,
                "voters": votes.present + votes.written,
            }
        given = draft.typed.get("id", "")
        return Decision(
            organisation=where,
            kind=kind.id if kind else "",
            meeting=meeting,
            day=day,
            matter=draft.text("matter", Fault.MATTER),
            about=about,
            **asdict(votes),
            proposed_by=draft.choice("proposed_by", Fault.PROPOSED_BY, self._offices()),
            recorded_by=access.who_is_in(),
            recorded_as=access.capacity(where),
            recorded_on=today,
            why=draft.text("why", Fault.WHY) if old else "",
            corrects=old.id if old else "",
            id=given if _ID.fullmatch(given) else secrets.token_hex(16),
        )

    # -- what they share -----------------------------------------------------------------------------------------

    def _one(self, which: str) -> Case | None:
        return self.work.one(access.reach(Duty.DECISIONS), which)

    def _find(self, which: str) -> Case:
        """A record in reach of whoever asks, or 404: of others it isn't told that they are there."""
        return self._one(which) or abort(404)

    def _rows_of(self, decisions: Iterable[Decision]) -> Mapping[str, Listed]:
        """The rows of the roster that these are about."""
        return {row.id: row for row in self.roster(only={each.about for each in decisions} - {""})}

    def _corrected(self, which: str) -> Decision | None:
        """What is to be corrected; 404 where there is none such."""
        return self._find(which).decision if which else None

    def _places(self) -> list[str]:
        """The organisations for which whoever asks may write one."""
        reach = access.reach(Duty.DECISIONS)
        return [each.id for each in self.work.staff.organisations() if reach.covers(each.id)]

    def _where(self, old: Decision | None) -> str:
        """Whose decision it is: what is corrected stays where it was; "" while it has to be chosen."""
        if old:
            return old.organisation
        places, said = self._places(), request.values.get("organisation", "")
        if said and said not in places:
            abort(404)
        return said or (places[0] if len(places) == 1 else "")

    def _people(self, where: str) -> list[Listed]:
        """Those on the roster of an organisation and of those below it."""
        within = self.work.casting().within(where) if where else frozenset()
        return [row for row in self.roster() if row.entry.organisation in within]

    def _offices(self) -> dict[str, str]:
        """Who may have proposed something."""
        roles = self.work.casting().roles.values()
        known = {each.id: each.name for each in roles if each.party_member_required and each.id not in _NO_OFFICE}
        return {COMMITTEE: self.words["committee"], **known}

    def _said(self, fault: Fault, **facts: object) -> tuple[str, str]:
        """Where a fault stands in the form, and how it is mended."""
        where, words = self.words["faults"][fault]
        bounds = {"longest": engine.LONGEST_TEXT, "longest_meeting": engine.LONGEST_MEETING, "most": engine.MOST}
        return where, words.format(**bounds, **facts)

    def _note(self, act: Act, about: Decision) -> None:
        """Who hasn't joined is no person yet: the record's own random name stands for them."""
        person = next((row.person for row in self._rows_of([about]).values()), "")
        noting.note(act, DECISION, person=person, about="" if person else about.id, at=about.organisation)

    def _form(self, draft: Draft, where: str, old: Decision | None) -> str:
        return render_template(
            "decision/form.html",
            where=where,
            old=old,
            places=self._places(),
            typed=draft.typed,
            faults=[self._said(fault, **facts) for fault, facts in draft.faults.items()],
            new=draft.typed.get("id") or secrets.token_hex(16),
            people=self._people(where),
            today=self.work.today(),
            bounds=engine,
            **self._shown(),
        )

    def _page(self, case: Case, fault: str = "") -> str:
        return render_template(
            "decision/one.html",
            case=case,
            row=self._rows_of([case.decision]).get(case.decision.about),
            fault=fault,
            me=access.who_is_in(),
            confirmers=self.work.confirmers(case.decision),
            recorded_as=self._as(case.decision.recorded_as),
            confirmed_as=self._as(case.decision.confirmed_as),
            **self._shown(),
        )

    def _as(self, written: str) -> str:
        """As what somebody acted: what their roles are called, or whose duty they did."""
        capacity, name = Capacity.read(written), self.work.casting().name
        roles = "、".join(map(name, capacity.roles))
        return self.words["in_place_of"].format(name=capacity.giver, roles=roles) if capacity.giver else roles

    def _shown(self) -> Mapping[str, Any]:
        """What the pages need to say what something is."""
        return {
            "masked_name": masks.name,
            "masked_number": masks.number,
            "called": self.called(),
            "kinds": self.work.kinds,
            "offices": self._offices(),
            "words": self.words,
        }


def blueprint(board: Board) -> Blueprint:
    """The pages under /admin/decision."""
    pages = Blueprint("decision_admin", __name__, url_prefix="/admin/decision", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.DECISIONS, board.listed, shows=DECISIONS))
    pages.add_url_rule("/new", "form", needs(Duty.DECISIONS, board.form, shows=DECISIONS, notes=True))
    record = needs(Duty.DECISIONS, board.record, shows=DECISION, notes=True)
    pages.add_url_rule("/new", "record", record, methods=["POST"])
    pages.add_url_rule("/<which>", "one", needs(Duty.DECISIONS, board.one, shows=DECISION, notes=True))
    confirm = needs(Duty.DECISIONS, board.confirm, shows=DECISION, notes=True)
    pages.add_url_rule("/<which>/confirm", "confirm", confirm, methods=["POST"])
    return pages

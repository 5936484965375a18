"""Measures in the console: what is to be done, what is said to be, and what somebody else has seen."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty
from handlers import access
from handlers.finding import Found, has
from handlers.guards import needs
from handlers.measure import engine
from handlers.measure.engine import Fault, State
from handlers.measure.service import Case, Subject, Work
from scheduler.reminders import Tell
from storage.measure import Measure

_ID = re.compile("[0-9a-f]{32}")


class Refused(Exception):
    """It can't be changed so."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All measures; `given` is said to who gets one, and `said` to who pressed something."""

    work: Work
    tell: Tell
    given: str
    said: Mapping[str, str]
    kind: str

    def search(self, words: Sequence[str]) -> Iterator[Found]:
        """The measures with these words, of those that the account may see."""
        for each in (row.measure for row in self.work.all() if access.who_is_in() in row.accounts):
            if has(words, each.problem, each.measure, each.done):
                yield Found(each.problem, self.kind, url_for("measure_admin.listed", _anchor=f"m-{each.id}"))

    def listed(self) -> ResponseReturnValue:
        """All, the next to be done first, and a form for another."""
        return self._page(about=self._about(request.args.get("opinion", "")))

    def begin(self) -> ResponseReturnValue:
        """Keep a new one."""
        about = self._about(request.form.get("opinion", ""))
        problem, what, who = (_typed(key) for key in ("problem", "measure", "responsible"))
        until, today, where = _day(request.form.get("until", "")), self.work.today(), self._where(about)
        is_admin = who in self.work.may_have(about, where)
        fault = engine.new_fault(problem, what, is_admin=is_admin, until=until, today=today)
        if not access.reach(Duty.MEASURES).covers(where):
            fault = Fault.ELSEWHERE
        if fault or until is None:
            return self._page(fault=fault, at="new", about=about), 422
        new = Measure(
            problem=problem,
            measure=what,
            responsible=who,
            until=until,
            made_by=access.who_is_in(),
            made_on=today,
            opinion=about.id if about else "",
            organisation=where,
            id=given if _ID.fullmatch(given := _typed("id")) else secrets.token_hex(16),
        )
        if self.work.begin(new):
            self._tell(who)
            return self._back(new, "begun")
        if self.work.measures.get(new.id) != new:  # not the same form, sent twice
            return self._page(fault=Fault.BEGUN_BEFORE, at="new", about=about), 422
        return self._back(new)

    def hand(self, which: str) -> ResponseReturnValue:
        """Give it to somebody else to see to."""
        case, to = self._find(which), _typed("responsible")

        def changed(now: Measure) -> Measure:
            _refuse(engine.hand_fault(now, is_admin=to in case.accounts))
            if to == now.responsible:
                return now
            by, on = access.who_is_in(), self.work.today()
            return replace(now, responsible=to, handed_from=now.responsible, handed_by=by, handed_on=on)

        page = self._change(which, changed, "handed")
        if to != case.measure.responsible and not isinstance(page, tuple):
            self._tell(to)
        return page

    def done(self, which: str) -> ResponseReturnValue:
        """Say that it is done, and how."""
        words, by = _typed("words"), access.who_is_in()

        def changed(now: Measure) -> Measure:
            _refuse(engine.done_fault(now, words, by=by))
            return replace(now, done=words, done_by=by, done_on=self.work.today(), verified="")

        return self._change(which, changed, "done")

    def take_back(self, which: str) -> ResponseReturnValue:
        """Say that it isn't done after all; the words stay, to be mended."""

        def changed(now: Measure) -> Measure:
            _refuse(engine.take_back_fault(now, by=access.who_is_in()))
            return replace(now, done_by="", done_on=None)

        return self._change(which, changed, "taken_back")

    def verify(self, which: str) -> ResponseReturnValue:
        """Say what was seen: this closes it. Or that it isn't done, which opens it again."""
        words, by, again = _typed("words"), access.who_is_in(), bool(request.form.get("again"))

        def changed(now: Measure) -> Measure:
            _refuse(engine.verified_fault(now, words, by=by))
            if again:
                return replace(now, done_by="", done_on=None, verified=words)
            return replace(now, verified=words, verified_by=by, verified_on=self.work.today())

        return self._change(which, changed, "not_done" if again else "verified")

    # -- what they share -----------------------------------------------------------------------------------------

    def _about(self, address: str) -> Subject | None:
        """The opinion at an address; 404 where there is none, 403 where it is for others."""
        if not address:
            return None
        found = self.work.subjects.at(address) or abort(404)
        return found if found.known_to(access.who_is_in()) else abort(403)

    def _where(self, about: Subject | None) -> str:
        """The organisation that the form names, else the first of those that it would."""
        return request.form.get("organisation", next(iter(self._places(about)), ""))

    def _places(self, about: Subject | None) -> dict[str, str]:
        """Where the admin of this request may begin one, by its id: first where the opinion is from."""
        reach, first = access.reach(Duty.MEASURES), about.organisation if about else ""
        whole = {"": ""} if reach.everywhere else {}
        known = {each.id: each.name for each in self.work.staff.organisations() if reach.covers(each.id)}
        return {each: {**whole, **known}[each] for each in sorted({**whole, **known}, key=lambda each: each != first)}

    def _find(self, which: str) -> Case:
        found = self.work.find(which)
        return found if found and access.who_is_in() in found.accounts else abort(404)

    def _tell(self, name: str) -> None:
        """Tell somebody that there is one, where they said who they are."""
        person = self.work.staff.persons().get(name)
        if person and name != access.who_is_in():
            self.tell(person, self.given, f"measure:given:{secrets.token_hex(8)}")

    def _change(self, which: str, changed: Callable[[Measure], Measure], said: str) -> ResponseReturnValue:
        self._find(which)
        try:
            after = self.work.measures.change(which, changed) or abort(404)
        except Refused as refused:
            return self._page(fault=refused.fault, at=which), 422
        return self._back(after, said)

    def _back(self, to: Measure, said: str = "") -> ResponseReturnValue:
        """To where it stands in the list, which says there what became of it."""
        if said:
            flash(self.said[said].format(name=to.responsible), to.id)
        return redirect(url_for("measure_admin.listed", _anchor=f"m-{to.id}"), 303)

    def _names(self, about: Subject | None) -> list[str]:
        """Who may be given one that the admin of this request begins, wherever that is."""
        return sorted({name for where in self._places(about) for name in self.work.may_have(about, where)})

    def _page(self, *, fault: Fault | None = None, at: str = "", about: Subject | None = None) -> str:
        rows = [each for each in self.work.all() if access.who_is_in() in each.accounts]
        return render_template(
            "measure/list.html",
            rows=sorted(rows, key=lambda row: row.state is State.VERIFIED),
            about=about,
            opinion=request.values.get("opinion", ""),
            today=self.work.today(),
            names=self._names(about),
            places=self._places(about),
            known={each.id: each.name for each in self.work.staff.organisations()},
            me=access.who_is_in(),
            fault=fault,
            at=at,
            typed=request.form if fault else {},
            longest=engine.LONGEST,
            new=_typed("id") or secrets.token_hex(16),
        )


def _typed(key: str) -> str:
    return request.form.get(key, "").strip()


def _refuse(fault: Fault | None) -> None:
    if fault:
        raise Refused(fault)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def blueprint(board: Board) -> Blueprint:
    """The pages under /admin/measure."""
    pages = Blueprint("measure_admin", __name__, url_prefix="/admin/measure", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.MEASURES, board.listed))
    pages.add_url_rule("/", "begin", needs(Duty.MEASURES, board.begin), methods=["POST"])
    acts = {"done": board.done, "verify": board.verify, "hand": board.hand, "back": board.take_back}
    for act, view in acts.items():
        pages.add_url_rule(f"/<which>/{act}", act, needs(Duty.MEASURES, view), methods=["POST"])
    return pages

"""Measures in the console: what is to be done, what is said to be, and what somebody else has seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from handlers import access
from handlers.measure import engine
from handlers.measure.engine import Fault, State
from storage.measure import Measure, Measures


class Refused(Exception):
    """It can't be changed so."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All measures; `names` are the console's accounts."""

    measures: Measures
    names: Callable[[], Sequence[str]]
    today: Callable[[], date]

    def listed(self) -> ResponseReturnValue:
        """All, the next to be done first, and a form for another."""
        return self._page()

    def begin(self) -> ResponseReturnValue:
        """Keep a new one."""
        problem, what, who = (request.form.get(key, "").strip() for key in ("problem", "measure", "responsible"))
        until, today = _day(request.form.get("until", "")), self.today()
        fault = engine.new_fault(problem, what, is_admin=who in self.names(), until=until, today=today)
        if fault or until is None:
            return self._page(fault=fault, at="new"), 422
        by = access.who_is_in()
        new = Measure(problem=problem, measure=what, responsible=who, until=until, made_by=by, made_on=today)
        self.measures.add(new)
        return self._back()

    def done(self, which: str) -> ResponseReturnValue:
        """Say that it is done, and how."""
        words = request.form.get("words", "").strip()

        def changed(now: Measure) -> Measure:
            _refuse(engine.done_fault(_state(now), words))
            return replace(now, done=words, done_by=access.who_is_in(), done_on=self.today())

        return self._change(which, changed)

    def verify(self, which: str) -> ResponseReturnValue:
        """Say what was seen: this closes it. Or that it isn't done, which opens it again."""
        words, by = request.form.get("words", "").strip(), access.who_is_in()

        def changed(now: Measure) -> Measure:
            people = {"responsible": now.responsible, "done_by": now.done_by}
            _refuse(engine.verified_fault(_state(now), words, by=by, **people))
            if request.form.get("again"):
                return replace(now, done="", done_by="", done_on=None, verified=words)
            return replace(now, verified=words, verified_by=by, verified_on=self.today())

        return self._change(which, changed)

    def _change(self, which: str, changed: Callable[[Measure], Measure]) -> ResponseReturnValue:
        try:
            after = self.measures.change(which, changed)
        except Refused as refused:
            return self._page(fault=refused.fault, at=which), 422
        if after is None:
            raise NotFound
        return self._back()

    def _back(self) -> ResponseReturnValue:
        return redirect(url_for("measure_admin.listed"), 303)

    def _page(self, *, fault: Fault | None = None, at: str = "") -> str:
        rows = [(each, _state(each)) for each in self.measures.all()]
        return render_template(
            "measure/list.html",
            rows=sorted(rows, key=lambda row: row[1] is State.VERIFIED),
            today=self.today(),
            names=self.names(),
            me=access.who_is_in(),
            fault=fault,
            at=at,
            typed=request.form if fault else {},
            longest=engine.LONGEST,
        )


def _state(each: Measure) -> State:
    return engine.state(each.done_by, each.verified_by)


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
    pages.add_url_rule("/", "listed", board.listed)
    pages.add_url_rule("/", "begin", board.begin, methods=["POST"])
    pages.add_url_rule("/<which>/done", "done", board.done, methods=["POST"])
    pages.add_url_rule("/<which>/verify", "verify", board.verify, methods=["POST"])
    return pages

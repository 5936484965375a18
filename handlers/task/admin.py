"""Tasks in the console: one's own, and those of all accounts within one's reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.roles import Duty
from handlers import access
from handlers.guards import needs
from handlers.task.service import Board, Task
from storage.task import LONGEST, Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the pages show."""

    board: Board
    said: Mapping[str, str]

    def mine(self) -> ResponseReturnValue:
        """One's own."""
        return self._mine()

    def everybodys(self) -> ResponseReturnValue:
        """Those of all accounts in the organisations that one sees."""
        reach = access.reach(Duty.TASKS)
        return render_template(
            "task/board.html",
            tasks=[each for each in self.board.all() if reach.covers(each.which.organisation)],
            today=self.board.today(),
        )

    def done(self) -> ResponseReturnValue:
        """Say that one's own is done, and how."""
        task, note = self._own(), request.form.get("note", "").strip()
        if not 0 < len(note) <= LONGEST:
            return self._mine(fault=task.which), 422
        self.board.tasks.finish(task.which, on=self.board.today(), note=note)
        flash(self.said["done"])
        return redirect(url_for("task_admin.mine"), 303)

    def again(self) -> ResponseReturnValue:
        """Say that it isn't done after all."""
        self.board.tasks.reopen(self._own().which)
        flash(self.said["again"])
        return redirect(url_for("task_admin.mine"), 303)

    def _own(self) -> Task:
        """The one that the form names, of the admin of this request."""
        role, place, task, since = (request.form.get(key, "") for key in ("role", "organisation", "task", "since"))
        known = {each.which: each for each in self.board.all()}
        try:
            which = Which(access.who_is_in(), role, place, task, date.fromisoformat(since))
        except ValueError:
            abort(404)
        return known.get(which) or abort(404)

    def _mine(self, *, fault: Which | None = None) -> str:
        return render_template(
            "task/mine.html",
            tasks=[each for each in self.board.all() if each.which.admin == access.who_is_in()],
            today=self.board.today(),
            fault=fault,
            typed=request.form.get("note", ""),
            longest=LONGEST,
        )


def blueprint(pages: Pages) -> Blueprint:
    """The pages under /admin/task."""
    doors = Blueprint("task_admin", __name__, url_prefix="/admin/task", template_folder="../templates")
    doors.add_url_rule("/", "mine", needs(Duty.OWN, pages.mine))
    doors.add_url_rule("/done", "done", needs(Duty.OWN, pages.done), methods=["POST"])
    doors.add_url_rule("/again", "again", needs(Duty.OWN, pages.again), methods=["POST"])
    doors.add_url_rule("/board", "everybodys", needs(Duty.TASKS, pages.everybodys))
    return doors

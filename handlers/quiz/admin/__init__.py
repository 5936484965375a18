"""Question banks as admins see them: what there is, a file looked at before it is taken, and what can be undone."""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from content.importers.batches import Batch, Plan
from content.importers.sentences import Note, Refused, Weight
from content.importers.waiting import Waiting
from content.intake import SUFFIXES, WRITERS, Intake
from content.models import Bank
from content.roles import Duty
from content.shelf import Shelf
from content.workshop import Untouchable
from handlers import access, uploads
from handlers.finding import Found, has
from handlers.guards import needs
from handlers.quiz.admin.numbers import Numbers

MOST_BYTES = 10 * 2**20
MOST_QUESTIONS = 20_000  # of a file, which a web worker then holds
MOST_CHANGED_BYTES = 8 * 2**20  # of a bank that a file goes into: about as many
SHOWN = 100  # notes of each weight


class HandIn(Protocol):
    """Asks a second admin to agree to what would be written, where one must."""

    def __call__(self, file: str, after: bytes, *, by: str) -> bool:
        """Say whether one was asked; raises `Untouchable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banks:
    """What the pages show."""

    shelf: Shelf
    intake: Intake
    waiting: Waiting
    hand_in: HandIn
    needs_two: Callable[[str], bool]
    clock: Callable[[], datetime]
    words: Mapping[str, str]

    def listed(self) -> ResponseReturnValue:
        """The banks, a form for a file, and what was taken in."""
        return self._list()

    def search(self, words: Sequence[str]) -> Iterator[Found]:
        """The banks and the questions that have these words; of a bank too large to be held, only its title."""
        for bank in self.shelf.current().banks.values():
            if has(words, bank.title, bank.name):
                yield Found(bank.title, self.words["bank"], url_for("quiz_admin.bank", name=bank.name))
            for each in bank.questions if isinstance(bank, Bank) else ():
                if has(words, each.stem, *(option.text for option in each.options)):
                    at = url_for("quiz_admin.question", name=bank.name, id_=each.id)
                    yield Found(each.stem, self.words["question"].format(bank=bank.title), at)

    def look(self) -> ResponseReturnValue:
        """What taking a file in would do. It waits for a yes; nothing is written."""
        if (sent := uploads.sent(MOST_BYTES)) is None:
            return self._list(fault=self.words["no_file"]), 422
        name, data = sent
        try:
            plan = self._plan(name, data)
        except Refused as refused:
            return self._list(refused=refused.note), 422
        token = self.waiting.keep(data, by=access.who_is_in(), now=self.clock())
        return self._preview(plan, token)

    def propose(self) -> ResponseReturnValue:
        """Fill-in questions proposed out of a text, as a workbook to mark and send in; nothing is written."""
        if (sent := uploads.sent(MOST_BYTES)) is None:
            return self._list(fault=self.words["no_file"]), 422
        name, data = sent
        try:
            called, made = self.intake.blanks(name, data)
        except Refused as refused:
            return self._list(refused=refused.note), 422
        return send_file(io.BytesIO(made), as_attachment=True, download_name=called)

    def take(self) -> ResponseReturnValue:
        """Take in a file that was looked at, where it would still do the same."""
        token, by = request.form.get("token", ""), access.who_is_in()
        data = self.waiting.get(token, by=by, now=self.clock())
        if data is None:
            return self._list(fault=self.words["gone"]), 410
        try:
            plan = self._plan(request.form.get("name", ""), data)
            if request.form.get("seen") != _seen(plan):
                return self._preview(plan, token, fault=self.words["changed"]), 409
            if plan.errors and "skip_errors" not in request.form:
                return self._preview(plan, token, fault=self.words["has_errors"]), 422
            said = self._taken(plan, by=by)
        except Refused as refused:
            return self._list(refused=refused.note), 409
        except Untouchable:
            return self._list(fault=self.words["not_handed_in"]), 409
        self.waiting.drop(token, by=by)
        flash(said)
        return redirect(url_for("quiz_admin.listed"), 303)

    def _taken(self, plan: Plan, *, by: str) -> str:
        """Write what was planned, or hand it in for a second admin; what is said of it."""
        if self.hand_in(f"quizzes/{plan.target.path.name}", plan.text.encode(), by=by):
            return self.words["handed_in"]
        batch = self.intake.take(plan)
        return self.words["taken"].format(bank=batch.bank, new=batch.new, changed=batch.changed, soon=self._soon(batch))

    def undo(self, batch: str) -> ResponseReturnValue:
        """Give a bank its text from before a batch."""
        bank = next((each.bank for each in self.intake.batches() if each.name == batch), "")
        if self.needs_two(f"quizzes/{bank}"):
            return self._list(fault=self.words["undone_elsewhere"]), 409
        try:
            done = self.intake.undo(batch)
        except Refused as refused:
            return self._list(refused=refused.note), 409
        flash(self.words["undone"].format(bank=done.bank, soon=self._soon(done)))
        return redirect(url_for("quiz_admin.listed"), 303)

    def export(self, name: str, kind: str) -> ResponseReturnValue:
        """A bank as a file, to be worked on and sent in again."""
        if kind not in WRITERS:
            abort(404)
        try:
            made = self.intake.export(name, kind)
        except Refused as refused:
            return self._list(refused=refused.note), 404
        return send_file(io.BytesIO(made.data), as_attachment=True, download_name=f"{name}.{SUFFIXES.get(kind, kind)}")

    def _soon(self, batch: Batch) -> str:
        """When what was written is used."""
        return self.words["later" if self.intake.is_large(batch) else "soon"]

    def _plan(self, name: str, data: bytes) -> Plan:
        said = _said()
        to, title, topic = said["to"], said["title"], said["topic"]
        return self.intake.plan(
            name, data, to=to, title=title, topic=topic, most=MOST_QUESTIONS, most_bytes=MOST_CHANGED_BYTES
        )

    def _list(self, *, fault: str = "", refused: Note | None = None) -> str:
        pack = self.shelf.current()
        return render_template(
            "quiz/admin/list.html",
            banks=pack.banks.values(),
            topics=pack.account.topics_of_study,
            batches=[*self.intake.batches()],
            most=MOST_BYTES // 2**20,
            fault=fault,
            refused=refused,
        )

    def _preview(self, plan: Plan, token: str, *, fault: str = "") -> str:
        notes = plan.notes()
        return render_template(
            "quiz/admin/preview.html",
            plan=plan,
            counts=plan.counts(),
            notes=[(weight, [note for note in notes if note.weight is weight]) for weight in Weight],
            shown=SHOWN,
            token=token,
            seen=_seen(plan),
            said=_said(),
            fault=fault,
        )


def _said() -> dict[str, str]:
    """Where the file goes, as the form says it."""
    return {key: request.form.get(key, "").strip() for key in ("to", "title", "topic")}


def _seen(plan: Plan) -> str:
    return hashlib.sha256(plan.text.encode()).hexdigest()


def blueprint(banks: Banks, numbers: Numbers) -> Blueprint:
    """Serve /admin/quiz/."""
    doors = Blueprint("quiz_admin", __name__, url_prefix="/admin/quiz", template_folder="../../templates")
    doors.add_url_rule("/", "listed", needs(Duty.BANKS, banks.listed))
    doors.add_url_rule("/banks/<name>", "bank", needs(Duty.BANKS, numbers.bank))
    doors.add_url_rule("/banks/<name>/numbers.xlsx", "workbook", needs(Duty.BANKS, numbers.workbook))
    doors.add_url_rule("/banks/<name>/export.<kind>", "export", needs(Duty.BANKS, banks.export))
    doors.add_url_rule("/banks/<name>/<id_>", "question", needs(Duty.BANKS, numbers.question))
    doors.add_url_rule("/exams", "exams", needs(Duty.STUDY, numbers.exams))
    doors.add_url_rule("/participation", "took_part", needs(Duty.STUDY, numbers.took_part))
    doors.add_url_rule("/look", "look", needs(Duty.BANKS, banks.look, whole=True), methods=["POST"])
    doors.add_url_rule("/propose", "propose", needs(Duty.BANKS, banks.propose, whole=True), methods=["POST"])
    doors.add_url_rule("/take", "take", needs(Duty.BANKS, banks.take, whole=True), methods=["POST"])
    doors.add_url_rule("/undo/<batch>", "undo", needs(Duty.BANKS, banks.undo, whole=True), methods=["POST"])
    uploads.taken_by(doors, {"look", "propose"}, most=MOST_BYTES, form="quiz_admin.listed")
    return doors

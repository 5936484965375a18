"""The pack's files in the console: their pages, the steps of a change, and what each asks of who opens it."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from content import workshop
from content.roles import Duty
from handlers.guards import needs
from handlers.pack.admin.files import Files
from handlers.pack.admin.new_files import NewFiles
from handlers.pack.admin.room import Room
from handlers.pack.admin.steps import Steps

_FORM_BYTES = workshop.MOST_BYTES + 2**16


def _lines() -> ResponseReturnValue:
    return Response(render_template("pack/lines.js"), mimetype="text/javascript")


def blueprint(room: Room, files: Files, steps: Steps) -> Blueprint:
    """Serve /admin/content."""
    new = NewFiles(room, files)
    doors = Blueprint("pack", __name__, url_prefix="/admin/content", template_folder="../../templates")
    one, asked, posted = "/changes/<id_>", "/asked/<id_>", ["POST"]
    doors.add_url_rule("", "listed", needs(Duty.CONTENT, files.listed, whole=True))
    doors.add_url_rule("/files/<path:file>", "one", needs(Duty.CONTENT, files.one, whole=True))
    doors.add_url_rule("/files/<path:file>", "save", needs(Duty.CONTENT, files.save, whole=True), methods=posted)
    doors.add_url_rule("/download/<path:file>", "download", needs(Duty.CONTENT, files.download, whole=True))
    doors.add_url_rule("/lines.js", "lines", needs(Duty.CONTENT, _lines, whole=True))
    doors.add_url_rule("/new", "fresh", needs(Duty.CONTENT, new.fresh, whole=True))
    doors.add_url_rule("/new", "add", needs(Duty.CONTENT, new.add, whole=True), methods=posted)
    doors.add_url_rule("/history", "history", needs(Duty.CONTENT, steps.history, whole=True))
    doors.add_url_rule(one, "change", needs(Duty.CONTENT, steps.change, whole=True))
    doors.add_url_rule(f"{one}/page", "page", needs(Duty.CONTENT, steps.page, whole=True))
    doors.add_url_rule(f"{one}/undo", "undo", needs(Duty.CONTENT, steps.undo, whole=True), methods=posted)
    doors.add_url_rule(f"{one}/<act>", "act", needs(Duty.CONTENT, steps.act, whole=True), methods=posted)
    doors.add_url_rule("/asked", "asked", needs(Duty.APPROVE_CONTENT, steps.asked, whole=True))
    doors.add_url_rule(asked, "second", needs(Duty.APPROVE_CONTENT, steps.second, whole=True))
    doors.add_url_rule(f"{asked}/page", "second_page", needs(Duty.APPROVE_CONTENT, steps.page, whole=True))
    doors.add_url_rule(f"{asked}/agree", "agree", needs(Duty.APPROVE_CONTENT, steps.agree, whole=True), methods=posted)
    doors.add_url_rule(
        f"{asked}/back", "send_back", needs(Duty.APPROVE_CONTENT, steps.send_back, whole=True), methods=posted
    )

    def too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
        """Say how large a file may be."""
        return room.page("too_large", fault=room.words["faults"]["too_large"]), 413

    doors.register_error_handler(RequestEntityTooLarge, too_large)

    @doors.url_value_preprocessor
    def _larger(_endpoint: str | None, _values: object) -> None:
        """A file may be larger than what a form holds; this comes before anything reads the form."""
        request.max_content_length = request.max_form_memory_size = _FORM_BYTES

    return doors

"""Files that admins send in by a form, larger than forms are."""

from collections.abc import Collection
from pathlib import PurePosixPath

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from content import unseen

FORM_BYTES = 2**16  # of all that stands beside the file


def sent(most: int) -> tuple[str, bytes] | None:
    """The name and the bytes of the file that was sent, a byte more than it may have."""
    found = request.files.get("file")
    if found is None or not found.filename:
        return None
    name = " ".join(unseen.legible(found.filename).split())  # it may be asked for anything that a name can't hold
    return PurePosixPath(name.replace("\\", "/")).name, found.stream.read(most + 1)


def taken_by(doors: Blueprint, endpoints: Collection[str], *, most: int, form: str) -> None:
    """Let these of a blueprint's doors take a file of so many bytes; whoever sends more is led back to `form`."""

    @doors.url_value_preprocessor
    def _larger(endpoint: str | None, _values: object) -> None:
        """This comes before anything reads the form."""
        if (endpoint or "").rpartition(".")[2] in endpoints:
            request.max_content_length = most + FORM_BYTES

    def too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
        """Say how large a file may be."""
        return render_template("console/too_large.html", most=most // 2**20, back=url_for(form)), 413

    doors.register_error_handler(RequestEntityTooLarge, too_large)

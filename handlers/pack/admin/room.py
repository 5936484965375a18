"""What the pages of the pack share: the desk, their words, a file as it lies, and what is told of a press."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, render_template

from content import files
from content.workshop import Untouchable
from handlers.pack.service import Desk
from storage.pack import Change

_CAME_TO_PASS = {"done", "undone", "asked", "sent_back", "taken_back", "dropped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where all of them are at work; `words` are what admins read."""

    desk: Desk
    zone: ZoneInfo
    words: Mapping[str, Any]

    def read(self, file: str) -> tuple[bytes | None, str]:
        """What a file holds, or why it can't be shown."""
        try:
            return self.desk.workshop.read(file), ""
        except Untouchable as untouched:
            if untouched.why == "name":
                abort(404)
            return None, untouched.why

    def page(self, template: str, **values: Any) -> str:
        """A page of the pack's."""
        topics = self.desk.shelf.current().account.topics_of_study
        shared = {"named": self.words, "at": self._at, "called": self.desk.title, "topics": topics}
        return render_template(f"pack/{template}.html", **shared, **values)

    def tells(self, became: str) -> None:
        """Tell on the next page what became of a press; what didn't come to pass stands out."""
        flash(self.words["said"][became], "message" if became in _CAME_TO_PASS else "warning")

    def moment(self, at: datetime) -> str:
        """A moment as these pages write it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def _at(self, change: Change) -> str:
        return self.moment(change.at)


def picture(file: str, data: bytes | None) -> str:
    """A picture as an address that holds it."""
    suffix = PurePosixPath(file).suffix.lower().replace(".jpg", ".jpeg").lstrip(".")
    is_one = data is not None and files.kind_of(file) == "pictures"
    return f"data:image/{suffix};base64,{base64.b64encode(data or b'').decode()}" if is_one else ""

"""Where the platform finds a picture that it is to judge.

Each address leads to one picture of a named opinion, until its verdict and for an hour at most; whoever has none of
them finds nothing here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort

from storage.checks import Checks
from storage.pictures import Pictures

_FOR_NOBODY_ELSE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Disposition": "inline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Shows what is being judged."""

    checks: Checks
    pictures: Pictures
    clock: Callable[[], datetime]

    def picture(self, address: str) -> Response:
        """The picture, or 404 for what is judged, too late or made up."""
        check = self.checks.at(address, now=self.clock())
        data = self.pictures.get(check.part) if check else None
        if data is None:
            abort(404)
        return Response(data, mimetype="image/jpeg", headers=_FOR_NOBODY_ELSE)


def blueprint(gallery: Gallery) -> Blueprint:
    """Serve /p/opinion/pictures/<address>.jpg; the platform tells a picture by its ending too."""
    doors = Blueprint("opinion_pages", __name__, url_prefix="/p/opinion")
    doors.add_url_rule("/pictures/<address>.jpg", "picture", gallery.picture)
    return doors

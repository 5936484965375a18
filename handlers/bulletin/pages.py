"""办理公开: what became of opinions, in numbers of five or more, for everybody."""

from collections.abc import Callable

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from content.models import Account
from handlers import front
from handlers.bulletin.service import Reports


def blueprint(reports: Reports, account: Callable[[], Account]) -> Blueprint:
    """Serve /p/bulletin. It takes no filter: what can be cut in any way can be compared until one is left."""
    doors = Blueprint("bulletin", __name__, url_prefix="/p/bulletin", template_folder="../templates")

    @doors.get("")
    def shown() -> ResponseReturnValue:
        page = render_template("bulletin/public.html", months=reports.months(), account=account())
        return front.fresh_or_same(make_response(page))

    return doors

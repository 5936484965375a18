"""Surveys in the console: what is asked until when, and what was told of those that are over."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from content.roles import Duty
from handlers.access import needs
from handlers.survey.service import Booth


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All of them. While one is open nobody is shown anything of it, not even how many took part."""

    booth: Booth

    def listed(self) -> ResponseReturnValue:
        """Those that are to come and that are open, and the results of the others."""
        over = self.booth.over()
        keys = {each.key for each in over}
        asked = sorted(
            (each for each in self.booth.pack().values() if each.key not in keys), key=lambda each: each.opens
        )
        return render_template("survey/board.html", surveys=asked, today=self.booth.today(), over=over)


def blueprint(board: Board) -> Blueprint:
    """The page under /admin/survey."""
    pages = Blueprint("survey_admin", __name__, url_prefix="/admin/survey", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.SURVEYS, board.listed))
    return pages

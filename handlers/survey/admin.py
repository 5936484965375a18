"""Surveys in the console: what is asked until when, and what was told of those that are over."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from content.roles import Duty, Reach
from content.surveys import Survey
from handlers import access
from handlers.guards import needs
from handlers.survey.service import Booth


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Those that are for all, or for an organisation within the admin's reach.

    While one is open nobody is shown anything of it, not even how many took part.
    """

    booth: Booth

    def listed(self) -> ResponseReturnValue:
        """Those that are to come and that are open, and the results of the others."""
        reach, over = access.reach(Duty.SURVEYS), self.booth.over()
        keys = {each.key for each in over}
        theirs = {each.key: each for each in self.booth.pack().values() if _is_within(each, reach)}
        asked = sorted((each for each in theirs.values() if each.key not in keys), key=lambda each: each.opens)
        over = [each for each in over if reach.everywhere or each.key in theirs]
        return render_template("survey/board.html", surveys=asked, today=self.booth.today(), over=over)


def _is_within(survey: Survey, reach: Reach) -> bool:
    return not survey.organisations or any(map(reach.covers, survey.organisations))


def blueprint(board: Board) -> Blueprint:
    """The page under /admin/survey."""
    pages = Blueprint("survey_admin", __name__, url_prefix="/admin/survey", template_folder="../templates")
    pages.add_url_rule("/", "listed", needs(Duty.SURVEYS, board.listed))
    return pages

"""Decision: what an organisation has decided, by how many votes, and what came of it by the rule of its kind."""

from collections.abc import Callable
from datetime import date

from content.decisions import kinds
from content.shelf import Shelf
from handlers.decision import admin
from handlers.decision.admin import Roster
from handlers.decision.service import Work
from handlers.feature import Feature, words_beside
from scheduler.staff import Staff
from storage.decision import Decisions


def feature(
    *,
    decisions: Decisions,
    roster: Roster,
    staff: Staff,
    shelf: Shelf,
    today: Callable[[], date],
) -> Feature:
    """The console's pages of them."""
    words = words_beside(__file__)
    work = Work(
        decisions=decisions,
        kinds=kinds(),
        staff=staff,
        casting=lambda: shelf.current().casting,
        today=today,
        waiting=words["waits"],
    )
    board = admin.Board(work=work, roster=roster, called=lambda: shelf.current().organisation_name, words=words)
    return Feature(name="decision", admin=admin.blueprint(board), waits=work.waits, queue=work.queue)

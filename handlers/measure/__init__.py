"""A problem, what is done about it, by whom, until when, and who else saw that it was done."""

from datetime import tzinfo

from handlers.feature import Feature, words_beside
from handlers.measure import admin, jobs
from handlers.measure.service import PAGE, Work
from scheduler.reminders import Reminder, Tell
from storage.paces import Paces

__all__ = ["PAGE", "Work", "feature"]


def feature(*, work: Work, tell: Tell, paces: Paces, escalates_after: int, zone: tzinfo) -> Feature:
    """The console's page of them, and reminders; what is late goes up a level for each `escalates_after` workdays."""
    words = words_beside(__file__)
    reminder = Reminder(
        about="measure",
        workdays=work.workdays,
        staff=work.staff,
        escalates_after=escalates_after,
        tell=tell,
        paces=paces,
        words=words["told"],
        calls=words["calls"],
    )
    board = admin.Board(work=work, tell=tell, given=words["told"]["given"], said=words["said"], kind=words["kind"])
    return Feature(
        name="measure",
        admin=admin.blueprint(board),
        search=board.search,
        jobs=jobs.rounds(work=work, reminder=reminder, zone=zone),
        waits=work.waits,
        queue=work.queue,
    )

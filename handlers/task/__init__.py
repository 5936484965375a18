"""Task: what somebody does who is new in a role, within a span of the day they took it; a board over all branches."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from content.library import Library
from handlers.feature import Feature, words_beside
from handlers.task import admin, jobs
from handlers.task.service import PAGE, Board
from scheduler.reminders import Reminder, Tell
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.admins import Admin
from storage.paces import Paces
from storage.task import Tasks

__all__ = ["PAGE", "feature"]

ESCALATES_AFTER = 3  # workdays a level


def feature(
    *,
    accounts: Callable[[], Iterable[Admin]],
    tasks: Tasks,
    staff: Staff,
    library: Callable[[], Library],
    tell: Tell,
    paces: Paces,
    clock: Callable[[], datetime],
    zone: tzinfo,
) -> Feature:
    """The console's page, and the admins' usual reminders; what is late goes up the organisations."""
    words = words_beside(__file__)
    workdays = Workdays(lambda: library().work_years)
    board = Board(
        accounts=accounts,
        tasks=tasks,
        staff=staff,
        casting=lambda: library().casting,
        workdays=workdays,
        today=lambda: clock().astimezone(zone).date(),
        words=words["waiting"],
    )
    reminder = Reminder(
        about="task",
        workdays=workdays,
        staff=staff,
        escalates_after=ESCALATES_AFTER,
        tell=tell,
        paces=paces,
        words=words["told"],
        calls=words["calls"],
    )
    return Feature(
        name="task",
        admin=admin.blueprint(admin.Pages(board=board, said=words["said"])),
        jobs=jobs.rounds(board=board, reminder=reminder, zone=zone),
        waits=board.waits,
    )

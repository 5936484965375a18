"""By the clock: who has a task hears of its day."""

from datetime import datetime, tzinfo

from handlers.task.service import Board
from scheduler.job import Job
from scheduler.reminders import Reminder


def rounds(*, board: Board, reminder: Reminder, zone: tzinfo) -> tuple[Job, ...]:
    """The jobs of tasks."""

    def remind(now: datetime) -> None:
        reminder(board.pending(), now.astimezone(zone).date())

    return (Job(id="task.reminder", cron="30 8 * * *", run=remind),)

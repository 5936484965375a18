"""By the clock: who sees to a measure, or could verify it, hears of the day that was named."""

from datetime import datetime, tzinfo

from handlers.measure.service import Work
from scheduler.job import Job
from scheduler.reminders import Reminder


def rounds(*, work: Work, reminder: Reminder, zone: tzinfo) -> tuple[Job, ...]:
    """The jobs of measures."""

    def remind(now: datetime) -> None:
        today = now.astimezone(zone).date()
        reminder(work.pending(today, again_after=reminder.escalates_after), today)

    return (Job(id="measure.reminder", cron="30 8 * * *", run=remind),)

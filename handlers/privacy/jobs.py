"""By the clock: what has had its time is forgotten."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

from scheduler.job import Job

Dropped = tuple[Callable[[date], object], int]  # what forgets all before a day, and how many days are kept


def tidy(
    *,
    corrections: Dropped,
    tries: Dropped,
    tries_of_the_gone: Dropped,
    lines: Callable[[datetime], object],
    zone: tzinfo,
) -> Job:
    """Every night; what one night didn't, the next one does."""

    def run(now: datetime) -> None:
        today = now.astimezone(zone).date()
        for drop, days in (corrections, tries, tries_of_the_gone):
            drop(today - timedelta(days=days))
        lines(now)

    return Job(id="privacy.tidy", cron="55 3 * * *", run=run, late_by_seconds=20 * 3600)

"""What happens to changes of the pack by the clock."""

from datetime import datetime

from handlers.pack.service import Desk
from scheduler.job import Job


def tidying(desk: Desk) -> tuple[Job, ...]:
    """Drafts that nobody goes on with are let go, and what a dead writer left is noted."""

    def tidy(now: datetime) -> None:
        desk.settle()
        desk.changes.forget(now)

    return (Job(id="pack.tidy", cron="50 3 * * *", run=tidy),)

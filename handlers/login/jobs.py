"""Sessions that are over are forgotten."""

from datetime import datetime

from scheduler.job import Job
from storage.sessions import Sessions


def drop_ended(sessions: Sessions) -> Job:
    """Every night."""

    def run(now: datetime) -> None:
        sessions.drop_ended(now=now)

    return Job(id="login.drop_ended", cron="20 3 * * *", run=run, late_by_seconds=20 * 3600)

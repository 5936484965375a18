"""Sessions that are over and tries that nobody repeated are forgotten."""

from datetime import datetime

from handlers.entrance import Entrance
from scheduler.job import Job


def drop_ended(entrance: Entrance) -> Job:
    """Every night, by the entrance's own clock: the sandbox's may have been moved, and who sits there hasn't."""

    def run(_now: datetime) -> None:
        now = entrance.clock()
        entrance.sessions.drop_ended(now=now)
        entrance.tries.drop_old(now=now)

    return Job(id="account.drop_ended", cron="35 3 * * *", run=run, late_by_seconds=20 * 3600)

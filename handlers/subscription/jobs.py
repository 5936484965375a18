"""Who left is forgotten when the promised days are over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.job import Job
from storage.people import People


def forget_the_parted(*, people: People, erase: Callable[[str], None], zone: ZoneInfo, keep_days: int) -> Job:
    """Erase, every night, the persons whose last contact left more than `keep_days` ago and whom no roster names."""

    def run(now: datetime) -> None:
        for person in people.parted_before(now.astimezone(zone).date() - timedelta(days=keep_days)):
            erase(person)

    return Job(id="subscription.forget", cron="10 3 * * *", run=run, late_by_seconds=20 * 3600)

"""By the clock: what was told before it could be understood is looked at again."""

from scheduler.job import Job
from storage.receipts import Receipts


def rounds(receipts: Receipts) -> tuple[Job, ...]:
    """The job of the receipts."""
    return (Job(id="receipts.again", cron="* * * * *", run=lambda now: receipts.again(now=now)),)

"""By the clock: the trail is verified, and who was erased stands in the file beside the database."""

from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from scheduler.job import Job
from scheduler.reminders import Tell
from storage.audit import Audit


def rounds(
    audit: Audit,
    *,
    auditors: Callable[[], Collection[str]],
    tell: Tell,
    broken: str,
    write_erasures: Callable[[], None],
) -> tuple[Job, ...]:
    """The jobs; `auditors` gives the persons who are told in the words `broken` that the trail doesn't hold.

    What is logged has the last entry's hash: kept with the logs, it tells later whether the end was cut off.
    """
    log = structlog.get_logger("trail")

    def verify(now: datetime) -> None:
        verdict = audit.verify()
        if verdict.broken is None:
            log.info("trail holds", entries=verdict.entries, head=verdict.head)
            return
        log.error("trail broken", entry=verdict.broken.sequence, fault=verdict.broken.fault, entries=verdict.entries)
        for person in auditors():
            tell(person, broken.format(verdict.broken.sequence), f"trail:broken:{now.date()}")

    return (
        Job(id="trail.verify", cron="40 3 * * *", run=verify),
        Job(id="trail.erasures", cron="10 3 * * *", run=lambda _: write_erasures()),
    )

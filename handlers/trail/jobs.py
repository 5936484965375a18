"""By the clock: the trail is verified step by step, and who was erased stands in the file beside the database."""

from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from scheduler.job import Job
from scheduler.reminders import Tell
from storage.audit_walks import Walks


def rounds(
    walks: Walks,
    *,
    auditors: Callable[[], Collection[str]],
    tell: Tell,
    broken: str,
    write_erasures: Callable[[], None],
) -> tuple[Job, ...]:
    """The jobs; `auditors` gives the persons who are told in the words `broken` that the trail doesn't hold.

    Each night a walk along the whole chain begins. When it has ended, the last entry's hash is logged: kept with the
    logs, it tells later whether the end was cut off.
    """
    log = structlog.get_logger("trail")

    def verify(now: datetime) -> None:
        for walk in walks.step(now=now):
            if walk.broken is None:
                log.info("trail holds", entries=walk.verdict.entries, head=walk.verdict.head)
                continue
            entry, fault = walk.broken
            log.error("trail broken", entry=entry, fault=fault, entries=walk.verdict.entries)
            for person in auditors():
                tell(person, broken.format(entry), f"trail:broken:{now.date()}")

    return (
        Job(id="trail.whole", cron="40 3 * * *", run=lambda now: _begin(walks, now)),
        Job(id="trail.verify", cron="* * * * *", run=verify, late_by_seconds=60),
        Job(id="trail.erasures", cron="10 3 * * *", run=lambda _: write_erasures()),
    )


def _begin(walks: Walks, now: datetime) -> None:
    walks.ask(now=now)

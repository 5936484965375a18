"""What members' own acts allow us, brought from the turns to SQL in batches."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from scheduler.job import Job
from storage import redis
from storage.people import People, Window

AT_ONCE = 500


class Notes(Protocol):
    """Where turns leave their notes (`storage.inbox`)."""

    def take_notes(self, *, now: datetime) -> list[bytes]:
        """All notes since the last time."""


class Windows:
    """Opens the windows that the turns' notes speak of; notes that get lost cost a member a later channel, no more."""

    def __init__(
        self, notes: Notes, people: People, *, read: Callable[[Sequence[bytes]], Mapping[str, Window]]
    ) -> None:
        self._notes = notes
        self._people = people
        self._read = read
        self._log = structlog.get_logger("windows")

    def flush(self, now: datetime) -> None:
        """Write down what there is; without Redis there is nothing."""
        try:
            notes = self._notes.take_notes(now=now)
        except redis.Gone as gone:
            self._log.warning("no redis", error=type(gone).__name__)
            return
        for start in range(0, len(notes), AT_ONCE):
            self._people.open_windows(self._read(notes[start : start + AT_ONCE]))

    def job(self) -> Job:
        """Every five minutes, so that what lies in Redis stays small; the planner flushes by itself before it plans."""
        return Job(id="windows", cron="*/5 * * * *", run=self.flush, late_by_seconds=300)

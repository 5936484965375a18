"""The night's folding: what is long over keeps its numbers, and the database stays small."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog

from scheduler.job import Job
from storage.folding import Folding


class Night:
    """Folds the runs that ended so many days ago, but for those by whose digests people are still chosen."""

    def __init__(self, folding: Folding, *, keep_days: int, asked: Callable[[], Collection[str]]) -> None:
        self._folding = folding
        self._keep_days = keep_days
        self._asked = asked
        self._log = structlog.get_logger("push")

    def run(self, now: datetime) -> None:
        """Fold what has come of age."""
        before = now - timedelta(days=self._keep_days)
        folded = self._folding.fold(before=before, but=self._asked(), now=now)
        if folded:
            self._log.info("deliveries folded", rows=folded)

    def job(self) -> Job:
        """Every night; what one night didn't, the next one does."""
        return Job(id="push.fold", cron="50 3 * * *", run=self.run, late_by_seconds=20 * 3600)

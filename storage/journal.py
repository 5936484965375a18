"""SQLite's journal, brought into its file beside whoever writes.

A commit that does it by itself holds all writers up until the disk has it: with 20 000 members who all ask, a quarter
of the machine stood idle (docs/decisions/0097).
"""

import threading
from pathlib import Path

import sqlalchemy as sa
import structlog

from storage import trouble
from storage.db import Database

EVERY_SECONDS = 0.5


class Journal:
    """A thread that does it twice a second while there is something. PostgreSQL needs none."""

    def __init__(self, db: Database, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._db = db
        self._every_seconds = every_seconds
        self._ending = threading.Event()
        self._log = structlog.get_logger("journal")

    def start(self) -> None:
        """Begin."""
        if self._db.is_sqlite:
            threading.Thread(target=self._run, name="journal", daemon=True).start()

    def stop(self) -> None:
        """Do no more."""
        self._ending.set()

    def _run(self) -> None:
        seen = 0
        while not self._ending.wait(self._every_seconds):
            changed = self._changed_at()
            if changed == seen:
                continue
            try:
                self._db.write_back()
            except (sa.exc.SQLAlchemyError, OSError) as error:
                self._log.warning("journal stays", error=trouble.named(error))
            seen = changed

    def _changed_at(self) -> int:
        """Nanoseconds since 1970, 0 where there is none."""
        try:
            return Path(f"{sa.make_url(self._db.url).database}-wal").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

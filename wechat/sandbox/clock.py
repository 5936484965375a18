"""A clock that can be moved forward, for every process that shares its file."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

FILE = "sandbox-time"  # in the storage folder: by how many seconds time was moved


class MovedClock:
    """The true time and what it was moved by; whoever reads the same file agrees, and a restart keeps it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._file = folder / FILE
        self._clock = clock
        self._read_at = 0
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """The time it is."""
        return self._clock() + self._moved_by()

    def advance(self, seconds: float) -> datetime:
        """Let so much time pass at once; returns the new time."""
        self._write(self._moved_by().total_seconds() + seconds)
        return self()

    def set(self, to: datetime) -> None:
        """Let it be another time, earlier or later: only before anything has happened in it."""
        self._write((to - self._clock()).total_seconds())

    def _write(self, seconds: float) -> None:
        written = self._file.with_suffix(".new")
        written.write_text(f"{seconds}\n")
        written.replace(self._file)

    def _moved_by(self) -> timedelta:
        try:
            changed_at = os.stat(self._file).st_mtime_ns  # noqa: PTH116 (a Path costs as much again, for each message)
        except FileNotFoundError:
            return timedelta()
        if changed_at != self._read_at:
            self._ahead, self._read_at = timedelta(seconds=float(self._file.read_text())), changed_at
        return self._ahead

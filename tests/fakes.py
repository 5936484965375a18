"""Stand-ins that keep the rules of what they stand for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Shelf:
    """A token store in this process; `away` makes it one that is not there."""

    def __init__(self, *, away: bool = False) -> None:
        self.value: str | None = None
        self.away = away
        self._lock = threading.Lock()

    def get(self) -> str | None:
        return self.value

    def put(self, value: str, *, seconds: int) -> None:  # noqa: ARG002 — nothing here grows old
        self.value = None if self.away else value

    @contextmanager
    def lock(self, *, hold_seconds: float, wait_seconds: float) -> Iterator[bool]:  # noqa: ARG002
        if self.away:
            yield False
        else:
            with self._lock:
                yield True

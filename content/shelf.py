"""The newest good pack, always at hand: changes are taken within two seconds, bad ones never."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

import structlog

from content import files, last_good, library
from content.agreement import Known
from content.compiled import Compiled
from content.faults import BadContent, Finding
from content.files import Stamp
from content.library import Library

PAUSE_SECONDS = 0.4


class Holds(Protocol):
    """What has a pack at hand."""

    def current(self) -> Library:
        """Give it."""

    def say(self, key: str, /, **values: Any) -> str:
        """Give a phrase of it."""


@dataclass(frozen=True, slots=True)
class Still:
    """A pack that stays as it is, at hand as one of a shelf."""

    library: Library

    def current(self) -> Library:
        """Give it."""
        return self.library

    def say(self, key: str, /, **values: Any) -> str:
        """Give a phrase of it."""
        return self.library.say(key, **values)


class Shelf:
    """Holds the pack of a folder.

    Where that is bad to begin with, the last good one that was kept in the file `spare` serves, and `fault` says what
    is wrong; with none, `BadContent` is raised. What stands in `previous` as it stands in the folder is not read again.
    Large banks are `compiled`. `is_reading` while a change is read, which for a large bank takes a minute or more.
    """

    def __init__(
        self,
        folder: Path,
        *,
        zone: tzinfo,
        clock: Callable[[], datetime],
        known: Known | None = None,
        spare: Path | None = None,
        compiled: Compiled | None = None,
        previous: Library | None = None,
        on_change: Callable[[Library], None] | None = None,
    ) -> None:
        self._folder = folder
        self._spare = spare
        self._compiled = compiled
        self._zone = zone
        self._clock = clock
        self._known = known
        self._on_change = on_change
        self._log = structlog.get_logger("content")
        self._stopped = threading.Event()
        self._seen = self._tried = files.scan(folder)
        self.fault: list[Finding] | None = None
        self.is_reading = False
        self._library = self._opened(previous)
        self.changed_at = clock()

    def current(self) -> Library:
        """Give the newest good pack."""
        return self._library

    def say(self, key: str, /, **values: Any) -> str:
        """Give a phrase of the newest good pack."""
        return self._library.say(key, **values)

    def _opened(self, previous: Library | None) -> Library:
        try:
            made = self._load(previous)
        except BadContent as bad:
            spare = self._last_good()
            if spare is None:
                raise
            self.fault = bad.faults
            self._log.warning("the last good content serves", faults=len(bad.faults), first=str(bad.faults[0]))
            return spare
        self._keep(self._seen)
        return made

    def _load(self, previous: Library | None) -> Library:
        return library.load(
            self._folder, zone=self._zone, previous=previous, known=self._known, compiled=self._compiled
        )

    def _last_good(self) -> Library | None:
        if self._spare is None:
            return None
        return last_good.load(self._spare, zone=self._zone, known=self._known, compiled=self._compiled)

    def _keep(self, seen: Mapping[str, Stamp]) -> None:
        if self._spare is None:
            return
        try:
            last_good.keep(self._folder, seen, at=self._spare)
        except OSError as error:
            self._log.warning("good content not kept", error=type(error).__name__)

    def watch(self) -> None:
        """Start taking changes, in a thread that ends with the program."""
        threading.Thread(target=self._watch, name="content", daemon=True).start()

    def stop(self) -> None:
        """Take no more changes."""
        self._stopped.set()

    def look(self) -> None:
        """Look at the folder once: a state that was there at the last look too, and is new, is tried."""
        seen = files.scan(self._folder)
        if seen == self._seen and seen != self._tried:
            self._try(seen)
        self._seen = seen

    def _watch(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the watch must outlive a disk that is away for a moment
                self._log.error("content not looked at", error=type(error).__name__)

    def _try(self, seen: Mapping[str, Stamp]) -> None:
        self._tried, self.is_reading = dict(seen), True
        try:
            self._library = self._load(self._library)
        except BadContent as bad:
            self.fault = bad.faults
            self._log.warning("content change not taken", faults=len(bad.faults), first=str(bad.faults[0]))
            return
        finally:
            self.is_reading = False
        self.fault = None
        self.changed_at = self._clock()
        self._keep(seen)
        self._log.info("content change taken", files=len(seen))
        if self._on_change:
            self._on_change(self._library)

"""Which run a key names, be it written or not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from content.broadcasts import Broadcast
from content.library import Library
from scheduler import reasons
from scheduler.timetable import Timetable
from storage.runs import Run, Runs


class NoSuchBroadcast(LookupError):
    """Neither a broadcast of the pack nor one of its runs has this key."""


class Folded(NoSuchBroadcast):
    """The run is long over, and of it only numbers are kept: who has heard it isn't known, so it isn't sent again."""


class OnlyByHand(NoSuchBroadcast):
    """A correction that names no time is sent when somebody says so, and not before."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The run that a key names."""

    broadcast: Broadcast
    key: str
    due_at: datetime
    is_provisional: bool = False


class Naming:
    """A `key` is a broadcast's (`daily-digest`: today's run, else the next) or a run's (`daily-digest:2026-11-23`)."""

    def __init__(self, store: Runs, timetable: Timetable, *, library: Callable[[], Library], zone: ZoneInfo) -> None:
        self._store = store
        self._timetable = timetable
        self._library = library
        self._zone = zone

    def found(self, key: str) -> Run:
        """The run that is written under the key, of a broadcast its newest."""
        run = self._store.run(key) or next(iter(self._store.runs(broadcast=key, limit=1)), None)
        if run is None:
            raise NoSuchBroadcast(key)
        return run

    def meant(self, key: str, now: datetime) -> Meant:
        """Today's run of a broadcast, on a day without its time the next one; or the run of this key."""
        name, _, written = key.partition(":")
        broadcast = self._library().broadcasts.get(name)
        if broadcast is None:
            raise NoSuchBroadcast(key)
        known = self._store.run(key)
        if known is not None:
            return Meant(broadcast, key, known.due_at)
        if broadcast.is_only_by_hand:
            raise OnlyByHand(key)
        today = now.astimezone(self._timetable.zone_of(broadcast)).date()
        times = self._timetable.on(broadcast, _day(written) or today)
        if written:
            times = [firing for firing in times if firing.key == key]
        past = [firing for firing in times if firing.due_at <= now]
        firing = next(iter(past[-1:] or times[:1]), None) or (None if written else self._timetable.next(broadcast, now))
        if firing is None:
            raise NoSuchBroadcast(key)
        return Meant(broadcast, firing.key, firing.due_at, firing.is_provisional)

    def by_hand(self, key: str, now: datetime) -> Meant:
        """What is sent now: a run whose time has come, else one of its own that leaves the one to come as it is.

        A run that was stopped for good is never gone on with. A correction is said once: it has one run and no other.
        """
        broadcast = self._library().broadcasts.get(key.partition(":")[0])
        if broadcast is not None and broadcast.corrects:
            return self._correction(broadcast, key, now)
        meant = self.meant(key, now)
        if meant.due_at <= now and not self._is_stopped(meant.key):
            return meant
        first = f"{meant.broadcast.key}:{now.astimezone(self._zone):%Y-%m-%d}-by-hand"
        keys = (first if number == 1 else f"{first}-{number}" for number in count(1))
        free = next(each for each in keys if not self._is_stopped(each))
        known = self._store.run(free)
        return Meant(meant.broadcast, free, known.due_at if known else now)

    def _correction(self, broadcast: Broadcast, key: str, now: datetime) -> Meant:
        if broadcast.is_only_by_hand:
            only = f"{broadcast.key}:by-hand"
            known = self._store.run(only)
            return Meant(broadcast, only, known.due_at if known else now)
        meant = self.meant(key, now)
        return Meant(broadcast, meant.key, min(meant.due_at, now))

    def mind_folded(self, key: str) -> None:
        """Raise Folded where only the numbers of a run are known."""
        run = self._store.run(key)
        if run is not None and run.folded_at:
            raise Folded(key)

    def _is_stopped(self, key: str) -> bool:
        run = self._store.run(key)
        return run is not None and run.reason in reasons.STOPPED


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None

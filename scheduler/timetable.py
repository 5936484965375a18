"""When a broadcast goes out: its firings, each with the key of its run and the moment that this key stands for."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from content.broadcasts import Broadcast
from scheduler.workdays import Workdays

SPANS = (
    timedelta(days=1),
    timedelta(days=8),
    timedelta(days=32),
    timedelta(days=9 * 366),
)  # in which a firing is sought

A_MINUTE = timedelta(minutes=1)


class Fires(Protocol):
    """Reads a crontab line (`scheduler.clock.fires`)."""

    def __call__(self, cron: str, after: datetime, until: datetime, /, *, zone: ZoneInfo) -> Sequence[datetime]:
        """Give its times in a zone after the first moment, up to and with the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One time of a broadcast. `is_provisional`: the holidays of its year aren't known, so the day may yet change."""

    key: str
    due_at: datetime
    is_provisional: bool = False


class Timetable:
    """Firings in the order of their times.

    A broadcast that names no zone is in `zone`; so are the days of the calendar for all.
    """

    def __init__(self, fires: Fires, *, zone: ZoneInfo, workdays: Workdays) -> None:
        self._fires = fires
        self._zone = zone
        self._workdays = workdays

    def zone_of(self, broadcast: Broadcast) -> ZoneInfo:
        """Whose days and hours are meant by what it says of time."""
        return broadcast.zone or self._zone

    def between(self, broadcast: Broadcast, after: datetime, until: datetime) -> list[Firing]:
        """Those after the first moment, up to and with the second."""
        found = map(self._firing(broadcast), self._written(broadcast, after - broadcast.jitter, until))
        return sorted((each for each in found if after < each.due_at <= until), key=lambda each: each.due_at)

    def on(self, broadcast: Broadcast, day: date) -> list[Firing]:
        """Those of a day in its zone."""
        midnight = datetime.combine(day, time(), self.zone_of(broadcast))
        until = midnight + timedelta(days=1, seconds=-1)
        return [*map(self._firing(broadcast), self._written(broadcast, midnight - timedelta(seconds=1), until))]

    def next(self, broadcast: Broadcast, now: datetime) -> Firing | None:
        """Its next one; of a broadcast that was meant for a moment in the past, that one."""
        if broadcast.at is not None:
            return self._firing(broadcast)(broadcast.at)
        return next((found[0] for span in SPANS if (found := self.between(broadcast, now, now + span))), None)

    def before(self, broadcast: Broadcast, due: datetime) -> datetime:
        """The time of the firing before that moment; a day before it where there is none."""
        until = due - timedelta(seconds=1)
        found = (self.between(broadcast, due - span, until) for span in SPANS)
        return next((some[-1].due_at for some in found if some), due - timedelta(days=1))

    def _written(self, broadcast: Broadcast, after: datetime, until: datetime) -> Sequence[datetime]:
        """The times as the file has them."""
        if broadcast.at is not None:
            return [broadcast.at] if after < broadcast.at <= until else []
        if broadcast.schedule is None:
            return []
        times = self._fires(broadcast.schedule, after, until, zone=self.zone_of(broadcast))
        return [each for each in times if self._workdays.is_workday(self._day(each))] if broadcast.workdays else times

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _firing(self, broadcast: Broadcast) -> Callable[[datetime], Firing]:
        def firing(written: datetime) -> Firing:
            key = self._key(broadcast, written)
            is_provisional = broadcast.workdays and self._workdays.is_provisional(self._day(written))
            return Firing(key=key, due_at=written + _late(key, broadcast.jitter), is_provisional=is_provisional)

        return firing

    def _key(self, broadcast: Broadcast, written: datetime) -> str:
        """The day tells a run of one broadcast from another; of those with several a day, the minute does."""
        minute, hour = (broadcast.schedule or "0 0 * * *").split()[:2]
        once_a_day = minute.isdecimal() and hour.isdecimal()
        local = written.astimezone(self.zone_of(broadcast))
        return f"{broadcast.key}:{local:{'%Y-%m-%d' if once_a_day else '%Y-%m-%dT%H%M'}}"


def _late(key: str, jitter: timedelta) -> timedelta:
    """So many whole minutes, the same whenever and wherever they are computed.

    Later and never earlier: news for eight o'clock is in the push of eight o'clock.
    """
    drawn = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())
    return drawn % (jitter // A_MINUTE + 1) * A_MINUTE

"""What holds for everybody, whatever a pack says: hours of quiet, and a number of pushes a day."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


class QuietHours(Exception):
    """Nobody is bothered before `until`, unless somebody says that it must be."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """Quiet from `quiet_from` to `quiet_until` in `zone`, over midnight too; never where the two are equal.

    A person is pushed at most `a_day` times between midnights; None: as often as there is something.
    """

    zone: ZoneInfo
    quiet_from: time = time()
    quiet_until: time = time()
    a_day: int | None = None

    def next_allowed(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet that it lies in."""
        begin, end = self.quiet_from, self.quiet_until
        local = moment.astimezone(self.zone)
        since_midnight = local.time()
        if begin <= end:
            is_quiet, next_day = begin <= since_midnight < end, 0
        else:
            is_quiet, next_day = since_midnight >= begin or since_midnight < end, int(since_midnight >= begin)
        return datetime.combine(local.date() + timedelta(days=next_day), end, self.zone) if is_quiet else moment

    def is_quiet(self, moment: datetime) -> bool:
        """Whether a moment lies in the quiet hours."""
        return self.next_allowed(moment) != moment

    def midnight_before(self, moment: datetime) -> datetime:
        """When the day of a moment began."""
        return datetime.combine(moment.astimezone(self.zone).date(), time(), self.zone)

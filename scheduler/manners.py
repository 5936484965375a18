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
        quiet = self.quiet(moment)
        return quiet[1] if quiet else moment

    def is_quiet(self, moment: datetime) -> bool:
        """Whether a moment lies in the quiet hours."""
        return self.quiet(moment) is not None

    def quiet(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """From when to when it is quiet around a moment; None where it isn't."""
        local = moment.astimezone(self.zone)
        over_midnight = self.quiet_from > self.quiet_until
        is_late, is_early = local.time() >= self.quiet_from, local.time() < self.quiet_until
        if not (is_late or is_early if over_midnight else is_late and is_early):
            return None
        began = local.date() - timedelta(days=int(over_midnight and not is_late))
        ends = began + timedelta(days=int(over_midnight))
        return (
            datetime.combine(began, self.quiet_from, self.zone),
            datetime.combine(ends, self.quiet_until, self.zone),
        )

    def next_quiet(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The quiet around a moment, else the next one; None where it is never quiet."""
        if self.quiet_from == self.quiet_until:
            return None
        local = moment.astimezone(self.zone)
        later = (datetime.combine(local.date() + timedelta(days=n), self.quiet_from, self.zone) for n in (0, 1))
        return self.quiet(moment) or self.quiet(next(each for each in later if each >= moment))

    def next_day(self, moment: datetime) -> datetime:
        """When on the day after that of a moment somebody may first be bothered."""
        return self.next_allowed(self.midnight_before(moment) + timedelta(days=1))

    def midnight_before(self, moment: datetime) -> datetime:
        """When the day of a moment began."""
        return datetime.combine(moment.astimezone(self.zone).date(), time(), self.zone)

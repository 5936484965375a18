"""Who is told that the trail doesn't hold, or that nobody has looked for too long."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from content.roles import SEPARATED, Duty
from handlers.feature import Waiting
from handlers.trail import engine
from scheduler.staff import Staff
from storage.audit_walks import Standing, Walks

PAGE = "/admin/trail/chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the clock has found out about the chain, and who has to know."""

    walks: Walks
    staff: Staff
    clock: Callable[[], datetime]
    zone: ZoneInfo
    words: Mapping[str, Any]

    def today(self) -> date:
        """The day it is here."""
        return self.clock().astimezone(self.zone).date()

    def unseen_for(self, standing: Standing) -> int | None:
        """For how many days nobody has verified the whole chain; None where that is not too long."""
        began = standing.last.began if standing.last else self.walks.first_noted()
        days = (self.today() - began.astimezone(self.zone).date()).days if began else 0
        return days if engine.is_too_long(days) else None

    def warns(self, name: str) -> Sequence[Waiting]:
        """The same for an account: the administrators and whoever works for the whole house hear of it."""
        powers = self.staff.powers().get(name)
        if powers is None or not (powers.is_everywhere or any(map(powers.may, SEPARATED))):
            return ()
        said = self._said(self.walks.standing())
        link = PAGE if powers.may(Duty.AUDIT) else ""
        return [Waiting(count=1, said=said, link=link, is_late=True)] if said else ()

    def _said(self, standing: Standing) -> str:
        if standing.last is None:
            return ""  # its first walk is under way, or no clock is at work, which the page and the doctor tell
        if standing.last.broken:
            return str(self.words["alarm"]["broken"]).format(standing.last.broken.sequence)
        days = self.unseen_for(standing)
        return str(self.words["alarm"]["unseen"]).format(days) if days else ""

    def auditors(self) -> Collection[str]:
        """The persons of those who audit, as far as they said who they are."""
        auditing = self.staff.reaches(Duty.AUDIT)
        return [who for name, who in self.staff.persons().items() if name in auditing]

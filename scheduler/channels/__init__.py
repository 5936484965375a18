"""The ways to a person, one file each: to whom they are open, and the sending.

To whom a channel is open it says once, as an `Opening` (`storage.openings`): the accounts that have the right, and what
must hold of a contact there. The planner has the database ask that of everybody in one statement, and so does the
forecast, and whoever looks for another channel for one person: nothing else decides it.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from scheduler import reasons
from storage.deliveries import Parcel
from storage.openings import Opening
from storage.runs import Run
from storage.wording import Content
from wechat.bulk import Job, Outcome
from wechat.capabilities import Capability, may
from wechat.errors import Misconfigured, WeChatError
from wechat.messages import News, Notice, TemplateMessage
from wechat.settings import AccountSettings


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a parcel: no error means that it was sent."""

    parcel: Parcel
    message_id: str = ""
    error: WeChatError | None = None


class Channel(Protocol):
    """One way to a person.

    `repeatable` says whether what was in hand at a kill may be sent again without reaching anybody twice.
    """

    @property
    def name(self) -> str:
        """What broadcasts call it."""

    @property
    def repeatable(self) -> bool:
        """At least once, or at most once."""

    @property
    def waits(self) -> bool:
        """Whether it bothers nobody: it waits until they come by themselves."""

    def opening(self, content: Content) -> Opening:
        """To which contacts the platform allows it, for a run that says this."""

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:
        """Send to contacts of one account; each ending as soon as it is known, none raised."""

    def spends(self, content: Content) -> Mapping[str, Any]:
        """What the platform counts for one that was sent, as fields of `Settled`."""


class Sender(Protocol):
    """Many sends in flight by one account (`wechat.bulk.Bulk`)."""

    def send(self, jobs: Iterable[Job]) -> AsyncGenerator[Outcome, None]:
        """Each job's outcome as soon as it is known."""


def with_right(accounts: Mapping[str, AccountSettings], right: Capability) -> frozenset[str]:
    """The accounts to which the platform grants a right."""
    return frozenset(name for name, account in accounts.items() if may(account, right))


async def post(
    sender: Sender | None, parcels: Sequence[Parcel], what: Callable[[Parcel], str | News | Notice | TemplateMessage]
) -> AsyncGenerator[Ended, None]:
    """Send what `what` makes of each parcel; an account that is no longer configured stops the run."""
    if sender is None:
        for parcel in parcels:
            yield Ended(parcel, error=Misconfigured(None, reasons.NO_ACCOUNT.format(account=parcel.account)))
        return
    waiting = {parcel.person: parcel for parcel in parcels}
    jobs = [Job(parcel.person, parcel.openid, what(parcel)) for parcel in parcels]
    async with aclosing(sender.send(jobs)) as outcomes:
        async for outcome in outcomes:
            yield Ended(waiting[str(outcome.id)], outcome.message_id, outcome.error)

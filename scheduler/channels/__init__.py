"""The ways to a person, one file each: which of them are open now, and the sending."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from scheduler import reasons
from storage.broadcasts import Content, Parcel, Reach, Run
from wechat.bulk import Job, Outcome
from wechat.errors import Misconfigured, WeChatError
from wechat.messages import News, Notice


class Closed(StrEnum):
    """Why a channel doesn't lead to a contact now."""

    ACCOUNT = "account"  # the account has no right to it
    TEMPLATE = "template"  # the broadcast names none
    CREDIT = "credit"
    WINDOW = "window"


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

    def can(self, reach: Reach, content: Content, *, now: datetime) -> Closed | None:
        """Why not, or None when the platform allows it."""

    def send(self, parcels: Sequence[Parcel], run: Run, *, batch: str, now: datetime) -> AsyncGenerator[Ended, None]:
        """Send to contacts of one account; each ending as soon as it is known, none raised."""

    def spends(self, content: Content) -> Mapping[str, Any]:
        """What the platform counts for one that was sent, as fields of `Settled`."""


class Sender(Protocol):
    """Many sends in flight by one account (`wechat.bulk.Bulk`)."""

    def send(self, jobs: Iterable[Job]) -> AsyncGenerator[Outcome, None]:
        """Each job's outcome as soon as it is known."""


async def post(
    sender: Sender | None, parcels: Sequence[Parcel], what: Callable[[Parcel], str | News | Notice]
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

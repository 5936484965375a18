"""Mass sends (wechat-platform notes §3.5): one call for up to ten thousand people; `scheduler.herald` makes them."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler import reasons
from scheduler.channels import Ended, with_right
from storage.deliveries import MASS, Parcel
from storage.mass_jobs import MassJobs
from storage.openings import MassLeft, Opening
from storage.runs import Run
from storage.wording import Content
from wechat.capabilities import Capability
from wechat.errors import Misconfigured
from wechat.settings import AccountSettings


class MassChannel:
    """Nobody is sent to alone: the rows of this channel are gathered into jobs (`storage.mass_jobs`)."""

    name = MASS
    repeatable = False
    waits = False

    def __init__(
        self, accounts: Mapping[str, AccountSettings], masses: MassJobs, *, clock: Callable[[], datetime]
    ) -> None:
        self._accounts = accounts
        self._masses = masses
        self._clock = clock

    def opening(self, content: Content) -> Opening:  # noqa: ARG002 - any words may be sent
        """Verified service accounts that may still send today, to who has had fewer than four this month."""
        able = with_right(self._accounts, Capability.MASS_TO_LIST) - self._masses.spent(now=self._clock())
        return Opening(channel=self.name, accounts=able, needs=(MassLeft(),))

    async def send(
        self,
        parcels: Sequence[Parcel],
        run: Run,  # noqa: ARG002 - never asked
        *,
        batch: str,  # noqa: ARG002 - never asked
        now: datetime,  # noqa: ARG002 - never asked
    ) -> AsyncGenerator[Ended, None]:
        """Refuse: none of them is ever taken one by one."""
        for parcel in parcels:
            yield Ended(parcel, error=Misconfigured(None, reasons.NOT_ALONE))

    def spends(self, content: Content) -> Mapping[str, Any]:  # noqa: ARG002 - whatever was said
        """Counted with the job."""
        return {}

"""Mass sends (wechat-platform notes §3.5): one call reaches many; `scheduler.herald` makes them.

A service account sends to a list of up to ten thousand. A subscription account can only send to all of its followers or
to those with one tag, once a day: there a broadcast goes this way whose audience is just that.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler import reasons
from scheduler.channels import Ended, with_right
from storage.deliveries import MASS, Parcel
from storage.mass_jobs import MassJobs
from storage.openings import Bears, Closed, MassLeft, Need, Never, Opening
from storage.runs import Run
from storage.wording import Content
from wechat.capabilities import Capability
from wechat.errors import Misconfigured
from wechat.settings import AccountSettings

A_DAY = {"service": 100, "subscription": 1}  # calls of an account


def to_all_only(accounts: Mapping[str, AccountSettings]) -> frozenset[str]:
    """The accounts that can't send to a list: only to everybody, or to one tag."""
    return with_right(accounts, Capability.MASS) - with_right(accounts, Capability.MASS_TO_LIST)


def tag_of(content: Content) -> str | None:
    """The tag whose bearers a run means on an account, "" where it means everybody there; None where neither.

    What is said in other words to some of them can't be said to all at once.
    """
    varied = any(each.where for each in content.variants if not each.channels or MASS in each.channels)
    if varied or content.topics or content.organisations or content.corrects:
        return None
    if not content.where:
        return ""
    tags = content.where.get("tags", ())
    return str(tags[0]) if content.where.keys() == {"tags"} and len(tags) == 1 else None


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
        self._by_list = with_right(accounts, Capability.MASS_TO_LIST)
        self.whole = to_all_only(accounts)

    def opening(self, content: Content) -> Opening:
        """Verified service accounts, to who has had fewer than four this month; before all, those that send to all."""
        now = self._clock()
        spent = self._masses.spent(now=now)
        first = self._for_all(content, {*spent, *self._masses.called(now=now)}) if self.whole else None
        return Opening(
            channel=self.name, accounts=self._by_list, spent=spent & self._by_list, needs=(MassLeft(),), first=first
        )

    def _for_all(self, content: Content, spent: Collection[str]) -> Opening:
        tag = tag_of(content)
        needs: tuple[Need, ...] = () if tag == "" else (Never(Closed.WHOLE),) if tag is None else (Bears(tag),)
        return Opening(
            channel=self.name, accounts=self.whole, spent=self.whole.intersection(spent), needs=needs, for_all=True
        )

    def calls_left(self, *, now: datetime) -> Mapping[str, int]:
        """How many calls each account may make today, as far as we have counted."""
        called, spent = self._masses.called(now=now), self._masses.spent(now=now)
        return {
            name: 0 if name in spent else max(A_DAY[self._accounts[name].kind] - called.get(name, 0), 0)
            for name in self.whole | self._by_list
        }

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

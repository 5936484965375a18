"""What a run would leave of the accounts' quotas, and when the last would have it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from scheduler.manners import Manners
from storage.deliveries import MASS
from storage.mass_jobs import LIST
from wechat.api.account import Quota
from wechat.errors import WeChatError

# The call that each channel makes for one person (wechat-platform notes §2.3, §3): the platform counts it by the day.
CALLS: Mapping[str, str] = {
    "customer_service": "/cgi-bin/message/custom/send",
    "notice": "/cgi-bin/message/subscribe/bizsend",
    "mini_notice": "/cgi-bin/message/subscribe/send",
    "template_message": "/cgi-bin/message/template/send",
}
A_SECOND = 100.0
NIGHTS = 60  # that a run may take; more is no forecast


class Account(Protocol):
    """One account's own view (`wechat.api.account`)."""

    def quota(self, path: str) -> Quota:
        """What is left today of the API at `path`."""


@dataclass(frozen=True, slots=True)
class Left:
    """Calls that an account has left today for a channel, and after the run; None where nobody knows.

    A call reaches one person; a mass send's many.

    Where several accounts serve a channel nobody knows beforehand how many each will send.
    """

    account: str
    channel: str
    before: int | None
    after: int | None


class Outlook:
    """Asks the platform, and reckons with the pace that `[push]` allows to each channel of an account."""

    def __init__(
        self,
        accounts: Mapping[str, Account] | None = None,
        *,
        manners: Manners,
        a_second: float = A_SECOND,
        mass_calls: Callable[[datetime], Mapping[str, int]] = lambda _: {},
    ) -> None:
        self._accounts = accounts or {}
        self._manners = manners
        self._a_second = a_second
        self._mass_calls = mass_calls
        self._log = structlog.get_logger("push")

    def left(self, channels: Mapping[str, int], able: Mapping[str, Collection[str]]) -> Sequence[Left]:
        """What is left of each quota that so many by these channels would take; `able` are the channels' accounts."""
        return tuple(self._left({name: n for name, n in channels.items() if n and name in CALLS}, able))

    def mass_left(self, people: int, accounts: Collection[str], *, now: datetime) -> Sequence[Left]:
        """The same of mass sends, whose calls we count ourselves: one for as many people as a list may have."""
        known = self._mass_calls(now) if people else {}
        names = sorted(name for name in accounts if name in known)
        calls = -(-people // LIST[-1])
        return [Left(name, MASS, known[name], known[name] - calls if len(names) == 1 else None) for name in names]

    def _left(self, channels: Mapping[str, int], able: Mapping[str, Collection[str]]) -> Iterator[Left]:
        for channel, number in channels.items():
            names = sorted(name for name in able.get(channel, ()) if name in self._accounts)
            for name in names:
                before = self._asked(name, CALLS[channel])
                alone = before is not None and len(names) == 1
                yield Left(name, channel, before, before - number if alone and before is not None else None)

    def _asked(self, account: str, path: str) -> int | None:
        try:
            return self._accounts[account].quota(path).remain
        except WeChatError as error:
            self._log.warning("quota not known", account=account, error=type(error).__name__)
            return None

    def last_at(
        self, channels: Mapping[str, int], ahead: Mapping[str, int], *, begins: datetime, at_night: bool = False
    ) -> datetime | None:
        """When the last of so many by these channels would have it, after those `ahead` of them; None for nobody.

        Channels are sent by beside each other, each at its pace at most. A run rests in quiet hours, unless it goes on
        `at_night`.
        """
        slowest = max((n + ahead.get(name, 0) for name, n in channels.items() if n and name in CALLS), default=0)
        if not slowest:
            return None
        needs = timedelta(seconds=slowest / self._a_second)
        at = begins
        for _ in range(NIGHTS):
            night = None if at_night else self._manners.next_quiet(at)
            if night is None or at + needs <= night[0]:
                return at + needs
            needs -= max(night[0] - at, timedelta())
            at = night[1]
        return None

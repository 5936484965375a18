"""By the clock: the platform is asked who is known elsewhere, and codes that are over are forgotten."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from scheduler.job import Job
from storage.linking import Linking
from wechat.errors import WeChatError

AT_ONCE = 1000


class User(Protocol):
    """What the platform tells of one follower."""

    @property
    def openid(self) -> str:
        """The follower on this account."""

    @property
    def unionid(self) -> str:
        """The follower on all accounts of one owner; "" where there is none."""


class Asks(Protocol):
    """An official account's way to what the platform knows of its followers."""

    def users(self, openids: Iterable[str]) -> Iterator[User]:
        """Tell it of many, a hundred a call; raises `WeChatError`."""


def rounds(linking: Linking, accounts: Mapping[str, Asks]) -> tuple[Job, ...]:
    """The jobs of linking; without a mini-program `accounts` is empty, and nobody is asked."""
    log = structlog.get_logger("linking")

    def ask(now: datetime) -> None:  # noqa: ARG001 - a job
        for account, asks in accounts.items():
            waiting = {openid: contact for contact, openid in linking.unasked(account, most=AT_ONCE)}
            try:
                for user in asks.users(waiting):
                    linking.by_unionid(waiting[user.openid], user.unionid)
            except WeChatError as error:  # the next round asks again
                log.warning("not asked", account=account, errcode=error.errcode, error=type(error).__name__)

    def drop(now: datetime) -> None:
        linking.drop_ended(now=now)

    found = [Job(id="linking.drop_ended", cron="25 3 * * *", run=drop)]
    return (*found, *([Job(id="linking.unionids", cron="*/10 * * * *", run=ask)] if accounts else []))

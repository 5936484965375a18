"""The platform's tags, brought here once an hour: who bears those that broadcasts speak of."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from scheduler.job import Job
from storage.tags import Tags
from wechat.api.tags import Tag
from wechat.errors import WeChatError


class Asks(Protocol):
    """An account that can tell its followers' tags."""

    def tags(self) -> list[Tag]:
        """List the account's tags."""

    def bearers(self, tag: int) -> Iterator[str]:
        """Walk through the openids of a tag's followers."""


class TagRound:
    """Asks every account for the tags that are `wanted`. What the platform doesn't tell stays as it was known."""

    def __init__(self, store: Tags, accounts: Mapping[str, Asks], *, wanted: Callable[[], Collection[str]]) -> None:
        self._store = store
        self._accounts = accounts
        self._wanted = wanted
        self._log = structlog.get_logger("tags")

    def run(self, now: datetime) -> None:  # noqa: ARG002 - a job is told the time
        """Go round once."""
        wanted = self._wanted()
        self._store.forget_but(wanted)
        for account, asks in self._accounts.items() if wanted else ():
            try:
                self._renew(account, asks, wanted)
            except WeChatError as error:
                self._log.warning("tags not renewed", account=account, errcode=error.errcode)

    def _renew(self, account: str, asks: Asks, wanted: Collection[str]) -> None:
        """One whose tag was deleted there bears it no more."""
        ids = {tag.name: tag.id for tag in asks.tags()}
        for name in wanted:
            bearers = asks.bearers(ids[name]) if name in ids else iter(())
            self._store.renew(account, name, bearers, walk=secrets.token_hex(16))

    def job(self) -> Job:
        """Every hour, beside the full one."""
        return Job(id="tags", cron="17 * * * *", run=self.run)

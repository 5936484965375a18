"""Words to one person as soon as the platform allows: by customer-service message, else after the next answer."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from storage.people import People
from wechat.capabilities import Capability, may
from wechat.errors import Unsure, WeChatError
from wechat.settings import AccountSettings

KEPT_FOR = timedelta(days=30)


class Texter(Protocol):
    """Sends a customer-service message."""

    def send_text(self, openid: str, text: str) -> None:
        """Send words; raises `WeChatError`."""


class Tell:
    """Never says a thing twice: words that may have come are not said again."""

    def __init__(
        self,
        people: People,
        *,
        accounts: Mapping[str, AccountSettings],
        texters: Mapping[str, Texter],
        clock: Callable[[], datetime],
    ) -> None:
        self._people = people
        self._accounts = accounts
        self._texters = texters
        self._clock = clock
        self._log = structlog.get_logger("tell")

    def __call__(self, person: str, line: str, key: str, *, instead_of: str = "") -> None:
        """Bring `line` to a person on one of their contacts; `key` keeps it from being kept twice.

        Where it is kept, what waits under keys that begin with `instead_of` is out of date and goes.
        """
        for contact in self._people.contacts_of([person]):
            if self.send(contact.account, contact.openid, line):
                return
        self.keep(person, line, key, instead_of=instead_of)

    def send(self, account: str, openid: str, words: str) -> bool:
        """Whether they are sent, or may be. The platform knows best whether there is a window: SQL learns it late."""
        settings = self._accounts.get(account)
        if settings is None or not may(settings, Capability.CUSTOMER_SERVICE):
            return False
        try:
            self._texters[account].send_text(openid, words)
        except Unsure:
            return True
        except WeChatError as error:
            self._log.info("kept instead", errcode=error.errcode, error=type(error).__name__)
            return False
        return True

    def keep(self, person: str, words: str, key: str, *, instead_of: str = "") -> None:
        """Keep them for the next visit."""
        until = self._clock() + KEPT_FOR
        self._people.keep_line(person, key=key[:128], line=words, expires_at=until, instead_of=instead_of)

"""The rest of an answer: brought by a customer-service message where the account may, else kept for the next visit."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from storage.people import People, Who
from wechat.errors import Unsure, WeChatError
from wechat.settings import AccountSettings

THREADS = 4
MOST_WAITING = 200
KEPT_FOR = timedelta(days=7)


class Texter(Protocol):
    """One account's way to send words (`wechat.client.WeChat`)."""

    def send_text(self, openid: str, text: str) -> None:
        """Send words; raises `WeChatError`."""


class Later:
    """Finishes answers off their turns. Calling it never raises and never waits."""

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
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="later")
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._log = structlog.get_logger("later")

    def __call__(self, who: Who, job: Callable[[], str]) -> None:
        """Run `job` soon and bring its words to `who`; over 200 that wait, it is dropped and logged."""
        if not self._room.acquire(blocking=False):
            self._log.error("too many wait", most=MOST_WAITING)
            return
        try:
            self._pool.submit(self._finish, who, job)
        except RuntimeError:  # the program is ending
            self._room.release()
            self._log.warning("too late")

    def close(self) -> None:
        """Finish what waits and take no more."""
        self._pool.shutdown()

    def _finish(self, who: Who, job: Callable[[], str]) -> None:
        try:
            words = job()
            if words and not self._sent(who, words):
                self._keep(who, words)
        except Exception as error:  # noqa: BLE001 - nobody listens here any more
            self._log.error("not finished", error=type(error).__name__)
        finally:
            self._room.release()

    def _sent(self, who: Who, words: str) -> bool:
        """Whether they are sent, or may be: words that may have come are not said again.

        Who has just spoken has a window; the platform knows, and SQL learns of it too late for this.
        """
        account = self._accounts.get(who.account)
        if account is None or not account.verified:
            return False
        try:
            self._texters[who.account].send_text(who.openid, words)
        except Unsure:
            return True
        except WeChatError as error:
            self._log.info("kept instead", errcode=error.errcode, error=type(error).__name__)
            return False
        return True

    def _keep(self, who: Who, words: str) -> None:
        if who.known:
            key = f"later:{hashlib.sha256(words.encode()).hexdigest()}"  # a repeated turn keeps the same words once
            self._people.keep_line(who.person, key=key, line=words, expires_at=self._clock() + KEPT_FOR)

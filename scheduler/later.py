"""The rest of an answer: brought by a customer-service message where the account may, else kept for the next visit."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from scheduler.telling import Tell, Texter
from storage.people import People, Who
from wechat.settings import AccountSettings

THREADS = 4
MOST_WAITING = 200


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
        self._tell = Tell(people, accounts=accounts, texters=texters, clock=clock)
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
            if words:
                self._bring(who, words)
        except Exception as error:  # noqa: BLE001 - nobody listens here any more
            self._log.error("not finished", error=type(error).__name__)
        finally:
            self._room.release()

    def _bring(self, who: Who, words: str) -> None:
        """Send them, and where that can't be keep them; a repeated turn keeps the same words once."""
        if not self._tell.send(who.account, who.openid, words) and who.known:
            self._tell.keep(who.person, words, f"later:{hashlib.sha256(words.encode()).hexdigest()}")

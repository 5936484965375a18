"""What a turn says beside its reply: brought by a customer-service message, else kept for the member's next word.

It is the rest of an answer that takes time, and in a mini-program, whose platform shows no reply, the answer itself.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

import structlog

from scheduler.telling import Tell, Texter
from storage import trouble
from storage.people import People, Who
from wechat.settings import AccountSettings

THREADS = 4
MOST_WAITING = 200


class Leave(Protocol):
    """Holds words for a member where nobody but the member's next turn finds them."""

    def __call__(self, *, account: str, openid: str, words: str, now: datetime) -> None:
        """Hold them for a while."""


class Later:
    """Says it off the turns, to each member in order. Calling it never raises and never waits for the platform.

    What is `private` is never written beside a person: where it can't be sent, `leave` has it.
    """

    def __init__(
        self,
        people: People,
        *,
        accounts: Mapping[str, AccountSettings],
        texters: Mapping[str, Texter],
        clock: Callable[[], datetime],
        leave: Leave,
    ) -> None:
        self._tell = Tell(people, accounts=accounts, texters=texters, clock=clock)
        self._clock = clock
        self._leave = leave
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="later")
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._lanes: dict[tuple[str, str], deque[Callable[[], None]]] = {}
        self._lock = threading.Lock()
        self._log = structlog.get_logger("later")

    def __call__(self, who: Who, job: Callable[[], str], *, private: bool = False) -> None:
        """Run `job` soon and bring its words to `who`; over 200 that wait, it is dropped and logged."""
        if not self._submit(who, lambda: self._finish(who, job, private=private)):
            self._log.error("not finished", most=MOST_WAITING)

    def say(self, who: Who, words: str, *, private: bool) -> None:
        """Bring the words to `who`; over 200 that wait, they are kept at once."""
        if not self._submit(who, lambda: self._finish(who, lambda: words, private=private)):
            self._log.error("not sent", most=MOST_WAITING)
            self._keep(who, words, private=private)

    def close(self) -> None:
        """Finish what waits and take no more."""
        self._pool.shutdown()

    def _submit(self, who: Who, act: Callable[[], None]) -> bool:
        """Queue it behind what the same member waits for; False where there is no room or the program is ending."""
        if not self._room.acquire(blocking=False):
            return False
        key = (who.account, who.openid)
        with self._lock:
            lane = self._lanes.get(key)
            if lane is not None:
                lane.append(act)
                return True
            try:
                self._pool.submit(self._drive, key)
            except RuntimeError:
                self._room.release()
                return False
            self._lanes[key] = deque([act])
        return True

    def _drive(self, key: tuple[str, str]) -> None:
        while True:
            with self._lock:
                if not self._lanes[key]:
                    del self._lanes[key]
                    return
                act = self._lanes[key].popleft()
            try:
                act()
            finally:
                self._room.release()

    def _finish(self, who: Who, job: Callable[[], str], *, private: bool) -> None:
        try:
            words = job()
            if words and not self._tell.send(who.account, who.openid, words):
                self._keep(who, words, private=private)
        except Exception as error:  # noqa: BLE001 - nobody listens here any more
            self._log.error("not finished", error=trouble.named(error))

    def _keep(self, who: Who, words: str, *, private: bool) -> None:
        """Keep them for the next word; a repeated turn keeps the same words once."""
        if private or not who.known:
            try:
                self._leave(account=who.account, openid=who.openid, words=words, now=self._clock())
            except Exception as error:  # noqa: BLE001 - Redis may be away, and then nothing holds what is private
                self._log.error("not kept", error=type(error).__name__)
        else:
            self._tell.keep(who.person, words, f"later:{hashlib.sha256(words.encode()).hexdigest()}")

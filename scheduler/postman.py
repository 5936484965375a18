"""Carries what is handed in at a rhythm that nothing changes: not what waits, nor how much, nor who asks.

Whoever reads the database's log of changes sees the rounds, and can't tell one that carried something from one that
did not (docs/decisions/0018).
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from storage import batching, trouble

SHORTEST_SECONDS = 1.0  # between two rounds: by lot, so that nobody reads from one how long the last one worked
LONGEST_SECONDS = 1.9
GOES_NOW = 0.25  # of what nobody waits for, with each round: it goes with the fourth one on average
PATIENCE_SECONDS = 4.0  # two rounds; the platform hangs up after five

T = TypeVar("T")


class NotKept(Exception):
    """It can't be said that it is kept: to hand in the same again is safe."""


@dataclass(eq=False)
class Letter(Generic[T]):
    """What waits for a round; `kept` is known when `settled`: whether this round kept it, or an earlier one had."""

    what: T
    settled: threading.Event = field(default_factory=threading.Event)
    kept: bool = False


class Postman(Generic[T]):
    """A thread that makes rounds. `carry` gives for each thing: kept now, kept before, or no room in this round.

    `most` wait at the same time, so that they never hold all threads of a process.
    """

    def __init__(
        self,
        carry: Callable[[Sequence[T]], Sequence[bool | None]],
        *,
        most: int,
        pauses: tuple[float, float] = (SHORTEST_SECONDS, LONGEST_SECONDS),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._carry = carry
        self.most = most
        self._pauses = pauses
        self._patience = patience
        self._waiting: list[Letter[T]] = []
        self._left: list[Letter[T]] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._dice = random.SystemRandom()
        self._log = structlog.get_logger("postman")

    def hand(self, what: T) -> bool:
        """Return when it is kept: True when it is now, False when it was before. Raises NotKept."""
        letter = self.take(what)
        batching.wait(letter.settled, self._patience)
        return self.end(letter)

    def take(self, what: T) -> Letter[T]:
        """Let it wait for the next round. Raises NotKept where too many wait."""
        letter = Letter(what)
        with self._lock:
            if len(self._waiting) >= self.most:
                raise NotKept
            self._waiting.append(letter)
        return letter

    def end(self, letter: Letter[T]) -> bool:
        """What became of it. One that no round carried is taken back; raises NotKept."""
        with self._lock:
            if letter in self._waiting:
                self._waiting.remove(letter)
        if not letter.settled.is_set():
            raise NotKept
        return letter.kept

    def leave(self, what: T) -> None:
        """Let it go with one of the next rounds, by lot, while nobody waits for it."""
        with self._lock:
            self._left.append(Letter(what))

    def round(self, *, all_left: bool = False) -> None:
        """Carry what waits, or nothing; what had no room, or was there when it failed, waits on."""
        with self._lock:
            by_lot = [letter for letter in self._left if all_left or self._dice.random() < GOES_NOW]
            letters = [*self._waiting, *by_lot]
        went = self._carry([letter.what for letter in letters])
        with self._lock:
            for letter, kept in zip(letters, went, strict=True):
                if kept is not None:
                    letter.kept = kept
                    letter.settled.set()
            self._waiting = [letter for letter in self._waiting if not letter.settled.is_set()]
            self._left = [letter for letter in self._left if not letter.settled.is_set()]

    # -- the thread ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to make rounds, at a moment drawn by lot."""
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make no more rounds."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._try_a_round(all_left=True)

    def is_at_work(self) -> bool:
        """Whether rounds are made."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        pause = self._dice.uniform(0, self._pauses[1])
        while not self._ending.wait(pause):
            self._try_a_round()
            pause = self._dice.uniform(*self._pauses)

    def _try_a_round(self, *, all_left: bool = False) -> None:
        try:
            self.round(all_left=all_left)
        except Exception as error:  # noqa: BLE001 - the next round may go well
            self._log.error("a round failed", error=trouble.named(error))

"""Starts the parts of Zhibu, keeps them alive, and ends them together.

On Linux a part is forked: everything is imported once for all of them, which is most of the time that a start takes.
macOS' own libraries don't survive a fork, so there a part is spawned.
"""

import contextlib
import gc
import multiprocessing
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import structlog

from commands import title
from commands.parent import GRACE_SECONDS

START_METHOD = "fork" if sys.platform == "linux" else "spawn"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
QUICK_SECONDS = 10.0  # a life shorter than this is a failed start
TRIES = 5  # failed starts in a row before we give up
LONGEST_PAUSE_SECONDS = 4.0
LOOK_EVERY_SECONDS = 0.1
STARTING_LOOK_SECONDS = 0.04  # somebody waits for it
LAST_SECONDS = 16.0  # for what is in hand when we are asked to end: a send may take ten


class GaveUp(Exception):
    """A part will not stay alive; the text names it."""


class _Stopped(Exception):
    """Somebody asked us to end."""


@dataclass(frozen=True)
class Part:
    """One process of ours: what it does, when it counts as ready, and which addresses it answers at."""

    name: str
    work: Callable[[], None]  # picklable
    ready: Callable[[], bool]
    addresses: tuple[tuple[str, str], ...] = ()
    shown_as: str = ""


class Child:
    """A part as it lives: started, found dead, started again after a pause that grows while it dies at once."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process: BaseProcess | None = None
        self._born = 0.0
        self._due = 0.0
        self._failures = 0
        self._announced = False

    def tend(self, now: float, *, ground: Sequence["Child"] = ()) -> None:
        """Start the part when it is due and its `ground`, the parts it needs, is there; `now` is monotonic seconds.

        Raises GaveUp when it has died too often.
        """
        if self._process is None:
            if now >= self._due and all(each.answers() for each in ground):
                self._start(now)
        elif (code := self._process.exitcode) is not None:
            self.kill()
            self._process = None
            self._note_death(code, now)

    def newly_ready(self) -> bool:
        """Whether the part answers for the first time; true once."""
        if self._announced or not self.answers():
            return False
        self._announced = True
        return True

    def answers(self) -> bool:
        """Whether the part answers now."""
        return self._process is not None and self.part.ready()

    def is_ready(self) -> bool:
        """Whether the part has been seen to answer."""
        return self._announced

    def ask_to_end(self) -> None:
        """Let the part finish what it has in hand."""
        if self._process is not None:
            self._process.terminate()

    def has_ended(self) -> bool:
        """Whether the part's own process has ended; its group may still hold some of its workers."""
        return self._process is None or self._process.exitcode is not None

    def kill(self) -> None:
        """End whatever is left of the part's group: workers outlive a main process that was killed."""
        if self._process is None or self._process.pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses a group of dead processes
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()  # it may not have made its group yet
        self.wait()

    def wait(self) -> None:
        """Return when the part's own process has ended."""
        if self._process is not None:
            self._process.join()

    def _start(self, now: float) -> None:
        self._born = now
        self._process = _process(target=_live, args=(self.part.work, self.part.shown_as), name=self.part.name)
        with _held_back():
            self._process.start()

    def _note_death(self, code: int, now: float) -> None:
        self._failures = self._failures + 1 if now - self._born < QUICK_SECONDS else 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if self._failures >= TRIES:
            raise GaveUp(
                f"The part '{self.part.name}' ended {TRIES} times right after its start ({how}): see the lines above."
            )
        pause = min(0.5 * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._due = now + pause
        structlog.get_logger().warning("a part ended and is started again", name=self.part.name, how=how, pause=pause)


def _process(**how: Any) -> BaseProcess:
    context: Any = multiprocessing.get_context(START_METHOD)
    made: BaseProcess = context.Process(**how)
    return made


def _live(work: Callable[[], None], shown_as: str) -> None:
    """Be a part: the leader of a group of its own, deaf to the terminal, with nothing of its parent's handlers."""
    os.setsid()
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    title.show_as(shown_as)
    work()


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Let no signal come between a fork and the child's own handlers: it would be taken, and lost."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


class House:
    """All parts together. A stage starts when the parts of the stage before it are ready, and ends before them.

    So does a part that is started again: what it needs may be what is away.

    With a `parent`, which must be this process's, everything ends within two seconds of it.
    """

    def __init__(
        self, stages: Sequence[Sequence[Part]], *, say: Callable[[str], None], parent: int | None = None
    ) -> None:
        self._stages = [[Child(part) for part in stage] for stage in stages]
        self._say = say
        self._parent = parent
        self._at_work: list[tuple[Child, Sequence[Child]]] = []  # each with its ground
        self._patience = LAST_SECONDS

    def run(self) -> None:
        """Keep everything running until SIGINT, SIGTERM or SIGHUP; raises GaveUp. Nothing is left running after it."""
        gc.freeze()  # what is loaded by now stays: no part's collector has to walk it, and the parts go on sharing it
        with _stop_signals() as stops:
            try:
                self._keep(stops)
            except _Stopped:
                self._say("Ending. Ctrl-C again ends at once.")
            finally:
                self._end(stops)

    def _keep(self, stops: "queue.SimpleQueue[int]") -> None:
        ground: Sequence[Child] = ()
        for stage in self._stages:
            self._at_work += [(child, ground) for child in stage]
            ground = (*ground, *stage)
            while not all(child.is_ready() for child in stage):
                self._look(stops, STARTING_LOOK_SECONDS)
        self._say("Ready. Ctrl-C ends everything.")
        while True:
            self._look(stops, LOOK_EVERY_SECONDS)

    def _look(self, stops: "queue.SimpleQueue[int]", seconds: float) -> None:
        for child, ground in self._at_work:
            child.tend(time.monotonic(), ground=ground)
            if child.newly_ready():
                for name, address in child.part.addresses:
                    self._say(f"{name:<9}{address}")
        if self._parent is not None and os.getppid() != self._parent:
            self._patience = GRACE_SECONDS
            raise _Stopped
        if _signalled(stops, seconds):
            raise _Stopped

    def _end(self, stops: "queue.SimpleQueue[int]") -> None:
        for stage in reversed(self._stages):
            for child in stage:
                child.ask_to_end()
            deadline = time.monotonic() + self._patience
            while not all(child.has_ended() for child in stage) and time.monotonic() < deadline:
                if _signalled(stops, LOOK_EVERY_SECONDS):
                    break
            for child in stage:
                child.kill()


@contextlib.contextmanager
def _stop_signals() -> Iterator["queue.SimpleQueue[int]"]:
    """Collect the signals that ask us to end; an Event could deadlock here, this queue is safe in a signal handler."""
    stops: queue.SimpleQueue[int] = queue.SimpleQueue()

    def note(number: int, _frame: FrameType | None) -> None:
        stops.put(number)

    before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signalled(stops: "queue.SimpleQueue[int]", seconds: float) -> bool:
    try:
        stops.get(timeout=seconds)
    except queue.Empty:
        return False
    return True

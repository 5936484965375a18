"""Many turns in one thread: each runs until it needs a store, and those that need the same one then ask it together.

A round trip and a commit cost about the same for one call as for ten, and threads that each make their own spend more
on waking one another than on the work. So a turn is a greenlet: straight-line code that is put aside while it waits,
as SQLAlchemy does it for asyncio (docs/decisions/0023).
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from greenlet import getcurrent, greenlet

GATHERING_SECONDS = 0.001  # after a round of several, until the next one: as many are about to come again
LOOK_EVERY_SECONDS = 0.05

T = TypeVar("T")


class Store(Protocol):
    """Answers many calls in one go."""

    def together(self, calls: Sequence[Any]) -> Sequence[Any]:
        """An answer for each call, in their order; an exception among them is raised where the call was made."""


def ask(store: Store, call: Any) -> Any:
    """The store's answer: to this call alone, or in a `Batcher`'s turn to all that others make meanwhile."""
    turn = _turn()
    answer = store.together([call])[0] if turn is None else turn.batcher.put_aside(turn, store, call)
    if not isinstance(answer, BaseException):
        return answer
    try:
        raise answer
    finally:
        del answer  # its traceback holds this frame: together they would stay until the collector comes


def pause(seconds: float) -> None:
    """Wait; in a `Batcher`'s turn the others go on."""
    turn = _turn()
    if turn is None:
        time.sleep(seconds)
    else:
        turn.batcher.let_rest(turn, until=time.monotonic() + seconds)


def wait(event: threading.Event, seconds: float) -> bool:
    """Wait for the event, so long at most; in a `Batcher`'s turn the others go on. Whether it came."""
    if _turn() is None:
        return event.wait(seconds)
    until = time.monotonic() + seconds
    while not event.is_set() and time.monotonic() < until:
        pause(LOOK_EVERY_SECONDS)
    return event.is_set()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, a turn isn't put aside: it holds what another one of its thread may want, and would wait for forever."""
    turn = getcurrent()
    if not isinstance(turn, _Turn):
        yield
        return
    turn.holds += 1
    try:
        yield
    finally:
        turn.holds -= 1


class _Errand:
    """What one thread wants done by another, and waits for."""

    __slots__ = ("_act", "_answer", "_done", "_error", "next")

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._answer: Any = None
        self._error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()
        self.next: _Errand | None = None  # is told by this one's thread

    def do(self) -> None:
        """Do it, whatever comes of it."""
        try:
            self._answer = self._act()
        except BaseException as error:  # noqa: BLE001 - it is for who waits
            self._error = error

    def tell(self) -> None:
        """Wake who waits."""
        self._done.release()

    def wait(self) -> Any:
        """What came of it, returned or raised."""
        self._done.acquire()
        if self.next is not None:
            self.next.tell()
        error, self._error = self._error, None
        if error is None:
            return self._answer
        try:
            raise error
        finally:
            del error  # as in `ask`: what a stranger sent would stay


class _Turn(greenlet):
    """An errand at work."""

    def __init__(self, batcher: "Batcher", errand: _Errand) -> None:
        super().__init__(errand.do)
        self.batcher = batcher
        self.errand = errand
        self.holds = 0


def _turn() -> _Turn | None:
    """The turn that is running, where it may be put aside."""
    turn = getcurrent()
    return turn if isinstance(turn, _Turn) and not turn.holds else None


class Batcher:
    """A thread that does what others bring it, in rounds: all that is there begins, and goes on until it has ended.

    Inside a turn nothing may block for long, since it blocks all of them: what does has a bound of its own, or uses
    `pause` and `wait`. Who rests doesn't keep a round open.
    """

    def __init__(self) -> None:
        self._brought: SimpleQueue[_Errand | None] = SimpleQueue()
        self._ended: list[_Errand] = []
        self._asked: defaultdict[Store, list[tuple[_Turn, Any]]] = defaultdict(list)
        self._resting: list[tuple[float, _Turn]] = []
        self._thread: threading.Thread | None = None
        self._hub: greenlet | None = None
        self._ending = False

    def do(self, act: Callable[[], T]) -> T:
        """What `act` returns or raises; before `start` and after `stop` it is done by the thread that asks."""
        if self._thread is None:
            return act()
        errand = _Errand(act)
        self._brought.put(errand)
        answer: T = errand.wait()
        return answer

    def start(self) -> None:
        """Begin to work."""
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what was brought, and end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._brought.put(None)
            thread.join()

    def is_at_work(self) -> bool:
        """Whether there is somebody to do it."""
        return self._thread is not None and self._thread.is_alive()

    # -- for a turn ----------------------------------------------------------------------------------------------

    def put_aside(self, turn: _Turn, store: Store, call: Any) -> Any:
        """The store's answer, once it was asked for everybody."""
        self._asked[store].append((turn, call))
        return self._others()

    def let_rest(self, turn: _Turn, *, until: float) -> None:
        """Go on at that time of the monotonic clock."""
        self._resting.append((until, turn))
        self._others()

    def _others(self) -> Any:
        assert self._hub is not None  # noqa: S101 - a turn runs in our thread only
        return self._hub.switch()

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._hub = getcurrent()
        try:
            while not self._ending or self._resting:
                self._round()
        finally:
            self._hub = None  # measured: let go of by another thread once this one has ended, it breaks the process

    def _round(self) -> None:
        begun = self._begin() + self._wake()
        while self._asked:
            self._tell()
            self._ask()
        self._tell()
        if begun > 1:
            time.sleep(GATHERING_SECONDS)

    def _begin(self) -> int:
        """Begin all that was brought, how many, and wait for it where nothing else is to be done."""
        begun = 0
        try:
            errand = self._brought.get(timeout=self._idle_seconds())
            while errand is not None:
                begun += 1
                self._go_on(_Turn(self, errand))
                errand = self._brought.get_nowait()
            self._ending = True
        except Empty:
            pass
        return begun

    def _idle_seconds(self) -> float | None:
        if not self._resting:
            return None
        return max(0.0, min(until for until, _ in self._resting) - time.monotonic())

    def _wake(self) -> int:
        """Go on with those who have rested; how many."""
        if not self._resting:
            return 0
        now = time.monotonic()
        rested = [turn for until, turn in self._resting if until <= now]
        self._resting = [(until, turn) for until, turn in self._resting if until > now]
        for turn in rested:
            self._go_on(turn)
        return len(rested)

    def _ask(self) -> None:
        """Ask each store what was asked of it, and go on with who asked."""
        asked, self._asked = self._asked, defaultdict(list)
        for store, waiting in asked.items():
            answers = _answers(store, [call for _, call in waiting])
            for (turn, _), answer in zip(waiting, answers, strict=True):
                self._go_on(turn, answer)

    def _go_on(self, turn: _Turn, *answer: Any) -> None:
        turn.switch(*answer)
        if turn.dead:
            self._ended.append(turn.errand)

    def _tell(self) -> None:
        """Wake who waits, one by another: woken all at once, they would wait for the interpreter once more."""
        ended, self._ended = self._ended, []
        for errand, after in pairwise(ended):
            errand.next = after
        if ended:
            ended[0].tell()


def _answers(store: Store, calls: Sequence[Any]) -> Sequence[Any]:
    """Whatever comes of it, an answer for each: the thread for turns must not end."""
    try:
        answers = store.together(calls)
    except BaseException as error:  # noqa: BLE001 - it is for who asked
        return [error] * len(calls)
    if len(answers) == len(calls):
        return answers
    return [RuntimeError(f"{type(store).__name__} gave {len(answers)} answers to {len(calls)} calls")] * len(calls)

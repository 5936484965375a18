"""Many turns in one thread: each runs until it needs a store, and those that need the same one then ask it together.

A round trip and a commit cost about the same for one call as for ten, and threads that each make their own spend more
on waking one another than on the work. So a turn is a greenlet: straight-line code that is put aside while it waits,
as SQLAlchemy does it for asyncio (docs/decisions/0023). What is asked of a store is brought there by one as well, and
while that waits for the answer, turns that ask another store, or have only come, go on.
"""

import math
import os
import select
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from greenlet import getcurrent, greenlet

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


def readable(file: int, seconds: float) -> bool:
    """Whether there is something to read, waiting so long at most; where a store is asked for turns, others go on."""
    courier = getcurrent()
    if isinstance(courier, _Courier):
        return courier.batcher.await_news(courier, file, until=time.monotonic() + seconds)
    news = select.poll()
    news.register(file, select.POLLIN)
    return bool(news.poll(seconds * 1000))


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


class _Courier(greenlet):
    """On the way to a store with what turns ask of it, until `answers` are there."""

    def __init__(self, batcher: "Batcher", store: Store, asked: Sequence[tuple[_Turn, Any]]) -> None:
        super().__init__(self._go)
        self.batcher = batcher
        self.store = store
        self.asked = asked
        self.answers: Sequence[Any] = ()
        self.until = 0.0

    def _go(self) -> None:
        self.answers = _answers(self.store, [call for _, call in self.asked])


def _turn() -> _Turn | None:
    """The turn that is running, where it may be put aside."""
    turn = getcurrent()
    return turn if isinstance(turn, _Turn) and not turn.holds else None


class Batcher:
    """A thread that does what others bring it: all that is there begins, or goes on, until it has to wait.

    Inside a turn nothing may block for long, since it blocks all of them: what does has a bound of its own, or uses
    `pause` and `wait`. To each store one courier is on the way at a time; what is asked meanwhile goes with the next.
    """

    def __init__(self) -> None:
        self._brought: SimpleQueue[_Errand | None] = SimpleQueue()
        self._ended: list[_Errand] = []
        self._asked: defaultdict[Store, list[tuple[_Turn, Any]]] = defaultdict(list)
        self._resting: list[tuple[float, _Turn]] = []
        self._under_way: dict[Store, _Courier] = {}
        self._awaited: dict[int, _Courier] = {}
        self._news = select.poll()
        self._bell, self._rope = -1, -1
        self._is_listening = False
        self._thread: threading.Thread | None = None
        self._hub: greenlet | None = None
        self._ending = False

    def do(self, act: Callable[[], T]) -> T:
        """What `act` returns or raises; before `start` and after `stop` it is done by the thread that asks."""
        if self._thread is None:
            return act()
        errand = _Errand(act)
        self._bring(errand)
        answer: T = errand.wait()
        return answer

    def start(self) -> None:
        """Begin to work."""
        self._ending = False
        self._bell, self._rope = os.pipe()
        self._news.register(self._bell, select.POLLIN)
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what was brought, and end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._bring(None)
            thread.join()
            self._news.unregister(self._bell)
            os.close(self._bell)
            os.close(self._rope)

    def is_at_work(self) -> bool:
        """Whether there is somebody to do it."""
        return self._thread is not None and self._thread.is_alive()

    def _bring(self, errand: _Errand | None) -> None:
        self._brought.put(errand)
        if self._is_listening:  # to what stores say; else it looks at what is brought itself
            self._is_listening = False
            os.write(self._rope, b".")

    # -- for a turn ----------------------------------------------------------------------------------------------

    def put_aside(self, turn: _Turn, store: Store, call: Any) -> Any:
        """The store's answer, once it was asked for everybody."""
        self._asked[store].append((turn, call))
        return self._others()

    def let_rest(self, turn: _Turn, *, until: float) -> None:
        """Go on at that time of the monotonic clock."""
        self._resting.append((until, turn))
        self._others()

    def await_news(self, courier: _Courier, file: int, *, until: float) -> bool:
        """Go on once there is something to read, or at that time of the monotonic clock: whether there is."""
        self._awaited[file], courier.until = courier, until
        self._news.register(file, select.POLLIN)
        return bool(self._others())

    def _others(self) -> Any:
        assert self._hub is not None  # noqa: S101 - a turn runs in our thread only
        return self._hub.switch()

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._hub = getcurrent()
        try:
            while not self._ending or self._resting or self._under_way:
                self._round()
        finally:
            self._hub = None  # measured: let go of by another thread once this one has ended, it breaks the process

    def _round(self) -> None:
        idle_seconds = self._idle_seconds()
        if self._awaited:
            self._hear(idle_seconds or 0.0)
            self._begin(0.0)
        else:
            self._begin(idle_seconds)
        self._wake()
        self._tell()
        while self._asked.keys() - self._under_way.keys():
            self._send()
            self._tell()

    def _begin(self, seconds: float | None) -> None:
        """Begin all that was brought; the first may come so late, or (None) whenever it will."""
        try:
            errand = self._brought.get(seconds != 0, seconds)
            while errand is not None:
                self._go_on(_Turn(self, errand))
                errand = self._brought.get_nowait()
            self._ending = True
        except Empty:
            pass

    def _idle_seconds(self) -> float | None:
        """Until somebody has rested, or has waited long enough; None where nobody does either."""
        times = [until for until, _ in self._resting] + [courier.until for courier in self._awaited.values()]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _wake(self) -> None:
        """Go on with those who have rested."""
        if not self._resting:
            return
        now = time.monotonic()
        rested = [turn for until, turn in self._resting if until <= now]
        self._resting = [(until, turn) for until, turn in self._resting if until > now]
        for turn in rested:
            self._go_on(turn)

    def _hear(self, seconds: float) -> None:
        """Go on with the couriers who have something to read or have waited long enough; none may have for so long."""
        self._is_listening = True
        heard = self._news.poll(math.ceil(seconds * 1000) if self._brought.empty() else 0)
        self._is_listening = False
        for file, _ in heard:
            if file == self._bell:
                os.read(self._bell, 4096)
            else:
                self._deliver(file, came=True)
        now = time.monotonic()
        for file in [file for file, courier in self._awaited.items() if courier.until <= now]:
            self._deliver(file, came=False)

    def _deliver(self, file: int, *, came: bool) -> None:
        self._news.unregister(file)
        courier = self._awaited.pop(file)
        courier.switch(came)
        self._return(courier)

    def _send(self) -> None:
        """Send a courier to each store that was asked and has none under way."""
        for store in self._asked.keys() - self._under_way.keys():
            courier = self._under_way[store] = _Courier(self, store, self._asked.pop(store))
            courier.switch()
            self._return(courier)

    def _return(self, courier: _Courier) -> None:
        """Go on with who asked, if the answers are there."""
        if not courier.dead:
            return
        del self._under_way[courier.store]
        for (turn, _), answer in zip(courier.asked, courier.answers, strict=True):
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

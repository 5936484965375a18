"""Turns of one thread: what they ask meanwhile is asked together, and nobody waits for who only rests."""

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from storage.batching import Batcher, ask, pause, undisturbed, wait
from tests.end_to_end.running import within

MANY = 8


class Doubling:
    """A store that doubles numbers, can't double a word, and remembers what it was asked at once."""

    def __init__(self) -> None:
        self.rounds: list[list[Any]] = []
        self.fails = False

    def together(self, calls: Sequence[Any]) -> Sequence[Any]:
        self.rounds.append(list(calls))
        if self.fails:
            raise ConnectionError("gone")
        return [call * 2 if isinstance(call, int) else ValueError(call) for call in calls]


@pytest.fixture
def store():
    return Doubling()


@pytest.fixture
def batcher():
    batcher = Batcher()
    batcher.start()
    yield batcher
    batcher.stop()


def all_at_once(batcher: Batcher, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each came to, all of them brought while the thread is busy."""
    with ThreadPoolExecutor(len(acts)) as threads:
        with kept_busy(batcher, until=len(acts)):
            running = [threads.submit(batcher.do, act) for act in acts]
        return [each.exception(10) or each.result() for each in running]


@contextmanager
def kept_busy(batcher: Batcher, *, until: int) -> Iterator[None]:
    """The thread does nothing else before so many are brought."""
    busy, go = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert go.wait(10)

    holding = threading.Thread(target=batcher.do, args=(hold,))
    holding.start()
    assert busy.wait(10)
    yield
    while batcher._brought.qsize() < until:
        time.sleep(0.001)
    go.set()
    holding.join(10)


def test_alone_a_call_is_made_at_once(store):
    assert ask(store, 4) == 8
    with pytest.raises(ValueError, match="word"):
        ask(store, "word")

    assert store.rounds == [[4], ["word"]]


def test_what_turns_ask_meanwhile_is_asked_together_and_each_gets_its_own_answer(batcher, store):
    answers = all_at_once(batcher, [partial(ask, store, number) for number in range(MANY)])

    assert answers == [2 * number for number in range(MANY)]
    assert store.rounds == [list(range(MANY))]


def test_a_turn_may_ask_again_and_again_and_several_stores(batcher, store):
    other = Doubling()

    def thrice(number: int) -> Any:
        return ask(store, ask(other, ask(store, number)))

    assert all_at_once(batcher, [lambda: thrice(1), lambda: thrice(2)]) == [8, 16]
    assert (store.rounds, other.rounds) == ([[1, 2], [4, 8]], [[2, 4]])


def test_an_error_is_raised_where_the_call_was_made_and_nowhere_else(batcher, store):
    good, bad, caught = all_at_once(
        batcher, [lambda: ask(store, 1), lambda: ask(store, "word"), lambda: _or(ask, store, "other")]
    )

    assert (good, caught) == (2, "it failed")
    assert isinstance(bad, ValueError)


def _or(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except ValueError:
        return "it failed"


def test_a_store_that_is_gone_is_gone_for_all_who_asked(batcher, store):
    store.fails = True
    answers = all_at_once(batcher, [lambda: ask(store, 1), lambda: ask(store, 2)])
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]

    store.fails = False
    assert batcher.do(lambda: ask(store, 3)) == 6


def test_what_an_act_raises_is_raised_to_who_brought_it(batcher):
    with pytest.raises(ZeroDivisionError):
        batcher.do(lambda: 1 // 0)

    assert batcher.do(lambda: "goes on") == "goes on"


def test_who_pauses_lets_the_others_go_on(batcher, store):
    order: list[str] = []
    rested = threading.Event()

    def slow() -> None:
        order.append("slow begins")
        while not rested.is_set():
            pause(0.01)
        order.append("slow ends")

    def quick() -> None:
        order.append(f"quick {ask(store, 1)}")
        rested.set()

    all_at_once(batcher, [slow, quick])

    assert order == ["slow begins", "quick 2", "slow ends"]


def test_who_waits_for_an_event_lets_the_others_go_on(batcher):
    came = threading.Event()

    assert all_at_once(batcher, [lambda: wait(came, 10), came.set]) == [True, None]
    assert batcher.do(lambda: wait(threading.Event(), 0.02)) is False


def test_outside_it_waits_as_anybody_does():
    came = threading.Event()
    came.set()

    pause(0)
    assert wait(came, 10)
    assert not wait(threading.Event(), 0.01)


def test_undisturbed_a_turn_is_not_put_aside(batcher, store):
    """Else the second, which wants the same lock, would stop the thread that has to let the first go on."""
    lock = threading.Lock()

    def locked(number: int) -> Any:
        with undisturbed(), lock:
            pause(0.001)
            return ask(store, number)

    assert all_at_once(batcher, [lambda: locked(1), lambda: locked(2)]) == [2, 4]
    assert store.rounds == [[1], [2]]
    assert all_at_once(batcher, [lambda: ask(store, 1), lambda: ask(store, 2)]) == [2, 4]
    assert store.rounds[2:] == [[1, 2]]


def test_many_threads_bring_more_than_one_round_can_take(batcher, store):
    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(lambda number: batcher.do(lambda: ask(store, ask(store, number))), range(400)))

    assert answers == [4 * number for number in range(400)]


def test_at_its_end_what_was_brought_is_finished(store):
    batcher = Batcher()
    batcher.start()
    assert batcher.is_at_work()

    def rests() -> int:
        pause(0.05)
        return int(ask(store, 1))

    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(batcher.do, rests)
        while not batcher._resting:
            time.sleep(0.001)
        batcher.stop()
        assert late.result(10) == 2

    assert not batcher.is_at_work()
    assert batcher.do(threading.get_ident) == threading.get_ident()


class Held:
    """Something a turn has in hand."""


@pytest.mark.parametrize("ends", ["in its own error", "in a store's error"])
def test_nothing_of_a_turn_that_failed_stays_until_the_collector_comes(batcher, store, ends):
    kept: list[weakref.ref[Held]] = []

    def fail() -> None:
        held = Held()
        kept.append(weakref.ref(held))
        if ends == "in its own error":
            raise ValueError
        ask(store, "word")

    gc.disable()
    try:
        with pytest.raises(ValueError):
            batcher.do(fail)
        assert within(10, lambda: kept[0]() is None)
    finally:
        gc.enable()


def test_who_is_done_is_told_before_another_store_is_asked(batcher, store):
    told = threading.Event()

    class Slow(Doubling):
        def together(self, calls: Sequence[Any]) -> Sequence[Any]:
            assert told.wait(5)
            return super().together(calls)

    def quick() -> None:
        batcher.do(lambda: ask(store, 1))
        told.set()

    with ThreadPoolExecutor(2) as threads:
        with kept_busy(batcher, until=2):
            first = threads.submit(batcher.do, lambda: ask(Slow(), ask(store, 1)))
            second = threads.submit(quick)
        assert first.result(10) == 4
        second.result(10)


class Short:
    """A store that gives too few answers."""

    def together(self, calls: Sequence[Any]) -> Sequence[Any]:
        return calls[1:]


class Worse:
    """A store in which something worse than an error comes up."""

    def together(self, calls: Sequence[Any]) -> Sequence[Any]:
        raise SystemExit(len(calls))


@pytest.mark.parametrize("broken", [Short(), Worse()], ids=["too few", "worse"])
def test_whatever_a_store_does_the_thread_goes_on(batcher, store, broken):
    with pytest.raises((RuntimeError, SystemExit)):
        batcher.do(lambda: ask(broken, 1))

    assert batcher.is_at_work()
    assert batcher.do(lambda: ask(store, 1)) == 2

"""The postman: rounds whatever waits, and an honest word on what they kept."""

import math
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

import pytest

from scheduler.postman import NotKept, Postman

QUICK = (0.001, 0.002)


class Box:
    """What was brought; has room for so many a round, and can be broken."""

    def __init__(self, room: int = 100) -> None:
        self.kept: list[str] = []
        self.rounds: list[list[str]] = []
        self.room = room
        self.is_broken = False

    def carry(self, waiting: Sequence[str]) -> list[bool | None]:
        self.rounds.append(list(waiting))
        if self.is_broken:
            raise OSError
        return [self._take(each) if at < self.room else None for at, each in enumerate(waiting)]

    def _take(self, each: str) -> bool:
        if each in self.kept:
            return False
        self.kept.append(each)
        return True


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def postman(box: Box) -> Iterator[Postman[str]]:
    """At work, and never idle for long."""
    postman = Postman(box.carry, most=20, pauses=QUICK, patience=5)
    postman.start()
    yield postman
    postman.stop()


def until(true) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_rounds_are_made_with_nothing_to_carry(postman, box):
    until(lambda: len(box.rounds) > 5)

    assert box.kept == []


def test_what_is_handed_in_is_kept_when_it_comes_back(postman, box):
    assert postman.hand("one") is True
    assert box.kept == ["one"]
    assert postman.hand("one") is False


def test_nothing_is_carried_before_the_next_round(box):
    postman = Postman(box.carry, most=2)
    letter = postman.take("one")

    assert not letter.settled.is_set()
    assert box.rounds == []
    postman.round()
    assert postman.end(letter) is True


def test_what_has_no_room_goes_with_a_later_round(box):
    box.room = 1
    postman = Postman(box.carry, most=2)
    letters = [postman.take(each) for each in ("one", "two")]
    postman.round()
    after_one = [letter.settled.is_set() for letter in letters]
    postman.round()

    assert after_one == [True, False]
    assert [postman.end(letter) for letter in letters] == [True, True]


def test_ten_at_once_are_all_kept(postman, box):
    threads = [threading.Thread(target=postman.hand, args=(str(number),)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(box.kept) == sorted(str(number) for number in range(10))


def test_after_a_round_that_failed_the_next_one_carries_it(postman, box):
    box.is_broken = True
    handing = threading.Thread(target=postman.hand, args=("one",))
    handing.start()
    until(lambda: ["one"] in box.rounds)
    box.is_broken = False
    handing.join()

    assert box.kept == ["one"]
    assert postman.is_at_work()


def test_what_no_round_kept_in_time_is_said_so_and_taken_back(box):
    postman = Postman(box.carry, most=2, patience=0.01)
    with pytest.raises(NotKept):
        postman.hand("one")
    postman.round()

    assert box.rounds == [[]]


def test_what_a_round_kept_too_late_is_not_kept_twice(box):
    postman = Postman(box.carry, most=2)
    letter = postman.take("one")
    box.room = 0
    postman.round()
    with pytest.raises(NotKept):
        postman.end(letter)
    box.room = 1
    again = postman.take("one")
    postman.round()

    assert postman.end(again) is True
    assert box.kept == ["one"]


def test_what_nobody_waits_for_goes_with_a_round_drawn_by_lot(box):
    """With the next one no more likely than with others; and all of it goes in the end."""
    postman = Postman(box.carry, most=1)
    for number in range(200):
        postman.leave(str(number))
    postman.round()
    first = len(box.kept)
    for _ in range(100):
        postman.round()

    assert 20 < first < 80
    assert sorted(box.kept) == sorted(str(number) for number in range(200))
    assert postman.take("somebody waits")


def test_what_nobody_waits_for_is_not_lost_with_a_round_that_failed_or_had_no_room(box):
    postman = Postman(box.carry, most=1)
    postman.leave("one")
    box.is_broken = True
    with suppress(OSError):
        postman.round(all_left=True)
    box.is_broken, box.room = False, 0
    postman.round(all_left=True)
    box.room = 1
    postman.round(all_left=True)

    assert box.kept == ["one"]


def test_who_stops_takes_along_what_nobody_waits_for(box):
    postman = Postman(box.carry, most=1, pauses=(5, 6))
    postman.start()
    postman.leave("one")
    postman.stop()

    assert box.kept == ["one"]


def test_only_so_many_wait_at_the_same_time(box):
    postman = Postman(box.carry, most=2)
    letter = postman.take("one")
    postman.take("two")
    with pytest.raises(NotKept):
        postman.take("three")
    postman.round()
    postman.end(letter)

    assert postman.take("three")


def test_it_is_known_whether_it_is_at_work(box):
    postman = Postman(box.carry, most=2, pauses=QUICK)
    before = postman.is_at_work()
    postman.start()
    during = postman.is_at_work()
    postman.stop()

    assert (before, during, postman.is_at_work()) == (False, True, False)


@pytest.mark.quiet
def test_the_rhythm_does_not_tell_which_rounds_carried_something():
    """The pause before a round that carried and the one after it are drawn like all others: Mann and Whitney's test."""
    at: list[float] = []
    full: list[bool] = []

    def carry(waiting: Sequence[str]) -> list[bool]:
        at.append(time.monotonic())
        full.append(bool(waiting))
        return [True] * len(waiting)

    postman = Postman(carry, most=20, pauses=(0.005, 0.0095))
    dice = random.Random(7)
    postman.start()
    while len(at) < 300:
        postman.hand("words")
        time.sleep(dice.uniform(0, 0.03))
    postman.stop()
    pauses = [later - before for before, later in pairwise(at)]

    assert 60 < sum(full) < 240
    assert abs(_rank_sum(pauses, full[1:])) < 5.5  # sigma
    assert abs(_rank_sum(pauses, full[:-1])) < 5.5


def _rank_sum(values: Sequence[float], chosen: Sequence[bool]) -> float:
    """By how many standard deviations the ranks of the chosen are above or below what chance gives."""
    ranks = [rank for rank, at in enumerate(sorted(range(len(values)), key=lambda at: values[at]), 1) if chosen[at]]
    many, others = len(ranks), len(values) - len(ranks)
    middle, spread = many * (len(values) + 1) / 2, math.sqrt(many * others * (len(values) + 1) / 12)
    return (sum(ranks) - middle) / spread

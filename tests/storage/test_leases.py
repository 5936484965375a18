"""One of many holds it, and nobody for long without renewing."""

import threading
from datetime import timedelta

import pytest

from storage.leases import Lease
from storage.redis import connect
from tests.house import aged

SECONDS = 60  # nobody waits for it: what lies in Redis is made older


@pytest.fixture
def two(redis_url, redis):
    return [Lease(connect(redis_url, seconds=2), "clock", seconds=SECONDS) for _ in range(2)]


def test_the_first_holds_it_and_the_second_does_not(two):
    first, second = two

    assert (first.hold(), second.hold(), first.hold()) == (True, False, True)


def test_who_renews_keeps_it_beyond_its_time(two, redis):
    first, second = two

    for _ in range(5):
        assert first.hold()
        aged(redis, timedelta(seconds=SECONDS * 0.6))
        assert not second.hold()


def test_who_falls_silent_loses_it_and_does_not_get_it_back(two, redis):
    first, second = two
    first.hold()

    aged(redis, timedelta(seconds=SECONDS + 1))

    assert (second.hold(), first.hold()) == (True, False)


def test_who_lets_go_frees_it_at_once_and_only_what_is_theirs(two):
    first, second = two
    first.hold()

    second.let_go()
    still = second.hold()
    first.let_go()

    assert (still, second.hold()) == (False, True)


def test_of_many_at_once_one_gets_it(redis_url, redis):
    leases = [Lease(connect(redis_url, seconds=2), "clock", seconds=5) for _ in range(12)]
    won = []
    threads = [threading.Thread(target=lambda lease=lease: won.append(lease.hold())) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 11 + [True]


def test_without_redis_nobody_holds_it_and_nothing_breaks():
    lease = Lease(connect("redis://127.0.0.1:1/0"), "clock", seconds=5)

    lease.let_go()

    assert not lease.hold()

"""Paces: counted together, forgotten together, and about nobody for who reads them."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import redis as fast
from storage.paces import Paces

NOON = datetime(2126, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def paces(redis, keys):
    made = Paces(redis, keys)
    made.wait("api", "another", most=1, seconds=60, now=NOON)
    return made


def waits(paces, times, *, who="ann", now=NOON):
    return [paces.wait("api", who, most=2, seconds=60, now=now) for _ in range(times)]


def test_the_first_ones_need_not_wait_and_the_next_wait_for_the_end_of_the_stretch(paces):
    assert waits(paces, 3, now=NOON + timedelta(seconds=20)) == [0, 0, 40]


def test_the_next_stretch_begins_anew(paces):
    waits(paces, 3)

    assert waits(paces, 1, now=NOON + timedelta(seconds=60)) == [0]


def test_one_does_not_wait_for_another(paces):
    waits(paces, 3)

    assert waits(paces, 2, who="bob") == [0, 0]


def test_the_counters_say_nothing_of_whom_nor_of_when_they_began(paces, redis):
    waits(paces, 3)
    waits(paces, 1, who="bob", now=NOON + timedelta(seconds=0.5))
    counters = redis.keys("zhibu:pace:*")
    ends = [redis.pttl(counter) for counter in counters]

    assert len(counters) == 3
    assert not any(name in repr(counters) for name in ("ann", "bob", "api"))
    assert max(ends) - min(ends) < 1000


def test_without_redis_nobody_waits(keys):
    gone = Paces(fast.connect("redis://127.0.0.1:1", seconds=0.1), keys)

    assert waits(gone, 5) == [0] * 5

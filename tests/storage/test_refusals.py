"""Ways that are left alone for a day, known to every process."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import redis as storage_redis
from storage.refusals import Refusals, Way

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
WAY = Way("official", "notice")
NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def away():
    client = storage_redis.connect(NO_REDIS)
    yield Refusals(client)
    client.close()


def test_every_process_knows_of_it_within_two_seconds(redis):
    mine, other = Refusals(redis), Refusals(redis)
    assert not other.current(now=NOON)

    assert mine.add(WAY, now=NOON)
    assert dict(other.current(now=NOON + timedelta(seconds=2))) == {WAY: NOON + timedelta(days=1)}
    assert not other.add(WAY, now=NOON + timedelta(seconds=2))


def test_it_ends_with_the_day(redis):
    refusals = Refusals(redis)
    refusals.add(WAY, now=NOON)

    assert refusals.current(now=NOON + timedelta(hours=23, minutes=59))
    assert not refusals.current(now=NOON + timedelta(days=1))


def test_what_was_mended_is_forgotten_everywhere(redis):
    mine, other = Refusals(redis), Refusals(redis)
    mine.add(WAY, now=NOON)
    other.add(WAY, now=NOON)

    mine.forget()

    assert not mine.current(now=NOON)
    assert not other.current(now=NOON + timedelta(seconds=2))


def test_without_redis_a_process_knows_what_it_met(away):
    assert away.add(WAY, now=NOON)
    assert not away.add(WAY, now=NOON)
    assert [*away.current(now=NOON + timedelta(hours=1))] == [WAY]

    away.forget()
    assert not away.current(now=NOON)

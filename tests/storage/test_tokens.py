"""The token's shelf in Redis: sealed, bounded, and never in the way."""

import time
import uuid

import pytest

from storage.redis import connect
from storage.sealing import Keys
from storage.tokens import RedisTokenStore

KEYS = Keys("a secret of these tests")


@pytest.fixture
def name():
    """An account nobody used before."""
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def store(redis, name):
    return RedisTokenStore(redis, KEYS, account=name)


@pytest.fixture
def away():
    return RedisTokenStore(connect("redis://127.0.0.1:1"), KEYS, account="nobody")


def test_a_ticket_lies_beside_the_token_and_neither_is_the_other(redis, name):
    tokens, tickets = (
        RedisTokenStore(redis, KEYS, account=name),
        RedisTokenStore(redis, KEYS, account=name, of="ticket"),
    )
    tokens.put("88_token", seconds=50)
    tickets.put("a ticket", seconds=50)
    redis.set(f"zhibu:ticket:{name}-b", redis.get(f"zhibu:token:{name}") or b"", ex=5)

    assert (tokens.get(), tickets.get()) == ("88_token", "a ticket")
    assert RedisTokenStore(redis, KEYS, account=f"{name}-b", of="ticket").get() is None


def test_what_was_put_is_found_by_every_process_with_the_secret(store, redis, name):
    store.put("88_token", seconds=5)

    assert store.get() == "88_token"
    assert RedisTokenStore(redis, KEYS, account=name).get() == "88_token"


def test_nobody_without_the_secret_or_of_another_account_can_read_it(store, redis, name):
    store.put("88_token", seconds=5)
    raw = redis.get(f"zhibu:token:{name}")
    redis.set(f"zhibu:token:{name}-b", raw or b"", ex=5)

    assert isinstance(raw, bytes)
    assert b"88_token" not in raw
    assert RedisTokenStore(redis, Keys("another secret"), account=name).get() is None
    assert RedisTokenStore(redis, KEYS, account=f"{name}-b").get() is None


def test_what_was_put_does_not_stay_longer_than_asked(store, redis, name):
    store.put("88_token", seconds=50)

    assert 0 < redis.ttl(f"zhibu:token:{name}") <= 50


def test_one_at_a_time_holds_the_lock_and_the_next_gets_it_when_it_is_free(store, redis, name):
    other = RedisTokenStore(redis, KEYS, account=name)
    with store.lock(hold_seconds=5, wait_seconds=1) as ours, other.lock(hold_seconds=5, wait_seconds=0.1) as theirs:
        pass
    with other.lock(hold_seconds=5, wait_seconds=0.1) as then:
        pass

    assert (ours, theirs, then) == (True, False, True)


def test_a_lock_whose_owner_died_frees_itself(store, redis, name):
    with store.lock(hold_seconds=0.2, wait_seconds=1):
        other = RedisTokenStore(redis, KEYS, account=name)
        with other.lock(hold_seconds=5, wait_seconds=2) as theirs:
            time.sleep(0.01)

    assert theirs is True


def test_a_lock_that_ran_out_is_not_taken_from_its_next_owner(store, redis, name):
    with store.lock(hold_seconds=0.1, wait_seconds=1):
        time.sleep(0.15)
        redis.set(f"zhibu:token:{name}:lock", "the next owner", ex=5)

    assert redis.get(f"zhibu:token:{name}:lock") == b"the next owner"


@pytest.mark.quiet
def test_a_redis_that_is_away_holds_nothing_and_costs_a_moment(away):
    began = time.monotonic()
    away.put("88_token", seconds=5)
    with away.lock(hold_seconds=15, wait_seconds=12) as held:
        found = away.get()

    assert (held, found) == (False, None)
    assert time.monotonic() - began < 1.5

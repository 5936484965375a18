"""What somebody comes back with, once."""

from datetime import timedelta

import pytest

from storage.passes import LIVES, Passes
from storage.sealing import Keys
from tests.end_to_end.running import at_once
from tests.house import NOON


@pytest.fixture
def passes(redis, keys):
    return Passes(redis, keys, purpose="link")


def test_a_pass_can_be_looked_at_and_serves_once(passes):
    said = passes.give("about", now=NOON)
    looks = [passes.look(said, now=NOON) for _ in range(2)]

    assert looks == ["about", "about"]
    assert [passes.take(said, now=NOON), passes.take(said, now=NOON), passes.look(said, now=NOON)] == [
        "about",
        None,
        None,
    ]


def test_of_many_at_once_one_gets_it(passes):
    said = passes.give("about", now=NOON)
    taken = at_once([lambda: passes.take(said, now=NOON)] * 8)

    assert sorted(taken, key=str) == [None] * 7 + ["about"]


@pytest.mark.parametrize(("later", "good"), [(LIVES - timedelta(seconds=1), True), (LIVES, False)])
def test_a_pass_is_over_at_its_time(passes, later, good):
    said = passes.give("about", now=NOON)

    assert (passes.look(said, now=NOON + later) == "about") is good
    assert (passes.take(said, now=NOON + later) == "about") is good


def test_redis_forgets_it_by_itself(passes, redis):
    passes.give("about", now=NOON)

    assert 0 < redis.ttl(redis.keys("zhibu:pass:*")[0]) <= LIVES.total_seconds()


def test_a_pass_of_another_purpose_or_secret_is_none(passes, redis, keys):
    said = passes.give("about", now=NOON)

    assert Passes(redis, keys, purpose="try").take(said, now=NOON) is None
    assert Passes(redis, Keys("another secret of a stranger"), purpose="link").take(said, now=NOON) is None
    assert passes.take(said, now=NOON) == "about"


def test_what_lies_there_tells_nothing_and_opens_nothing(passes, redis):
    said = passes.give("about whom", now=NOON)
    name = redis.keys("zhibu:pass:*")[0]
    held = name + redis.get(name)

    assert said.encode() not in held
    assert b"about whom" not in held
    assert passes.take(name.decode().rpartition(":")[2], now=NOON) is None


def test_one_put_in_the_place_of_another_is_none(passes, redis):
    theirs, ours = passes.give("theirs", now=NOON), passes.give("ours", now=NOON)
    first, second = redis.keys("zhibu:pass:*")
    values = redis.get(first), redis.get(second)
    redis.set(first, values[1])
    redis.set(second, values[0])

    assert [passes.take(theirs, now=NOON), passes.take(ours, now=NOON)] == [None, None]

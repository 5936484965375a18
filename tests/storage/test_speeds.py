"""One budget of sends for the fleet: what it allows, how it gives way, and what is left of it without Redis."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage import redis as storage_redis
from storage.refusals import Way
from storage.speeds import Grant, Speeds
from tests.scheduler.world import NO_REDIS

NOTICE, WORDS = Way("official", "notice"), Way("official", "customer_service")
MUCH = 10_000


class Fleet:
    """Two workers, and the time they live in."""

    def __init__(self, redis, *, a_second):
        self.at = 1000.0
        client = storage_redis.connect(NO_REDIS) if redis is None else redis
        self.one, self.other = (Speeds(client, a_second=a_second, clock=lambda: self.at) for _ in range(2))

    def pass_time(self, seconds):
        self.at += seconds

    def take(self, count=MUCH, way=NOTICE):
        return self.one.take({way: count})[way]

    def gets_in(self, seconds, *, steps=100):
        """How many one worker gets that asks for more all the time."""
        got = 0
        for _ in range(steps):
            self.pass_time(seconds / steps)
            got += self.take().count
        return got


@pytest.fixture(params=["fleet", "alone"])
def fleet(request, redis):
    """A hundred a second: of the fleet, or of a worker that is alone and allows itself a quarter of four hundred."""
    there = request.param == "fleet"
    return Fleet(redis if there else None, a_second=100 if there else 400)


def test_the_rate_is_what_may_be_sent_a_second_and_a_fifth_of_it_at_once(fleet):
    assert fleet.take().count == 20
    assert fleet.gets_in(10) == pytest.approx(1000, rel=0.02)


def test_rest_saves_up_no_more_than_a_moments_worth(fleet):
    fleet.take()
    fleet.pass_time(3600)

    assert fleet.take().count == 20


def test_who_gets_nothing_is_told_when_to_ask_again(fleet):
    while (told := fleet.take()).count:
        pass
    assert 0.01 <= told.wait_seconds <= 0.02

    fleet.pass_time(told.wait_seconds + 0.001)
    assert fleet.take().count >= 1


def test_too_fast_halves_the_rate_once_for_all_that_was_in_flight(fleet):
    for _ in range(50):
        fleet.one.slow(NOTICE)
    assert fleet.take().count == 0
    assert fleet.gets_in(1) == pytest.approx(50, abs=1.5)


def test_too_fast_again_a_second_later_halves_it_again(fleet):
    for _ in range(3):
        fleet.one.slow(NOTICE)
        fleet.pass_time(1)

    fleet.take()
    assert fleet.gets_in(1) == pytest.approx(14.4, abs=1)  # an eighth, and what three seconds raised it by


def test_it_never_comes_to_a_stand(fleet):
    for _ in range(60):
        fleet.one.slow(NOTICE)
        fleet.pass_time(1)

    assert fleet.gets_in(10) >= 9


def test_quiet_raises_the_rate_evenly_to_where_it_was_and_no_higher(fleet):
    fleet.one.slow(NOTICE)
    fleet.pass_time(30)
    fleet.take()
    assert fleet.gets_in(1) == pytest.approx(75, abs=1.5)

    fleet.pass_time(3600)
    fleet.take()
    assert fleet.gets_in(10) == pytest.approx(1000, rel=0.02)


def test_a_rest_that_the_platform_asks_for_holds_and_counts_for_nothing(fleet):
    fleet.one.slow(NOTICE, rest_seconds=60)
    fleet.pass_time(59)
    told = fleet.take()
    assert told.count == 0
    assert told.wait_seconds == pytest.approx(1, abs=0.01)

    fleet.pass_time(1.01)
    fleet.take()
    assert fleet.gets_in(1) == pytest.approx(50, abs=1.5)


def test_each_way_of_an_account_has_a_rate_of_its_own(fleet):
    fleet.one.slow(NOTICE, rest_seconds=60)

    told = fleet.one.take({NOTICE: 5, WORDS: 5})
    assert (told[NOTICE].count, told[WORDS].count) == (0, 5)


@pytest.mark.quiet
def test_all_workers_live_on_one_budget(redis):
    fleet = Fleet(redis, a_second=1000)
    with ThreadPoolExecutor(8) as threads:
        workers = [Speeds(redis, a_second=1000) for _ in range(8)]
        until = time.monotonic() + 0.5
        began = time.monotonic()

        def work(speeds):
            got = 0
            while time.monotonic() < until:
                got += speeds.take({NOTICE: 7})[NOTICE].count
            return got

        got = sum(threads.map(work, workers))
        took = time.monotonic() - began

    assert got <= 200 + 1000 * took
    assert got >= 1000 * 0.5
    assert fleet.take(1).count <= 1


def test_what_one_worker_was_told_slows_the_others(redis):
    fleet = Fleet(redis, a_second=100)
    fleet.other.slow(NOTICE, rest_seconds=60)

    assert fleet.take().count == 0
    assert fleet.take().wait_seconds > 59


def test_a_worker_without_redis_goes_on_at_a_quarter_and_still_heeds_the_platform():
    fleet = Fleet(None, a_second=100)
    assert fleet.gets_in(10) == pytest.approx(250 + 5, rel=0.05)

    fleet.one.slow(NOTICE, rest_seconds=60)
    assert fleet.take() == Grant(0, 60.0)


def test_a_redis_that_hangs_is_asked_once_a_second(redis_url):
    client = storage_redis.connect("redis://127.0.0.1:1/0")
    asked = []
    made = client.connection_pool.connection_class

    def counted(**told):
        asked.append(told)
        return made(**told)

    client.connection_pool.connection_class = counted
    at = [0.0]
    speeds = Speeds(client, a_second=100, clock=lambda: at[0])

    for _ in range(300):
        at[0] += 0.01
        speeds.take({NOTICE: 1})

    assert 2 <= len(asked) <= 4


def test_redis_that_is_back_has_the_word_again(redis):
    fleet = Fleet(redis, a_second=100)
    fleet.take()
    redis.flushdb()

    assert fleet.take().count == 20

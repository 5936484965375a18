"""Scripts go over connections of their own, within the same bounds as every call."""

import time

import pytest
import redis as redis_library

from storage.redis import CALL_SECONDS, Gone, Script, Wire, connect

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


@pytest.fixture
def add(redis):
    return Script(Wire(redis), ADD)


def test_a_script_is_told_its_keys_and_arguments(add, redis):
    assert add(keys=["n"], args=[2]) == 2
    assert add(keys=["n"], args=[3]) == 5
    assert redis.get("n") == b"5"


def test_a_server_that_forgot_the_script_is_told_it_again(add, redis):
    add(keys=["n"], args=[2])
    redis.script_flush()

    assert add(keys=["n"], args=[3]) == 5


def test_a_connection_that_the_server_closed_at_rest_is_opened_anew(add, redis):
    others = _connections(redis)
    add(keys=["n"], args=[2])
    (its_own,) = _connections(redis) - others
    redis.client_kill_filter(_id=its_own)  # not everybody's: others may work on the same server

    assert add(keys=["n"], args=[3]) == 5


def _connections(redis) -> set[str]:
    db = str(redis.connection_pool.connection_kwargs.get("db", 0))
    return {each["id"] for each in redis.client_list() if each["db"] == db}


def test_a_fault_of_the_script_is_raised_and_the_next_call_works(add, redis):
    redis.set("n", "words")

    with pytest.raises(redis_library.ResponseError):
        add(keys=["n"], args=[2])

    assert add(keys=["m"], args=[2]) == 2


@pytest.mark.quiet
def test_nobody_there_is_gone_at_once(tmp_path):
    add = Script(Wire(connect(f"unix://{tmp_path}/nobody.sock")), ADD)
    began = time.monotonic()

    with pytest.raises(Gone):
        add(keys=["n"], args=[2])
    assert time.monotonic() - began < CALL_SECONDS


@pytest.mark.quiet
def test_a_server_that_does_not_answer_costs_the_bound_and_no_late_answer_is_taken_for_another(redis, redis_url):
    add = Script(Wire(connect(redis_url)), ADD)
    add(keys=["n"], args=[1])
    redis.execute_command("CLIENT", "PAUSE", "700")
    began = time.monotonic()

    with pytest.raises(Gone):
        add(keys=["n"], args=[10])

    assert time.monotonic() - began < 3 * CALL_SECONDS
    time.sleep(0.7)
    assert add(keys=["m"], args=[1]) == 1


def test_scripts_of_one_wire_share_a_round_trip_and_each_gets_its_own_answer(redis):
    wire = Wire(redis)
    add, get = Script(wire, ADD), Script(wire, "return redis.call('GET', KEYS[1])")
    redis.set("there", "words")
    others = _connections(redis)

    answers = wire.together([add.call(["n"], [2]), get.call(["there"], []), add.call(["n"], [3])])

    assert list(answers) == [2, b"words", 5]
    assert len(_connections(redis) - others) == 1


def test_a_fault_of_one_script_is_no_fault_of_those_beside_it(redis):
    redis.set("words", "words")
    wire = Wire(redis)
    add = Script(wire, ADD)

    first, bad, last = wire.together([add.call([key], [1]) for key in ("n", "words", "m")])

    assert (first, last) == (1, 1)
    assert isinstance(bad, redis_library.ResponseError)


def test_of_scripts_together_only_the_unknown_are_told_again(redis):
    wire = Wire(redis)
    add, twice = Script(wire, ADD), Script(wire, "return redis.call('INCRBY', KEYS[1], 2 * ARGV[1])")
    add(keys=["n"], args=[1])

    assert list(wire.together([add.call(["n"], [1]), twice.call(["m"], [5]), add.call(["n"], [1])])) == [2, 10, 3]

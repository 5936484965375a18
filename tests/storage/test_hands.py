"""Taking and settling many deliveries at once, and never the same contact for two runs."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from storage.deliveries import settle
from storage.hands import Hands
from storage.refusals import Way
from storage.states import RunState, State
from tests.scheduler.world import NOON, TEMPLATE, World

WORDS, NOTICE = Way("official", "customer_service"), Way("official", "notice")
MANY = 40


@pytest.fixture
def world(db):
    return World(db)


def take(world, run, room, *, batch="b1", now=NOON):
    return Hands(world.db).exchange(run.key, [], batch=batch, room=room, now=now, lost_at=now + timedelta(minutes=1))


def test_of_each_way_as_many_are_taken_as_there_is_room_and_who_has_no_more_is_told(world):
    run = world.run()
    world.deliver(run, *[world.person(f"o-{n}") for n in range(5)])
    world.deliver(run, *[world.person(f"n-{n}") for n in range(2)], channel="notice")

    taken = take(world, run, {WORDS: 3, NOTICE: 3})

    assert sorted(parcel.channel for parcel in taken.parcels) == ["customer_service"] * 3 + ["notice"] * 2
    assert taken.empty == {NOTICE}
    assert world.hands.ways(run.key, now=NOON) == {WORDS}


def test_many_ends_are_written_in_one_go_each_with_its_own_words(world):
    run = world.run()
    whos = [world.person(f"o-{n}", window=True) for n in range(MANY)]
    world.deliver(run, *whos)
    parcels = {parcel.person: parcel for parcel in world.take(run, room=MANY)}
    ends = [
        settle(parcels[who.person], State.SENT, message_id=f"m-{number}", spent_window=True)
        if number % 2
        else settle(parcels[who.person], State.DUE, error="-1", wake_at=NOON + timedelta(seconds=number))
        for number, who in enumerate(whos)
    ]

    world.hands.settle(run.key, ends, batch="b1", now=NOON)

    rows = world.rows(run)
    for number, who in enumerate(whos):
        row, left = rows[who.person], world.people.find(account="official", openid=f"o-{number}").window.remaining
        at = int(NOON.timestamp())
        if number % 2:
            assert (row.state, row.message_id, row.error, row.settled_at, left) == ("sent", f"m-{number}", "", at, 4)
        else:
            assert (row.state, row.error, row.wake_at, row.settled_at, left) == ("due", "-1", at + number, None, 5)


def test_each_notice_costs_the_one_who_got_it_one_credit(world):
    run = world.run()
    got, other = world.person("o-1", credit=TEMPLATE), world.person("o-2", credit=TEMPLATE)
    world.deliver(run, got, other, channel="notice")
    parcels = {parcel.person: parcel for parcel in world.take(run)}

    world.take(run, settle(parcels[got.person], State.SENT, spent_credit=TEMPLATE), room=0)

    assert (world.people.credits_of(got.contact), world.people.credits_of(other.contact)) == (
        {TEMPLATE: 0},
        {TEMPLATE: 1},
    )


def test_of_a_transaction_that_fails_nothing_is_done(world):
    run = world.run()
    world.deliver(run, world.person("o-1"), world.person("o-2"))
    parcel, _ = world.take(run)
    good, bad = settle(parcel, State.SENT), settle(parcel, State.SENT, spent_credit=TEMPLATE)
    with world.db.begin() as connection:
        connection.execute(sa.text("ALTER TABLE credits RENAME TO elsewhere"))
    try:
        with pytest.raises(Exception, match="credits"):
            world.hands.settle(run.key, [good, bad], batch="b1", now=NOON)
    finally:
        with world.db.begin() as connection:
            connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO credits"))

    assert world.states(run) == {"in_hand": 2}


def test_who_is_in_hand_in_another_run_is_taken_when_that_has_ended(world):
    who = world.person("o-1")
    one, other = world.run("one:2026-11-23"), world.run("other:2026-11-23")
    world.deliver(one, who)
    world.deliver(other, who)
    (parcel,) = world.take(one)

    assert world.take(other) == []
    assert world.states(other) == {"due": 1}

    world.take(one, settle(parcel, State.SENT), room=0)
    assert [each.person for each in world.take(other)] == [who.person]


SLOW = """
CREATE FUNCTION take_a_while() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END' LANGUAGE plpgsql;
CREATE TRIGGER slow BEFORE UPDATE ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION take_a_while();
"""


@contextmanager
def everybody_takes_a_while(db):
    """Between what a statement sees and what it does, so that two at the same moment don't see each other."""
    if db.is_sqlite:  # where one takes at a time
        yield
        return
    with db.begin() as connection:
        connection.exec_driver_sql(SLOW)
    try:
        yield
    finally:
        with db.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER slow ON deliveries; DROP FUNCTION take_a_while()")


def test_two_who_take_the_same_people_at_the_same_moment_for_two_runs_never_have_one_together(world):
    whos = [world.person(f"o-{n}") for n in range(3)]
    runs = [world.run(f"{name}:2026-11-23") for name in ("one", "other")]
    for run in runs:
        world.deliver(run, *whos)
    gate = Barrier(2)

    def takes(run):
        gate.wait()
        return take(world, run, {WORDS: 3}, batch=run.key).parcels

    with ThreadPoolExecutor(2) as threads, everybody_takes_a_while(world.db):
        one, other = threads.map(takes, runs)

    assert not {each.contact for each in one} & {each.contact for each in other}
    later = NOON + timedelta(seconds=2)
    for run, taken in zip(runs, (one, other), strict=True):
        assert world.states(run).get("in_hand", 0) == len(taken)
        world.hands.settle(run.key, [settle(each, State.SENT) for each in taken], batch=run.key, now=NOON)
    rest = [len(world.take(run, now=later)) for run in runs]
    assert rest[0] + len(one) == 3, "somebody of the first run was forgotten"
    assert len(other) + rest[1] <= 3


def test_nothing_is_taken_of_a_run_that_is_paused(world):
    run = world.run(state=RunState.PAUSED)
    world.deliver(run, world.person("o-1"))

    assert take(world, run, {WORDS: 3}).parcels == []

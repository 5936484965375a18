"""Looks at deliveries read what they are about, and not all that was ever sent."""

import json

import pytest
import sqlalchemy as sa

from storage.deliveries import settle
from storage.hands import Hands
from storage.states import State
from tests.scheduler.world import NOON, World, deliver
from tests.storage.explained import explained

MANY, FEW = 400, 10
READ = sa.text(
    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'deliveries'"
).columns(sa.column("read"))


@pytest.fixture
def world(db):
    return World(db)


@pytest.fixture
def run(world):
    """One that most people have got, a few are due and one is in hand."""
    run = world.run()
    world.deliver(run, *[world.person(f"o-{n}") for n in range(MANY)])
    taken = world.take(run, room=MANY - FEW)
    world.hands.settle(run.key, [settle(each, State.SENT) for each in taken], batch="b1", now=NOON)
    world.take(run, room=1)
    with world.db.begin() as connection:
        connection.execute(sa.text("ANALYZE deliveries"))
    return run


LOOKS = {
    "ways": lambda world, key: world.hands.ways(key, now=NOON),
    "next_wake": lambda world, key: world.store.deliveries.next_wake(key),
    "gathering": lambda world, key: world.store.gathering.gather(key, now=NOON),
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_waits_is_found_in_the_index_of_what_waits_alone(world, run, look):
    with explained("deliveries") as plans:
        LOOKS[look](world, run.key)

    assert plans
    for plan in plans:
        assert "ix_deliveries_waiting" in plan, plan


def test_nothing_but_what_is_due_is_in_that_index(db):
    with db.read() as connection:
        found = {each["name"]: each for each in sa.inspect(connection).get_indexes("deliveries")}
    where = found["ix_deliveries_waiting"]["dialect_options"][f"{connection.dialect.name}_where"]

    assert "'due'" in str(where)
    assert "'in_hand'" not in str(where)


# -- statements that PostgreSQL plans once -----------------------------------------------------------------------------


def read_by(db, *asked):
    """How many deliveries statements go through."""
    look = db.hot(READ)
    ((before,),), *_, ((after,),) = db.together([look.asked(), *asked, look.asked()])
    return after - before


@pytest.mark.postgres
@pytest.mark.parametrize("before", [0, MANY], ids=["empty", "some"])
def test_of_a_run_that_postgresql_knows_nothing_of_no_more_is_read_than_is_taken(db, world, before):
    run, whos = world.run(), [world.person(f"o-{n}") for n in range(MANY)]
    deliver(db, run.key, *whos[:before], channel="customer_service") if before else None
    way = {"key": run.key, "account": "official", "channel": "customer_service", "room": FEW}
    take = Hands(db)._claim.asked(batch="b1", now=int(NOON.timestamp()), lost_at=int(NOON.timestamp()) + 60, **way)
    db.together([take])  # planned now, and not again
    deliver(db, run.key, *whos, channel="customer_service")

    assert read_by(db, take) <= 2 * FEW
    assert world.states(run) == {"in_hand": FEW * (2 if before else 1), "due": MANY - FEW * (2 if before else 1)}


@pytest.mark.postgres
def test_who_is_in_hand_elsewhere_is_looked_for_alone_though_there_were_few_when_it_was_planned(db, world):
    run, other = world.run(), world.run("other:2026-11-23")
    whos = [world.person(f"o-{n}") for n in range(MANY)]
    meet = Hands(db)._meet.asked(key=run.key, rows=json.dumps([[who.contact] for who in whos[:FEW]]))
    db.together([meet])  # planned now, and not again
    world.deliver(other, *whos)
    world.take(other, room=MANY - FEW)

    assert read_by(db, meet) <= 2 * FEW


@pytest.mark.postgres
def test_to_see_that_nobody_has_a_run_by_a_channel_no_other_run_is_read(db, world):
    for day in range(10, 20):
        older = world.run(f"daily-digest:2026-11-{day}")
        deliver(db, older.key, *[world.person(f"o-{n}") for n in range(MANY // 10)], channel="notice")
    with db.begin() as connection:
        connection.execute(sa.text("UPDATE deliveries SET state = 'sent'"))
        connection.execute(sa.text("ANALYZE deliveries"))
    run = world.run()
    deliver(db, run.key, world.person("o-1"), channel="notice")

    assert not world.store.deliveries.has_sent(run.key, "notice")
    assert read_by(db, world.store.deliveries._sent.asked(key=run.key, channel="notice")) <= 2
    assert world.store.deliveries.has_sent(older.key, "notice")

"""Runs that are long over keep their numbers and no people."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage import folding
from storage.deliveries import settle, tallies
from storage.folding import Folding
from storage.people import Who
from storage.runs import broadcasts
from storage.states import RunState, State
from storage.wording import Content
from tests.scheduler.world import NOON, World

DAY = timedelta(days=1)
LATER = NOON + 100 * DAY
KEPT = {"before": LATER - 90 * DAY, "now": LATER}


def someone(number):
    return Who(account="official", openid="", person=f"p{number:05}", contact=f"c{number:05}")


def over(world, key="daily-digest:2026-11-23", *, people=7, **content):
    """A run of which two were sent, one is unsure, and the others were gone for two reasons."""
    run = world.run(key, **content)
    world.deliver(run, *map(someone, range(people)))
    with world.db.begin() as connection:
        change = "UPDATE deliveries SET state = :state, error = :error WHERE key = :key AND person BETWEEN :a AND :b"
        for state, error, a, b in (
            ("gone", "43004", 0, people),
            ("gone", "left", 0, 3),
            ("unsure", "", 0, 2),
            ("sent", "", 0, 1),
        ):
            ends = {"state": state, "error": error, "key": key, "a": f"p{a:05}", "b": f"p{b:05}"}
            connection.execute(sa.text(change), ends)
        connection.execute(sa.text("UPDATE broadcasts SET state = 'done' WHERE key = :key"), {"key": key})
    return run


def numbers(world, run, **how):
    return {
        (tally.channel, str(tally.state), tally.error): tally.count
        for tally in world.store.deliveries.tallies(run.key, **how)
    }


TOLD = {
    ("customer_service", "gone", ""): 4,
    ("customer_service", "sent", ""): 2,
    ("customer_service", "unsure", ""): 1,
}
WHY = {
    ("customer_service", "gone", "43004"): 3,
    ("customer_service", "gone", "left"): 1,
    ("customer_service", "sent", ""): 2,
    ("customer_service", "unsure", ""): 1,
}


@pytest.fixture
def world(db):
    return World(db)


def test_the_same_is_told_of_a_run_before_and_after(world):
    run = over(world)
    before = numbers(world, run), numbers(world, run, by_error=True)

    folded = Folding(world.db).fold(but=(), **KEPT)

    assert before == (TOLD, WHY)
    assert (folded, world.rows(run)) == (7, {})
    assert (numbers(world, run), numbers(world, run, by_error=True)) == (TOLD, WHY)
    assert world.store.run(run.key).folded_at == LATER


def test_no_column_of_the_numbers_could_name_a_person(world):
    with world.db.read() as connection:
        columns = set(connection.execute(sa.text("SELECT * FROM tallies")).keys())

    assert columns == {"key", "channel", "state", "error", "number"}


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param({"before": NOON + timedelta(hours=11), "now": LATER}, id="it was over later"),
        pytest.param({**KEPT, "but": ["b"]}, id="somebody asks who received it"),
    ],
)
def test_who_is_still_asked_for_stays(world, kept):
    run = over(world, digests=("a", "b"))

    assert Folding(world.db).fold(**{"but": (), **kept}) == 0
    assert len(world.rows(run)) == 7
    assert world.store.run(run.key).folded_at is None


def test_a_run_stays_as_long_as_its_own_broadcast_counts_it(world):
    run = over(world, at_most=1, within_seconds=101 * 86400)

    first = Folding(world.db).fold(but=(), **KEPT)
    second = Folding(world.db).fold(but=(), before=LATER, now=LATER + 2 * DAY)

    assert (first, second) == (0, 7)
    assert numbers(world, run) == TOLD


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.DONE])
def test_what_is_not_done_is_not_folded(world, state):
    run = over(world)
    world.store.move(run.key, before=[RunState.DONE], after=state)

    assert Folding(world.db).fold(but=(), **KEPT) == 0
    assert len(world.rows(run)) == 7


class Killed(Exception):
    """The process ended here."""


@pytest.mark.parametrize("at", range(6))
def test_a_kill_in_the_middle_loses_nobody_and_counts_nobody_twice(world, monkeypatch, at):
    monkeypatch.setattr(folding, "PIECE", 2)
    run = over(world)
    left = [at]

    def dies(connection, cursor, statement, parameters, context, executemany):
        if "deliveries" in statement or "tallies" in statement:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    engine = world.db._engine
    sa.event.listen(engine, "after_cursor_execute", dies)
    with pytest.raises(Killed):
        Folding(world.db).fold(but=(), **KEPT)
    sa.event.remove(engine, "after_cursor_execute", dies)
    between = numbers(world, run, by_error=True), len(world.rows(run))
    Folding(world.db).fold(but=(), **KEPT)

    assert between[0] == WHY
    assert between[1] == 7 - 2 * (at // 2)
    assert numbers(world, run, by_error=True) == WHY
    assert world.rows(run) == {}


def test_two_who_fold_at_once_count_each_row_once(world, monkeypatch):
    monkeypatch.setattr(folding, "PIECE", 5)
    runs = [over(world, f"daily-digest:2026-11-{day}", people=40) for day in (21, 22)]
    start = threading.Barrier(2)

    def folds():
        start.wait()
        Folding(world.db).fold(but=(), **KEPT)

    threads = [threading.Thread(target=folds) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for run in runs:
        assert sum(numbers(world, run).values()) == 40
        assert world.rows(run) == {}


def test_a_folded_run_is_not_planned_again(world):
    run = over(world)
    Folding(world.db).fold(but=(), **KEPT)

    again = world.store.replan(run.key, before=RunState.DONE, content=Content(), expires_at=LATER, now=LATER)

    assert not again
    assert world.store.run(run.key).state is RunState.DONE


def test_who_is_erased_was_in_no_number(world):
    run = over(world, people=1)
    who = world.person("o-1")
    world.store.move(run.key, before=[RunState.DONE], after=RunState.SENDING)
    world.deliver(run, who)
    parcels = world.take(run)
    world.take(run, *(settle(parcel, State.SENT) for parcel in parcels), room=0)
    world.store.finish(run.key)
    Folding(world.db).fold(but=(), **KEPT)

    with world.db.begin() as connection:
        world.store.deliveries.erase(connection, who.person)
        world.people.erase(connection, who.person)
        dump = [connection.execute(sa.select(table)).all() for table in (tallies, broadcasts)]

    assert who.person not in str(dump)
    assert who.contact not in str(dump)
    assert sum(numbers(world, run).values()) == 2

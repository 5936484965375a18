"""The database takes no more in the middle of a run: a clear word, nobody twice, and nobody lost once it does again."""

import sqlite3
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from scheduler.clock import Clock
from storage import trouble
from storage.states import RunState
from tests.scheduler.test_clock import OnlyMe
from tests.scheduler.world import NOON, RUN, ZONE, Stage, write_pack
from tests.storage.full import Disk

PEOPLE = [f"o-{number}" for number in range(200)]
IN_FLIGHT = 16
ERRORS = (sa.exc.DBAPIError, sqlite3.Error, psycopg.Error)
TURNS = 10  # of a worker, until the disk is full


@pytest.fixture
def disk(database_url):
    with Disk(database_url).watched() as disk:
        yield disk


@pytest.fixture
def stage(disk, db, tmp_path):
    """A run to two hundred that is being sent."""
    stage = Stage(db, write_pack(tmp_path / "pack"), in_flight=IN_FLIGHT)
    stage.pump = replace(stage.pump, patience=(0.01, 0.01, 0.01))
    for openid in PEOPLE:
        stage.reader(openid, window=True)
    stage.desk.send("daily-digest", NOON)
    return stage


def told(stage):
    return [len(stage.wechat.shown_to(openid)) for openid in PEOPLE]


def fills_up(stage, disk):
    """Work until the disk is full, and as long after it as a worker would."""
    exchange, turns = stage.hands.exchange, iter(range(TURNS))

    def until_full(*arguments, **more):
        if next(turns, None) == TURNS - 1:
            disk.is_full()
        return exchange(*arguments, **more)

    stage.hands.exchange = until_full
    with capture_logs() as logs:
        for _ in range(2):  # where connections were cut, the first time may end with that alone
            with suppress(*ERRORS):
                stage.work()
    stage.hands.exchange = exchange
    lets_go(stage)
    return logs


def lets_go(stage):
    """Of connections that were cut: each is found so once."""
    for _ in range(2):
        with suppress(*ERRORS):
            stage.store.runs()
            stage.store.deliveries.expire(RUN, now=NOON)
            stage.hands.settle(RUN, (), batch="", now=NOON)


def test_nobody_hears_it_twice_and_nobody_is_lost(stage, disk):
    logs = fills_up(stage, disk)
    before = sum(told(stage))
    disk.has_room()
    lets_go(stage)
    stage.now = NOON + timedelta(minutes=2)
    stage.desk.sweep(stage.now)
    stage.work()
    after = stage.states(stage.store.run(RUN))

    assert 0 < before < len(PEOPLE), "it was not full in the middle"
    assert {each["error"] for each in logs} & trouble.LASTING, logs
    assert told(stage) == [1] * len(PEOPLE)
    assert stage.store.run(RUN).state is RunState.DONE
    unsure = after.pop("unsure", 0)
    assert after == {"sent": len(PEOPLE) - unsure}
    assert unsure <= IN_FLIGHT


def test_what_was_sent_is_written_even_where_there_is_no_room_for_taking_more(stage):
    exchange = stage.hands.exchange

    def has_room_for_nothing_new(*arguments, room, **more):
        if room and sum(told(stage)) >= TURNS:
            raise sa.exc.OperationalError("UPDATE deliveries", {}, Exception())
        return exchange(*arguments, room=room, **more)

    stage.hands.exchange = has_room_for_nothing_new
    stage.work()

    assert stage.states(stage.store.run(RUN)) == {"due": len(PEOPLE) - sum(told(stage)), "sent": sum(told(stage))}


def test_the_clock_says_what_it_is_and_goes_on_when_there_is_room(stage, disk):
    fills_up(stage, disk)
    swept = []

    def begin(now):
        stage.desk.sweep(now)
        swept.append(now)

    clock = Clock((), broadcasts=dict, begin=begin, lease=OnlyMe(), zone=ZONE, clock=lambda: NOON + timedelta(days=3))
    (sweep,) = clock._timetable
    with capture_logs() as logs:
        for _ in range(3):
            clock._fire(sweep)
    in_vain = len(swept)
    disk.has_room()
    for _ in range(3):
        clock._fire(sweep)

    assert in_vain == 0
    assert logs[-1] == {"event": "job failed", "job": "sweep", "error": logs[-1]["error"], "log_level": "error"}
    assert logs[-1]["error"] in trouble.LASTING
    assert swept

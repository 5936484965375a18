"""The clock jumps by an hour, either way: nobody hears it twice, nobody is lost, nothing is begun twice or left out."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, RUN, ZONE, Stage, write_pack

PEOPLE = [f"o-{number}" for number in range(12)]
HOUR = timedelta(hours=1)
NEVER_OVER = DAILY.replace("channels", 'expires_after = "2d"\nchannels', 1)


@pytest.fixture
def stage(db, tmp_path):
    """Twelve who are due at half past eight; four messages are in flight at a time."""
    stage = Stage(db, write_pack(tmp_path, broadcasts=[NEVER_OVER]), in_flight=4)
    for openid in PEOPLE:
        stage.reader(openid, window=True)
    stage.desk.sweep(at(7, 0))
    return stage


def at(hour, minute):
    return datetime(2026, 11, 23, hour, minute, tzinfo=ZONE)


def told(stage):
    return [len(stage.wechat.shown_to(openid)) for openid in PEOPLE]


def works(stage, now):
    stage.now = now
    return stage.work()


def works_while_the_clock_jumps(stage, by, *, meanwhile=lambda _: None):
    """Work, and when the first four are in flight it is another time, at which something else happens."""
    before = NOON

    def clock():
        if sum(told(stage)) < 4:
            return before
        meanwhile(before + by)
        return before + by

    stage.pump = replace(stage.pump, clock=clock)
    stage.work()
    stage.pump = replace(stage.pump, clock=lambda: stage.now)


def test_what_is_in_flight_while_it_jumps_ahead_is_called_lost_and_its_sender_knows_better(stage):
    stage.desk.sweep(NOON)
    once, called_lost = iter([True]), []

    def sweeps(now):
        if next(once, False):
            stage.desk.sweep(now)
            called_lost.append(stage.desk.status(RUN).count(State.UNSURE))

    works_while_the_clock_jumps(stage, HOUR, meanwhile=sweeps)
    after = stage.desk.status(RUN)
    works(stage, NOON + HOUR)

    assert 0 < called_lost[0] <= 4, "nothing was in flight"
    assert after.count(State.UNSURE) == 0
    assert after.count(State.SENT) >= 4
    assert told(stage) == [1] * len(PEOPLE)
    assert stage.states(stage.store.run(RUN)) == {"sent": len(PEOPLE)}


def test_when_it_jumps_back_in_the_middle_the_rest_is_sent_once_its_time_has_come_again(stage):
    stage.desk.sweep(NOON)
    works_while_the_clock_jumps(stage, -HOUR)
    for minutes in range(-60, 3, 10):
        stage.desk.sweep(NOON + timedelta(minutes=minutes))
    works(stage, NOON + timedelta(minutes=3))

    assert told(stage) == [1] * len(PEOPLE)
    assert stage.store.run(RUN).state is RunState.DONE


def test_what_a_dead_worker_had_is_decided_an_hour_late_where_it_jumped_back(stage):
    stage.desk.sweep(NOON)
    run = stage.store.run(RUN)
    stage.take(run, room=4, now=NOON)
    stage.desk.sweep(NOON - HOUR + timedelta(minutes=2))
    early = stage.desk.status(RUN).count(State.UNSURE)
    stage.desk.sweep(NOON + timedelta(minutes=2))

    assert early == 0
    assert stage.desk.status(RUN).count(State.UNSURE) == 4


@pytest.mark.parametrize(
    "times",
    [
        [at(8, 29), at(8, 31), at(7, 31), at(8, 29), at(8, 30), at(8, 31)],
        [at(8, 31), at(9, 31), at(8, 32)],
        [at(7, 45), at(8, 45), at(7, 46), at(8, 46)],
        [at(8, 29), at(9, 29), at(10, 29)],
    ],
    ids=["back over its time", "ahead and back", "ahead over its time and back", "ahead over its time"],
)
def test_a_time_that_comes_twice_or_is_jumped_over_has_one_run(stage, times):
    for now in times:
        stage.desk.sweep(now)
        works(stage, now)
    stage.desk.sweep(times[-1] + timedelta(minutes=1))
    works(stage, max(times) + timedelta(minutes=1))

    assert [status.run.key for status in stage.desk.runs() if status.people] == [RUN]
    assert told(stage) == [1] * len(PEOPLE)

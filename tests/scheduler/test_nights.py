"""Quiet hours that begin in the middle of a run: it rests, goes on by itself, and nobody loses what is theirs."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from scheduler import reasons
from scheduler.channels.groups import robots
from scheduler.channels.groups.settings import GroupSettings
from scheduler.manners import Manners
from scheduler.nights import Nights
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, RUN, ZONE, Stage, write_pack
from wechat.wire import Wire

QUIET = Manners(zone=ZONE, quiet_from=time(21, 30), quiet_until=time(7, 30))
PEOPLE = [f"o-{number}" for number in range(8)]
EVENING = DAILY.replace('"30 8 * * *"', '"0 21 * * *"\nexpires_after = "1h"')
SENDING, RESTING = (RunState.SENDING, ""), (RunState.PAUSED, reasons.RESTS)


def at(hour, minute=0, *, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


EVE, MORNING = at(21, 29) + timedelta(seconds=59), at(7, 30, day=24)


@pytest.fixture
def evening(db, tmp_path):
    """A digest that is due at nine in the evening and over an hour later; one message is in flight at a time."""
    stage = Stage(db, write_pack(tmp_path, broadcasts=[EVENING]), manners=QUIET, in_flight=1)
    for openid in PEOPLE:
        stage.reader(openid, window=True)
    stage.desk.sweep(at(9))
    stage.desk.sweep(at(21))
    return stage


def told(stage):
    return [len(stage.wechat.shown_to(openid)) for openid in PEOPLE]


def works_until_the_night(stage, key=RUN, *, after=3):
    """Work on it, and let half past nine come when so many have been told."""
    stage.pump = replace(stage.pump, clock=lambda: EVE if sum(told(stage)) < after else at(21, 30))
    return stage.work(key)


def works_at(stage, now, key=RUN):
    stage.now = now
    stage.pump = replace(stage.pump, clock=lambda: now)
    return stage.work(key)


def stands(stage, key=RUN):
    run = stage.store.run(key)
    return run.state, run.reason


def test_it_rests_from_the_first_moment_on_and_goes_on_by_itself_in_the_morning(evening):
    again_in = works_until_the_night(evening)
    at_night = told(evening)
    resting = stands(evening)
    evening.woken.clear()
    for moment in (at(21, 31), at(23), at(7, 29, day=24)):
        evening.desk.sweep(moment)
        works_at(evening, moment)
    before = told(evening), stands(evening), list(evening.woken)
    evening.desk.sweep(MORNING)
    works_at(evening, MORNING)

    assert (again_in, sum(at_night), resting) == (None, 3, RESTING)
    assert before == (at_night, RESTING, [])
    assert evening.woken == [RUN]
    assert told(evening) == [1] * len(PEOPLE)
    assert stands(evening) == (RunState.DONE, "")


def test_it_says_when_it_goes_on(evening):
    works_until_the_night(evening)

    assert evening.desk.status(RUN).goes_on_at == MORNING


def test_the_night_is_not_counted_to_its_end(evening):
    works_until_the_night(evening)
    for moment in (at(21, 31), at(22, 30), at(3, day=24), MORNING, at(7, 59, day=24)):
        evening.desk.sweep(moment)
    in_time = evening.desk.status(RUN).count(State.DUE)
    evening.desk.sweep(at(8, day=24))

    assert in_time == 5
    assert evening.desk.status(RUN).count(State.FAILED) == 5, "half an hour was left of its hour"


def test_the_clock_lets_it_rest_where_no_worker_did(evening):
    evening.desk.sweep(at(21, 30))

    assert stands(evening) == RESTING


def test_a_worker_that_is_brought_it_at_night_lets_it_rest(evening):
    assert works_at(evening, at(22, 1)) is None

    assert (told(evening), stands(evening)) == ([0] * len(PEOPLE), RESTING)
    assert evening.desk.status(RUN).count(State.DUE) == len(PEOPLE), "its end came at ten"


def test_an_admin_may_let_it_go_on_at_night(evening):
    works_until_the_night(evening)
    resumed = evening.desk.resume(RUN, now=at(22))
    evening.desk.sweep(at(22))
    works_at(evening, at(22))

    assert resumed
    assert told(evening) == [1] * len(PEOPLE)


def test_an_admin_may_hold_back_what_rests(evening):
    works_until_the_night(evening)
    held = evening.desk.pause(RUN)
    evening.desk.sweep(MORNING)

    assert held
    assert stands(evening) == (RunState.PAUSED, reasons.BY_HAND)


@pytest.mark.parametrize("began", [at(20, 45), at(22)], ids=["before it", "in it"])
def test_what_was_sent_for_the_night_goes_on_in_it(evening, began):
    run = evening.desk.send("daily-digest", began, at_once=True, at_night=True)
    works_until_the_night(evening, run.key, after=3 if began < at(21, 30) else 0)
    evening.desk.sweep(at(21, 30))
    works_at(evening, at(21, 30), run.key)

    assert told(evening) == [1] * len(PEOPLE)
    assert stands(evening, run.key) == (RunState.DONE, "")


def test_what_rests_is_sent_at_once_where_somebody_says_so(evening):
    works_until_the_night(evening)
    run = evening.desk.send("daily-digest", at(22), at_once=True, at_night=True)
    works_at(evening, at(22))

    assert run.key == RUN
    assert told(evening) == [1] * len(PEOPLE)


def test_who_finds_it_night_does_not_undo_what_an_admin_has_said_meanwhile(evening):
    seen = evening.store.run(RUN)
    evening.store.allow_night(RUN)

    assert Nights(evening.store, QUIET).rests(seen, at(22))
    assert stands(evening) == SENDING


def test_no_group_is_told_at_night(db, tmp_path):
    daily = EVENING.replace('template = "daily.j2"', 'template = "daily.j2"\ngroups = ["群"]')
    stage = Stage(db, write_pack(tmp_path, broadcasts=[daily]), manners=QUIET)
    hook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-key-1"
    settings = {"群": GroupSettings(kind="wecom", webhook=hook, api_base="http://127.0.0.1:9")}
    stage.groups.update(robots.groups(settings, line=Wire))
    stage.desk.sweep(at(9))
    stage.desk.sweep(at(21))
    (run,) = stage.store.runs(states=[RunState.SENDING])

    stage.pump = replace(stage.pump, crier=replace(stage.crier, clock=lambda: at(21, 30)), clock=lambda: at(21, 30))
    stage.pump._cry(run, lambda: False)

    assert [(post.state, post.attempts) for post in stage.store.posts.of(RUN)] == [("due", 0)]


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        (at(21, 29), None),
        (at(21, 30), (at(21, 30), MORNING)),
        (at(0, day=24), (at(21, 30), MORNING)),
        (at(7, 29, day=24), (at(21, 30), MORNING)),
        (MORNING, None),
    ],
    ids=str,
)
def test_a_night_is_known_from_within(moment, quiet):
    assert QUIET.quiet(moment) == quiet


def test_quiet_hours_of_a_day_are_that_days():
    nap = Manners(zone=ZONE, quiet_from=time(12), quiet_until=time(14))

    assert nap.quiet(NOON) == (NOON, NOON + timedelta(hours=2))

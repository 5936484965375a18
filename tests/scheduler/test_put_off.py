"""A send to all can't leave out who has had enough today: then all of it waits for the morning."""

from datetime import time, timedelta

import pytest

from scheduler import reasons
from scheduler.manners import Manners
from tests.scheduler.world import NOON, REMINDER, ZONE, Stage, an_account, write_pack

ALL = """
key = "all"
title = "通知"
at = 2026-11-23T12:00:00+08:00
channels = ["mass", "next_visit"]
template = "reminder.j2"
expires_after = "4h"

[audience]
everyone = true
"""
RUN, BY_HAND = "all:2026-11-23", "all:2026-11-23-by-hand"
MORNING = NOON.replace(day=24, hour=7, minute=30)


@pytest.fixture
def stage(db, tmp_path):
    """Two follow an account that can't send to a list; one of them has been sent the reminder of the day."""
    return had_enough(db, tmp_path)


def had_enough(db, tmp_path, *, kind="subscription", broadcast=ALL, a_day=1):
    manners = Manners(zone=ZONE, quiet_from=time(21, 30), quiet_until=time(7, 30), a_day=a_day)
    pack = write_pack(tmp_path / "pack", broadcasts=(broadcast, REMINDER))
    stage = Stage(db, pack, accounts={"official": an_account(kind=kind)}, manners=manners)
    stage.reader("o-full", "tixing", window=True)
    stage.reader("o-other")
    stage.desk.send("reminder", stage.now, at_once=True)
    return stage


def stands(stage, key=RUN):
    run = stage.store.run(key)
    return str(run.state), run.reason


def ways(stage, key=RUN):
    return sorted(row.channel for row in stage.rows(stage.store.run(key)).values())


def swept(stage, at):
    stage.now = at
    stage.desk.sweep(at)


def test_it_waits_and_goes_out_in_the_morning_with_nobody_left_out(stage):
    stage.desk.send("all", stage.now)
    assert (stands(stage), ways(stage)) == (("planned", reasons.FULL), [])
    for at in (NOON + timedelta(minutes=1), NOON + timedelta(hours=9), MORNING - timedelta(minutes=1)):
        swept(stage, at)
        assert (stands(stage), ways(stage)) == (("planned", reasons.FULL), []), at

    swept(stage, MORNING)
    assert (stands(stage), ways(stage)) == (("sending", ""), ["mass", "mass"])


def test_what_was_left_of_its_time_is_left_in_the_morning(stage):
    stage.desk.send("all", stage.now + timedelta(hours=1))

    assert stage.store.run(RUN).expires_at == MORNING + timedelta(hours=3)


def test_by_hand_it_waits_too_and_pressed_twice_no_longer(stage):
    for _ in range(2):
        run = stage.desk.send_now("all", now=stage.now)
        assert (str(run.state), run.reason) == ("planned", reasons.FULL)
        assert run.expires_at == MORNING + timedelta(hours=4)
    swept(stage, MORNING)

    assert (stands(stage, run.key), ways(stage, run.key)) == (("sending", ""), ["mass", "mass"])


def test_the_forecast_says_how_many_have_had_enough_and_until_when_it_waits(stage):
    ahead = stage.desk.forecast("all", stage.now)

    assert (ahead.held_back, ahead.waits_until, ahead.full) == (1, MORNING, 0)
    assert stage.desk.forecast("all", MORNING).waits_until is None


def test_of_another_day_today_says_nothing(db, tmp_path):
    stage = had_enough(db, tmp_path, broadcast=ALL.replace("2026-11-23T12", "2026-11-24T12"))

    assert stage.desk.forecast("all", stage.now).waits_until is None


def test_an_account_that_sends_to_a_list_spares_them_and_waits_for_nothing(db, tmp_path):
    stage = had_enough(db, tmp_path, kind="service")
    stage.desk.send("all", stage.now)

    assert (stands(stage), ways(stage)) == (("sending", ""), ["mass", "next_visit"])


@pytest.mark.parametrize(
    "changes",
    [
        {"a_day": 2},
        {"a_day": None},
        {"broadcast": ALL.replace("everyone = true", 'accounts = ["other"]')},
        {"broadcast": ALL.replace('"mass", ', "")},
        {"broadcast": ALL.replace("everyone = true", 'topics = ["yaowen"]')},
    ],
)
def test_where_nobody_is_sent_too_much_it_goes_at_once(db, tmp_path, changes):
    stage = had_enough(db, tmp_path, **changes)
    ahead = stage.desk.forecast("all", stage.now)
    stage.desk.send("all", stage.now)

    assert stage.store.run(RUN).reason != reasons.FULL
    assert (ahead.held_back, ahead.waits_until) == (0, None)

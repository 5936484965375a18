"""When a broadcast goes out: on the days that are worked on, and a little beside the full hour."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial

import pytest

from content import library
from content.workdays import WorkYear
from scheduler.clock import fires
from scheduler.timetable import Timetable
from scheduler.workdays import Workdays
from tests.scheduler.world import DAILY, RUN, ZONE, Stage, write_pack

DAY = timedelta(days=1)
TABLE = Timetable(partial(fires, zone=ZONE), zone=ZONE, workdays=Workdays(dict))


def midnight(year, month, day):
    return datetime(year, month, day, tzinfo=ZONE)


def broadcast_with(folder, *lines):
    """The daily digest with lines of its own."""
    text = "\n".join(lines) + DAILY
    return library.load(write_pack(folder, broadcasts=[text]), zone=ZONE).broadcasts["daily-digest"]


@pytest.fixture
def on_workdays(tmp_path):
    return broadcast_with(tmp_path / "pack", "workdays = true")


@pytest.fixture
def jittered(tmp_path):
    return broadcast_with(tmp_path / "pack", 'jitter = "10m"')


# -- workdays --------------------------------------------------------------------------------------------------


def test_workdays_follow_the_announced_holidays_and_the_weekends_worked_in_lieu(on_workdays):
    """The State Council's arrangement for 2026: off from the first to the seventh of October, the tenth is worked."""
    found = TABLE.between(on_workdays, midnight(2026, 9, 30), midnight(2026, 10, 13))

    assert [firing.due_at.day for firing in found] == [30, 8, 9, 10, 12]
    assert {firing.is_provisional for firing in found} == {False}


def test_beyond_the_announced_years_monday_to_friday_is_provisional(on_workdays):
    found = TABLE.between(on_workdays, midnight(2027, 1, 1), midnight(2027, 1, 6))

    assert [(firing.due_at.day, firing.is_provisional) for firing in found] == [(1, True), (4, True), (5, True)]


def test_a_year_of_the_pack_is_believed_before_all_else():
    year = WorkYear(year=2027, off=(date(2027, 1, 1),), work=(date(2027, 1, 3),))
    workdays = Workdays(lambda: {2027: year})

    assert [workdays.is_workday(date(2027, 1, day)) for day in range(1, 5)] == [False, False, True, True]
    assert not workdays.is_provisional(date(2027, 1, 1))
    assert workdays.is_provisional(date(2028, 1, 1))


def test_the_pack_s_year_reaches_the_desk(db, tmp_path):
    folder = write_pack(tmp_path / "pack", broadcasts=["workdays = true" + DAILY])
    (folder / "calendar").mkdir()
    (folder / "calendar" / "2026.toml").write_text("off = [2026-11-23]\n", "utf-8")
    stage = Stage(db, folder)

    stage.desk.sweep(midnight(2026, 11, 23) + timedelta(hours=9))

    assert stage.store.runs() == []
    assert stage.desk.forecast("daily-digest", midnight(2026, 11, 23)).key == "daily-digest:2026-11-24"


def test_a_forecast_says_that_its_day_is_provisional(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=["workdays = true" + DAILY]))

    days = [midnight(2026, 12, 30), midnight(2027, 1, 4)]

    assert [stage.desk.forecast("daily-digest", day).is_provisional for day in days] == [False, True]


# -- beside the full hour --------------------------------------------------------------------------------------


def test_a_run_has_one_moment_however_often_it_is_computed(jittered):
    days = [midnight(2026, 11, 1) + n * DAY for n in range(30)]

    alone = [TABLE.on(jittered, day.date())[0] for day in days]
    together = TABLE.between(jittered, days[0], days[-1] + DAY)

    assert alone == together
    assert [firing.key for firing in alone] == [f"daily-digest:{day:%Y-%m-%d}" for day in days]


def test_moments_are_spread_from_the_written_one_to_the_last_allowed(jittered):
    found = TABLE.between(jittered, midnight(2026, 1, 1), midnight(2026, 12, 31))

    minutes = Counter(firing.due_at.minute for firing in found)

    assert set(minutes) == set(range(30, 41))
    assert max(minutes.values()) < len(found) / 5


def test_a_moment_is_found_from_any_side_of_it(jittered):
    (firing,) = TABLE.on(jittered, date(2026, 11, 26))
    assert firing.due_at.minute != 30  # else this test asks nothing
    just_before = firing.due_at - timedelta(seconds=1)

    assert TABLE.between(jittered, just_before, firing.due_at) == [firing]
    assert TABLE.between(jittered, midnight(2026, 11, 26), just_before) == []
    assert TABLE.next(jittered, just_before) == firing
    assert TABLE.before(jittered, firing.due_at + timedelta(minutes=1)) == firing.due_at


def test_a_sweep_between_the_written_hour_and_the_moment_sends_nothing_yet(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=['jitter = "1h"' + DAILY]))
    stage.reader("o-1")
    due = stage.desk.forecast(RUN, midnight(2026, 11, 23)).due_at
    assert due > midnight(2026, 11, 23) + timedelta(hours=8, minutes=31)

    stage.desk.sweep(due - timedelta(minutes=1))
    before = stage.store.runs()
    stage.desk.sweep(due)

    assert before == []
    assert [(run.key, run.due_at) for run in stage.store.runs()] == [(RUN, due)]


def test_a_changed_jitter_is_a_changed_timing(db, tmp_path):
    """What was never promised wasn't missed: a broadcast that is spread anew at noon doesn't go out for the morning."""
    stage = Stage(db, write_pack(tmp_path / "pack", digests={}))
    stage.desk.sweep(midnight(2026, 11, 22))
    write_pack(tmp_path / "pack", broadcasts=['jitter = "5m"' + DAILY])
    stage.library = library.load(tmp_path / "pack", zone=ZONE)

    stage.desk.sweep(midnight(2026, 11, 23) + timedelta(hours=12))

    assert stage.store.run(RUN) is None

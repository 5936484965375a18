"""When a broadcast goes out: on the days that are worked on, and a little beside the full hour."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from content import library
from content.workdays import WorkYear
from scheduler.clock import fires
from scheduler.timetable import Timetable
from scheduler.workdays import Workdays
from tests.scheduler.world import DAILY, RUN, ZONE, Stage, write_pack

DAY = timedelta(days=1)
TABLE = Timetable(fires, zone=ZONE, workdays=Workdays(dict))


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


# -- in a zone of its own --------------------------------------------------------------------------------------


def in_new_york(folder, schedule, *lines):
    """The daily digest by the clocks of New York, five hours behind UTC in winter and four in summer."""
    found = broadcast_with(folder, 'zone = "America/New_York"', *lines)
    return replace(found, schedule=schedule)


def utc(month, day, hour=0, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_broadcast_may_have_a_zone_of_its_own(tmp_path):
    """Its keys are its own days: by ours both of these would be the eighth of March."""
    noonish = in_new_york(tmp_path, "30 11 * * *")

    found = TABLE.between(noonish, utc(3, 7), utc(3, 9))

    assert [firing.due_at for firing in found] == [utc(3, 7, 16, 30), utc(3, 8, 15, 30)]
    assert [firing.key for firing in found] == ["daily-digest:2026-03-07", "daily-digest:2026-03-08"]
    assert TABLE.on(noonish, date(2026, 3, 7)) == found[:1]


def test_what_comes_twice_as_clocks_are_set_back_is_one_run(tmp_path):
    found = TABLE.between(in_new_york(tmp_path, "30 1 * * *"), utc(11, 1), utc(11, 2, 12))

    assert {firing.key for firing in found} == {"daily-digest:2026-11-01", "daily-digest:2026-11-02"}
    assert found[0].due_at.astimezone(UTC) == utc(11, 1, 5, 30)


def test_what_is_left_out_as_clocks_are_set_forward_is_sent_all_the_same(tmp_path):
    found = TABLE.between(in_new_york(tmp_path, "30 2 * * *"), utc(3, 8), utc(3, 9))

    assert [(firing.key, firing.due_at.astimezone(UTC)) for firing in found] == [
        ("daily-digest:2026-03-08", utc(3, 8, 7, 30))
    ]


def test_workdays_are_ours_wherever_its_clocks_are(tmp_path):
    """Their evening is our next morning, and ours from the first to the seventh of October are off."""
    evenings = in_new_york(tmp_path, "30 20 * * *", "workdays = true")

    found = TABLE.between(evenings, utc(9, 29), utc(10, 9, 1))

    assert [firing.due_at.day for firing in found] == [28, 29, 7, 8]


def test_a_moment_without_an_offset_is_in_the_broadcasts_zone(tmp_path):
    daily = DAILY.replace('schedule = "30 8 * * *"', 'at = "2026-12-01 09:00"\nzone = "Asia/Urumqi"')

    found = library.load(write_pack(tmp_path, broadcasts=[daily]), zone=ZONE).broadcasts["daily-digest"]

    assert found.at == utc(12, 1, 3)


def test_a_run_of_another_zone_is_found_by_its_key_and_goes_out_in_its_time(db, tmp_path):
    """Half past eight in the morning in New York is half past nine in the evening in Shanghai, of the same day."""
    stage = Stage(db, write_pack(tmp_path, broadcasts=['zone = "America/New_York"' + DAILY]))
    stage.reader("o-1")

    stage.desk.sweep(utc(11, 23, 13, 29))
    before = stage.store.runs()
    today = stage.desk.forecast("daily-digest", utc(11, 23, 23, 59))  # the 24th is there already by our clocks
    stage.desk.sweep(utc(11, 23, 13, 30))

    assert (before, today.key) == ([], RUN)
    (run,) = stage.store.runs()
    assert (run.key, run.due_at) == (RUN, utc(11, 23, 13, 30))
    assert run.content.fields["time2"] == "08:30", "its words tell the time there"


def test_a_changed_zone_is_a_changed_timing(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path, digests={}))
    stage.desk.sweep(midnight(2026, 11, 22))
    write_pack(tmp_path, broadcasts=['zone = "Asia/Tokyo"' + DAILY])
    stage.library = library.load(tmp_path, zone=ZONE)

    stage.desk.sweep(midnight(2026, 11, 23) + timedelta(hours=12))

    assert stage.store.run(RUN) is None

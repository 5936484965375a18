"""Quiet hours and a number of pushes a day hold for everybody."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler import reasons
from scheduler.manners import Manners, QuietHours
from storage.deliveries import settle
from storage.people import Window
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, REMINDER, RUN, ZONE, Stage, write_pack

QUIET = Manners(zone=ZONE, quiet_from=time(21, 30), quiet_until=time(7, 30))


def at(hour, minute=0, *, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (at(21, 29), at(21, 29)),
        (at(21, 30), at(7, 30, day=24)),
        (at(23, 59), at(7, 30, day=24)),
        (at(0), at(7, 30)),
        (at(7, 29), at(7, 30)),
        (at(7, 30), at(7, 30)),
        (at(12), at(12)),
    ],
    ids=str,
)
def test_a_moment_in_the_night_is_moved_to_the_morning(moment, allowed):
    assert QUIET.next_allowed(moment) == allowed
    assert QUIET.next_allowed(moment.astimezone(ZoneInfo("UTC"))) == allowed
    assert QUIET.is_quiet(moment) == (moment != allowed)


def test_quiet_hours_may_lie_in_the_day():
    nap = Manners(zone=ZONE, quiet_from=time(12), quiet_until=time(14))

    assert [nap.next_allowed(at(hour)) for hour in (11, 12, 13, 14)] == [at(11), at(14), at(14), at(14)]


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_same_time_twice_is_no_quiet_at_all(hour):
    assert not Manners(zone=ZONE, quiet_from=time(9), quiet_until=time(9)).is_quiet(at(hour))


# -- runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stages(db, tmp_path):
    def make(manners, daily=DAILY):
        return Stage(db, write_pack(tmp_path, broadcasts=[daily, REMINDER]), manners=manners)

    return make


@pytest.fixture
def night(stages):
    """A digest that is due at ten at night and over an hour later."""
    stage = stages(QUIET, daily=DAILY.replace('"30 8 * * *"', '"0 22 * * *"\nexpires_after = "1h"'))
    stage.desk.sweep(at(9))
    stage.reader("o-1", window=True)
    return stage


def test_a_run_that_is_due_in_the_night_waits_for_the_morning_and_is_not_dropped(night):
    night.now = at(22)
    night.desk.sweep(night.now)
    waiting = night.desk.status(RUN).run
    night.now = at(7, 29, day=24)
    night.desk.sweep(night.now)
    still = night.desk.status(RUN).run.state
    night.now = at(7, 30, day=24)
    night.desk.sweep(night.now)
    night.work()

    assert (waiting.state, waiting.reason) == (RunState.PLANNED, reasons.QUIET.format(until=at(7, 30)))
    assert still is RunState.PLANNED
    assert night.desk.status(RUN).run.state is RunState.DONE
    assert night.states(night.store.run(RUN)) == {"sent": 1}


def test_a_run_that_was_missed_all_night_is_found_in_the_morning(night):
    night.now = at(7, 45, day=24)
    night.desk.sweep(night.now)

    assert night.desk.status(RUN).run.state is RunState.SENDING


def test_after_its_time_in_the_morning_it_is_over(night):
    night.desk.sweep(at(8, 31, day=24))

    assert night.desk.runs() == []


def test_by_hand_nothing_goes_out_in_the_night_unless_it_is_said(night):
    with pytest.raises(QuietHours) as quiet:
        night.desk.send("daily-digest", at(22), at_once=True)
    before = night.desk.runs()
    run = night.desk.send("daily-digest", at(22), at_once=True, at_night=True)

    assert quiet.value.until == at(7, 30, day=24)
    assert before == []
    assert run.state is RunState.SENDING


def test_a_forecast_tells_that_it_is_quiet(night):
    assert night.desk.forecast("daily-digest", at(22)).quiet_until == at(7, 30, day=24)
    assert night.desk.forecast("daily-digest", NOON).quiet_until is None


# -- a day -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(stages):
    """Two broadcasts for one who has a window, and at most one push a day."""
    stage = stages(Manners(zone=ZONE, a_day=1))
    stage.reader("o-1", "yaowen", "tixing", window=True)
    return stage


def reached(stage, run):
    return {tally.channel for tally in stage.desk.status(run.key).tallies}


def test_what_comes_after_enough_pushes_is_kept_for_the_next_visit(busy):
    first = busy.desk.send("daily-digest", NOON, at_once=True)
    busy.work(first.key)
    second = busy.desk.send("reminder", NOON, at_once=True)
    busy.work(second.key)

    assert reached(busy, first) == {"customer_service"}
    assert reached(busy, second) == {"next_visit"}


def test_the_next_day_begins_anew(busy):
    first = busy.desk.send("daily-digest", NOON, at_once=True)
    busy.work(first.key)
    second = busy.desk.send("reminder", NOON + timedelta(hours=12), at_once=True)

    assert reached(busy, second) == {"customer_service"}


def test_what_waits_for_a_visit_is_no_push(busy):
    quiet = busy.reader("o-2", "yaowen", "tixing")
    first = busy.desk.send("daily-digest", NOON, at_once=True)
    busy.work(first.key)
    busy.people.open_windows({quiet.contact: Window(NOON + timedelta(hours=48), 5)})

    forecast = busy.desk.forecast("reminder", NOON, at_once=True)

    assert dict(forecast.channels) == {"next_visit": 1, "customer_service": 1}


def test_a_run_that_is_begun_again_does_not_count_itself(busy):
    first = busy.desk.send("daily-digest", NOON, at_once=True)
    again = busy.desk.send("daily-digest", NOON, at_once=True)

    assert again.key == first.key
    assert reached(busy, again) == {"customer_service"}


@pytest.mark.parametrize(("other", "way"), [("sent", "next_visit"), ("gone", "customer_service")])
def test_whom_a_mass_send_failed_is_spared_where_another_run_has_pushed_them_meanwhile(busy, other, way):
    who = busy.person("o-1")
    run = busy.run(RUN, channels=("mass", "customer_service"))
    busy.deliver(run, who, channel="mass")  # alone in its list
    meanwhile = busy.run("reminder:2026-11-23", corrects="reminder:2026-11-20")  # no cap holds a correction back
    busy.deliver(meanwhile, who)
    (parcel,) = busy.take(meanwhile)
    busy.take(meanwhile, settle(parcel, State(other)))
    busy.work()
    busy.work()

    assert reached(busy, run) == {way}
    assert busy.states(run) == {"sent": 1}

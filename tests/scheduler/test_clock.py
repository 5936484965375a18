"""The timetable, and who of many keeps it."""

import contextlib
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import app
from content import library
from scheduler.clock import TICK_SECONDS, Clock, fires
from scheduler.job import Job
from storage.leases import Lease
from storage.redis import connect
from tests.scheduler.world import DAILY, NOON, ZONE, write_pack

SOON = timedelta(milliseconds=1200)


@pytest.mark.parametrize(
    ("cron", "after", "until", "times"),
    [
        pytest.param("30 8 * * *", NOON - timedelta(days=1), NOON, ["23 08:30"], id="once a day"),
        pytest.param("0 12 * * *", NOON - timedelta(days=1), NOON, ["23 12:00"], id="from behind, up to and with"),
        pytest.param("0 * * * *", NOON - timedelta(hours=2), NOON, ["23 11:00", "23 12:00"], id="every hour"),
        pytest.param("0 10 * * mon", NOON - timedelta(days=8), NOON, ["16 10:00", "23 10:00"], id="mondays"),
        pytest.param("0 10 1 * *", NOON - timedelta(days=8), NOON, [], id="not in these days"),
    ],
)
def test_a_schedule_has_its_times_in_the_configured_zone(cron, after, until, times):
    found = fires(cron, after.astimezone(UTC), until.astimezone(UTC), zone=ZONE)

    assert [f"{due:%d %H:%M}" for due in found] == times


def test_the_clock_fires_in_the_zone_that_a_broadcast_names(once):
    there = replace(once, schedule="30 8 * * *", at=None, zone=ZoneInfo("Asia/Tokyo"))
    clock = Clock([], broadcasts=dict, begin=print, lease=OnlyMe(), zone=ZONE, clock=lambda: NOON)

    due = [clock._trigger(each).get_next_fire_time(None, NOON) for each in (there, replace(there, zone=None))]

    assert [f"{moment.astimezone(ZONE):%d %H:%M}" for moment in due] == ["24 07:30", "24 08:30"]


class OnlyMe:
    """A lease that is given to nobody else; whether now, is asked in the thread of its clock."""

    def __init__(self, given=lambda: True):
        self.given = given
        self.let_go_of = 0

    def hold(self):
        return self.given()

    def let_go(self):
        self.let_go_of += 1


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A broadcast for one moment; to read a pack takes longer than until such a moment."""
    daily = DAILY.replace('schedule = "30 8 * * *"', f"at = {NOON.isoformat()}")
    folder = write_pack(tmp_path_factory.mktemp("pack"), broadcasts=[daily])
    return library.load(folder, zone=ZONE).broadcasts["daily-digest"]


@pytest.fixture
def a_pack(once):
    """Give broadcasts for moments to come."""

    def given(*moments):
        return {key: replace(once, key=key, at=at) for at in moments if (key := f"{at:once-%H.%M.%S.%f}")}

    return given


class Ending(Exception):
    """Ends a clock of a test."""


class AClock:
    """A clock in a thread; its `begin` writes down when it was called, and it ends with the test."""

    def __init__(self, lease, *, broadcasts=dict, jobs=(), begin=None, tick_seconds=0.05, clock=None):
        self.fired: list[datetime] = []
        self._ends = threading.Event()
        self._clock = Clock(
            jobs,
            broadcasts=self._ending(broadcasts),
            begin=begin or self.fired.append,
            lease=lease,
            zone=ZONE,
            clock=clock or (lambda: datetime.now(ZONE)),
            tick_seconds=tick_seconds,
        )
        self._thread = threading.Thread(target=self._run)

    def _ending(self, broadcasts):
        def read():
            if self._ends.is_set():
                raise Ending
            return broadcasts()

        return read

    def _run(self):
        with contextlib.suppress(Ending):
            self._clock.run()

    def fired_since(self, moment):
        """Whether it has fired for a moment; the sweep of a full minute may have come before."""
        return any(at >= moment for at in self.fired)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()


def until(condition, *, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_a_broadcast_begins_at_its_moment(a_pack):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(moment)

    with AClock(OnlyMe(), broadcasts=lambda: pack) as clock:
        until(lambda: clock.fired_since(moment))


def test_who_does_not_lead_fires_nothing_and_who_takes_over_catches_up(a_pack):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(moment)
    lease = OnlyMe(lambda: False)

    with AClock(lease, broadcasts=lambda: pack) as clock:
        time.sleep(SOON.total_seconds() + 0.5)
        before = list(clock.fired)
        lease.given = lambda: True
        until(lambda: clock.fired_since(moment))

    assert before == []
    assert lease.let_go_of == 1


def test_what_came_due_while_the_lease_was_lost_is_caught_up(a_pack):
    moment = datetime.now(ZONE) + SOON
    lost, back = moment - SOON / 4, moment + SOON / 2
    pack = a_pack(moment)

    with AClock(OnlyMe(lambda: not lost <= datetime.now(ZONE) < back), broadcasts=lambda: pack) as clock:
        until(lambda: clock.fired_since(moment))

    assert clock.fired_since(back)
    assert not any(moment <= at < back for at in clock.fired)


def test_a_clock_that_slept_while_its_lease_ran_out_does_not_fire(a_pack):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(moment)
    lease = OnlyMe(lambda: datetime.now(ZONE) < moment)

    with AClock(lease, broadcasts=lambda: pack, tick_seconds=2.5) as clock:  # it looks again only after the moment
        time.sleep(SOON.total_seconds() + 0.4)

    assert not clock.fired_since(moment)


class Packs:
    """What the pack says, changed while a clock reads it."""

    def __init__(self, first):
        self._newest = first
        self._reads = 0

    def __call__(self):
        self._reads += 1
        return self._newest

    def change(self, pack):
        """Say something else, and wait until the clock has come back from taking it in."""
        self._newest, before = pack, self._reads
        until(lambda: self._reads > before + 2)


def test_a_changed_pack_changes_the_timetable(a_pack):
    packs = Packs(a_pack(datetime.now(ZONE) + timedelta(hours=1)))

    with AClock(OnlyMe(), broadcasts=packs) as clock:
        first = datetime.now(ZONE) + SOON
        packs.change(a_pack(first))
        until(lambda: clock.fired_since(first))
        second = datetime.now(ZONE) + 3 * SOON
        packs.change(a_pack(second))
        packs.change({})
        time.sleep((second - datetime.now(ZONE)).total_seconds() + 0.2)

    assert not clock.fired_since(second)


def test_a_job_that_fails_does_not_keep_the_others_from_their_time(a_pack):
    moments = [datetime.now(ZONE) + SOON * number for number in (1, 2)]
    pack = a_pack(*moments)
    begun = []

    def begin(now):
        begun.append(now)
        raise RuntimeError("no")

    with AClock(OnlyMe(), broadcasts=lambda: pack, begin=begin, jobs=[Job(id="x", cron="0 0 1 1 *", run=print)]):
        until(lambda: begun and begun[-1] >= moments[1])


def test_what_fell_due_while_the_clock_was_set_forward_is_done_at_once_and_once():
    ahead = [timedelta()]
    night: list[datetime] = []
    never: list[datetime] = []
    jobs = [
        Job(id="night", cron="0 3 * * *", run=night.append),
        Job(id="never", cron="0 0 1 1 *", run=never.append),
    ]

    with AClock(OnlyMe(), jobs=jobs, clock=lambda: NOON + ahead[0]) as clock:
        time.sleep(0.3)
        before = list(night)
        ahead[0] = timedelta(days=3)
        until(lambda: night and clock.fired)
        time.sleep(0.3)

    assert before == []
    assert night == [NOON + timedelta(days=3)]
    assert never == []


@pytest.mark.usefixtures("redis")
def test_of_two_clocks_one_fires_and_the_other_follows_it(redis_url, a_pack):
    moments = [datetime.now(ZONE) + SOON * number for number in (1, 4)]
    pack = a_pack(*moments)
    first, second = (Lease(connect(redis_url, seconds=2), "clock", seconds=10) for _ in range(2))

    with AClock(second_after(first, second), broadcasts=lambda: pack) as follower:
        with AClock(first, broadcasts=lambda: pack) as leader:
            until(lambda: leader.fired_since(moments[0]))
            time.sleep(0.1)
            followed = list(follower.fired)
        until(lambda: follower.fired_since(moments[1]))

    assert followed == []
    assert not leader.fired_since(moments[1])


def second_after(first, second):
    """The second lease, once the first is held."""
    assert first.hold()
    return second


def test_a_dead_leader_is_replaced_within_fifteen_seconds():
    assert app.LEASE_SECONDS + TICK_SECONDS < 15

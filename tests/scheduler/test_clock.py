"""The timetable, and who of many keeps it."""

import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from content import library
from scheduler.clock import Clock, fires
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


class OnlyMe:
    """A lease that is given or not as told."""

    def __init__(self, *, given=True):
        self.given = given
        self.let_go_of = 0

    def hold(self):
        return self.given

    def let_go(self):
        self.let_go_of += 1


def a_pack(folder, *moments):
    """Broadcasts for moments to come."""
    once = [
        DAILY.replace('"daily-digest"', f'"once-{number}"').replace(
            'schedule = "30 8 * * *"', f"at = {moment.isoformat()}"
        )
        for number, moment in enumerate(moments)
    ]
    return library.load(write_pack(folder, broadcasts=once), zone=ZONE).broadcasts


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


def test_a_broadcast_begins_at_its_moment(tmp_path):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(tmp_path, moment)

    with AClock(OnlyMe(), broadcasts=lambda: pack) as clock:
        until(lambda: clock.fired_since(moment))


def test_who_does_not_lead_fires_nothing_and_who_takes_over_catches_up(tmp_path):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(tmp_path, moment)
    lease = OnlyMe(given=False)

    with AClock(lease, broadcasts=lambda: pack) as clock:
        time.sleep(SOON.total_seconds() + 0.5)
        before = list(clock.fired)
        lease.given = True
        until(lambda: clock.fired_since(moment))

    assert before == []
    assert lease.let_go_of == 1


def test_what_came_due_while_the_lease_was_lost_is_caught_up(tmp_path):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(tmp_path, moment)
    lease = OnlyMe()

    with AClock(lease, broadcasts=lambda: pack) as clock:
        time.sleep(0.3)
        lease.given = False
        time.sleep(SOON.total_seconds() + 0.5)
        before = clock.fired_since(moment)
        lease.given = True
        until(lambda: clock.fired_since(moment), seconds=8)

    assert not before


def test_a_clock_that_slept_while_its_lease_ran_out_does_not_fire(tmp_path):
    moment = datetime.now(ZONE) + SOON
    pack = a_pack(tmp_path, moment)
    lease = OnlyMe()

    with AClock(lease, broadcasts=lambda: pack, tick_seconds=2.5) as clock:  # it looks again only after the moment
        time.sleep(0.4)
        lease.given = False
        time.sleep(SOON.total_seconds())

    assert not clock.fired_since(moment)


def test_a_changed_pack_changes_the_timetable(tmp_path):
    packs = [a_pack(tmp_path / "old", datetime.now(ZONE) + timedelta(hours=1))]

    with AClock(OnlyMe(), broadcasts=lambda: packs[-1]) as clock:
        time.sleep(0.2)
        moments = [datetime.now(ZONE) + SOON * number for number in (1, 2)]
        packs.append(a_pack(tmp_path / "new", *moments))
        until(lambda: clock.fired_since(moments[0]))
        packs.append({})
        time.sleep(SOON.total_seconds() + 0.2)

    assert not clock.fired_since(moments[1])


def test_a_job_that_fails_does_not_keep_the_others_from_their_time(tmp_path):
    moments = [datetime.now(ZONE) + SOON * number for number in (1, 2)]
    pack = a_pack(tmp_path, *moments)
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
def test_of_two_clocks_one_fires_and_the_other_follows_it(redis_url, tmp_path):
    moments = [datetime.now(ZONE) + SOON * number for number in (1, 2)]
    pack = a_pack(tmp_path, *moments)
    first, second = (Lease(connect(redis_url, seconds=2), "clock", seconds=0.6) for _ in range(2))

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

"""A day's quota that is spent: the run waits for the platform's next day, and goes on by itself."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from time import monotonic

import pytest

from scheduler import quotas, reasons
from scheduler.manners import Manners
from storage import redis
from storage.refusals import Way
from storage.speeds import Speeds
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NO_REDIS, NOON, RUN, ZONE, Stage, write_pack
from wechat import errors

PEOPLE = ("o-1", "o-2", "o-3")
UNSURE = errors.from_code(45009, "reach max api daily quota limit rid: 6512-ab12-cd34")
SPENT = errors.from_code(45009, "reach max api daily quota limit")
assert isinstance(SPENT, errors.QuotaSpent)
SPENT.used = SPENT.allowed = 100_000
TWO_DAYS = 'expires_after = "2d"' + DAILY
SENDING = (RunState.SENDING, "")


def at(hour, minute=0, *, day=24):
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


RENEWED = at(0, 5)


@pytest.fixture
def spends(db, tmp_path):
    """Give a stage whose run is refused for all whom it is for, at noon."""

    def begin(broadcast=TWO_DAYS, *, error=SPENT, **more):
        stage = Stage(db, write_pack(tmp_path, broadcasts=[broadcast]), **more)
        # its minutes pass for the pace too: else it allows as many as this machine is slow
        in_its_time = Speeds(stage.memory, a_second=1000, clock=lambda: stage.now.timestamp() + monotonic())
        stage.pump = replace(stage.pump, speeds=in_its_time)
        for openid in PEOPLE:
            stage.reader(openid, window=True)
        stage.desk.send("daily-digest", NOON)
        refused(stage, error, calls=min(len(PEOPLE), more.get("in_flight", len(PEOPLE))))
        return stage

    return begin


def refused(stage, error=SPENT, *, calls=3):
    stage.wechat.fails(*[error] * calls)
    stage.work()
    stage.woken.clear()


def swept(stage, now):
    stage.now = now
    stage.desk.sweep(now)
    stage.work()
    return stands(stage)


def stands(stage):
    run = stage.store.run(RUN)
    return run.state, run.reason


def told(stage):
    return [len(stage.wechat.shown_to(openid)) for openid in PEOPLE]


def test_it_goes_on_by_itself_when_the_platforms_day_is_over(spends):
    stage = spends()
    paused, says = stands(stage), stage.desk.status(RUN).goes_on_at

    waiting = [swept(stage, moment) for moment in (NOON, at(23, 59, day=23), RENEWED - timedelta(seconds=1))]
    before = told(stage), list(stage.woken)
    swept(stage, RENEWED)

    assert (paused[0], says) == (RunState.PAUSED, RENEWED)
    assert "45009" in paused[1]
    assert (waiting, before) == ([paused] * 3, ([0] * 3, []))
    assert stage.woken == [RUN]
    assert told(stage) == [1] * 3
    assert stands(stage) == (RunState.DONE, "")
    assert stage.desk.status(RUN).goes_on_at is None


def test_of_two_clocks_one_lets_it_go_on_and_the_other_does_not_undo_what_came_of_it(spends):
    stage = spends()
    seen = stage.store.run(RUN)

    went_on = [quotas.goes_on(stage.store, seen, RENEWED) for _ in range(2)]
    stage.now = RENEWED
    refused(stage)
    late = quotas.goes_on(stage.store, seen, RENEWED + timedelta(seconds=30))

    assert (went_on, late) == ([True, False], False)
    assert stage.desk.status(RUN).goes_on_at == RENEWED + timedelta(days=1)


def test_what_an_admin_pauses_meanwhile_stays_paused(spends):
    stage = spends()

    assert stage.desk.pause(RUN)
    assert swept(stage, RENEWED) == (RunState.PAUSED, reasons.BY_HAND)
    assert stage.desk.status(RUN).goes_on_at is None


def test_an_admin_may_let_it_go_on_before(spends):
    stage = spends()

    assert stage.desk.resume(RUN, now=NOON)
    assert (stands(stage), stage.store.run(RUN).goes_on_at) == (SENDING, None)
    stage.work()

    assert told(stage) == [1] * 3


def test_what_was_resumed_in_vain_waits_for_the_next_day_again(spends):
    stage = spends()
    stage.desk.resume(RUN, now=NOON)
    refused(stage)

    assert stage.desk.status(RUN).goes_on_at == RENEWED
    swept(stage, RENEWED)
    assert told(stage) == [1] * 3


def test_it_does_not_go_on_where_its_end_comes_first_and_says_so(spends):
    stage = spends(DAILY)

    assert stage.desk.status(RUN).goes_on_at is None
    assert stands(stage)[1].endswith(reasons.OVER_BEFORE_RENEWAL)
    swept(stage, RENEWED)

    assert (told(stage), stage.desk.status(RUN).count(State.FAILED)) == ([0] * 3, 3)


def test_it_does_not_go_on_after_its_end(spends):
    stage = spends()

    assert not quotas.goes_on(stage.store, stage.store.run(RUN), at(8, 31, day=25))
    swept(stage, at(8, 31, day=25))

    assert (told(stage), stage.desk.status(RUN).count(State.FAILED)) == ([0] * 3, 3)
    assert stage.woken == []


def test_a_clock_that_is_behind_does_not_open_what_is_over(spends):
    stage = spends()
    seen = stage.store.run(RUN)
    swept(stage, at(8, 31, day=25))

    assert not quotas.goes_on(stage.store, seen, RENEWED)
    assert stands(stage)[0] is RunState.DONE


def test_nobody_is_told_in_quiet_hours(spends):
    stage = spends(manners=Manners(zone=ZONE, quiet_from=time(21, 30), quiet_until=time(7, 30)))
    says = stage.desk.status(RUN).goes_on_at

    nights = [swept(stage, moment) for moment in (at(22, day=23), RENEWED, at(7, 29))]
    at_night = told(stage)
    swept(stage, at(7, 30))

    assert says == at(7, 30)
    assert nights[1:] == [(RunState.PAUSED, reasons.RESTS)] * 2
    assert (at_night, told(stage)) == ([0] * 3, [1] * 3)


def test_what_somebody_must_mend_waits_for_them(spends):
    stage = spends(error=errors.from_code(40164, "invalid ip"))
    paused = stands(stage)

    assert swept(stage, RENEWED) == paused
    assert (paused[0], stage.desk.status(RUN).goes_on_at) == (RunState.PAUSED, None)


# -- where nobody can say whether the day's calls are spent -----------------------------------------------------------

MINUTES = [NOON + n * quotas.AGAIN for n in range(1 + quotas.TRIES)]


def in_doubt(stage, moments):
    """What is shown of the run while it is refused again and again: why, and when it goes on."""
    shown = []
    for moment in moments:
        stage.now = moment
        stage.desk.sweep(moment)
        refused(stage, UNSURE)
        shown.append((stands(stage), stage.desk.status(RUN).goes_on_at))
    return shown


def test_where_it_is_not_known_it_goes_on_in_some_minutes_and_reaches_all(spends):
    stage = spends(error=UNSURE)
    (state, reason), goes_on_at = stands(stage), stage.desk.status(RUN).goes_on_at

    early = swept(stage, MINUTES[1] - timedelta(seconds=1))
    before = told(stage)
    swept(stage, MINUTES[1])

    assert (state, goes_on_at, early) == (RunState.PAUSED, MINUTES[1], (state, reason))
    assert "45009" in reason
    assert "6512-ab12-cd34" in reason
    assert (before, told(stage)) == ([0] * 3, [1] * 3)
    assert stands(stage) == (RunState.DONE, "")


def test_it_is_tried_a_few_times_and_then_waits_for_the_day_and_says_why(spends):
    stage = spends(error=UNSURE)
    shown = in_doubt(stage, MINUTES[1:])

    assert [goes_on_at for _, goes_on_at in shown] == [*(each + quotas.AGAIN for each in MINUTES[1:-1]), RENEWED]
    assert {state for (state, _), _ in shown} == {RunState.PAUSED}
    assert f"连着{quotas.TRIES}次" in stands(stage)[1]
    assert (told(stage), stage.store.run(RUN).doubts) == ([0] * 3, 0)
    swept(stage, RENEWED)
    assert told(stage) == [1] * 3


def test_whoever_is_reached_between_shows_that_it_was_not_the_days(spends):
    stage = spends(error=UNSURE, in_flight=1)
    names = [f"more-{n}" for n in range(len(MINUTES))]
    stage.deliver(stage.store.run(RUN), *[stage.reader(name, window=True) for name in names])
    for number, moment in enumerate(MINUTES):
        stage.now = moment + quotas.AGAIN
        stage.desk.sweep(stage.now)
        asyncio.run(stage.pump.work(RUN, stop=lambda: heard(stage, names) > number))  # noqa: B023 - in this round
        refused(stage, UNSURE, calls=1)

        assert heard(stage, names) == number + 1
        assert (stage.desk.status(RUN).goes_on_at, stage.store.run(RUN).doubts) == (stage.now + quotas.AGAIN, 1)


def heard(stage, names):
    return sum(len(stage.wechat.shown_to(openid)) for openid in (*PEOPLE, *names))


def test_a_line_that_is_kept_shows_nothing(spends):
    stage = spends(error=UNSURE)
    for moment in MINUTES[1:]:
        stage.now = moment
        stage.desk.sweep(moment)
        stage.deliver(stage.store.run(RUN), stage.reader(f"o-{moment:%H%M}"), channel="next_visit")
        refused(stage, UNSURE)

    assert stage.states(stage.store.run(RUN)) == {"due": 3, "sent": 3}
    assert stage.desk.status(RUN).goes_on_at == RENEWED


def test_what_is_said_to_be_spent_after_a_doubt_waits_for_the_day_at_once(spends):
    stage = spends(error=UNSURE)
    stage.now = MINUTES[1]
    stage.desk.sweep(stage.now)
    refused(stage, SPENT)

    assert (stage.desk.status(RUN).goes_on_at, stage.store.run(RUN).doubts) == (RENEWED, 0)
    assert "今天已调用100000次" in stands(stage)[1]


def test_in_doubt_the_account_is_sent_to_more_slowly(spends):
    memory = redis.connect(NO_REDIS)
    stage = spends(error=UNSURE, memory=memory)
    way = Way("official", "customer_service")

    bucket = Speeds(memory, a_second=400, clock=lambda: 0.0)  # alone: a quarter
    stage.pump = replace(stage.pump, speeds=bucket)
    stage.now = MINUTES[1]
    stage.desk.sweep(stage.now)
    refused(stage, UNSURE)

    assert bucket.take({way: 20})[way].count == 0, "it went on as before"


def test_a_resumed_run_in_doubt_goes_on_at_once(spends):
    stage = spends(error=UNSURE)

    assert stage.desk.resume(RUN, now=NOON)
    stage.work()
    assert told(stage) == [1] * 3


@pytest.mark.parametrize(
    ("code", "now", "renewed"),
    [
        (45009, NOON, RENEWED),
        (44993, NOON, RENEWED),
        (45009, at(23, 59, day=23), RENEWED),
        (45009, at(0, 4), RENEWED),
        (45009, RENEWED, at(0, 5, day=25)),
        (45009, datetime(2026, 11, 23, 16, 10, tzinfo=UTC), at(0, 5, day=25)),
        (45028, NOON, None),
        (43100, NOON, None),
        (48001, NOON, None),
    ],
    ids=str,
)
def test_the_platforms_day_is_beijings_and_ends_a_little_later_for_us(code, now, renewed):
    assert quotas.renewal(errors.from_code(code, "no"), now) == renewed

"""What becomes of a delivery for everything that the platform can answer."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.channels import Ended
from storage.refusals import Way
from storage.speeds import Speeds
from storage.states import RunState, State
from storage.wording import Content
from tests.end_to_end.running import within
from tests.scheduler.world import NOON, RUN, TEMPLATE
from wechat import errors
from wechat.errors import BadRequest, QuotaSpent, Retryable, Unsure
from wechat.limits import Rule


@pytest.fixture
def sent(stage):
    """Give a stage whose run goes out to these readers."""

    def begin(*openids, **more):
        whos = [stage.reader(openid, **(more or {"window": True})) for openid in openids]
        stage.desk.send("daily-digest", NOON)
        return whos

    return begin


def row_of(stage, who):
    return stage.rows(stage.store.run(RUN))[who.person]


def test_a_member_who_is_told_has_one_message_less_in_the_window(stage, sent):
    who = sent("o-1")[0]

    stage.work()

    assert row_of(stage, who).state == "sent"
    assert stage.people.find(account="official", openid="o-1").window.remaining == 4


def test_a_notice_uses_up_its_credit(stage, sent):
    who = sent("o-1", credit=TEMPLATE)[0]

    stage.work()

    assert row_of(stage, who).state == "sent"
    assert stage.people.credits_of(who.contact) == {TEMPLATE: 0}


def test_work_repeated_sends_nothing_twice(stage, sent):
    sent("o-1", "o-2")

    for _ in range(3):
        stage.work()

    assert [len(stage.wechat.shown_to(openid)) for openid in ("o-1", "o-2")] == [1, 1]


@pytest.mark.parametrize("code", [45009, 40164, 99999], ids=["quota", "whitelist", "unlisted"])
def test_a_fault_that_meets_everyone_pauses_the_run_and_loses_nobody(stage, sent, code):
    sent("o-1", "o-2", "o-3")
    stage.wechat.fails(*[errors.from_code(code, "no")] * 3)

    stage.work()
    paused = stage.desk.status(RUN)
    stage.work()

    assert (paused.run.state, paused.count(State.DUE)) == (RunState.PAUSED, 3)
    assert str(code) in paused.run.reason

    stage.desk.resume(RUN, now=NOON)
    stage.work()

    assert stage.desk.status(RUN).count(State.SENT) == 3
    assert stage.desk.status(RUN).run.state is RunState.DONE


NO_RIGHT = errors.from_code(48001, "api unauthorized")
WAY = Way("official", "customer_service")


def channels_of(stage, whos):
    return [(row_of(stage, who).channel, row_of(stage, who).state) for who in whos]


def test_a_right_that_the_platform_takes_away_leads_everybody_by_the_next_channel(stage, sent):
    whos = [*sent("o-1", "o-2", "o-3")]
    stage.wechat.fails(*[NO_RIGHT] * 3)

    stage.work()

    assert channels_of(stage, whos) == [("next_visit", "sent")] * 3
    assert stage.desk.status(RUN).run.state is RunState.DONE
    assert [*stage.refusals.current(now=NOON)] == [WAY]


def test_what_is_refused_is_not_asked_for_again_until_the_day_is_over(stage):
    stage.refusals.add(WAY, now=NOON)
    early = stage.reader("o-1", window=True)
    stage.desk.send("daily-digest", NOON)
    assert row_of(stage, early).channel == "next_visit"

    content = Content(text="好", channels=("customer_service", "next_visit"))
    again = stage.planner.again(early.person, content, now=NOON + timedelta(days=1, seconds=1))
    assert again.channel == "customer_service"


def test_who_was_planned_before_the_refusal_costs_no_call(stage, sent):
    whos = sent("o-1", "o-2")
    stage.refusals.add(WAY, now=NOON)

    stage.work()

    assert channels_of(stage, whos) == [("next_visit", "sent")] * 2
    assert stage.wechat.shown_to("o-1") == []


def test_a_refused_run_with_no_other_channel_waits_for_a_person_who_mends_it(stage):
    who = stage.reader("o-1", window=True)
    run = stage.run(channels=("customer_service",))
    stage.deliver(run, who)
    stage.wechat.fails(NO_RIGHT)

    stage.work()
    paused = stage.desk.status(RUN)
    assert (paused.run.state, paused.count(State.DUE)) == (RunState.PAUSED, 1)
    assert "48001" in paused.run.reason

    stage.desk.resume(RUN, now=NOON)
    stage.work()
    assert channels_of(stage, [who]) == [("customer_service", "sent")]


def test_a_busy_platform_is_asked_again_later(stage, sent):
    who = sent("o-1")[0]
    stage.wechat.fails(errors.from_code(-1, "system error"))

    seconds = stage.work()

    assert row_of(stage, who).state == "due"
    assert seconds == 2

    stage.pass_time(seconds=2)
    stage.work()

    assert stage.wechat.shown_to("o-1") == ["23日\n今天的要闻"]


def test_too_fast_slows_the_whole_run_down(stage, sent):
    sent(*[f"o-{n}" for n in range(20)])
    stage.wechat.fails(errors.from_code(44991, "minute limit"))

    seconds = stage.work()

    assert seconds == 60
    assert stage.desk.status(RUN).count(State.DUE) > 8


def test_calls_that_are_left_after_all_slow_the_run_down_and_leave_it_going(stage, sent):
    sent(*[f"o-{n}" for n in range(3)])
    slower = Retryable(45009, "reach max api daily quota limit")
    slower.after_seconds = 60
    stage.wechat.fails(slower)

    seconds = stage.work()
    held = stage.pump.speeds.take({WAY: 1})[WAY]
    stage.pass_time(seconds=60)
    stage.pump = replace(stage.pump, speeds=Speeds(stage.memory, a_second=1000))
    stage.work()

    assert seconds == 60
    assert (held.count, round(held.wait_seconds)) == (0, 60)
    assert stage.states(stage.store.run(RUN)) == {"sent": 3}
    assert stage.desk.status(RUN).run.state is RunState.DONE


@pytest.mark.parametrize("code", [-1, 44990, 45011])
def test_what_the_platform_says_of_the_pace_is_heeded(stage, sent, code):
    sent("o-1")
    stage.pump = replace(stage.pump, speeds=Speeds(stage.memory, a_second=400, clock=lambda: 0.0))  # alone: a quarter
    stage.wechat.fails(errors.from_code(code, "too fast"))

    stage.work()

    assert stage.pump.speeds.take({WAY: 20})[WAY].count == 0, "it went on as before"


def test_a_reason_says_how_many_calls_were_made_of_how_many(stage, sent):
    sent("o-1")
    spent = QuotaSpent(45009, "reach max api daily quota limit")
    spent.used, spent.allowed = 99_998, 100_000
    stage.wechat.fails(spent)

    stage.work()

    assert "今天已调用99998次，每天最多100000次" in stage.desk.status(RUN).run.reason


def test_who_stays_unreachable_is_given_up_when_the_run_is_over(stage, sent):
    who = sent("o-1")[0]
    stage.wechat.fails(*[errors.from_code(-1, "system error")] * 500)

    while seconds := stage.work():
        stage.pass_time(seconds=seconds)

    assert (row_of(stage, who).state, row_of(stage, who).error) == ("failed", "expired")
    assert stage.now - NOON < timedelta(hours=13)
    assert stage.desk.status(RUN).run.state is RunState.DONE


@pytest.mark.parametrize(("code", "error"), [(45015, "45015"), (45047, "45047")])
def test_a_window_that_is_closed_after_all_leaves_the_next_visit(stage, sent, code, error):
    who = sent("o-1")[0]
    stage.wechat.fails(errors.from_code(code, "closed"))

    stage.work()

    assert stage.people.find(account="official", openid="o-1").window is None
    assert (row_of(stage, who).state, row_of(stage, who).channel) == ("sent", "next_visit")
    assert len(stage.kept_for(who)) == 1


def test_a_credit_that_is_gone_after_all_leaves_the_next_channel(stage, sent):
    who = sent("o-1", credit=TEMPLATE, window=True)[0]
    stage.wechat.fails(errors.from_code(43101, "user refuse to accept the msg"))

    stage.work()

    assert stage.people.credits_of(who.contact) == {}
    assert row_of(stage, who).channel == "customer_service"
    assert stage.wechat.shown_to("o-1") == ["23日\n今天的要闻"]


def test_who_is_not_there_any_more_is_gone_and_the_rest_still_hear(stage, sent):
    one, other = sent("o-1", "o-2")
    stage.wechat.fails(errors.from_code(48002, "refused"))

    stage.work()

    assert {row_of(stage, one).state, row_of(stage, other).state} == {"gone", "sent"}


def test_an_answer_that_was_lost_is_unsure_and_never_asked_again(stage, sent):
    who = sent("o-1")[0]
    stage.wechat.fails(Unsure(None, "no answer in time"))

    stage.work()
    stage.pass_time(hours=1)
    stage.desk.sweep(stage.now)
    stage.work()

    assert row_of(stage, who).state == "unsure"
    assert stage.wechat.shown_to("o-1") == []
    assert stage.desk.status(RUN).run.state is RunState.DONE


def test_an_answer_that_was_lost_holds_back_who_is_not_yet_in_flight(stage, sent):
    sent(*[f"o-{n}" for n in range(20)])
    stage.wechat.fails(*[Unsure(None, "the connection broke")] * 20)

    seconds = stage.work()

    assert seconds == 5
    assert stage.states(stage.store.run(RUN)) == {"unsure": 8, "due": 12}


def test_words_that_nobody_can_be_sent_pause_the_run(stage, sent):
    sent("o-1", "o-2")
    stage.wechat.fails(*[BadRequest.of("thing1", Rule.CHARACTERS, most=20)] * 2)

    stage.work()

    assert stage.desk.status(RUN).run.state is RunState.PAUSED
    assert stage.desk.status(RUN).run.reason.startswith("“thing1”超过了20个字。")


def test_what_is_refused_for_one_after_others_got_it_is_that_ones_fault(stage, sent):
    sent("o-1")
    stage.work()
    late = stage.reader("o-2", window=True)
    stage.desk.send_now("daily-digest", now=NOON)
    stage.wechat.fails(errors.from_code(43104, "openid"))

    stage.work()

    assert (row_of(stage, late).state, row_of(stage, late).error) == ("failed", "43104")
    assert stage.desk.status(RUN).run.state is RunState.DONE


def test_an_account_that_is_no_longer_configured_pauses_the_run(stage):
    who = stage.reader("o-1", window=True)
    stage.desk.send("daily-digest", NOON)
    with stage.db.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET account = 'closed'")

    stage.work()

    assert row_of(stage, who).state == "due"
    assert "closed" in stage.desk.status(RUN).run.reason


class Breaking:
    """A channel whose sending breaks half-way through a lump."""

    name = "customer_service"
    repeatable = False
    waits = False

    async def send(self, parcels, *_, **__):
        yield Ended(parcels[0])
        raise OSError("broken")

    def spends(self, _):
        return {}


def test_what_came_down_without_a_word_stays_in_hand_until_the_sweep(stage, sent):
    sent("o-1", "o-2", "o-3")
    stage.channels["customer_service"] = Breaking()

    stage.work()
    in_hand = stage.states(stage.store.run(RUN))
    stage.pass_time(minutes=2)
    stage.desk.sweep(stage.now)

    assert in_hand == {"sent": 1, "in_hand": 2}
    assert stage.states(stage.store.run(RUN)) == {"sent": 1, "unsure": 2}


class Slow:
    """A channel that remembers how many are in the air at once."""

    name = "customer_service"
    repeatable = False
    waits = False

    def __init__(self):
        self.flying = self.most = 0

    async def send(self, parcels, *_, **__):
        self.flying += len(parcels)
        self.most = max(self.most, self.flying)
        for parcel in parcels:
            await asyncio.sleep(0.001)
            self.flying -= 1
            yield Ended(parcel)

    def spends(self, _):
        return {}


def test_no_more_is_in_hand_than_may_be_in_flight(stage, sent):
    sent(*[f"o-{n}" for n in range(40)])
    stage.channels["customer_service"] = slow = Slow()

    stage.work()

    assert 1 < slow.most <= 8
    assert stage.states(stage.store.run(RUN)) == {"sent": 40}


class AllAtOnce(Slow):
    """Sends whatever it is given in the same moment."""

    async def send(self, parcels, *_, **__):
        for parcel in parcels:
            yield Ended(parcel)


def test_what_lands_at_once_is_written_down_lump_by_lump_and_none_is_forgotten(stage, sent, monkeypatch):
    monkeypatch.setattr("scheduler.pump.LUMP", 3)
    sent(*[f"o-{n}" for n in range(20)])
    stage.channels["customer_service"] = AllAtOnce()

    assert stage.work() is None

    assert stage.states(stage.store.run(RUN)) == {"sent": 20}
    assert stage.store.run(RUN).state is RunState.DONE


class Holding(Slow):
    """Holds the event loop, as many sends do, until what has landed is written down."""

    def __init__(self, is_written):
        super().__init__()
        self._is_written = is_written
        self.was_written = False

    async def send(self, parcels, *_, **__):
        yield Ended(parcels[0])
        self.was_written = within(2, self._is_written)
        for parcel in parcels[1:]:
            yield Ended(parcel)


def test_what_has_landed_is_written_down_however_busy_the_event_loop_is(stage, sent):
    sent("o-1", "o-2")
    holding = Holding(lambda: stage.states(stage.store.run(RUN)) == {"sent": 1, "in_hand": 1})
    stage.channels["customer_service"] = holding

    stage.work()

    assert holding.was_written
    assert stage.states(stage.store.run(RUN)) == {"sent": 2}


class Silent(Slow):
    """Never comes back."""

    async def send(self, parcels, *_, **__):
        await asyncio.sleep(3600)
        yield Ended(parcels[0])


def lanes():
    return [thread for thread in threading.enumerate() if thread.name.startswith("lane")]


def test_a_stretch_that_is_given_up_leaves_what_is_in_hand_to_the_sweep_and_no_thread_behind(stage, sent):
    sent("o-1")
    stage.channels["customer_service"] = Silent()

    async def given_up():
        async with asyncio.timeout(0.3):
            await stage.pump.work(RUN)

    with pytest.raises(TimeoutError):
        asyncio.run(given_up())

    assert within(2, lambda: not lanes())
    assert stage.states(stage.store.run(RUN)) == {"in_hand": 1}


class Picky(Slow):
    """Refuses the words to the last of a lump, and takes them for the others in the same moment."""

    async def send(self, parcels, *_, **__):
        *others, last = parcels
        yield Ended(last, error=BadRequest(47003, "argument invalid"))
        for parcel in others:
            yield Ended(parcel)


@pytest.mark.parametrize(
    ("people", "states", "run"), [(3, {"sent": 2, "failed": 1}, "done"), (1, {"due": 1}, "paused")]
)
def test_who_got_it_in_the_same_moment_shows_whose_fault_a_refusal_is(stage, sent, people, states, run):
    sent(*[f"o-{n}" for n in range(people)])
    stage.channels["customer_service"] = Picky()

    stage.work()

    assert stage.states(stage.store.run(RUN)) == states
    assert stage.store.run(RUN).state == run


def test_a_worker_that_is_to_end_takes_nothing_new_and_asks_to_be_followed(stage, sent):
    sent("o-1")

    seconds = asyncio.run(stage.pump.work(RUN, stop=lambda: True))

    assert seconds == 0
    assert stage.states(stage.store.run(RUN)) == {"due": 1}


def test_a_line_kept_for_the_next_visit_is_said_once_however_often_the_work_is_repeated(stage):
    who = stage.reader("o-1")
    stage.desk.send("daily-digest", NOON)
    stage.work()

    said = [stage.people.take_lines(who.person, message=f"m{n}", now=NOON) for n in range(2)]
    stage.desk.send_now("daily-digest", now=NOON)
    stage.work()
    said.append(stage.people.take_lines(who.person, message="m3", now=NOON))

    assert [len(lines) for lines in said] == [1, 0, 0]

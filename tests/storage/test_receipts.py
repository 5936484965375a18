"""A report finds its delivery, in any order, twice, late, or not at all."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.deliveries import settle
from storage.receipts import Receipts, Report, receipts
from storage.states import RunState, State
from tests.scheduler.world import NOON, World

BY_TEMPLATE, BY_NOTICE = ("template_message",), ("notice", "mini_notice")
SOON = NOON + timedelta(seconds=20)


@pytest.fixture
def world(db):
    world = World(db)
    noise = world.run("weekly-policy:2026-11-23", template_id="T2", mini_template_id="M2")
    world.deliver(noise, world.person("o-noise"), channel="notice")
    (parcel,) = world.take(noise)
    world.take(noise, settle(parcel, State.SENT), room=0)  # one of another template, which nothing below may touch
    yield world
    assert world.states(noise) == {"sent": 1}


@pytest.fixture
def book(db):
    return Receipts(db)


def a_report(who, state, *, message_id="77", channels=BY_TEMPLATE, at=SOON, **more):
    return Report(contact=who.contact, message_id=message_id, channels=channels, state=state, at=at, **more)


def in_hand(world, channel="template_message", *, key="daily-digest:2026-11-23", openid="o-1", **content):
    """A run with somebody who is being sent to."""
    run, who = world.run(key, **content), world.person(openid)
    world.deliver(run, who, channel=channel)
    (parcel,) = world.take(run)
    return run, who, parcel


def sent(world, channel="template_message", *, message_id="77", state=State.SENT, **more):
    run, who, parcel = in_hand(world, channel, **more)
    world.take(run, settle(parcel, state, message_id=message_id), room=0)
    return run, who


def row_of(world, run):
    (row,) = world.rows(run).values()
    return row


def held(world):
    with world.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(receipts)).scalar_one()


@pytest.mark.parametrize(
    ("state", "error"), [(State.SENT, ""), (State.GONE, "user_block"), (State.FAILED, "not_delivered")]
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_report_settles_the_delivery_with_its_message_id(world, book, state, error, times):
    run, who = sent(world)
    for _ in range(times):
        book.told(a_report(who, state, error=error), now=SOON)

    row = row_of(world, run)
    assert (row.state, row.error, row.message_id) == (state, error, "77")
    assert held(world) == 0


@pytest.mark.parametrize("state", [State.GONE, State.FAILED, State.SENT])
def test_a_report_before_the_answer_waits_for_it(world, book, state):
    run, who, parcel = in_hand(world)
    for _ in range(2):
        book.told(a_report(who, state, error="x"), now=NOON)
    book.again(now=NOON)
    early = (row_of(world, run).state, held(world))
    world.take(run, settle(parcel, State.SENT, message_id="77"), room=0)
    book.again(now=SOON)

    assert early == ("in_hand", 1)
    assert (row_of(world, run).state, held(world)) == (state, 0)


def test_of_two_that_may_be_meant_the_one_with_the_id_is(world, book):
    run, who, parcel = in_hand(world)
    other = world.run("extra:2026-11-23")
    world.deliver(other, who, channel="template_message")
    world.store.deliveries.sweep(
        run.key, repeatable=[], now=NOON + timedelta(minutes=2)
    )  # who sent it was frozen so long
    (second,) = world.take(other)
    book.told(a_report(who, State.GONE, message_id="88", error="user_block"), now=NOON)
    world.take(run, settle(parcel, State.SENT, message_id="77"), room=0)
    world.take(other, settle(second, State.SENT, message_id="88"), room=0)
    book.again(now=SOON)

    assert (row_of(world, run).state, row_of(world, other).state) == ("sent", "gone")


@pytest.mark.parametrize("state", [State.SENT, State.GONE])
def test_one_whose_answer_was_lost_is_settled_by_the_report(world, book, state):
    run, who = sent(world, message_id="", state=State.UNSURE)
    book.told(a_report(who, state), now=SOON)

    row = row_of(world, run)
    assert (row.state, row.message_id) == (state, "77")


def test_a_kill_in_the_air_is_settled_by_the_report_once_the_sweep_has_decided(world, book):
    run, who, _ = in_hand(world, "notice", template_id="T1")
    book.told(a_report(who, State.SENT, channels=BY_NOTICE, template="T1"), now=SOON)
    world.store.deliveries.sweep(run.key, repeatable=[], now=NOON + timedelta(minutes=2))
    unsure = row_of(world, run).state
    book.again(now=NOON + timedelta(minutes=2))

    assert (unsure, row_of(world, run).state, held(world)) == ("unsure", "sent", 0)


def test_a_notice_whose_answer_tells_no_id_is_known_by_its_template_and_then_by_its_id(world, book):
    run, who = sent(world, "notice", message_id="", template_id="T1")
    other, _ = sent(world, "notice", message_id="", template_id="T2", key="extra:2026-11-23")
    report = a_report(who, State.GONE, channels=BY_NOTICE, template="T1", error="43101")
    for _ in range(2):
        book.told(report, now=SOON)

    assert (row_of(world, run).state, row_of(world, run).error) == ("gone", "43101")
    assert row_of(world, other).state == "sent"


def test_a_mini_programs_notice_is_known_by_its_own_template(world, book):
    run, who = sent(world, "mini_notice", message_id="", state=State.UNSURE, template_id="T9", mini_template_id="T1")
    book.told(a_report(who, State.SENT, channels=BY_NOTICE, template="T9", message_id="1"), now=SOON)
    book.told(a_report(who, State.GONE, channels=BY_NOTICE, template="T1", message_id="2"), now=SOON)

    assert row_of(world, run).state == "gone"


def test_where_two_fit_both_stay_unsure(world, book):
    run, who = sent(world, message_id="", state=State.UNSURE)
    other, _ = sent(world, message_id="", state=State.UNSURE, key="extra:2026-11-23")
    book.told(a_report(who, State.SENT), now=SOON)
    book.again(now=SOON)

    assert (row_of(world, run).state, row_of(world, other).state, held(world)) == ("unsure", "unsure", 1)


@pytest.mark.parametrize("late", [timedelta(hours=2), -timedelta(hours=1)])
def test_a_report_of_another_hour_settles_nothing_that_has_no_id(world, book, late):
    run, who = sent(world, message_id="", state=State.UNSURE)
    book.told(a_report(who, State.SENT, at=NOON + late), now=NOON + late)

    assert row_of(world, run).state == "unsure"


def test_a_late_report_still_finds_its_id(world, book):
    run, who = sent(world)
    late = NOON + timedelta(days=2)
    book.told(a_report(who, State.GONE, at=late), now=late)

    assert row_of(world, run).state == "gone"


def test_what_nobody_sent_and_what_another_channel_sent_is_let_go(world, book):
    run, who = sent(world, "customer_service")
    book.told(a_report(who, State.GONE), now=SOON)
    book.told(a_report(world.person("o-2"), State.GONE), now=SOON)

    assert (row_of(world, run).state, held(world)) == ("sent", 0)


@pytest.mark.parametrize(("letters", "kept"), [(64, 1), (65, 0)])
def test_an_id_that_fits_no_table_is_not_held(world, book, letters, kept):
    _, who, _ = in_hand(world)
    book.told(a_report(who, State.GONE, message_id="7" * letters), now=NOON)

    assert held(world) == kept


def test_what_is_held_too_long_is_let_go(world, book):
    in_hand(world)
    book.told(a_report(world.person("o-1"), State.GONE), now=NOON)
    book.again(now=NOON + timedelta(minutes=59))
    before = held(world)
    book.again(now=NOON + timedelta(minutes=60))

    assert (before, held(world)) == (1, 0)


def test_nothing_that_is_held_outlives_its_member(world, book):
    in_hand(world)
    book.told(a_report(world.person("o-1"), State.GONE), now=NOON)
    before = held(world)
    world.leave("o-1")

    assert (before, held(world)) == (1, 0)


def test_many_that_are_held_are_all_looked_at(world):
    book = Receipts(world.db, page=2)
    run = world.run(template_id="T1")
    whos = [world.person(f"o-{n}") for n in range(5)]
    world.deliver(run, *whos, channel="template_message")
    parcels = world.take(run)
    for who in whos:
        book.told(a_report(who, State.GONE, message_id=f"m-{who.contact}"), now=NOON)
    landed = [settle(each, State.SENT, message_id=f"m-{each.contact}") for each in parcels]
    world.take(run, *landed, room=0)
    book.again(now=SOON)

    assert (world.states(run), held(world)) == ({"gone": 5}, 0)


# -- what surely did not arrive ------------------------------------------------------------------------------------


def test_a_template_message_that_failed_is_sent_again_after_ten_minutes_and_opens_its_run(world, book):
    run, who = sent(world)
    world.store.finish(run.key)
    book.told(a_report(who, State.DUE, error="system_failed"), now=SOON)
    again = SOON + timedelta(minutes=11)

    assert world.store.run(run.key).state is RunState.SENDING
    assert world.take(run, now=again - timedelta(seconds=1)) == []
    assert [parcel.person for parcel in world.take(run, now=again)] == [who.person]


def test_its_report_that_comes_twice_does_not_undo_what_was_sent_since(world, book):
    run, who = sent(world)
    report = a_report(who, State.DUE, error="system_failed")
    for _ in range(2):
        book.told(report, now=SOON)
    (parcel,) = world.take(run, now=NOON + timedelta(minutes=12))
    book.told(report, now=NOON + timedelta(minutes=12))
    world.take(run, settle(parcel, State.SENT, message_id="78"), room=0, now=NOON + timedelta(minutes=12))
    book.told(report, now=NOON + timedelta(minutes=13))
    book.again(now=NOON + timedelta(minutes=13))

    row = row_of(world, run)
    assert (row.state, row.message_id, row.attempts) == ("sent", "78", 2)


@pytest.mark.parametrize("channel", ["notice", "mini_notice"])
def test_a_notice_that_failed_has_used_up_its_credit_and_is_not_sent_again(world, book, channel):
    run, who = sent(world, channel)
    book.told(a_report(who, State.DUE, channels=BY_NOTICE, error="-1"), now=SOON)

    assert (row_of(world, run).state, row_of(world, run).error) == ("failed", "-1")


def test_nothing_is_sent_again_when_the_run_would_be_over(world, book):
    run, who = sent(world)
    late = run.expires_at - timedelta(minutes=10)
    book.told(a_report(who, State.DUE, error="freq_limit", at=late), now=late)

    assert row_of(world, run).state == "failed"


def test_what_fails_again_and_again_has_failed(world, book):
    run, who = sent(world)
    for number in range(1, 5):
        now = NOON + timedelta(minutes=20 * number)
        book.told(a_report(who, State.DUE, message_id=f"{76 + number}", at=now), now=now)
        (parcel,) = world.take(run, now=now + timedelta(minutes=12))
        ended = settle(parcel, State.SENT, message_id=f"{77 + number}")
        world.take(run, ended, room=0, now=now + timedelta(minutes=12))
    now = NOON + timedelta(hours=3)
    book.told(a_report(who, State.DUE, message_id="81", at=now), now=now)

    assert row_of(world, run).state == "failed"


def test_an_unsure_notice_that_arrived_has_cost_its_credit(world, book):
    run, who = world.run(template_id="T1"), world.person("o-1", credit="T1")
    world.deliver(run, who, channel="notice")
    (parcel,) = world.take(run)
    world.take(run, settle(parcel, State.UNSURE), room=0)
    before = world.people.credits_of(who.contact)
    for _ in range(2):
        book.told(a_report(who, State.SENT, channels=BY_NOTICE, template="T1"), now=SOON)

    assert (before, world.people.credits_of(who.contact)) == ({"T1": 1}, {"T1": 0})


def test_what_surely_failed_may_be_sent_again_though_it_was_repeated_before(world, book):
    run, who, parcel = in_hand(world)
    world.take(run, settle(parcel, State.DUE, wake_at=NOON, maybe=True), room=0)
    (parcel,) = world.take(run)
    world.take(run, settle(parcel, State.SENT, message_id="77"), room=0)
    book.told(a_report(who, State.DUE, error="system_failed"), now=SOON)

    assert len(world.take(run, now=SOON + timedelta(minutes=11))) == 1

"""Runs and deliveries: written once, taken once, settled as they ended."""

import threading
from datetime import timedelta

import pytest

from storage.deliveries import PIECE, settle
from storage.people import Who
from storage.states import RunState, State
from tests.scheduler.world import NOON, World

LATER = NOON + timedelta(minutes=2)


@pytest.fixture
def world(db):
    world = World(db)
    noise = world.run("weekly-policy:2026-11-23")  # other people's rows: nothing below may touch them
    world.deliver(noise, world.person("o-noise-1"), world.person("o-noise-2"))
    yield world
    assert world.states(noise) == {"due": 2}


def test_a_run_opened_three_times_is_one_run_and_the_first_words_stay(world):
    first = world.run(topics=("yaowen",))
    world.run(topics=("zhengce",))
    world.run(topics=("fazhan",))

    assert world.store.run(first.key) == first
    assert [run.key for run in world.store.runs(broadcast="daily-digest")] == [first.key]


def test_what_a_run_says_comes_back_as_it_was(world):
    run = world.run(channels=("notice", "next_visit"), fields={"thing1": "标题"}, digests=("a", "b"), template_id="T")

    assert world.store.run(run.key) == run


def test_a_person_added_twice_has_one_row(world):
    run, who = world.run(), world.person("o-1")
    world.deliver(run, who)
    world.deliver(run, who, channel="next_visit")

    assert [(row.channel, row.state) for row in world.rows(run).values()] == [("customer_service", "due")]


def test_what_is_taken_is_in_hand_and_carries_its_openid(world):
    run, who = world.run(), world.person("o-1")
    world.deliver(run, who)

    parcel = world.take(run)[0]

    assert (parcel.person, parcel.openid, parcel.channel, parcel.attempts) == (
        who.person,
        "o-1",
        "customer_service",
        1,
    )
    assert world.states(run) == {"in_hand": 1}
    assert world.take(run, batch="b2") == []


def test_no_more_is_taken_than_there_is_room_for(world):
    run = world.run()
    world.deliver(run, *[world.person(f"o-{n}") for n in range(7)])

    taken = world.take(run, room=3)

    assert len(taken) == 3
    assert world.states(run) == {"due": 4, "in_hand": 3}


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.PAUSED, RunState.DONE])
def test_nothing_is_taken_of_a_run_that_is_not_being_sent(world, state):
    run = world.run(state=state)
    world.deliver(run, world.person("o-1"))

    assert world.take(run) == []


def test_nothing_is_taken_before_its_time(world):
    run = world.run()
    world.deliver(run, world.person("o-1"))
    parcel = world.take(run)[0]
    world.take(run, settle(parcel, State.DUE, wake_at=NOON + timedelta(seconds=90)), room=0)

    assert world.take(run, now=NOON + timedelta(seconds=89)) == []
    assert world.store.deliveries.next_wake(run.key) == NOON + timedelta(seconds=90)
    assert world.take(run, now=NOON + timedelta(seconds=90))[0].attempts == 2


def test_one_who_left_is_gone_and_the_rest_are_still_taken(world):
    run = world.run()
    world.deliver(run, world.person("o-stays"), world.person("o-leaves"))
    world.leave("o-leaves")

    taken = world.take(run)

    assert [parcel.openid for parcel in taken] == ["o-stays"]
    assert world.states(run) == {"gone": 1, "in_hand": 1}


def test_settling_and_taking_are_one_step(world):
    run = world.run()
    world.deliver(run, world.person("o-1"), world.person("o-2"))
    first = world.take(run, room=1)[0]

    second = world.take(run, settle(first, State.SENT, message_id="77"), room=1)[0]

    assert second.person != first.person
    row = world.rows(run)[first.person]
    assert (row.state, row.message_id, row.settled_at) == ("sent", "77", int(NOON.timestamp()))


def test_another_batch_cannot_settle_what_is_not_in_its_hand(world):
    run = world.run()
    world.deliver(run, world.person("o-1"))
    parcel = world.take(run, batch="mine")[0]

    world.take(run, settle(parcel, State.SENT), batch="theirs", room=0)

    assert world.states(run) == {"in_hand": 1}


def test_a_message_sent_is_counted_against_the_window_and_the_credit(world):
    run = world.run()
    talker = world.person("o-talker", window=True)
    subscriber = world.person("o-subscriber", credit="T")
    other = world.person("o-other", window=True, credit="T")
    world.deliver(run, talker, subscriber)
    parcels = {parcel.person: parcel for parcel in world.take(run)}
    spent = [
        settle(parcels[talker.person], State.SENT, spent_window=True),
        settle(parcels[subscriber.person], State.SENT, spent_credit="T"),
    ]

    world.take(run, *spent, room=0)

    assert world.people.find(account="official", openid="o-talker").window.remaining == 4
    assert world.people.credits_of(subscriber.contact) == {"T": 0}
    assert world.people.find(account="official", openid="o-other").window.remaining == 5
    assert world.people.credits_of(other.contact) == {"T": 1}


def test_what_was_lost_is_unsure_and_never_taken_again_unless_a_repeat_is_harmless(world):
    run, one, other = world.run(), world.person("o-1"), world.person("o-2")
    world.deliver(run, one)
    world.deliver(run, other, channel="next_visit")
    world.take(run)

    assert world.store.deliveries.sweep(run.key, repeatable=["next_visit"], now=NOON) == 0
    assert world.store.deliveries.sweep(run.key, repeatable=["next_visit"], now=LATER) == 1
    assert world.rows(run)[one.person].state == "unsure"
    assert [parcel.person for parcel in world.take(run, now=LATER)] == [other.person]


def test_a_late_but_true_word_corrects_unsure(world):
    run = world.run()
    world.deliver(run, world.person("o-1"))
    parcel = world.take(run)[0]
    world.store.deliveries.sweep(run.key, repeatable=[], now=LATER)

    world.take(run, settle(parcel, State.SENT), room=0, now=LATER)

    assert world.states(run) == {"sent": 1}


def test_a_line_is_kept_and_its_delivery_settled_in_one_step(world):
    run, who = world.run(line="今日要闻"), world.person("o-1")
    world.deliver(run, who, channel="next_visit")
    parcels = world.take(run)
    keep = {"run": run, "batch": "b1", "expires_at": NOON + timedelta(days=7), "now": NOON}

    world.hands.keep_lines(parcels, **keep)
    given = world.people.take_lines(who.person, message="m1", now=NOON)
    world.people.take_lines(who.person, message="m2", now=NOON)
    world.hands.keep_lines(parcels, **keep)  # a repeat after the line was read and dropped

    assert given == ["今日要闻"]
    assert world.people.take_lines(who.person, message="m3", now=NOON) == []
    assert world.states(run) == {"sent": 1}


def test_a_run_is_done_when_nothing_of_it_is_open(world):
    run = world.run()
    world.deliver(run, world.person("o-1"))

    before = world.store.finish(run.key)
    parcel = world.take(run)[0]
    meanwhile = world.store.finish(run.key)
    world.take(run, settle(parcel, State.FAILED, error="47003"), room=0)

    assert (before, meanwhile, world.store.finish(run.key)) == (False, False, True)
    assert world.store.run(run.key).state is RunState.DONE


def test_a_run_moves_only_from_where_it_was_said_to_be(world):
    run = world.run()

    assert world.store.move(run.key, before=[RunState.SENDING], after=RunState.PAUSED, reason="45009")
    assert not world.store.move(run.key, before=[RunState.SENDING], after=RunState.DONE)
    assert world.store.run(run.key).reason == "45009"


def test_what_was_not_begun_in_time_is_dropped(world):
    run = world.run(expires_at=LATER)
    world.deliver(run, world.person("o-1"), world.person("o-2"))
    world.take(run, room=1)

    world.store.deliveries.expire(run.key, now=NOON)
    before = world.states(run)
    world.store.deliveries.expire(run.key, now=LATER)

    assert before == {"due": 1, "in_hand": 1}
    assert world.states(run) == {"failed": 1, "in_hand": 1}


def test_more_than_one_statement_takes_is_dropped_too(world):
    run = world.run(expires_at=LATER)
    world.deliver(run, *(Who(account="official", openid="", person=f"p{n}", contact="c") for n in range(PIECE + 1)))

    world.store.deliveries.expire(run.key, now=LATER)

    assert world.states(run) == {"failed": PIECE + 1}


@pytest.mark.parametrize(("state", "left"), [(RunState.PLANNED, {}), (RunState.SENDING, {"due": 1})])
def test_only_a_run_that_is_where_it_was_said_to_be_is_planned_again(world, state, left):
    run = world.run(state=state)
    world.deliver(run, world.person("o-1"))

    world.store.replan(run.key, before=RunState.PLANNED, content=run.content, expires_at=LATER, now=NOON)

    assert world.states(run) == left
    assert world.store.run(run.key).state is (RunState.PLANNING if left == {} else state)


def test_an_erased_person_leaves_a_row_that_leads_nowhere(world):
    run, served, waiting = world.run(), world.person("o-1"), world.person("o-2")
    world.deliver(run, served, waiting)
    parcels = {parcel.person: parcel for parcel in world.take(run)}
    world.take(
        run,
        settle(parcels[served.person], State.SENT),
        settle(parcels[waiting.person], State.DUE, wake_at=LATER),
        room=0,
    )

    with world.db.begin() as connection:
        world.store.deliveries.erase(connection, served.person)
        world.store.deliveries.erase(connection, waiting.person)

    assert [(row.state, row.contact) for row in world.rows(run).values()] in (
        [("sent", ""), ("gone", "")],
        [("gone", ""), ("sent", "")],
    )


def test_a_schedule_counts_since_it_was_first_seen_and_the_first_ones_always(world):
    first = world.store.known_since({"daily": "0 8 * * *"}, now=NOON)
    both = world.store.known_since({"daily": "0 8 * * *", "weekly": "0 9 * * *"}, now=LATER)
    changed = world.store.known_since({"daily": "0 10 * * *", "weekly": "0 9 * * *"}, now=LATER + timedelta(hours=1))
    again = world.store.known_since({"daily": "0 10 * * *"}, now=LATER + timedelta(hours=2))

    assert first == {"daily": None}
    assert both == {"daily": None, "weekly": LATER}
    assert changed == {"daily": LATER + timedelta(hours=1), "weekly": LATER}
    assert again == {"daily": LATER + timedelta(hours=1)}


def test_takers_at_the_same_time_never_take_the_same_row(world):
    run = world.run()
    world.deliver(run, *[world.person(f"o-{n}") for n in range(60)])
    taken: list[str] = []

    def taker(batch):
        while parcels := world.take(run, batch=batch, room=4):
            taken.extend(parcel.person for parcel in parcels)

    threads = [threading.Thread(target=taker, args=(f"b{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(world.rows(run))


@pytest.mark.parametrize("state", [State.SENT, State.FAILED])
def test_whoever_knows_says_what_became_of_the_unsure_and_of_nobody_else(world, state):
    run = world.run()
    world.deliver(run, *[world.person(f"o-{n}") for n in range(4)])
    first, second, third = world.take(run, room=3)
    world.take(run, settle(first, State.UNSURE), settle(second, State.UNSURE), settle(third, State.GONE), room=0)
    counts = [world.store.deliveries.decide(run.key, state, now=LATER) for _ in range(2)]

    assert counts == [2, 0]
    assert world.states(run) == {"gone": 1, "due": 1, str(state): 2}


# -- what may be repeated for a while --------------------------------------------------------------------------------

WHILE = "template_message"


def lost(world, *, found_after):
    """A delivery by a channel whose key holds for a while, lost in the air and found after so many minutes."""
    run = world.run()
    world.deliver(run, world.person("o-1"), channel=WHILE)
    world.take(run)
    unsure = world.store.deliveries.sweep(run.key, repeatable=[WHILE], now=NOON + timedelta(minutes=found_after))
    return run, unsure


@pytest.mark.parametrize(("found_after", "state"), [(1, "due"), (7, "due"), (8, "unsure"), (600, "unsure")])
def test_what_was_lost_is_due_again_while_its_key_holds(world, found_after, state):
    run, unsure = lost(world, found_after=found_after)

    assert world.states(run) == {state: 1}
    assert unsure == (state == "unsure")


@pytest.mark.parametrize(("at", "taken"), [(7, 1), (8, 0)])
def test_nobody_takes_it_later_than_that_even_where_no_sweep_has_come(world, at, taken):
    run, _ = lost(world, found_after=2)

    assert len(world.take(run, now=NOON + timedelta(minutes=at))) == taken


def test_its_time_counts_from_the_first_time_it_may_have_gone_out(world):
    run, _ = lost(world, found_after=2)
    world.take(run, now=NOON + timedelta(minutes=3))
    world.store.deliveries.sweep(run.key, repeatable=[WHILE], now=NOON + timedelta(minutes=5))
    second = world.states(run)
    world.take(run, now=NOON + timedelta(minutes=7))
    world.store.deliveries.sweep(run.key, repeatable=[WHILE], now=NOON + timedelta(minutes=9))

    assert (second, world.states(run)) == ({"due": 1}, {"unsure": 1})


@pytest.mark.parametrize(("maybe", "taken"), [(True, 0), (False, 1)])
def test_what_may_have_gone_out_is_repeated_for_a_while_and_what_surely_did_not_at_any_time(world, maybe, taken):
    run = world.run()
    world.deliver(run, world.person("o-1"), channel=WHILE)
    (parcel,) = world.take(run)
    world.take(run, settle(parcel, State.DUE, wake_at=NOON, maybe=maybe), room=0)
    late = NOON + timedelta(minutes=8)
    world.store.deliveries.expire(run.key, now=late)

    assert len(world.take(run, now=late)) == taken
    assert world.states(run) == ({"in_hand": 1} if taken else {"unsure": 1})

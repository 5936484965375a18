"""A run's posts to groups: each taken once, held to the robot's pace, and never twice after a kill."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from storage.group_posts import PostState
from storage.states import RunState
from tests.scheduler.world import NOON, World

MINUTE = timedelta(minutes=1)
SLOW = [(20, 60)]


@pytest.fixture
def world(db):
    return World(db)


def take(world, run, name="支部群", *, batch="b1", paces=SLOW, now=NOON):
    return world.store.posts.take(run.key, name, batch=batch, paces=paces, now=now, lost_at=now + MINUTE)


def end(world, run, post, state, *, batch="b1", now=NOON, **more):
    ended = replace(post, state=state, error=more.pop("error", ""), reason=more.pop("reason", ""))
    world.store.posts.settle(run.key, ended, batch=batch, now=now, **more)


def states(world, run):
    return {post.name: post.state.value for post in world.store.posts.of(run.key)}


def test_a_post_is_taken_once_and_ends_as_it_ended(world):
    run = world.run()
    world.store.posts.add(run.key, ["支部群", "党委群"], now=NOON)

    post = take(world, run)
    again = take(world, run, batch="b2")
    end(world, run, post, PostState.SENT)

    assert (post.attempts, again) == (1, None)
    assert states(world, run) == {"支部群": "sent", "党委群": "due"}
    assert world.store.posts.due(run.key, now=NOON) == ["党委群"]


def test_of_many_who_take_at_once_one_has_it(world):
    run, barrier, taken = world.run(), Barrier(6), []
    world.store.posts.add(run.key, ["支部群"], now=NOON)

    def reach(number):
        barrier.wait()
        taken.append(take(world, run, batch=f"b{number}"))

    hands = [Thread(target=reach, args=(number,)) for number in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert sum(post is not None for post in taken) == 1


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.PAUSED, RunState.DONE])
def test_nothing_is_taken_of_a_run_that_is_not_sent(world, state):
    run = world.run(state=state)
    world.store.posts.add(run.key, ["支部群"], now=NOON)

    assert take(world, run) is None
    assert states(world, run) == {"支部群": "due"}


def test_what_is_in_hand_for_too_long_is_unsure_and_never_due_again(world):
    run = world.run()
    world.store.posts.add(run.key, ["支部群"], now=NOON)
    take(world, run)

    early = world.store.posts.sweep(run.key, reason="看看", now=NOON + MINUTE - timedelta(seconds=1))
    lost = world.store.posts.sweep(run.key, reason="看看", now=NOON + MINUTE)
    world.store.posts.add(run.key, ["支部群"], now=NOON + MINUTE)

    assert (early, lost) == (0, 1)
    [post] = world.store.posts.of(run.key)
    assert (post.state, post.reason) == (PostState.UNSURE, "看看")
    assert take(world, run, now=NOON + 2 * MINUTE) is None


def test_who_has_posted_it_knows_better_than_the_sweep(world):
    run = world.run()
    world.store.posts.add(run.key, ["支部群"], now=NOON)
    post = take(world, run)
    world.store.posts.sweep(run.key, reason="", now=NOON + MINUTE)

    end(world, run, post, PostState.FAILED, batch="another")
    assert states(world, run) == {"支部群": "unsure"}

    end(world, run, post, PostState.SENT)
    assert states(world, run) == {"支部群": "sent"}


def test_what_was_refused_is_due_again_when_the_run_begins_again_and_nothing_else_is(world):
    run = world.run()
    world.store.posts.add(run.key, ["a", "b", "c"], now=NOON)
    for name, state in (("a", PostState.FAILED), ("b", PostState.SENT), ("c", PostState.UNSURE)):
        end(world, run, take(world, run, name), state, error="93000", reason="webhook 不对")

    world.store.posts.add(run.key, ["a", "b", "c"], now=NOON)

    assert states(world, run) == {"a": "due", "b": "sent", "c": "unsure"}
    assert world.store.posts.of(run.key)[0].reason == ""


def test_a_robot_hears_no_more_than_its_platform_allows_over_all_runs(world):
    heard = []
    for number in range(22):
        run = world.run(f"daily-digest:{number}")
        world.store.posts.add(run.key, ["支部群", "党委群"], now=NOON)
        heard.append(take(world, run) is not None)

    assert heard == [True] * 20 + [False] * 2
    assert take(world, run, "党委群") is not None
    assert world.store.posts.next_wake(run.key) == NOON + MINUTE
    assert take(world, run, now=NOON + timedelta(seconds=59)) is None
    assert take(world, run, now=NOON + 2 * MINUTE) is not None


def test_of_two_paces_both_hold(world):
    paces, taken = [(100, 60), (5, 1)], []
    for number in range(6):
        run = world.run(f"daily-digest:{number}")
        world.store.posts.add(run.key, ["支部群"], now=NOON)
        taken.append(take(world, run, paces=paces) is not None)

    assert taken == [True] * 5 + [False]
    assert take(world, run, paces=paces, now=NOON + timedelta(seconds=1)) is not None


def test_a_run_is_done_when_its_posts_are_over_too(world):
    run = world.run()
    world.store.posts.add(run.key, ["支部群"], now=NOON)

    assert not world.store.finish(run.key)
    end(world, run, take(world, run), PostState.FAILED)
    assert world.store.finish(run.key)


def test_what_nobody_began_is_forgotten_when_a_run_is_planned_again_and_the_rest_is_kept(world):
    run = world.run()
    world.store.posts.add(run.key, ["a", "b", "c"], now=NOON)
    end(world, run, take(world, run, "a"), PostState.SENT)
    end(world, run, take(world, run, "b"), PostState.DUE, wake_at=NOON)

    world.store.posts.drop(run.key)

    assert states(world, run) == {"a": "sent", "b": "due"}


def test_what_is_late_is_closed(world):
    run = world.run()
    world.store.posts.add(run.key, ["a", "b"], now=NOON)
    take(world, run, "b")

    world.store.posts.close(run.key, error="expired", reason="过了时限", now=NOON)

    assert states(world, run) == {"a": "failed", "b": "in_hand"}

"""The rest of an answer reaches its member, one way or the other, and never twice."""

import threading
import time

import pytest
from structlog.testing import capture_logs

from scheduler.later import MOST_WAITING, Later
from storage.inbox import Inbox
from tests.fakes import FakeWeChat
from tests.scheduler.world import NOON, World, an_account
from wechat import errors
from wechat.errors import Unsure


class Here(World):
    """The small world with an inbox, which holds what is private."""

    def __init__(self, db, inbox):
        super().__init__(db)
        self.inbox = inbox


@pytest.fixture
def world(db, redis, keys):
    return Here(db, Inbox(redis, keys))


@pytest.fixture
def wechat():
    return FakeWeChat(lambda: NOON)


@pytest.fixture
def who(world, wechat):
    wechat.joins("o-1")
    wechat.acts("o-1")
    return world.person("o-1")


def later_with(world, wechat, **account):
    accounts = {"official": an_account(**account)}
    return Later(
        world.people, accounts=accounts, texters={"official": wechat}, clock=lambda: NOON, leave=world.inbox.leave
    )


def kept(world, who):
    return world.people.take_lines(who.person, message="m", now=NOON)


def finish(later, who, *jobs):
    for job in jobs:
        later(who, job)
    later.close()


def test_in_the_window_the_words_come_as_a_message(world, wechat, who):
    finish(later_with(world, wechat), who, lambda: "做好了")

    assert wechat.shown_to("o-1") == ["做好了"]
    assert kept(world, who) == []


def test_an_account_that_may_not_send_keeps_them_for_the_next_visit(world, wechat, who):
    finish(later_with(world, wechat, verified=False), who, lambda: "做好了")

    assert wechat.shown_to("o-1") == []
    assert kept(world, who) == ["做好了"]


@pytest.mark.parametrize("code", [45015, 45047, 45009, -1, 48001])
def test_words_that_the_platform_refuses_are_kept(world, wechat, who, code):
    wechat.fails(errors.from_code(code, "no"))

    finish(later_with(world, wechat), who, lambda: "做好了")

    assert kept(world, who) == ["做好了"]


def test_words_that_may_have_come_are_not_said_again(world, wechat, who):
    wechat.fails(Unsure(None, "no answer in time"))

    finish(later_with(world, wechat), who, lambda: "做好了")

    assert kept(world, who) == []


def test_a_repeated_turn_keeps_the_same_words_once(world, wechat, who):
    finish(later_with(world, wechat, verified=False), who, lambda: "做好了", lambda: "做好了", lambda: "另一件")

    assert sorted(kept(world, who)) == ["做好了", "另一件"]


def test_a_job_that_fails_or_has_nothing_to_say_hurts_nobody(world, wechat, who):
    def fails():
        raise RuntimeError("no")

    finish(later_with(world, wechat), who, fails, lambda: "", lambda: "做好了")

    assert wechat.shown_to("o-1") == ["做好了"]


def test_a_stranger_cannot_be_kept_anything(world, wechat):
    stranger = world.people.find(account="official", openid="o-nobody")

    finish(later_with(world, wechat, verified=False), stranger, lambda: "做好了")


def test_more_than_can_wait_is_dropped_without_a_word_to_the_turn(world, wechat, who):
    later, gate, done = later_with(world, wechat, verified=False), threading.Event(), []

    def job():
        gate.wait(10)
        done.append(1)
        return ""

    for _ in range(MOST_WAITING + 50):
        later(who, job)
    gate.set()
    later.close()
    later(who, job)

    assert len(done) == MOST_WAITING


def left(world, openid):
    return world.inbox.take_left(account="official", openid=openid, now=NOON)


def test_words_for_one_who_left_while_they_were_made_are_dropped_without_a_fault(world, wechat, who):
    later = later_with(world, wechat, verified=False)

    def leaves():
        with world.db.begin() as connection:
            world.people.erase(connection, who.person)
        return "做好了"

    with capture_logs() as said:
        finish(later, who, leaves)

    assert said == []
    assert kept(world, who) == []


def test_words_in_private_are_never_kept_beside_a_person(world, wechat, who):
    later = later_with(world, wechat, verified=False)
    later.say(who, "回执码", private=True)
    later.close()

    assert kept(world, who) == []
    assert left(world, "o-1") == ["回执码"]
    assert left(world, "o-1") == []


def test_words_for_one_of_whom_nothing_is_kept_wait_for_their_next_word(world, wechat):
    later = later_with(world, wechat, verified=False)
    later.say(world.people.find(account="official", openid="o-nobody"), "您好", private=False)
    later.close()

    assert left(world, "o-nobody") == ["您好"]


def test_what_is_said_to_one_member_comes_in_its_order(world, wechat, who):
    later = later_with(world, wechat)

    def slow():
        time.sleep(0.2)
        return "0"

    later(who, slow)
    for number in range(1, 5):
        later.say(who, str(number), private=False)
    later.close()

    assert wechat.shown_to("o-1") == ["0", "1", "2", "3", "4"]


def test_words_for_which_there_is_no_room_are_kept_at_once(world, wechat, who):
    later, gate = later_with(world, wechat, verified=False), threading.Event()
    for _ in range(MOST_WAITING):
        later(who, lambda: str(gate.wait(10) or "")[:0])
    later.say(who, "做好了", private=False)
    before = kept(world, who)
    gate.set()
    later.close()

    assert before == ["做好了"]

"""A template message goes out once, whatever becomes of its answer, and what the platform says later settles it."""

import asyncio

import pytest
import sqlalchemy as sa

from scheduler.channels.template_message import TemplateMessageChannel
from storage.deliveries import settle
from storage.openings import Closed
from storage.states import State
from tests.end_to_end.running import within
from tests.scheduler.world import NOON, World, an_account, closed_to_all
from tests.street import LATE, a_street
from wechat.bulk import Outcome

RUN = "reply:2026-11-23"
SEND = "/cgi-bin/message/template/send"
FIELDS = {"thing1": "您交的意见", "character_string2": "2F7K", "time3": "2026年11月23日 12:00"}


@pytest.fixture
def street(tmp_path, redis, redis_url, database_url):
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url, official=True) as street:
        yield street


class Push:
    """A run with one follower in it, who is sent to over HTTP by the stand-in for the platform."""

    def __init__(self, street):
        self.street = street
        self.openid = street.stage.a_follower()
        self.world = World(street.town.house.db)
        self.run = self.world.run(RUN, service_template_id="message-reply", service_fields=FIELDS)
        self.world.deliver(self.run, self.world.person(self.openid), channel="template_message")

    def goes_out(self, **wait):
        """A worker's stretch, after a while."""
        self.street.goes_on(**wait)
        asyncio.run(self._work())
        return self.state

    async def _work(self):
        await self.street.town.house.pushes.pump.work(RUN)
        await self.street.town.house.platform.close()

    def sweep(self, **wait):
        self.street.goes_on(**wait)
        self.street.town.house.pushes.desk.sweep(self.street.town.clock())
        return self.state

    @property
    def state(self):
        (row,) = self.world.rows(self.run).values()
        return row.state

    def held(self):
        """How many reports wait."""
        with self.street.town.house.db.read() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM receipts")).scalar_one()

    @property
    def shown(self):
        """How many cards the member's phone shows."""
        return [line["type"] for line in self.street.stage.seen(self.openid)].count("notice")

    def knob(self, effect, **more):
        self.street.stage.phone("knobs", path=SEND, effect=effect, **more)

    def becomes(self, state):
        """Whether the platform's report makes it so; the clock looks again at what was early."""
        (job,) = (job for job in self.street.town.house.jobs if job.id == "receipts.again")

        def settled():
            job.run(self.street.town.clock())
            return self.state == state

        return within(LATE, settled)


@pytest.fixture
def push(street):
    return Push(street)


def test_it_shows_on_the_members_phone_and_its_report_is_no_news(push):
    ended = push.goes_out()
    (line,) = (line for line in push.street.stage.seen(push.openid) if line["type"] == "notice")
    (row,) = push.world.rows(push.run).values()

    assert (ended, bool(row.message_id)) == ("sent", True)
    assert "您交的意见" in line["text"]
    assert push.becomes("sent")


@pytest.mark.parametrize(("words", "becomes"), [("failed:user block", "gone"), ("failed: system failed", "due")])
def test_what_does_not_arrive_is_told_by_the_platform(push, words, becomes):
    push.knob("undelivered", words=words)
    push.goes_out()

    assert push.becomes(becomes)
    assert push.shown == 0


def test_what_the_platform_failed_to_deliver_is_sent_again_after_its_ten_minutes(push):
    push.knob("undelivered", words="failed: system failed")
    push.goes_out()
    assert push.becomes("due")
    early = push.goes_out(minutes=10)

    assert (early, push.shown) == ("due", 0)
    assert (push.goes_out(minutes=2), push.shown) == ("sent", 1)


def test_a_lost_answer_is_asked_for_again_and_nobody_gets_two(push):
    push.knob("drop_after")
    first = push.goes_out()

    assert (first, push.shown) == ("due", 1)
    assert (push.goes_out(minutes=2), push.shown) == ("sent", 1)


def test_an_answer_that_is_lost_for_too_long_leaves_it_unsure(push):
    push.street.stage.phone("knobs", path="webhook", effect="drop_before", times=0)
    push.knob("drop_after")
    first = push.goes_out()

    assert (first, push.goes_out(minutes=9), push.shown) == ("due", "unsure", 1)


def killed(push):
    """A worker's death when the platform had taken it, and nobody heard the answer."""
    house = push.street.town.house
    (parcel,) = push.world.take(push.run, now=push.street.town.clock())
    channel = house.pushes.pump.channels["template_message"]

    async def send():
        async for _ in channel.send([parcel], house.pushes.store.run(RUN), batch="b1", now=push.street.town.clock()):
            pass
        await house.platform.close()

    asyncio.run(send())


def test_a_kill_in_the_air_is_repeated_within_ten_minutes_and_nobody_gets_two(push):
    killed(push)
    before = push.state
    swept = push.sweep(minutes=2)
    again = push.goes_out(seconds=5)

    assert (before, swept, again) == ("in_hand", "due", "sent")
    assert push.shown == 1


@pytest.mark.parametrize("wait", [{"minutes": 9}, {"minutes": 30}])
def test_a_kill_that_is_found_too_late_is_unsure(push, wait):
    push.street.stage.phone("knobs", path="webhook", effect="drop_before", times=0)
    killed(push)
    swept = push.sweep(**wait)
    again = push.goes_out()

    assert (swept, again, push.shown) == ("unsure", "unsure", 1)


def test_what_is_unsure_after_a_kill_is_settled_by_what_the_platform_told_meanwhile(push):
    killed(push)
    assert within(LATE, push.held)
    swept = push.sweep(minutes=9)

    assert swept == "unsure"
    assert push.becomes("sent")


def test_what_could_be_repeated_is_not_once_its_time_is_over(push):
    killed(push)
    assert push.sweep(minutes=2) == "due"
    push.street.stage.phone("knobs", path="webhook", effect="drop_before", times=0)

    assert push.goes_out(minutes=7) == "unsure"
    assert push.shown == 1


class Notebook:
    """A sender that notes the keys of what it is given."""

    def __init__(self):
        self.keys = []

    async def send(self, jobs):
        for job in jobs:
            self.keys.append(job.what.client_msg_id)
            yield Outcome(job.id)


def test_a_member_has_one_key_in_a_run_that_tells_nobody_who_it_is(db):
    world, book = World(db), Notebook()
    runs = [world.run(key, service_template_id="T") for key in (RUN, "other:2026-11-23")]
    for run in runs:
        world.deliver(run, world.person("o-1"), world.person("o-2"))
    channel = TemplateMessageChannel({"official": an_account()}, {"official": book})

    async def send(run, parcels):
        async for _ in channel.send(parcels, run, batch="b", now=NOON):
            pass

    for run in runs:
        parcels = world.take(run)
        for _ in range(2):
            asyncio.run(send(run, parcels))
        world.take(run, *(settle(parcel, State.SENT) for parcel in parcels), room=0)  # else they are in hand there

    assert [book.keys.count(key) for key in book.keys] == [2] * 8
    assert {len(key) for key in book.keys} == {32}
    assert not any(row.person in book.keys for run in runs for row in world.rows(run).values())


@pytest.mark.parametrize(
    ("account", "content", "closed"),
    [
        ({}, {"service_template_id": "T"}, None),
        ({}, {"template_id": "T"}, Closed.TEMPLATE),
        ({"verified": False}, {"service_template_id": "T"}, Closed.ACCOUNT),
        ({"kind": "subscription"}, {"service_template_id": "T"}, Closed.ACCOUNT),
        ({"kind": "miniprogram"}, {"service_template_id": "T"}, Closed.ACCOUNT),
    ],
)
def test_it_is_open_to_verified_service_accounts_with_a_template(db, account, content, closed):
    World(db).person("o-1")
    channel = TemplateMessageChannel({"official": an_account(**account)}, {})

    assert closed_to_all(db, channel, **content) is closed

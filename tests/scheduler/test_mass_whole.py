"""Mass sends of an account that can't send to a list: to everybody or to one tag, once a day, each person once."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from content.library import load
from scheduler.channels.mass import tag_of
from scheduler.outlook import Left
from scheduler.rendering import compose_of_newest
from storage.openings import Closed
from storage.tags import Tags
from storage.wording import Content, Variant
from tests.end_to_end.running import within
from tests.scheduler.world import NOON, ZONE, World, write_pack
from tests.street import LATE, a_street

RUN, NEXT = "big-news:2026-11-23", "more-news:2026-11-23"
SEND = "/cgi-bin/message/mass/sendall"
KF = "/cgi-bin/message/custom/send"
WAYS = ("customer_service", "mass", "next_visit")  # the mass send isn't the first that the broadcast names


@pytest.fixture
def street(tmp_path, redis, redis_url, database_url):
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url, official="subscription") as street:
        yield street


class Push:
    """A broadcast to some followers, who have all just spoken: their windows are open."""

    def __init__(self, street, *, people=3):
        self.street = street
        self.house = street.town.house
        self.world = World(self.house.db)
        self.followers = [self.follower() for _ in range(people)]

    def follower(self):
        openid = self.street.stage.a_member("official")
        self.street.stage.phone("follow", openid=openid, wait=True)
        self.street.goes_on(seconds=2)  # so that it is known which came last
        self.street.stage.phone("say", openid=openid, text="你好", wait=True)
        return openid

    def plan(self, key=RUN, *, channels=WAYS, **content):
        self.house.pushes.windows.flush(self.street.town.clock())
        run = self.world.run(key, channels=channels, line=key, text=key, state="planning", **content)
        self.house.pushes.pump.planner.fill(run, now=self.street.town.clock())
        self.house.pushes.store.move(key, before=["planning"], after="sending")
        return run

    def once_more(self, run):
        """The run is over, and sent once more for who came last."""
        self.house.pushes.store.finish(run.key)
        self.house.pushes.store.move(run.key, before=["done"], after="sending")
        self.world.deliver(run, self.world.person(self.followers[-1]), channel="mass")

    def ahead(self, **content):
        return self.house.pushes.desk._forecaster.of(
            "x:1",
            Content(channels=WAYS, text="x", **content),
            due_at=self.street.town.clock(),
            now=self.street.town.clock(),
        )

    def goes_out(self, key=RUN, **wait):
        self.street.goes_on(**wait)
        self.house.pushes.windows.flush(self.street.town.clock())
        asyncio.run(self._work(key))

    async def _work(self, key):
        await self.house.pushes.pump.work(key)
        await self.house.platform.close()

    def rows(self, key=RUN):
        return sorted((row.channel, row.state) for row in self.world.rows(self.house.pushes.store.run(key)).values())

    def becomes(self, *states, key=RUN):
        return within(LATE, lambda: tuple(str(job.state) for job in self.house.pushes.store.masses.of(key)) == states)

    def got(self, key=RUN):
        """How often each follower was shown a run, kept lines included."""
        return [
            sum(line["text"] == key for line in self.street.stage.seen(openid)) + self.kept(openid, key)
            for openid in self.followers
        ]

    def kept(self, openid, key):
        with self.house.db.read() as connection:
            lines = sa.text(
                "SELECT count(*) FROM kept_lines k JOIN contacts c ON c.person = k.person"
                " WHERE c.openid = :who AND k.key = :key"
            )
            return connection.execute(lines, {"who": openid, "key": key}).scalar()

    def tagged(self, name, *openids):
        client = self.house.platform.clients["official"]
        tag = client.create_tag(name)
        client.tag(openids, tag.id)
        Tags(self.house.db).renew("official", name, openids, walk="w" * 32)
        return tag


@pytest.fixture
def push(street):
    return Push(street)


def test_everybody_gets_it_once_by_one_call_though_another_channel_is_named_before(push):
    push.plan()
    push.goes_out()

    assert push.becomes("done")
    assert (push.rows(), push.got()) == ([("mass", "sent")] * 3, [1, 1, 1])
    assert (len(push.street.sends(SEND)), push.street.sends(KF)) == (1, [])
    push.goes_out()
    assert push.got() == [1, 1, 1]


def test_who_came_after_the_plan_is_reached_and_has_a_row(push):
    push.plan()
    push.followers.append(push.follower())
    push.goes_out()

    assert push.becomes("done")
    assert (push.rows(), push.got()) == ([("mass", "sent")] * 4, [1, 1, 1, 1])


def test_one_tags_bearers_get_it_and_nobody_else(push):
    push.tagged("党员", *push.followers[:2])
    push.plan(where={"tags": ["党员"]})
    push.goes_out()

    assert push.becomes("done")
    assert (push.rows(), push.got()) == ([("mass", "sent")] * 2, [1, 1, 0])


def test_a_tag_that_was_deleted_meanwhile_reaches_nobody_and_they_take_the_next_channel(push):
    tag = push.tagged("党员", *push.followers[:2])
    push.plan(where={"tags": ["党员"]})
    push.house.platform.clients["official"].delete_tag(tag.id)
    push.goes_out()
    push.goes_out()

    assert push.street.sends(SEND) == []
    assert (push.rows(), push.got()) == ([("customer_service", "sent")] * 2, [1, 1, 0])


def test_the_second_of_a_day_goes_another_way(push):
    push.plan()
    push.goes_out()
    assert push.becomes("done")
    push.plan(NEXT)
    push.goes_out(NEXT)

    assert (push.rows(NEXT), push.got(NEXT)) == ([("customer_service", "sent")] * 3, [1, 1, 1])
    assert len(push.street.sends(SEND)) == 1


def test_two_that_were_planned_beside_each_other_are_one_mass_send(push):
    push.plan()
    push.plan(NEXT)
    push.goes_out()
    assert push.becomes("done")
    push.goes_out(NEXT)
    push.goes_out(NEXT)

    assert push.becomes("failed", key=NEXT)  # 45028
    assert (push.got(), push.got(NEXT)) == ([1, 1, 1], [1, 1, 1])


def test_where_somebody_has_the_run_already_it_goes_to_nobody_at_once(push):
    run = push.world.run(RUN, channels=WAYS, line=RUN, text=RUN)
    push.world.deliver(run, *map(push.world.person, push.followers), channel="customer_service")
    push.goes_out()
    assert push.got() == [1, 1, 1]
    push.followers.append(push.follower())
    push.once_more(run)
    push.goes_out()
    push.goes_out()

    assert push.street.sends(SEND) == []
    assert push.got()[:3] == [1, 1, 1]


def test_nobody_is_reached_a_second_time_by_who_comes_when_it_is_out(push):
    run = push.plan()
    push.goes_out()
    assert push.becomes("done")
    push.followers.append(push.follower())
    push.once_more(run)
    push.goes_out()
    push.goes_out()

    assert len(push.street.sends(SEND)) == 1
    assert push.got()[:3] == [1, 1, 1]
    assert push.rows() == [("customer_service", "sent"), *[("mass", "sent")] * 3]


def test_the_admin_is_waited_for_and_what_they_let_pass_goes_another_way(push):
    push.street.stage.phone("knobs", path=SEND, effect="confirm")
    push.plan()
    push.goes_out()
    push.street.goes_on(minutes=11)
    push.house.pushes.pump.herald.look(push.street.town.clock())
    (job,) = push.house.pushes.store.masses.of(RUN)

    assert (job.state, "管理员" in job.reason, push.got()) == ("sending", True, [0, 0, 0])
    push.street.goes_on(minutes=20)
    push.house.pushes.pump.herald.look(push.street.town.clock())
    assert push.becomes("failed")
    push.goes_out()
    push.goes_out()
    assert (push.rows(), push.got()) == ([("customer_service", "sent")] * 3, [1, 1, 1])


def test_the_forecast_tells_what_is_left_of_the_day(push):
    before = push.ahead()
    push.plan()
    push.goes_out()
    after = push.ahead()

    assert (dict(before.channels), before.left) == ({"mass": 3}, (Left("official", "mass", 1, 0),))
    assert dict(after.channels) == {"customer_service": 3}


def test_the_forecast_says_why_others_than_all_or_a_tag_are_not_sent_to(push):
    ahead = push.ahead(where={"none": [{"roles": ["书记"]}]})
    only = replace(ahead.content, channels=("mass",))
    counted = push.house.pushes.pump.planner.expected("x:1", only, now=push.street.town.clock())

    assert dict(ahead.channels) == {"customer_service": 3}
    assert counted.closed == {(("mass", Closed.WHOLE),): 3}


@pytest.mark.parametrize(
    ("content", "tag"),
    [
        ({}, ""),
        ({"accounts": ("official",)}, ""),
        ({"where": {"tags": ["党员"]}}, "党员"),
        ({"variants": (Variant(channels=("mass",), text="短"),)}, ""),
        ({"variants": (Variant(where={"roles": ["书记"]}, channels=("next_visit",)),)}, ""),
        ({"where": {"tags": ["党员", "群众"]}}, None),
        ({"where": {"tags": ["党员"], "roles": ["书记"]}}, None),
        ({"where": {"none": [{"tags": ["党员"]}]}}, None),
        ({"topics": ("yaowen",)}, None),
        ({"organisations": ("a",)}, None),
        ({"corrects": "a:1"}, None),
        ({"variants": (Variant(where={"roles": ["书记"]}),)}, None),
        ({"variants": (Variant(where={"roles": ["书记"]}, channels=("mass",)),)}, None),
    ],
)
def test_only_all_or_one_tag_can_be_said_to_the_platform(content, tag):
    assert tag_of(Content(channels=("mass",), **content)) == tag


EVERYONE = "[audience]\neveryone = true\n"
A_BROADCAST = """
key = "all"
title = "通知"
at = 2026-11-23T12:00:00+08:00
channels = ["mass", "next_visit"]
template = "reminder.j2"
"""


@pytest.mark.parametrize(
    "rest",
    [
        EVERYONE,
        '[audience]\naccounts = ["official"]\n',
        '[audience]\ntags = ["党员"]\n',
        '[audience]\ntags = ["党员", "群众"]\n',
        '[audience]\ntags = ["党员"]\nroles = ["书记"]\n',
        EVERYONE + 'none = [{ tags = ["党员"] }]\n',
        '[audience]\ntopics = ["yaowen"]\n',
        '[audience]\norganisations = ["a"]\n',
        '[audience]\nanswered = "7d"\n',
        EVERYONE + '[[variant]]\nchannels = ["mass"]\ntemplate = "daily.j2"\n',
        EVERYONE + '[[variant]]\naudience = { roles = ["书记"] }\ntemplate = "daily.j2"\n',
        EVERYONE + '[[variant]]\ntemplate = "daily.j2"\nchannels = ["next_visit"]\naudience.roles = ["书记"]\n',
    ],
)
def test_the_check_of_the_content_says_what_the_channel_will_do(tmp_path, rest):
    library = load(write_pack(tmp_path / "pack", broadcasts=(A_BROADCAST + rest,)), zone=ZONE)
    broadcast = library.broadcasts["all"]
    content = compose_of_newest(library, broadcast, now=NOON)

    assert content
    assert broadcast.can_be_said_to_all == (tag_of(content) is not None)

"""A notice to who is reached by the mini-program only, sent over HTTP to the stand-in for the platform."""

import asyncio

import pytest

from scheduler.channels.notice import MiniNoticeChannel
from storage.openings import Closed
from tests.scheduler.world import World, an_account, closed_to_all

REMINDER = "notice-study-update"
SEND = "/cgi-bin/message/subscribe/send"


@pytest.fixture
def member(street):
    """One who wants the reminder and knows the mini-program only."""
    member = street.member()
    mini = street.mini(member)
    mini.put("/subscription/topics/xuexi-tixing")
    return member, mini


def allows(street, member, mini):
    street.stage.phone("consent", openid=member.openid, template_id=REMINDER, accept=True, wait=True)
    mini.post("/subscription/prompts", {"choices": {REMINDER: "accept"}})


def sends(street):
    run = street.town.house.pushes.desk.send_now("quiz-reminder", now=street.town.clock())
    asyncio.run(work(street, run.key))
    return {row.channel: row.state for row in street.town.house.pushes.desk.status(run.key).tallies}


async def work(street, key):
    await street.town.house.pushes.pump.work(key)
    await street.town.house.platform.close()


def credits_left(street, member):
    people = street.town.house.people
    return people.credits_of(people.find(account="mini", openid=member.openid).contact)


def test_who_allowed_one_gets_one_and_has_none_left(street, member):
    allows(street, *member)
    before = credits_left(street, member[0])
    first = sends(street)
    (line,) = member[0].lines

    assert (before, first) == ({REMINDER: 1}, {"mini_notice": "sent"})
    assert "今天的五道题" in line["text"]
    assert credits_left(street, member[0]) == {REMINDER: 0}


def test_a_credit_that_the_platform_does_not_know_of_is_taken_and_another_channel_serves(street, member):
    member[1].post("/subscription/prompts", {"choices": {REMINDER: "accept"}})
    ended = sends(street)

    assert len(street.sends(SEND)) == 1
    assert ended == {"next_visit": "sent"}
    assert credits_left(street, member[0]) == {}
    assert "五道题" in "".join(member[1].post("/subscription/kept").body["lines"])


@pytest.mark.parametrize(
    ("account", "content", "credits_", "closed"),
    [
        ({"kind": "miniprogram"}, {"mini_template_id": "T"}, {"T"}, None),
        ({"kind": "miniprogram"}, {"mini_template_id": "T"}, {"U"}, Closed.CREDIT),
        ({"kind": "miniprogram"}, {"template_id": "T"}, {"T"}, Closed.TEMPLATE),
        ({"kind": "service"}, {"mini_template_id": "T", "template_id": "T"}, {"T"}, Closed.ACCOUNT),
    ],
)
def test_it_is_open_to_mini_programs_with_a_credit_for_their_own_template(db, account, content, credits_, closed):
    world = World(db)
    for template in credits_:
        world.person("o-1", credit=template)

    assert closed_to_all(db, MiniNoticeChannel({"official": an_account(**account)}, {}), **content) == closed

"""A member speaks to a program whose database takes no more."""

from contextlib import contextmanager, suppress

import pytest
from structlog.testing import capture_logs

from storage import trouble
from storage.subscription import Subscriptions
from tests.storage.full import Disk

MORE_THAN_FIT = 300  # into the pages that a table has begun


@pytest.fixture
def disk(database_url):
    with Disk(database_url).watched() as disk:
        yield disk


@pytest.fixture
def full(disk, town):
    """A town with a member, whose disk can be full for a while."""

    @contextmanager
    def for_a_while():
        disk.is_full()
        settled(town)
        yield
        disk.has_room()
        settled(town)

    return for_a_while


def settled(town):
    """A connection that was cut is given back at the next look."""
    for _ in range(30):
        town.client.get("/readyz")
        with suppress(Exception):  # the driver's own, for what goes past SQLAlchemy
            town.house.people.find(account="official", openid="nobody")


def topics(town, phone):
    who = town.house.people.find(account="official", openid=phone.openid)
    return Subscriptions(town.house.db, town.clock().date).of(who.person)


def test_whoever_comes_is_told_so_and_may_say_it_again(town, full):
    trouble_said = town.house.shelf.say("conversation.trouble")
    with full(), capture_logs() as logs:
        for _ in range(MORE_THAN_FIT):
            phone = town.phone()
            said = phone.says("订阅 1")
            if said == trouble_said:
                break
        ready = town.client.get("/readyz")
        before = topics(town, phone)
    again = phone.says("订阅 1")

    assert said == trouble_said
    assert before == frozenset()
    assert [each["error"] for each in logs if each["event"] == "no answer"][-1] in trouble.LASTING
    assert (ready.status_code, ready.json["database"], ready.json["database_takes_changes"]) == (503, True, False)
    assert town.client.get("/readyz").status_code == 200
    assert again.startswith("已订阅")
    assert len(topics(town, phone)) == 1

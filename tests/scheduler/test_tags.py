"""The platform's tags, brought here once an hour."""

import pytest

from scheduler.tags import TagRound
from storage.tags import Tags
from tests.fakes import FakeWeChat
from tests.scheduler.world import NOON, World, answering
from wechat.errors import Retryable


class Away:
    """A platform that doesn't answer."""

    def tags(self):
        raise Retryable(-1)

    def bearers(self, tag):
        assert tag
        raise Retryable(-1)


@pytest.fixture
def village(db):
    return World(db)


@pytest.fixture
def wechat():
    wechat = FakeWeChat(lambda: NOON)
    for openid in ("o-1", "o-2"):
        wechat.joins(openid)
    return wechat


def bearers(village, *tags):
    people = {village.person(openid).person: openid for openid in ("o-1", "o-2")}
    return sorted(people[each] for each in answering(village.db, {"tags": [*tags]}))


def test_bearers_of_the_tags_that_are_asked_for_are_known_after_a_round(village, wechat):
    asked, other = wechat.create_tag("志愿者"), wechat.create_tag("别的")
    wechat.tag(["o-1"], asked.id)
    wechat.tag(["o-1", "o-2"], other.id)
    bearers(village)

    TagRound(Tags(village.db), {"official": wechat}, wanted=lambda: {"志愿者"}).run(NOON)

    assert bearers(village, "志愿者") == ["o-1"]
    assert bearers(village, "别的") == []


def test_what_the_platform_does_not_tell_stays_as_it_was_known(village, wechat):
    wechat.tag(["o-1"], wechat.create_tag("志愿者").id)
    bearers(village)
    store = Tags(village.db)
    TagRound(store, {"official": wechat}, wanted=lambda: {"志愿者"}).run(NOON)

    TagRound(store, {"official": Away()}, wanted=lambda: {"志愿者"}).run(NOON)

    assert bearers(village, "志愿者") == ["o-1"]


def test_a_tag_that_was_deleted_there_is_borne_by_nobody(village, wechat):
    tag = wechat.create_tag("志愿者")
    wechat.tag(["o-1"], tag.id)
    bearers(village)
    round_ = TagRound(Tags(village.db), {"official": wechat}, wanted=lambda: {"志愿者"})
    round_.run(NOON)
    wechat.delete_tag(tag.id)

    round_.run(NOON)

    assert bearers(village, "志愿者") == []

"""Topics and one's own data by the API."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest

from storage.privacy import corrections
from tests.handlers.browsers import PATIENCE

pytestmark = pytest.mark.variant

TOPIC = "/subscription/topics"


@pytest.fixture
def mini(town):
    return town.mini("o-reader")


def chosen(answer):
    return [each["id"] for each in answer.body["items"] if each["subscribed"]]


def test_topics_are_chosen_and_dropped_one_by_one_as_often_as_one_likes(mini):
    before = mini.get(TOPIC)
    added = [mini.put(f"{TOPIC}/zhengce") for _ in range(2)]
    mini.put(f"{TOPIC}/yaowen")
    dropped = [mini.delete(f"{TOPIC}/zhengce") for _ in range(2)]

    assert chosen(before) == []
    assert [chosen(each) for each in added] == [["zhengce"]] * 2
    assert [chosen(each) for each in dropped] == [["yaowen"]] * 2


def test_what_is_chosen_here_is_chosen_in_the_chat(town):
    mini = town.mini("o-both", account="official")
    mini.put(f"{TOPIC}/zhengce")

    assert "政策解读 ✓已订阅" in town.phone("o-both").says("订阅")


def test_one_request_ends_all_of_it(mini):
    for topic in ("zhengce", "yaowen"):
        mini.put(f"{TOPIC}/{topic}")

    assert chosen(mini.delete(TOPIC)) == []


@pytest.mark.on_servers
@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_topic_that_is_not_there_is_not_there(mini, method):
    refused = getattr(mini, method)(f"{TOPIC}/no%00thing")

    assert (refused.status, refused.code) == (404, "no_such_topic")


def test_what_is_kept_can_be_read(mini):
    mini.put(f"{TOPIC}/zhengce")
    data = mini.get("/subscription/data").body
    lines = data["lines"]

    assert any(line.startswith("小程序：微信给您的用户编号") for line in lines)
    assert any("支部导入的名单" in line for line in data["stays"])
    assert "订阅主题：政策解读" in lines
    assert "登录着：1 处（手机）" in lines


def test_erasing_takes_a_yes(town, mini):
    refused = mini.post("/subscription/data/erasure", {"confirm": False})

    assert (refused.status, refused.body["field"]) == (422, "confirm")
    assert town.house.people.find(account="mini", openid=mini.openid).known


def test_after_it_nothing_is_there_and_the_token_is_over(town, mini):
    mini.put(f"{TOPIC}/zhengce")
    other = town.mini("o-other")
    other.put(f"{TOPIC}/yaowen")

    assert mini.post("/subscription/data/erasure", {"confirm": True}).status == 204
    assert mini.get("/subscription/data").status == 401
    assert not town.house.people.find(account="mini", openid=mini.openid).known
    assert chosen(other.get(TOPIC)) == ["yaowen"]


@pytest.mark.on_servers
def test_erasing_waits_for_what_is_being_kept_at_that_moment(town, mini):
    person = town.house.people.find(account="mini", openid=mini.openid).person
    with ThreadPoolExecutor(1) as thread, town.house.db.begin() as connection:
        row = {"id": "a" * 32, "person": person, "organisation": "", "said": "", "asked_on": town.clock().date()}
        connection.execute(corrections.insert().values(row))
        erasing = thread.submit(mini.post, "/subscription/data/erasure", {"confirm": True})
        sleep(PATIENCE)

    assert erasing.result().status == 204
    assert not town.house.people.find(account="mini", openid=mini.openid).known


def test_what_was_kept_for_the_next_visit_is_given_once_and_to_a_repeat_again(town, mini):
    person = town.house.people.find(account="mini", openid=mini.openid).person
    until = town.clock() + timedelta(days=1)
    town.house.people.keep_line(person, key="k", line="您提的意见有答复了", expires_at=until)
    taken = [mini.post("/subscription/kept", key=key).body["lines"] for key in ("k" * 16, "k" * 16, "l" * 16)]

    assert taken == [["您提的意见有答复了"], ["您提的意见有答复了"], []]

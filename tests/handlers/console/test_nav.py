"""The navigation tells on every page what waits behind its doors, and nothing of what an account may not see."""

import re

import pytest

from handlers.console import engine
from handlers.feature import Waiting
from storage.admins import Grant
from tests.house import a_town
from tests.storage.asked import asked_of_sql


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    for number in range(2):
        said = {"way": "named", "category": "工作建议", "words": f"活动室的门第{number}次打不开了", "name": "李石榴"}
        assert town.mini(account="official").post("/opinion", said).status == 201
    yield town
    town.house.close()


def counts(page):
    """What stands beside each door of the navigation."""
    doors = re.findall(r'<li class="nav-item"><a class="nav-link.*?</li>', page.text, re.DOTALL)
    said = [
        re.search(r'>([^<>]+?)\s*<span class="count([^"]*)" title="([^"]+)".*?>(\d+)<', each, re.DOTALL)
        for each in doors
    ]
    return {found[1]: (found[2].strip(), found[3], int(found[4])) for found in said if found}


def test_on_any_page_a_door_says_how_many_wait_and_what_they_are(town):
    town.signs_in("值班员")
    at_first = counts(town.client.get("/admin/own"))
    town.clock.forward(days=60)
    town.signs_in("值班员")
    later = counts(town.client.get("/admin/quiz/"))

    assert at_first == {"意见": ("", "2 条意见还没有人办", 2)}
    assert later["意见"][0] == "late"
    assert later["意见"][2] == 2


def test_who_may_not_open_a_door_sees_neither_it_nor_what_waits_behind(town):
    town.signs_in("组织委员", Grant("organisation"))
    page = town.client.get("/admin/own")

    assert "意见还没有人办" not in page.text
    assert "/admin/opinion/" not in page.text
    assert counts(page) == {}


def test_a_page_asks_no_more_where_there_is_more_to_count_and_opens_nothing_twice(town):
    town.signs_in("值班员")

    def asked():
        town.client.get("/admin/own")  # what is new is opened once
        return asked_of_sql(lambda: town.client.get("/admin/own"))

    with_two = asked()
    for number in range(2, 8):
        said = {"way": ("named", "anonymous")[number % 2], "category": "工作建议", "words": f"第{number}扇门打不开了"}
        assert town.mini(account="official").post("/opinion", {**said, "name": "李石榴"}).status == 201
    with_eight = asked()

    assert counts(town.client.get("/admin/own"))["意见"][2] == 8
    assert len(with_eight) == len(with_two) <= 15
    assert sum("named_opinions" in each for each in with_eight) == 1
    assert sum("anonymous_opinions" in each for each in with_eight) == 1
    assert [each for each in with_eight if "named_opinions.day" in each] == []


def test_of_what_waits_behind_a_door_the_first_is_told():
    waits = [Waiting(count=each, said=str(each), link=link) for each, link in ((3, "/a/x?y"), (9, "/a/"), (2, "/c/"))]

    assert {door: first.count for door, first in engine.pressing(["/a/", "/b/"], waits).items()} == {"/a/": 3, "": 2}

"""The inbox: what is listed of all that there is, by whose hands, by when, and what waits for an account."""

import html
import re
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from content.opinions import Matter
from content.roles import Duty, Powers, Reach
from storage.leaves import Leaf
from tests.handlers.opinion.test_admin import browser, looks, the_page
from tests.handlers.opinion.test_hands import TREE, WATER, merged, page_of, sent
from tests.handlers.opinion.test_promise import at_half_past_eight
from tests.handlers.opinion.test_thread import asks, over_midnight
from tests.handlers.opinion.world import World

__all__ = ["browser"]

LAMP, STAIRS = "走廊的灯坏了三天", "楼梯的扶手松了"


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys, entrusted=("专人",))


def listed(browser, **query: str) -> list[str]:
    """The words of the rows, under these filters."""
    page = browser.get("/admin/opinion/", query_string=query).text
    return [html.unescape(each) for each in re.findall(r'text-break">(.*?)</span>', page)]


def waits(world: World, name: str) -> dict[str, str]:
    """What waits for an account, and where it is seen."""
    return {each.said: each.link for each in world.feature.waits(name)}


def of_day(world: World, words: str, **change: Any) -> None:
    code = sent(world, words)
    world.opinions.change(world.opinions.id_of(code.replace("-", "")), lambda now: replace(now, **change))


def test_what_is_late_is_found_however_many_days_with_others_came_after(world, browser):
    sent(world)
    for _ in range(20):
        world.clock.passes(days=1)
        of_day(world, LAMP, state="answered")
    world.clock.passes(days=10)

    assert WATER not in listed(browser)
    assert listed(browser, due="overdue") == [WATER]
    assert listed(browser, due="waiting") == [WATER]
    assert "更早的" not in browser.get("/admin/opinion/?due=overdue").text


def test_the_list_is_filtered_by_what_is_left_of_the_time(world, browser):
    """Of 15 workdays from a Saturday, 23 November 2126: Friday, 13 December is the last."""
    sent(world)
    found = {}
    for day in (11, 12, 13, 14):
        world.clock.now = world.clock.now.replace(month=12, day=day)
        found[day] = [due for due in ("waiting", "soon", "overdue") if listed(browser, due=due)]

    assert found == {
        11: ["waiting"],
        12: ["waiting", "soon"],
        13: ["waiting", "soon"],
        14: ["waiting", "overdue"],
    }


def test_an_organisation_has_what_its_own_and_those_below_it_handle(world, browser):
    world.organisations = TREE
    world.admins = {"支部": "p-1", "总支": "p-2", "书记": "p-3"}
    for words, name in ((WATER, "支部"), (LAMP, "书记"), (STAIRS, "")):
        sent(world, words)
        browser.post(f"{page_of(browser, words)}/assign", data={"assignee": name})

    assert [sorted(listed(browser, whose=f"org:{each}")) for each in ("zhibu", "zongzhi", "dangwei", "谁")] == [
        [WATER],
        [WATER],
        sorted([WATER, LAMP]),
        [],
    ]
    assert '<option value="org:zongzhi">总支</option>' in browser.get("/admin/opinion/").text


def test_what_a_person_has_to_look_at_and_what_a_sender_spoke_to_is_listed(world, browser):
    code = sent(world)
    of_day(world, LAMP, review="risky")
    browser.post(f"{page_of(browser, WATER)}/ask", data={"question": "是哪一栋？"})
    before = listed(browser, state="heard")
    asks(world, code, "三号楼的一层和二层", "1")

    assert listed(browser, state="unseen") == ["微信提示有风险，点开看"]
    assert (before, listed(browser, state="heard")) == ([], [WATER])


def test_what_was_changed_since_the_last_look_is_seen_as_it_is(world, browser):
    sent(world)
    over_midnight(world)
    before = listed(browser, due="waiting")
    browser.post(f"{page_of(browser, WATER)}/answer", data={"reply": "改到十一点停。"})

    assert (before, listed(browser, due="waiting"), listed(browser, state="answered")) == ([WATER], [], [WATER])


def test_one_that_cannot_be_read_is_named_by_its_number_and_the_others_stand(world, browser):
    sent(world)
    over_midnight(world)
    world.admins = {"支部": "p-1"}
    broken = Leaf(world.opinions.id_of("BROKEN"), date(2126, 11, 22), '{"words":"热水'.encode() + b'\xff"}')
    before = waits(world, "支部")
    world.opinions.carry([broken])
    page = html.unescape(browser.get("/admin/opinion/").text)

    assert re.search(rf"这条读不出来：2126-11-22，编号 <[^>]*>{broken.id}", page)
    assert (listed(browser), waits(world, "支部")) == ([WATER], before)
    assert browser.get(f"/admin/opinion/{world.opinions.address_of(broken.id)}").status_code == 404


def test_one_that_cannot_be_read_is_named_to_whom_the_whole_house_is_entrusted_alone(world, browser):
    sent(world)
    world.opinions.carry([Leaf(world.opinions.id_of("BROKEN"), date(2126, 11, 22), b"\xff")])
    everyone = browser.get("/admin/opinion/").text
    world.organisations = TREE
    world.powers = {world.author: Powers({Duty.OPINIONS: Reach(organisations=frozenset({"zhibu"}))})}

    assert ("读不出来" in everyone, "读不出来" in browser.get("/admin/opinion/").text) == (True, False)


# -- what waits for an account ---------------------------------------------------------------------------------------


def test_each_number_leads_to_as_many_rows(world, browser):
    world.admins = {"支部": "p-1"}
    for words in (WATER, LAMP, STAIRS):
        sent(world, words)
    browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "支部"})
    of_day(world, "食堂的菜太咸了", state="answered")
    world.clock.now = world.clock.now.replace(month=12, day=20)
    found = waits(world, "支部")

    assert found == {
        "3 条意见已经超期": "/admin/opinion/?due=overdue",
        "1 条意见由您办，等着答复": f"/admin/opinion/?due=waiting&whose={quote('支部')}",
        "2 条意见还没有人办": "/admin/opinion/?due=waiting&whose=-",
    }
    assert [len(re.findall('text-break">', browser.get(link).text)) for link in found.values()] == [3, 1, 2]


def test_of_what_an_account_may_not_see_nothing_is_counted(world):
    world.admins = {"承办人甲": "p-1", "专人": "p-2"}
    world.matters = {"安全隐患": Matter(category="安全隐患", channels=("12350",), source="x")}
    world.member().says("意见", "1", "6", "消防门被堵住了，打不开", "好了", "1")

    assert waits(world, "承办人甲") == {}
    assert waits(world, "专人") == {"1 条意见还没有人办": "/admin/opinion/?due=waiting&whose=-"}


def test_what_was_merged_is_with_whoever_has_the_one_that_it_goes_with(world, browser):
    world.admins = {"支部": "p-1", "别人": "p-2"}
    merged(world, browser)
    browser.post(f"{page_of(browser, '宿舍的热水')}/assign", data={"assignee": "支部"})
    browser.post(f"{page_of(browser, '走廊的灯')}/assign", data={"assignee": "支部"})
    world.told.clear()
    at_half_past_eight(world, date(2126, 12, 16))

    assert listed(browser, whose="-") == []
    assert "3 条意见由您办，等着答复" in waits(world, "支部")
    assert [(who, line) for who, line, _ in world.told] == [("p-1", "意见箱：3 条已经超期。请到后台“意见”里看。")]


# -- what was done is said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "data", "said"),
    [
        ("assign", {"assignee": "承办人甲"}, "交给 承办人甲 办了。"),
        ("tags", {"tags": "热水"}, "标签改好了。"),
        ("note", {"note": "问过后勤处"}, "备注记下了。"),
        ("state", {"state": "in_hand"}, "改为“办理中”了。"),
        ("ask", {"question": "哪一栋？"}, "答复的期限先停着。"),
        ("answer", {"reply": "改到十一点停。"}, "答复记下了。"),
        ("answer", {"reply": "先改一栋。", "outcome": "partly"}, "只解决了一部分。"),
        ("close", {"reason": "已经转给后勤处。"}, "办结了。"),
    ],
)
def test_after_each_press_the_page_says_what_was_done(world, browser, act, data, said):
    sent(world)
    link = the_page(browser)
    after = browser.post(f"{link}/{act}", data=data, follow_redirects=True).text

    assert f"{said}</p>" in after
    assert f"{said}</p>" not in browser.get(link).text


def test_that_a_doubt_was_taken_off_is_said_too(world, browser):
    of_day(world, LAMP, review="unchecked")

    assert "提示去掉了。" in looks(browser, the_page(browser)).text


def test_that_the_clock_stands_still_is_shown_with_the_day(world, browser):
    sent(world)
    browser.post(f"{the_page(browser)}/ask", data={"question": "哪一栋？"})

    assert "以前答复 （等回话，期限先停着）" in browser.get(the_page(browser)).text


def test_an_old_opinion_is_listed_by_day_and_older_ones_stay_one_link_away(world, browser):
    for _ in range(16):
        sent(world)
        world.clock.passes(days=1)
    first = browser.get("/admin/opinion/?due=waiting").text
    (older,) = re.findall(r'href="([^"]*before=[^"]*)"', first)

    assert (first.count('text-break">'), "一共 16 条" in first) == (14, True)
    assert browser.get(html.unescape(older)).text.count('text-break">') == 2

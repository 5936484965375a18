"""Urgent matters: the official channels come first, and what is still said here is for few to read."""

import re
from dataclasses import replace
from datetime import date

import pytest

from content.opinions import Matter
from content.organisations import Organisation
from storage.opinion_notes import READ
from tests.handlers.opinion.test_admin import browser, links, the_page
from tests.handlers.opinion.test_promise import at_half_past_eight
from tests.handlers.opinion.test_thread import asks, kept
from tests.handlers.opinion.world import World, receipt

__all__ = ["browser"]

TREE = [
    Organisation(id="dangwei", name="党委", type="党委", admins=("上级专人",)),
    Organisation(id="zhibu", name="支部", type="党支部", parent="dangwei", admins=("专人",)),
]
CHANNEL = "拨打 12350"
MATTER = Matter(category="安全隐患", channels=(CHANNEL,), source="应急管理局的公告")
WORDS = "二号楼的消防通道堆满了东西"
SAFETY = {"way": "anonymous", "category": "安全隐患", "words": WORDS}


def a_world(db, redis, keys, *, entrusted: tuple[str, ...]) -> World:
    world = World(db, redis, keys, entrusted=entrusted)
    world.matters = {MATTER.category: MATTER}
    world.admins = {"承办人甲": "person-1", "专人": "person-2"}
    return world


@pytest.fixture
def entrusted():
    return ("专人",)


@pytest.fixture
def world(db, redis, keys, entrusted):
    return a_world(db, redis, keys, entrusted=entrusted)


@pytest.fixture
def nobodys(db, redis, keys):
    """A world in which nobody is entrusted."""
    return a_world(db, redis, keys, entrusted=())


def sent(world: World, way: tuple[str, ...] = ("1",)) -> str:
    return receipt(world.member().says("意见", *way, "6", WORDS, "好了", "1"))


# -- before anything is said -------------------------------------------------------------------------------------------


def test_in_the_chat_the_channels_come_first_and_then_the_question(world):
    said = world.member().says("意见", "1", "6")
    other = world.member("oMember-2").says("意见", "1", "4")

    assert said.startswith(f"“安全隐患”的事，要紧的请先走官方渠道：\n· {CHANNEL}\n（出处：应急管理局的公告）\n")
    assert "只有指定的专人看得到" in said
    assert said.endswith("说完了回复“好了”。")
    assert CHANNEL not in other


def test_who_said_it_all_early_sees_them_too(world):
    assert CHANNEL in world.member().says("意见", WORDS, "1", "6")


def test_on_the_page_and_in_the_mini_program_they_are_shown(world):
    reader, mini = world.member().opens_pages(), world.member().signs_in()
    reader.get("/p/opinion")
    page = reader.post("/p/opinion", {"step": "way", "way": "anonymous"}).text
    form = mini.get("/opinion").body

    assert page.index(CHANNEL) < page.index("想说的话")
    assert form["first"] == [
        {"category": "安全隐患", "channels": [CHANNEL], "source": "应急管理局的公告", "workdays": None}
    ]
    assert form["taken"] is True


def test_what_nobody_would_read_is_not_taken_and_the_channels_are_shown(nobodys):
    member = nobodys.member()
    said = member.says("意见", "1", "6")
    other = member.says("4")
    mini = nobodys.member("oMember-2").signs_in()
    refused = mini.post("/opinion", SAFETY)
    reader = nobodys.member("oMember-3").opens_pages()
    reader.get("/p/opinion")
    reader.post("/p/opinion", {"step": "way", "way": "anonymous"})
    page = reader.post("/p/opinion", {"step": "look", "category": "安全隐患", "words": WORDS})

    assert CHANNEL in said
    assert "所以收不了" in said
    assert other.startswith("“生活困难”，请说吧。")
    assert (refused.status, refused.code) == (422, "elsewhere")
    assert page.status_code == 422
    assert "所以收不了" in page.text
    assert nobodys.kept(named=False) == nobodys.kept(named=True) == []


@pytest.mark.parametrize("entrusted", [("专人", "上级专人")])
def test_its_own_promise_is_said_first_kept_and_told_up_once_it_is_late(world, browser):
    """Sent on a Saturday: of two workdays the second is Tuesday the 26th; late by two it goes up."""
    world.matters = {MATTER.category: replace(MATTER, workdays=2)}
    world.admins = {"专人": "p-1", "上级专人": "p-2"}
    world.organisations = TREE
    chat = world.member().says("意见", "1", "6")
    reader = world.member().opens_pages()
    reader.get("/p/opinion")
    page = reader.post("/p/opinion", {"step": "way", "way": "anonymous"}).text
    sent = world.member().says(WORDS, "好了", "1")
    world.author = "专人"
    browser.post(f"{the_page(browser)}/assign", data={"assignee": "专人"})
    told = {}
    for day in (26, 27, 28):
        world.told.clear()
        at_half_past_eight(world, date(2126, 11, day))
        told[day] = {who: line.partition("：")[2].partition("。")[0] for who, line, _ in world.told}

    assert "只有指定的专人看得到，2 个工作日内答复。" in chat
    assert "在这里说的，2 个工作日内答复。" in page
    assert "最迟11月26日答复" in sent
    assert told == {
        26: {"p-1": "1 条今天到期"},
        27: {"p-1": "1 条已经超期"},
        28: {"p-1": "1 条已经超期", "p-2": "下级组织有 1 条超期还没有办"},
    }


# -- who reads it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [("1",), ("2", "张三")], ids=["anonymous", "named"])
def test_others_see_it_in_no_list_and_open_no_address_of_it(world, browser, way):
    code = sent(world, way)
    world.author = "专人"
    page = the_page(browser)
    world.author = "承办人甲"
    addresses = [page, f"{page}/pictures/0", f"{page}/voices/0"]
    acts = ("answer", "ask", "close", "note", "assign", "tags", "merge", "part", "review", "state")

    assert links(browser.get("/admin/opinion/").text) == []
    assert "只给专人看，不在这里" in browser.get("/admin/opinion/").text
    assert [browser.get(each).status_code for each in addresses] == [403] * 3
    assert {browser.post(f"{page}/{act}", data={"reply": "好的"}).status_code for act in acts} == {403}
    assert kept(world, code).state == "received"


def test_by_the_api_it_is_restricted_too(world, browser):
    world.member().signs_in().post("/opinion", SAFETY)

    assert [each.restricted for each in world.kept(named=False)] == [True]
    assert links(browser.get("/admin/opinion/").text) == []


def test_it_stays_so_when_the_pack_no_longer_says_so(world, browser):
    sent(world)
    world.matters = {}

    assert links(browser.get("/admin/opinion/").text) == []


def test_who_is_entrusted_answers_it_and_each_look_is_noted_once_a_day(world, browser):
    code = sent(world)
    world.author = "专人"
    for _ in range(2):
        browser.get(the_page(browser))
    world.clock.passes(days=1)
    page = browser.get(the_page(browser)).text
    browser.post(f"{the_page(browser)}/answer", data={"reply": "当天清空了。"})
    notes = [each for each in world.opinions.notes.of(kept(world, code).id) if each.kind == READ]

    assert page.count("打开看过") == 2
    assert [(each.author, each.day.day) for each in notes] == [("专人", 23), ("专人", 24)]
    assert "当天清空了。" in asks(world, code)
    assert "打开看过" not in asks(world, code)


def test_only_who_is_entrusted_is_reminded_of_it_and_may_be_given_it(world, browser):
    sent(world)
    at_half_past_eight(world, world.clock.now.date().replace(month=12, day=13))
    world.author = "专人"
    page = browser.get(the_page(browser)).text
    refused = browser.post(f"{the_page(browser)}/assign", data={"assignee": "承办人甲"})

    assert [who for who, _, _ in world.told] == ["person-2"]
    assert re.findall(r"<option[^>]*>([^<]+)</option>", page) == ["还没有人", "专人"]
    assert refused.status_code == 422


def test_an_entrusted_name_without_an_account_is_told(world, browser):
    before = browser.get("/admin/opinion/").text
    world.admins = {"承办人甲": "person-1"}

    assert "这个账号" not in before
    assert "后台没有“专人”这个账号" in browser.get("/admin/opinion/").text


def test_it_is_likened_to_and_merged_with_nothing_that_others_read(world, browser):
    sent(world)
    world.matters = {}
    sent(world)
    world.author = "专人"
    first, second = links(browser.get("/admin/opinion/").text)
    merged = browser.post(f"{first}/merge", data={"into": second.rpartition("/")[2]})

    assert "可能说的是同一件事" not in browser.get(first).text + browser.get(second).text
    assert merged.status_code == 422

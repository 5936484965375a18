"""What admins do with opinions by hand: given to one, tagged, found again, merged, answered with ready words."""

import html
import re
from datetime import date

import pytest

from content.opinions import LONGEST, ReadyReply
from content.organisations import Organisation
from handlers.opinion import engine
from handlers.opinion.engine import near
from storage.opinion import anonymous_opinions
from storage.opinion_notes import opinion_notes
from tests.handlers.opinion.test_admin import browser
from tests.handlers.opinion.test_api import everything_but
from tests.handlers.opinion.test_promise import at_half_past_eight
from tests.handlers.opinion.test_thread import asks, kept, over_midnight, rows
from tests.handlers.opinion.world import World, receipt

__all__ = ["browser"]

WATER = "宿舍热水晚上九点就停"
FILLERS = "的了是在请能不能希望"
TREE = [
    Organisation(id="dangwei", name="党委", admins=("书记",)),
    Organisation(id="zongzhi", name="总支", parent="dangwei", admins=("总支",)),
    Organisation(id="zhibu", name="支部", parent="zongzhi", admins=("支部",)),
]


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


def sent(world: World, words: str = WATER, *, way: tuple[str, ...] = ("1",), by: str = "oMember-1") -> str:
    return receipt(world.member(by).says("意见", *way, "4", words, "好了", "1"))


def page_of(browser, words: str) -> str:
    """The address of the opinion that begins so."""
    found = re.findall(
        r'href="(/admin/opinion/[\w-]{40,})">.*?text-break">(.*?)</span>',
        browser.get("/admin/opinion/").text,
        re.DOTALL,
    )
    return next(str(link) for link, said in found if html.unescape(said).startswith(words))


# -- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("宿舍热水晚上九点就停", "请问宿舍的热水能不能不要晚上九点就停了", True),
        ("食堂的菜太咸了", "希望食堂菜不要太咸", True),
        ("三号楼走廊的灯坏了三天", "走廊灯坏了，三号楼", True),
        ("宿舍热水晚上九点就停", "宿舍的网晚上很慢", False),
        ("食堂的菜太咸了", "食堂关门太早，夜班吃不上", False),
        ("建议组织生活多讲身边的事", "建议党课多请老党员来讲", False),
        ("", "", False),
    ],
)
def test_what_says_the_same_is_told_from_what_only_sounds_so(one, other, same):
    assert (near.likeness(one, other, fillers=FILLERS) >= near.ALIKE) is same
    assert near.likeness(one, other) == near.likeness(other, one)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("热水、后勤 热水", ("热水", "后勤")),
        ("", ()),
        ("一 二 三 四 五", ("一", "二", "三", "四", "五")),
        ("一 二 三 四 五 六", None),
        ("字" * 11, None),
    ],
)
def test_tags_are_few_and_short(written, found):
    assert engine.tags(written) == found


def test_ready_words_are_as_long_as_an_answer_may_be():
    assert LONGEST == engine.NOTE_LONGEST


# -- given to somebody -----------------------------------------------------------------------------------------------


def test_an_opinion_is_given_to_an_admin_who_is_told_that_there_is_one(world, browser):
    world.admins = {"张工": "person-1"}
    code = sent(world)
    for _ in range(2):
        browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "张工"})
    page = browser.get(page_of(browser, WATER)).text

    assert kept(world, code).assignee == "张工"
    assert [(who, line) for who, line, _ in world.told] == [
        ("person-1", "意见箱：有 1 条意见交给您办。请到后台“意见”里看。")
    ]
    assert kept(world, code).id not in world.told[0][2]
    assert page.count("承办人甲 · 2126-11-23 · 交给 张工 办") == 1


def test_nobody_is_given_what_no_account_can_open(world, browser):
    code = sent(world)
    refused = browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "外人"})

    assert refused.status_code == 422
    assert "后台没有这个账号了" in refused.text
    assert kept(world, code).assignee == ""


def test_the_list_is_filtered_by_what_stands_in_the_address(world, browser):
    sent(world)
    sent(world, "走廊的灯坏了三天", way=("2", "张三"))
    browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "承办人甲"})
    browser.post(f"{page_of(browser, WATER)}/tags", data={"tags": "热水"})

    def found(query: str) -> list[bool]:
        page = browser.get(f"/admin/opinion/?{query}").text
        return [WATER in page, "走廊的灯" in page]

    assert found("whose=承办人甲") == found("tag=热水") == [True, False]
    assert found("whose=-") == [False, True]
    assert found("whose=承办人甲&category=生活困难&state=received") == [True, False]
    assert found("whose=承办人甲&state=answered") == found("tag=没有") == [False, False]
    assert 'value="热水" selected' in browser.get("/admin/opinion/?tag=热水").text


def test_the_next_page_of_a_filtered_list_is_filtered_too(world, browser):
    for _ in range(15):
        sent(world)
        world.clock.passes(days=1)
    (older,) = re.findall(r'href="([^"]*before=[^"]*)"', browser.get("/admin/opinion/?state=received&whose=-").text)

    assert "state=received" in older
    assert "whose=-" in older


def test_tags_that_are_too_many_are_not_lost(world, browser):
    sent(world)
    refused = browser.post(f"{page_of(browser, WATER)}/tags", data={"tags": "一 二 三 四 五 六"})

    assert refused.status_code == 422
    assert 'value="一 二 三 四 五 六"' in refused.text


# -- merged ----------------------------------------------------------------------------------------------------------


def merged(world: World, browser) -> tuple[str, str]:
    """One with a name, into which one without was merged by what the page suggests; both receipts."""
    first = sent(world, "宿舍的热水晚上九点就停了", way=("2", "张三"))
    second = sent(world, "请问宿舍热水能不能晚上九点以后再停", by="oMember-2")
    sent(world, "走廊的灯坏了三天", by="oMember-3")
    page = browser.get(page_of(browser, "请问宿舍")).text
    (into,) = re.findall(r'name="into" value="([\w-]+)"', page)
    assert browser.post(f"{page_of(browser, '请问宿舍')}/merge", data={"into": into}).status_code == 303
    return first, second


def test_who_sent_what_was_merged_hears_the_same(world, browser):
    first, second = merged(world, browser)
    lead = page_of(browser, "宿舍的热水")
    shown = browser.get(lead).text
    browser.post(f"{lead}/answer", data={"reply": "改到十一点停。"})

    assert "并到这里的 1 条" in shown
    assert "走廊的灯" not in shown
    assert [line for _, line, _ in world.told] == [
        "您11月23日提的“生活困难”有答复了：\n改到十一点停。\n回复“查询”加回执码，可以说说解决了没有。"
    ]
    assert "改到十一点停。" in asks(world, first)
    assert "改到十一点停。" in asks(world, second)
    assert (kept(world, first).state, kept(world, second).state) == ("answered", "answered")


def test_a_question_is_asked_of_one_sender_only(world, browser):
    first, second = merged(world, browser)
    browser.post(f"{page_of(browser, '宿舍的热水')}/ask", data={"question": "是哪一栋？"})

    assert "是哪一栋？" in asks(world, first)
    assert "是哪一栋？" not in asks(world, second)


def test_what_was_parted_goes_its_own_way_again(world, browser):
    _, second = merged(world, browser)
    browser.post(f"{page_of(browser, '请问宿舍')}/part")
    browser.post(f"{page_of(browser, '宿舍的热水')}/close", data={"reason": "已经转给后勤处。"})

    assert "已经转给后勤处。" not in asks(world, second)
    assert "分出去一条" in browser.get(page_of(browser, "宿舍的热水")).text


@pytest.mark.parametrize(("one", "other"), [("宿舍的热水", "请问宿舍"), ("请问宿舍", "走廊的灯"), ("走廊的灯",) * 2])
def test_what_is_merged_makes_no_circle_and_goes_one_way(world, browser, one, other):
    merged(world, browser)
    refused = browser.post(f"{page_of(browser, one)}/merge", data={"into": page_of(browser, other).rpartition("/")[2]})

    assert refused.status_code == 422
    assert "没有合并" in refused.text


# -- ready words -----------------------------------------------------------------------------------------------------


def test_ready_words_of_the_category_are_taken_over_and_nothing_is_sent_yet(world, browser):
    world.replies = {
        "see": ReadyReply(key="see", title="看过了", words="我们到现场看过了。", categories=("生活困难",)),
        "other": ReadyReply(key="other", title="别的一类", words="别的。", categories=("其他",)),
    }
    code = sent(world)
    page = browser.get(page_of(browser, WATER)).text
    (ready,) = re.findall(r'name="ready" value="([^"]+)"', page)
    written = {"reply": "您好。", "outcome": "partly", "ready": ready}
    taken = browser.post(f"{page_of(browser, WATER)}/answer", data=written).text

    assert "别的一类" not in page
    assert "您好。\n我们到现场看过了。</textarea>" in taken
    assert 'value="partly" checked' in taken
    assert kept(world, code).state == "received"


def test_what_ready_words_leave_open_is_filled_in_before_it_is_sent(world, browser):
    world.replies = {"gap": ReadyReply(key="gap", title="转了", words="【哪一天】已经转给后勤处。")}
    code = sent(world)
    page = page_of(browser, WATER)
    written = {"reply": "您好，【哪一天】已经转给后勤处。", "outcome": "partly"}
    refused = browser.post(f"{page}/answer", data=written)
    before = kept(world, code).state
    browser.post(f"{page}/answer", data={"reply": "【后勤处】周一已经转去。"})

    assert refused.status_code == 422
    assert "您好，【哪一天】已经转给后勤处。</textarea>" in refused.text
    assert "还有没填的" in refused.text
    assert 'value="partly" checked' in refused.text
    assert before == "received"
    assert kept(world, code).state == "answered"


# -- told ------------------------------------------------------------------------------------------------------------


def told(world: World, day: date) -> dict[str, str]:
    world.told.clear()
    at_half_past_eight(world, day)
    return {who: line.removeprefix("意见箱：").partition("。")[0] for who, line, _ in world.told}


def test_what_is_late_is_told_to_who_has_it_and_then_to_those_above(world, browser):
    world.admins, world.organisations = {"支部": "p-1", "总支": "p-2", "书记": "p-3", "别人": "p-4"}, TREE
    sent(world)
    browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "支部"})

    assert told(world, date(2126, 12, 13)) == {"p-1": "1 条今天到期"}
    assert told(world, date(2126, 12, 16)) == {"p-1": "1 条已经超期"}
    assert told(world, date(2126, 12, 18)) == {"p-1": "1 条已经超期", "p-2": "下级组织有 1 条超期还没有办"}
    assert told(world, date(2126, 12, 23))["p-3"] == "下级组织有 1 条超期还没有办"
    assert "提醒上级组织的：书记、总支" in browser.get(page_of(browser, WATER)).text


def test_what_nobody_has_or_who_has_it_is_out_of_reach_is_told_to_all(world, browser):
    world.admins = {"甲": "p-1", "乙": "p-2"}
    sent(world)
    everyone = told(world, date(2126, 12, 13))
    browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "承办人甲"})

    assert everyone == {"p-1": "1 条今天到期", "p-2": "1 条今天到期"}
    assert told(world, date(2126, 12, 16)) == {"p-1": "1 条已经超期", "p-2": "1 条已经超期"}


def test_that_a_sender_answered_is_told_on_the_workday_after_and_never_at_once(world, browser):
    """On a Saturday somebody answers: on Monday the admin hears, on Tuesday no more."""
    world.admins = {"甲": "p-1", "乙": "p-2"}
    code = sent(world)
    browser.post(f"{page_of(browser, WATER)}/assign", data={"assignee": "甲"})
    browser.post(f"{page_of(browser, WATER)}/ask", data={"question": "是哪一栋？"})
    world.clock.now = world.clock.now.replace(day=30)
    world.told.clear()
    asks(world, code, "三号楼的一层和二层", "1")
    at_once = list(world.told)
    over_midnight(world)

    assert world.clock.now.date() == date(2126, 12, 1)
    assert at_once == []
    assert told(world, date(2126, 12, 1)) == {}  # a Sunday
    assert told(world, date(2126, 12, 2)) == {"p-1": "提意见的人回话 1 条"}
    assert told(world, date(2126, 12, 3)) == {}


# -- and nobody is found out by it -------------------------------------------------------------------------------------


def test_what_is_done_by_hand_lies_sealed_and_all_rows_stay_alike(world, browser):
    world.admins = {"张机密": "person-1"}
    for number in range(3):
        sent(world, f"宿舍热水晚上九点就停，第{number}栋")
    over_midnight(world)
    untouched = everything_but(world, anonymous_opinions, opinion_notes)
    page = page_of(browser, "宿舍热水")
    browser.post(f"{page}/assign", data={"assignee": "张机密"})
    browser.post(f"{page}/tags", data={"tags": "机密标签"})
    into = re.findall(r'name="into" value="([\w-]+)"', browser.get(page).text)[0]
    browser.post(f"{page}/merge", data={"into": into})
    lain = [*rows(world, anonymous_opinions), *rows(world, opinion_notes)]

    assert everything_but(world, anonymous_opinions, opinion_notes) == untouched
    assert len({row.generation for row in rows(world, anonymous_opinions)}) == 1  # laid anew, all of them
    assert [len({len(row.sealed) for row in rows(world, table)}) for table in (anonymous_opinions, opinion_notes)] == [
        1,
        1,
    ]
    assert "机密" not in repr(lain)
    assert "机密".encode() not in b"".join(row.sealed for row in lain)

"""What is told of opinions: nothing of fewer than five, nothing that gives fewer away, no names."""

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import expect

from handlers import many, opinion
from handlers.bulletin import engine
from storage.opinion import Opinion
from tests.browser import a_browser, faults
from tests.handlers.appointment.test_appointment import console, token
from tests.house import a_town, hashed_at_no_cost
from tests.wechat.sandbox.stage import served

DAY = date(2026, 10, 12)  # a Monday
PASSWORD = "a password of the tests"
_numbers = count()


def a_case(category: str = "生活困难", words: str = "", **more) -> Opinion:
    number = next(_numbers)
    words = words or chr(0x4E00 + number * 7) * 9
    return Opinion(id=f"{number:024d}", day=DAY, named=False, category=category, words=words, state="received", **more)


def cases(**counts: int) -> list[Opinion]:
    return [a_case(category) for category, number in counts.items() for _ in range(number)]


def answered(number: int, *, category: str = "甲", after: int = 4, **more) -> list[Opinion]:
    said = {"answered_on": DAY + timedelta(days=after), "due": DAY + timedelta(days=10), **more}
    return [replace(each, state="answered", **said) for each in cases(**{category: number})]


def between(day: date, last: date) -> int:
    return (last - day).days


def shown(found: list[engine.Row]) -> dict[str, int]:
    return {row.category: row.count for row in found}


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"甲": 4}, {}),
        ({"甲": 5}, {"甲": 5}),
        ({"甲": 7, "乙": 3, "丙": 2}, {"甲": 7, "": 5}),
        (
            {"甲": 9, "乙": 6, "丙": 1},
            {"甲": 9, "": 7},
        ),  # 16 in all, less the 9 and a 6 that is shown, would tell the 1
        ({"甲": 5, "乙": 4}, {"": 9}),
        ({"甲": 3, "乙": 1}, {}),
    ],
)
def test_nothing_of_fewer_than_five_is_shown_or_can_be_told_from_the_rest(counts, found):
    assert shown(engine.rows(cases(**counts), between)) == found


@pytest.mark.parametrize("seed", range(40))
def test_no_difference_of_what_is_shown_is_of_fewer_than_five(seed):
    """Whoever knows the whole, and all rows, learns of no category with fewer than five."""
    counts = {name: (seed * 7 + at * at * 3) % 11 for at, name in enumerate("甲乙丙丁")}
    found = shown(engine.rows(cases(**counts), between))
    hidden = sum(counts.values()) - sum(found.values())

    assert all(number >= engine.FEWEST for number in found.values())
    assert hidden == 0 or not found
    assert sum(1 for name in counts if name not in found and counts[name]) != 1 or not found.get("")


@pytest.mark.parametrize(
    ("part", "of", "said"), [(0, 9, 0), (9, 9, 9), (4, 9, None), (5, 9, None), (5, 10, 5), (3, 3, None)]
)
def test_a_part_is_told_where_neither_it_nor_the_rest_is_small(part, of, said):
    assert engine.told(part, of=of) == said


def test_how_many_have_a_result_and_how_long_it_took():
    (row,) = engine.rows([*answered(6), *answered(5, after=12), *cases(甲=5)], between)

    assert (row.count, row.ended, row.in_time, row.workdays) == (16, 11, 6, 4)


def test_times_of_fewer_than_five_answers_are_not_told():
    (row,) = engine.rows([*answered(4), *cases(甲=6)], between)

    assert (row.count, row.ended, row.in_time, row.workdays) == (10, None, None, None)


def test_what_few_may_read_is_in_no_number():
    assert engine.rows([replace(each, restricted=True) for each in cases(甲=9)], between) == []


def test_only_whole_months_that_nobody_chooses_are_told_of():
    found = many.months(date(2027, 1, 1))

    assert found[0] == (date(2026, 12, 1), date(2026, 12, 31))
    assert found[-1] == (date(2026, 7, 1), date(2026, 7, 31))
    assert len(found) == 6


# -- words -----------------------------------------------------------------------------------------------------------


def told(*said: Opinion, hidden: tuple[str, ...] = ()) -> list[engine.Cluster]:
    return engine.clusters(said, alike=opinion.alike, hidden=hidden, mask="〔略〕")


def test_what_says_the_same_is_one_and_the_most_said_comes_first():
    hot = [a_case(words=f"宿舍热水晚上九点就停，{each}") for each in ("太早", "不方便", "请改", "很冷", "夜班洗不了")]
    found = told(a_case(words="走廊的灯坏了三天"), *hot)

    assert [each.count for each in found] == [5, None]
    assert found[0].words.startswith("宿舍热水晚上九点就停")


def test_what_was_merged_by_an_admin_is_one_however_it_reads():
    first = a_case(words="洗不上澡")
    found = told(first, replace(a_case(words="九点以后没有热水"), same_as=first.id))

    assert len(found) == 1


def test_names_and_long_numbers_are_taken_out():
    said = a_case(words="我是石榴花，同屋的李海棠也这么说，电话 138 0013-8000，3号楼 206", name="石榴花")
    (found,) = told(said, hidden=("李海棠", "海"))

    assert found.words == "我是〔略〕，同屋的〔略〕也这么说，电话 〔略〕，3号楼 206"


@pytest.mark.parametrize("why", [{"restricted": True}, {"review": "risky"}, {"review": "watched"}])
def test_what_few_may_read_or_nobody_has_looked_at_is_left_out(why):
    assert told(replace(a_case(words="走廊的灯坏了三天"), **why)) == []


def test_a_week_of_thousands_ends_soon():
    many = [a_case() for _ in range(3000)]

    assert len(told(*many)) == engine.LIKENED


# -- pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    for number in range(6):
        words = f"宿舍热水晚上九点就停，第{number}栋"
        said = {"way": "named", "category": "生活困难", "words": words, "name": "李石榴"}
        town.mini(account="official").post("/opinion", said)
    yield town
    town.house.close()


def test_the_public_page_has_last_month_s_numbers_and_takes_no_filter(town):
    before = town.client.get("/p/bulletin").text
    town.clock.forward(days=30)
    after, filtered = (town.client.get(f"/p/bulletin{query}").text for query in ("", "?category=生活困难"))

    assert before.count("不到 5 条，不列") == 6
    assert "收到 6 条，都还在办" in after
    assert after == filtered
    assert "热水" not in after


def test_what_its_sender_had_reopened_goes_on(town):
    """Until somebody says something to it again, its row holds the state that we left it in."""
    phone = town.phone("o-sender")
    for each in ("意见", "1", "1", "党员活动室周末也开门吧", "好了"):
        phone.says(each)
    (code,) = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", phone.says("1"))[:1]
    browser = console(town, "admin")
    (page,) = re.findall(r'href="(/admin/opinion/[\w-]{40,})"', browser.get("/admin/opinion/?category=工作建议").text)
    said = {"csrf_token": token(browser, page), "reason": "人手不够，先不开。"}
    browser.post(f"{page}/close", data=said)
    week = f"/admin/bulletin/?week={town.clock().date()}"
    closed = browser.get(week).text
    for each in (f"查询 {code}", "3", "周六上午开半天也行", "1"):
        phone.says(each)

    assert "工作建议 · 已有结果" in closed
    assert "工作建议 · 还在办" in browser.get(week).text


def test_where_all_is_one_number_it_is_not_called_the_rest(town):
    for number, category in enumerate(("其他", "组织生活")):
        said = {"way": "named", "category": category, "words": f"另外一件事{number}", "name": "李石榴"}
        town.mini(account="official").post("/opinion", said)
    browser, week = console(town, "admin"), town.clock().date()
    page = browser.get(f"/admin/bulletin/?week={week}").text
    file = browser.get(f"/admin/bulletin/week.docx?week={week}")
    words = "\n".join(each.text for each in Document(io.BytesIO(file.data)).paragraphs)

    assert "各类一共：8 条" in page
    assert "各类一共：8 条" in words
    assert "其余各类" not in page + words


def test_the_week_is_on_a_page_and_in_a_word_file_without_names(town):
    browser = console(town, "admin")
    week = town.clock().date()
    page = browser.get(f"/admin/bulletin/?week={week}").text
    file = browser.get(f"/admin/bulletin/week.docx?week={week}")
    words = "\n".join(each.text for each in Document(io.BytesIO(file.data)).paragraphs)

    assert "6 条说的是同一件事" in page
    assert re.search(r"【生活困难】宿舍热水晚上九点就停，第\d栋（6 条说的是同一件事）——还在办", words)
    assert "意见简报（2026-11-23 至 2026-11-29）" in words
    assert "李石榴" not in page + words
    assert "这一周没有可以列出的意见" in browser.get("/admin/bulletin/?week=不是日子").text


def test_how_opinions_change_is_drawn_and_told_in_numbers_of_five_or_more(town):
    browser = console(town, "admin")
    nothing = browser.get("/admin/bulletin/trends").text
    town.clock.forward(days=30)
    for number in range(4):
        said = {"way": "named", "category": "组织生活", "words": f"另外一件事{number}", "name": "李石榴"}
        town.mini(account="official").post("/opinion", said)
    town.clock.forward(days=30)
    page = console(town, "admin").get("/admin/bulletin/trends")
    book = load_workbook(io.BytesIO(console(town, "admin").get("/admin/bulletin/trends.xlsx").data)).worksheets[0]

    assert "没有一个月满 5 条" in nothing
    assert page.text.count("<rect") == 3  # the key, and one bar as a desktop and a phone see it
    assert "组织生活" not in page.text
    row = (
        r">2026年11月</th>\s*<td[^>]*><div>生活困难 6</div></td>\s*<td[^>]*>6</td>\s*<td[^>]*>6</td><td[^>]*>不列</td>"
    )
    assert re.search(row, page.text)
    rows = [[cell.value for cell in row] for row in book.iter_rows()]
    assert (rows[0], rows[-2]) == (["月份", "生活困难", "一半的答复用的工作日"], ["2026-11", 6, None])


def test_how_long_the_middle_one_of_five_answers_took_is_told_whatever_they_are_about():
    few = [*answered(2), *answered(2, category="乙")]
    enough = [*few, *answered(3, category="丙", after=9)]
    hidden = [replace(each, restricted=True) for each in answered(9, after=1)]

    assert [engine.middle(some, between) for some in (few, [*few, *hidden], enough)] == [None, None, 4]


@pytest.mark.alike
@pytest.mark.browser
@pytest.mark.parametrize("large", ["100%", "200%"])
def test_how_opinions_change_is_on_a_narrow_screen_whole(town, large):
    for category in ("组织生活", "工作建议", "学习教育"):
        for number in range(5):
            said = {"way": "named", "category": category, "words": f"另外一件事{number}", "name": "李石榴"}
            town.mini(account="official").post("/opinion", said)
    town.clock.forward(days=30)
    with a_browser() as browser, served(town.client.application) as web:
        page = browser.new_page(viewport={"width": 320, "height": 640}, locale="zh-CN")
        page.goto(f"{web}/admin/login")
        page.get_by_label("姓名").fill("admin")
        page.get_by_label("密码").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("navigation", name="主导航").get_by_role("link", name="简报").click()
        page.get_by_role("link", name="意见的变化").click()
        expect(page.get_by_role("row", name="2026年11月")).to_contain_text("工作建议 5")
        page.evaluate("size => { document.documentElement.style.fontSize = size }", large)
        found = faults(page)
        page.close()

    assert found == []

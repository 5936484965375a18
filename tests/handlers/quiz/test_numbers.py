"""What admins are told of questions and of groups: the numbers of a textbook, and nothing about fewer than five."""

import html
import io
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.quiz.admin import numbers
from handlers.quiz.engine import statistics
from storage.item_numbers import Again, ItemNumbers
from storage.participation import Participation, Share
from storage.quiz import Given, QuizStore
from tests.content.builders import a_question
from tests.handlers.quiz.small import OPTIONS
from tests.handlers.quiz.test_admin import PASSWORD, sign_in
from tests.house import hashed_at_no_cost

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
# Ten people and four questions, 1 for right; the numbers below are worked out by hand from it.
MATRIX = ("1111", "1110", "1101", "1010", "1100", "1001", "0110", "0101", "0000", "0001")
FOUR = [a_question(f"q{n}", options=OPTIONS, answer=["jia"]) for n in range(1, 5)]


class Answers:
    """What people answer, one after the other."""

    def __init__(self, db, called=""):
        self.store, self.called, self.count = QuizStore(db), called, 0

    def gives(self, person, question, *, right, said="yi", written=None, at=NOON):
        self.count += 1
        begun = self.store.begin(person=person, name=f"topic:{self.count}", day=at.date(), questions=[question])
        self.store.record(
            round=begun.id,
            position=0,
            person=person,
            question=question,
            given=Given("jia" if right else said, written, f"{self.called}{self.count}"),
            right=right,
            now=at + timedelta(seconds=self.count),
        )

    def fills(self, matrix=MATRIX):
        for number, row in enumerate(matrix):
            for at, right in enumerate(row, start=1):
                self.gives(f"p{number}", f"q{at}", right=right == "1")


@pytest.fixture
def answers(db):
    return Answers(db)


# -- the numbers of a question ---------------------------------------------------------------------------------------


def test_difficulty_and_discrimination_are_those_of_the_textbook(db, answers):
    """Of q4: n 10, Σx 5, Σy 16/3, Σy² 4, Σxy 7/3, so r = (70/3 - 80/3) / √((50 - 25)(40 - 256/9)) = -0.1961."""
    answers.fills()
    sums = {each.question: each for each in ItemNumbers(db).sums()}

    assert {id_: statistics.difficulty(each) for id_, each in sums.items()} == {
        "q1": 0.6,
        "q2": 0.6,
        "q3": 0.4,
        "q4": 0.5,
    }
    assert {id_: round(statistics.discrimination(each) or 0, 4) for id_, each in sums.items()} == {
        "q1": 0.2532, "q2": 0.2532, "q3": 0.0454, "q4": -0.1961,
    }  # fmt: skip
    assert (sums["q4"].x, round(sums["q4"].y, 4), sums["q4"].yy, round(sums["q4"].xy, 4)) == (5, 5.3333, 4.0, 2.3333)


def test_only_the_first_answer_of_a_person_counts(db, answers):
    answers.fills()
    before = ItemNumbers(db).sums()
    for number in range(10):
        answers.gives(f"p{number}", "q1", right=True, at=NOON + timedelta(days=1))

    assert ItemNumbers(db).sums() == before
    assert ItemNumbers(db).again() == [Again("q1", 10, 6, 10)]


@pytest.mark.parametrize("people", [0, 1, 4, 5, 6, 9, 10, 11])
def test_people_come_into_the_numbers_five_at_a_time(db, answers, people):
    for number in range(people):
        answers.gives(f"p{number}", "q1", right=number < 5)
    found = [(each.people, each.right) for each in ItemNumbers(db).sums()]

    assert found == ([(people // 5 * 5, 5)] if people >= 5 else [])


def test_one_more_answer_changes_nothing_that_is_told(db, answers):
    answers.fills()
    items = ItemNumbers(db)
    before = items.sums(), items.wrong(["q1"])
    answers.gives("p-new", "q1", right=False, said="bing")

    assert (items.sums(), items.wrong(["q1"])) == before


@pytest.mark.parametrize(
    "matrix", [["1"] * 6, ["11"] * 6, ["10"] * 6, ["10", "01"]], ids=["alone", "all right", "alike", "two people"]
)
def test_where_nothing_can_be_told_apart_there_is_no_discrimination(db, answers, matrix):
    answers.fills(matrix)

    assert {statistics.discrimination(each) for each in ItemNumbers(db).sums()} <= {None}


def test_wrong_answers_are_counted_by_what_they_were(db, answers):
    for number in range(10):
        answers.gives(f"p{number}", "q1", right=number == 0, said="yi" if number < 7 else "bing")
        answers.gives(f"p{number}", "q2", right=False, said="", written='["16"]')

    assert ItemNumbers(db).wrong(["q1", "q2"]) == {
        "q1": {("yi", None): 6, ("bing", None): 3},
        "q2": {("", '["16"]'): 10},
    }


# -- what may be told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "shown", "others"),
    [
        ({"a": 9, "b": 6}, [("a", 9), ("b", 6)], 0),
        ({"a": 9, "b": 6, "c": 3}, [("a", 9)], 9),
        ({"a": 9, "c": 3, "d": 2}, [("a", 9)], 5),
        ({"a": 9, "c": 4}, [], 13),
        ({"c": 4}, [], 0),
        ({"c": 2, "d": 2}, [], 0),
        ({}, [], 0),
    ],
)
def test_small_cells_are_told_together_or_not_at_all(cells, shown, others):
    assert statistics.told(cells) == (shown, others)


@given(st.dictionaries(st.integers(), st.integers(1, 30)))
def test_nothing_that_is_told_nor_what_is_left_of_the_whole_is_below_five(cells):
    shown, others = statistics.told(cells)
    left = sum(cells.values()) - sum(count for _, count in shown)

    assert all(count >= 5 for _, count in shown)
    assert others == (left if left >= 5 else 0)
    assert not shown or left == 0 or left >= 5


@pytest.mark.parametrize(
    ("part", "whole", "told"), [(5, 10, 5), (4, 10, None), (6, 10, None), (0, 10, None), (10, 10, None), (20, 25, 20)]
)
def test_neither_who_did_nor_who_did_not_may_be_few(part, whole, told):
    assert statistics.share(part, whole) == told


# -- who took part ---------------------------------------------------------------------------------------------------

OCTOBER = {"begins": datetime(2026, 9, 30, 16, tzinfo=UTC), "ends": datetime(2026, 10, 31, 16, tzinfo=UTC)}
IN_OCTOBER = datetime(2026, 10, 8, 4, tzinfo=UTC)


def members(small, organisation, count, *, took_part, at=IN_OCTOBER):
    people, gives = small.town.house.people, Answers(small.town.house.db, organisation)
    for number in range(count):
        phone = small.town.phone(f"o-{organisation}-{number}")
        phone.says("帮助")
        person = people.find(account="official", openid=phone.openid).person
        people.rename(person, name="某某", verified=True, organisation=organisation)
        if number < took_part:
            gives.gives(person, "q1", right=True, at=at)


def test_a_month_is_counted_once_and_who_moves_later_changes_nothing(small):
    members(small, "zhibu", 6, took_part=5)
    members(small, "dangwei", 5, took_part=0)
    store, people = Participation(small.town.house.db), small.town.house.people
    first = store.of("2026-10", **OCTOBER)
    moved = people.find(account="official", openid="o-zhibu-0").person
    people.rename(moved, name="某某", verified=True, organisation="dangwei")

    assert first == [Share("dangwei", 5, 0), Share("zhibu", 6, 5)]
    assert store.of("2026-10", **OCTOBER) == first


@pytest.mark.parametrize("at", [OCTOBER["begins"] - timedelta(minutes=1), OCTOBER["ends"]])
def test_what_was_answered_before_or_after_a_month_is_not_in_it(small, at):
    members(small, "zhibu", 5, took_part=1, at=at)

    assert Participation(small.town.house.db).of("2026-10", **OCTOBER) == [Share("zhibu", 5, 0)]


# -- in the console --------------------------------------------------------------------------------------------------


@pytest.fixture
def console(small):
    small.holds(*FOUR, a_question("s1", type="short", answer=["要点"], without=["options"]))
    small.town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    sign_in(small.town.client, "admin")
    return small


def test_the_console_names_bad_questions_and_draws_all(console):
    Answers(console.town.house.db).fills()
    page = console.town.client.get("/admin/quiz/banks/basics").text

    assert "有 1 道题区分度是负的" in page
    assert page.index("/admin/quiz/banks/basics/q4") < page.index("/admin/quiz/banks/basics/q1")
    assert page.count("<circle") == 2 * 4
    assert "-0.20" in page
    assert "会员自己判断，不统计" in page


def test_the_console_tells_nothing_of_four_people(console):
    Answers(console.town.house.db).fills(MATRIX[:4])
    page = console.town.client.get("/admin/quiz/banks/basics").text

    assert "还没有哪道题满 5 人答过" in page
    assert "%" not in page.partition("<main")[2]
    assert page.count("不到 5 人\n") == 4


def test_a_question_shows_its_answer_and_the_wrong_ones_that_many_gave(console):
    gives = Answers(console.town.house.db)
    for number in range(15):
        gives.gives(
            f"p{number}", "q1", right=number == 0, said="yi" if number < 8 else "bing" if number < 14 else "ding"
        )
    page = console.town.client.get("/admin/quiz/banks/basics/q1").text

    assert "说法jia <strong>✓ 正确答案</strong>" in page
    assert '<li class="text-break">说法yi：7 人</li>' in page
    assert "其他：7 人" in page
    assert "说法bing：" not in page


def test_the_numbers_can_be_had_as_a_workbook(console):
    Answers(console.town.house.db).fills()
    data = console.town.client.get("/admin/quiz/banks/basics/numbers.xlsx").data
    rows = [*openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)]

    assert rows[0][:5] == ("编号", "题干", "人数", "答对率", "区分度")
    assert rows[4][:5] == ("q4", "第q4题问什么？", 10, 0.5, -0.2)


def test_the_console_tells_who_took_part_by_groups_that_are_large_enough(console):
    members(console, "zhibu", 12, took_part=6)
    members(console, "dangwei", 6, took_part=6)
    members(console, "klein", 3, took_part=1)
    page = console.town.client.get("/admin/quiz/participation").text
    october = page.partition("2026年10月")[2].partition("2026年9月")[0]

    assert "2026年11月" not in page  # it isn't over
    assert "示例支部（12 人）" in october
    assert "6 人参加" in october
    assert october.count("不显示") == 1
    assert "klein" not in october
    assert "不到 5 人的组织" not in october


def stems_and_turns(console, address):
    """The questions that a page of a bank shows, and the pages that it leads on to."""
    page = html.unescape(console.town.client.get(address).text)
    return re.findall(r"第(\w\d)题", page), dict(re.findall(r'href="([^"]*after=\d+)">(上一页|下一页)', page))


def test_a_large_bank_is_turned_page_by_page_to_its_end_and_back(console, monkeypatch):
    monkeypatch.setattr(numbers, "AT_ONCE", 2)
    bank = "/admin/quiz/banks/basics"
    first, second, third = f"{bank}?after=0", f"{bank}?after=2", f"{bank}?after=4"

    assert stems_and_turns(console, bank) == (["q1", "q2"], {second: "下一页"})
    assert stems_and_turns(console, second) == (["q3", "q4"], {first: "上一页", third: "下一页"})
    assert stems_and_turns(console, third) == (["s1"], {second: "上一页"})
    assert "第 5 到 5 道，共 5 道" in console.town.client.get(third).text


@pytest.mark.parametrize(("after", "shown"), [("-3", "q1"), ("99", "s1"), ("nichts", "q1"), ("3", "q4")])
def test_a_page_that_is_not_there_is_the_nearest(console, monkeypatch, after, shown):
    monkeypatch.setattr(numbers, "AT_ONCE", 2)
    stems, _ = stems_and_turns(console, f"/admin/quiz/banks/basics?after={after}")

    assert stems[0] == shown


def test_a_bank_that_fits_one_page_is_not_turned(console):
    assert stems_and_turns(console, "/admin/quiz/banks/basics") == (["q1", "q2", "q3", "q4", "s1"], {})


@pytest.mark.parametrize("path", ["banks/nichts", "banks/basics/nichts", "banks/nichts/numbers.xlsx"])
def test_what_is_not_there_is_not_found(console, path):
    assert console.town.client.get(f"/admin/quiz/{path}").status_code == 404

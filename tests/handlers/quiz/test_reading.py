"""背题: a bank read through with its answers, in the chat and on pages; nothing of it is kept."""

import re

import pytest

from handlers.quiz import pages
from storage.places import places
from storage.quiz import answers, rounds
from tests.content.builders import a_bank, a_question, write
from tests.handlers.quiz.small import OPTIONS, SEVEN, letter, rows
from tests.handlers.quiz.test_circles import OURS, binds
from tests.handlers.quiz.test_exams import begins, hall, sits  # noqa: F401 - a fixture
from tests.handlers.quiz.test_modes import newest

KINDS = [
    a_question("k1", options=OPTIONS, answer=["jia", "bing"], type="multi", explanation="因为{{opt:bing}}。"),
    a_question("k2", type="judge", answer=False, without=["options"]),
    a_question("k3", type="fill", stem="第k3题：党的____是____。", answer=[["甲", "乙"], ["丙"]], without=["options"]),
    a_question("k4", type="short", answer=["一点", "两点"], without=["options"]),
    a_question("an", type="case", stem="一件事。", without=["options", "answer"]),
    a_question("k5", case="an", options=OPTIONS, answer=["jia"]),
]


@pytest.fixture
def kinds(small):
    small.holds(*KINDS)
    return small


def read(phone):
    """All that a phone is shown on its way through the bank."""
    shown = [phone.says("背题")]
    while "下一题" in shown[-1]:
        shown.append(phone.says("下一题"))
    return shown


def test_each_kind_of_question_is_shown_with_its_answer(kinds):
    multi, judge, fill, short, part = read(kinds.town.phone())
    marked = re.findall(r"^(\w)\. 说法(?:jia|bing)$", multi, re.MULTILINE)

    assert f"答案：{''.join(marked)}\n" in multi
    assert re.search(r"因为\w（说法bing）。", multi)
    assert "答案：B\n" in judge
    assert "答案：甲；丙\n" in fill
    assert "参考要点：\n1. 一点\n2. 两点" in short
    assert part.index("一件事。") < part.index("第k5题")
    assert "这是最后一题" in part


def test_nothing_of_it_is_kept(kinds):
    phone = kinds.town.phone("o-reader")
    read(phone)
    kinds.town.reader("o-reader").get("/p/quiz/read/basics")

    assert [rows(kinds, table) for table in (rounds, answers, places)] == [[], [], []]
    assert "还没有答过题" in phone.says("学习情况")


def test_one_goes_back_to_a_number_and_out_by_a_word(small):
    phone = small.town.phone()
    first, third = phone.says("背题"), phone.says("3")
    second, far = phone.says("上一题"), phone.says("第99题")
    unheard, again = phone.says("嗯"), phone.says("继续")
    left = phone.says("退出")

    assert [newest(each) for each in (first, third, second, far)] == ["q1", "q3", "q2", "q7"]
    assert unheard == again == far
    assert left == "好的，先看到这里。想看的时候再回复“背题”。"


def test_a_bank_is_chosen_where_there_are_several(small):
    write(small.folder / "quizzes" / "more.toml", a_bank(a_question("m1"), title="另一个题库"))
    small.holds(*SEVEN)
    phone = small.town.phone()
    listed = phone.says("背题")

    assert "题目和答案一起看，不记成绩。" in listed
    assert newest(phone.says("另一个题库")) == newest(small.town.phone().says("背题 2")) == "m1"


def test_what_is_only_for_some_is_read_by_them_alone(small):
    small.holds(*SEVEN, *OURS)
    binds(small, "o-ours", "zhibu")
    ours, other = (small.town.reader(openid).get("/p/quiz/read/basics").text for openid in ("o-ours", "o-nobody"))

    assert "【1/10】" in small.town.phone("o-ours").says("背题")
    assert "【1/7】" in small.town.phone("o-nobody").says("背题")
    assert ("第z1题" in ours, "第z1题" in other) == (True, False)


def test_nobody_reads_answers_while_their_exam_goes_on(hall):  # noqa: F811
    phone, page = hall.town.phone("o-sits"), hall.town.reader("o-sits")
    question = begins(phone)
    asked, shown = phone.says("背题"), page.get("/p/quiz/read/basics").text
    others = hall.town.reader("o-other").get("/p/quiz/read/basics").text

    assert letter(question)
    assert asked == "您有一场考试还没结束，考完再来背题。回复“继续”接着考。"
    assert "考完再来背题" in shown
    assert ("正确答案" in shown, "正确答案" in others) == (False, True)

    sits(phone, phone.says("继续"), right=4)
    assert "正确答案" in page.get("/p/quiz/read/basics").text


def test_a_page_shows_answers_and_leads_on_and_back(kinds, monkeypatch):
    monkeypatch.setattr(pages, "READ_AT_ONCE", 2)
    reader = kinds.town.reader()
    first, second, last = (reader.get(f"/p/quiz/read/basics?after={after}").text for after in (0, 2, 99))

    assert first.count("✓ 正确答案") == 3
    assert ["第 1 题" in first, "第 3 题" in second, "第 5 题" in last, "共 5 题" in last] == [True] * 4
    assert [re.findall(r"after=(\d)\">(..)页", each) for each in (first, second, last)] == [
        [("2", "下一")],
        [("4", "下一"), ("0", "上一")],
        [("2", "上一")],
    ]
    assert "/p/quiz/read/basics" in reader.get("/p/quiz/more").text


def test_a_bank_that_is_not_there_is_not_found(small):
    assert small.town.reader().get("/p/quiz/read/nichts").status_code == 404

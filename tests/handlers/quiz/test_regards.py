"""收藏, 有用 and 没用: what one thinks of a question, at every door; admins see numbers in whole fives alone."""

import re

import pytest

from handlers import many
from storage.quiz import rounds
from storage.regards import Regard, Regards, Votes, regards
from tests.handlers.quiz.small import SEVEN, letter, rows
from tests.handlers.quiz.test_api import answered
from tests.handlers.quiz.test_circles import OURS, binds
from tests.handlers.quiz.test_exams import begins, hall  # noqa: F401 - a fixture
from tests.handlers.quiz.test_modes import newest, through
from tests.house import NOON


def kept(small):
    return {row.question for row in rows(small, regards) if row.kept}


# -- in the chat -----------------------------------------------------------------------------------------------------


def test_what_was_explained_last_is_kept_and_the_round_goes_on(small):
    phone = small.town.phone()
    first = phone.says("顺序")
    second = phone.says(letter(first))
    said = phone.says("收藏")
    third = phone.says(letter(second))

    assert said.startswith("收藏了：第q1题问什么？")
    assert "请接着答" in said
    assert (kept(small), newest(third)) == ({"q1"}, "q3")


def test_the_open_question_is_meant_by_its_own_word_and_where_nothing_was_explained(small):
    phone, other = small.town.phone("o-one"), small.town.phone("o-other")
    phone.says("顺序")
    phone.says("收藏")
    phone.says("A")
    said = phone.says("收藏这一题")
    other.says("答题")

    assert said.startswith("收藏了：第q2题")
    assert kept(small) == {"q1", "q2"}


def test_the_last_question_of_a_round_can_still_be_kept_for_an_hour(small):
    phone = small.town.phone()
    stems, _ = through(phone, phone.says("答题"))
    said = phone.says("收藏")
    small.town.clock.forward(hours=2)

    assert said.startswith(f"收藏了：第{stems[-1]}题")
    assert "现在没有看着的题" in phone.says("没用")
    assert kept(small) == {stems[-1]}


def test_what_is_kept_is_read_through_with_answers_asked_again_and_let_go(small):
    phone = small.town.phone()
    phone.says("背题")
    phone.says("收藏")
    phone.says("3")
    small.town.clock.forward(minutes=1)
    phone.says("收藏")
    first, second = phone.says("我的收藏"), phone.says("下一题")
    dropped = phone.says("取消收藏")
    stems, over = through(phone, phone.says("收藏练习"))

    assert [newest(each) for each in (first, second)] == ["q3", "q1"]
    assert "答案：" in first
    assert dropped == "不再收藏：第q1题问什么？"
    assert (stems, over.splitlines()[0] if over else "")[0] == ["q3"]
    assert "收藏的这组做完了：1 题答对 1 题" in over


def test_nothing_is_kept_at_first(small):
    phone = small.town.phone()

    assert [phone.says(each) for each in ("我的收藏", "收藏练习")] == [
        "还没有收藏的题。答题、背题的时候回复“收藏”，就收藏刚讲过的那一题。"
    ] * 2
    assert "现在没有看着的题" in phone.says("收藏")
    assert rows(small, rounds) == []


def test_of_an_exam_the_open_question_is_meant_and_no_answer_is_read(hall):  # noqa: F811
    phone = hall.town.phone("o-sits")
    second = phone.says(letter(begins(phone)))
    said, read = phone.says("收藏"), phone.says("我的收藏")
    page = hall.town.reader("o-sits").get("/p/quiz/kept").text
    answer = hall.town.mini("o-sits", account="official").get("/quiz/kept")

    assert said.startswith(f"收藏了：第{newest(second)}题")
    assert read == "您有一场考试还没结束，考完再来背题。回复“继续”接着考。"
    assert ("考完再来看收藏的题" in page, "正确答案" in page) == (True, False)
    assert (answer.status, answer.body["code"]) == (409, "read_later")


def test_a_question_that_left_or_is_for_others_is_not_shown_among_what_is_kept(small):
    small.holds(*SEVEN, *OURS)
    binds(small, "o-ours", "zhibu")
    mini = small.town.mini("o-ours", account="official")
    there = [mini.put(f"/quiz/kept/{each}").status for each in ("z1", "q1", "q2", "nichts")]
    binds(small, "o-ours", "")
    small.holds(*SEVEN[1:], *OURS)
    shown = [each["question"]["id"] for each in mini.get("/quiz/kept").body["items"]]

    assert (there, shown) == ([200, 200, 200, 404], ["q2"])
    assert mini.put("/quiz/kept/z2").status == 404


# -- by the API and on pages -----------------------------------------------------------------------------------------


def test_the_api_reads_a_bank_and_keeps(small):
    mini = small.town.mini()
    first = mini.get("/quiz/banks/basics", limit=3)
    rest = mini.get("/quiz/banks/basics", limit=50, after=first.body["next"])
    read = first.body["items"][0]
    put, again = mini.put("/quiz/kept/q1"), mini.put("/quiz/kept/q1")
    round_ = mini.post("/quiz/rounds", {"of": "kept"})
    verdict = answered(mini, round_, ["jia"])
    dropped = mini.delete("/quiz/kept/q1")

    assert [each["question"]["id"] for each in (*first.body["items"], *rest.body["items"])] == [
        f"q{number}" for number in range(1, 8)
    ]
    assert (read["answer"], read["source"], first.body["total"], rest.body["next"]) == (["jia"], "党章第一条", 7, None)
    assert re.fullmatch(r"应当选\w（说法jia）。", read["explanation"])
    assert put.body == again.body == {"kept": True, "useful": None}
    assert (round_.body["of"], verdict.body["right"]) == ("kept", True)
    assert (dropped.body["kept"], mini.post("/quiz/rounds", {"of": "kept"}).body["code"]) == (
        False,
        "nothing_kept",
    )
    assert mini.get("/quiz/banks/nichts").status == 404


@pytest.mark.parametrize("useful", [True, False, None])
def test_the_api_takes_what_use_a_question_was(small, useful):
    mini = small.town.mini()
    mini.put("/quiz/kept/q1")

    assert mini.put("/quiz/usefulness/q1", {"useful": useful}).body == {"kept": True, "useful": useful}
    assert [mini.put("/quiz/usefulness/q1", each).status for each in ({}, {"useful": "ja"})] == [422, 422]


def test_pages_keep_and_take_what_use_a_question_was(small):
    reader = small.town.reader()
    reader.get("/p/quiz/read/basics")
    back = "/p/quiz/read/basics?after=10#q-2"
    kept_, useless = (
        reader.post("/p/quiz/kept", {"question": "q2", "act": act, "back": back}) for act in ("keep", "useless")
    )
    page = reader.get("/p/quiz/kept").text
    stranger = reader.post("/p/quiz/kept", {"question": "nichts", "act": "keep", "back": back})

    assert [each.headers["Location"] for each in (kept_, useless)] == [back] * 2
    assert ("第q2题" in page, "第q3题" in page, "★ 已收藏" in page) == (True, False, True)
    assert [(row.question, row.kept, row.useful) for row in rows(small, regards)] == [("q2", True, False)]
    assert stranger.status_code == 404
    assert reader.post("/p/quiz/kept", {"question": "q2", "act": "eat"}).status_code == 400


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/p/quiz//example.org\\", "/p/opinion", ""])
def test_a_page_leads_back_to_pages_of_the_quiz_alone(small, back):
    reader = small.town.reader()
    reader.get("/p/quiz/read/basics")

    sent = reader.post("/p/quiz/kept", {"question": "q2", "act": "keep", "back": back})
    assert sent.headers["Location"] == "/p/quiz/kept"


# -- what admins see, and what is kept -------------------------------------------------------------------------------


def test_admins_see_whole_fives_of_who_found_a_question_useless(small):
    small.town.signs_in("值班员")

    def seen():
        page = small.town.client.get("/admin/quiz/banks/basics").text
        return re.findall(r"至少 (\d+) 人觉得没用(?:，至少 (\d+) 人觉得有用)?", page)

    told, kept_by = [], Regards(small.town.house.db)
    for number in range(11):
        kept_by.rate(f"p{number}", "q4", useful=number > 9, now=NOON)
        kept_by.keep(f"p{number}", "q5", kept=True, now=NOON)
        told.append(seen())

    assert told == [[]] * 4 + [[("5", "")]] * 5 + [[("10", "")]] * 2
    assert kept_by.votes() == {"q4": Votes(1, 10)}
    assert "至少 10 人觉得没用" in small.town.client.get("/admin/quiz/banks/basics/q4").text


@pytest.mark.parametrize(("people", "told"), [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10)])
def test_fives_are_whole(people, told):
    assert many.in_fives(people) == told


def test_what_was_said_is_shown_and_given_away_with_the_person(small, db):
    phone = small.town.phone()
    phone.says("背题")
    phone.says("收藏")
    phone.says("没用")

    assert "收藏的题 1 道，说过有用没用的题 1 道" in phone.says("我的数据")


def test_two_that_become_one_keep_what_either_kept(db):
    kept_by = Regards(db)
    for person, question in (("gone", "q1"), ("gone", "q2"), ("into", "q3")):
        kept_by.keep(person, question, kept=True, now=NOON)
    kept_by.rate("into", "q1", useful=False, now=NOON)
    kept_by.rate("gone", "q1", useful=True, now=NOON)
    with db.begin() as connection:
        kept_by.unite(connection, "gone", "into")

    assert kept_by.of("gone") == {}
    assert kept_by.of("into") == {"q1": Regard(True, False), "q2": Regard(True), "q3": Regard(True)}

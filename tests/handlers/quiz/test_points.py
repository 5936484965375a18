"""Points: off, and where a document asks for them one's own alone, capped by the day; of others only what five had."""

import os
import re
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from handlers.quiz import QuizSettings
from handlers.quiz.engine import points
from storage.points import months
from storage.quiz import rounds
from tests.content.builders import a_question, write
from tests.handlers.quiz.small import OPTIONS, SEVEN, letter, round_of, rows, wrong
from tests.handlers.quiz.test_admin import PASSWORD, sign_in
from tests.handlers.quiz.test_exams import EXAM, begins
from tests.house import hashed_at_no_cost

BASIS = {"name": "学习积分办法", "number": "某党发〔2026〕3号", "date": "2026-01-15"}
SAID = "《学习积分办法》（某党发〔2026〕3号，2026年1月15日）"


@pytest.fixture
def pointing(small, tmp_path):
    """The program with points switched on."""
    small.begins_anew(tmp_path, points=True, points_basis=BASIS, points_a_day=4)
    return small


def own(phone):
    """Today's points and the month's, as the chat says them; None where it says nothing of points."""
    found = re.search(r"积分：今天 (\d+) 分（一天最多 (\d+) 分），本月 (\d+) 分", phone.says("学习情况"))
    return tuple(map(int, found.groups())) if found else None


def test_points_are_off_at_every_door(small):
    phone, mini = small.town.phone("o-learner"), small.town.mini("o-learner")
    round_of(phone)

    assert own(phone) is None
    assert mini.get("/quiz/study").body["points"] is None
    assert "积分" not in small.town.reader("o-learner").get("/p/quiz/study").text
    assert "积分" not in phone.says("我的数据")


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ({"name", "number", "date"}, "its name, number, date into"),
        ({"number"}, "its number into"),
        ({"date"}, "its date into"),
    ],
)
def test_points_without_their_document_stop_the_start(lacking, told):
    basis = {key: value for key, value in BASIS.items() if key not in lacking}

    with pytest.raises(ValidationError, match=told):
        QuizSettings.model_validate({"points": True, "points_basis": basis})


def test_a_right_answer_is_a_point_up_to_the_days_cap(pointing):
    phone = pointing.town.phone("o-learner")
    first = phone.says("答题")
    phone.says(wrong(phone.says(letter(first))))
    assert own(phone) == (1, 4, 1)

    reply = phone.says("继续")
    while "【" in reply:
        reply = phone.says(letter(reply))

    assert own(phone) == (4, 4, 4)
    pointing.town.clock.forward(days=1)
    round_of(phone, mistakes=2)
    assert own(phone) == (3, 4, 7)
    pointing.town.clock.forward(days=10)
    assert own(phone) == (0, 4, 0)


def test_points_are_reckoned_without_reading_the_words_of_a_large_bank(pointing, tmp_path):
    """The bank as it is quick to open loses all its words: whoever reads a question would fail."""
    many = [*SEVEN, *(a_question(f"more-{n}", options=OPTIONS, answer=["jia"], tags=["长" * 300]) for n in range(150))]
    pointing.holds(*many)
    phone = pointing.town.phone("o-learner")
    phone.says(letter(phone.says("答题")))
    phone.says("退出")
    pointing.begins_anew(tmp_path, points=True, points_basis=BASIS)
    (compiled,) = (pointing.town.settings.storage.folder / "compiled").glob("*.bank")
    os.truncate(compiled, 0)

    assert "积分：本月 1 分" in pointing.town.phone("o-learner").says("我的数据")


def test_one_question_is_one_point_a_day_whatever_the_round(pointing):
    pointing.holds(*SEVEN[:2])
    phone = pointing.town.phone("o-learner")
    round_of(phone)
    reply = phone.says("挑战")
    while "【" in reply:
        reply = phone.says(letter(reply))

    assert own(phone) == (2, 4, 2)


def test_an_exam_gives_no_points_and_so_tells_nothing_by_them(pointing):
    write(pointing.folder / "exams" / "spring.toml", EXAM)
    pointing.holds(*SEVEN)
    phone = pointing.town.phone("o-learner")
    phone.says(letter(begins(phone)))
    phone.says("退出")
    pointing.town.clock.forward(minutes=30)

    assert [row.name[:5] for row in rows(pointing, rounds)] == ["exam:"]
    assert own(phone) == (0, 4, 0)


def test_what_its_reader_judges_gives_no_points(pointing):
    pointing.holds(a_question("q1", type="short", answer=["要点"], without=["options"]))
    phone = pointing.town.phone("o-learner")
    phone.says("答题")
    phone.says("看答案")
    phone.says("对")

    assert own(phone) == (0, 4, 0)


def test_nothing_counts_before_the_documents_date(small, tmp_path):
    round_of(small.town.phone("o-learner"))
    small.begins_anew(tmp_path, points=True, points_basis={**BASIS, "date": "2026-11-24"})

    assert own(small.town.phone("o-learner")) == (0, 5, 0)


def test_api_page_and_data_say_ones_own_and_the_document(pointing):
    phone = pointing.town.phone("o-learner")
    round_of(phone, mistakes=2)
    page = pointing.town.reader("o-learner").get("/p/quiz/study").text

    assert pointing.town.mini("o-learner").get("/quiz/study").body["points"] is not None
    assert f"依据：{SAID}" in phone.says("学习情况")
    assert "积分：今天 3 分（一天最多 4 分），本月 3 分" in page
    assert SAID in page
    assert "积分：本月 3 分，由答题记录算出" in phone.says("我的数据")
    phone.says("删除我的数据")
    phone.says("确认删除")
    assert own(phone) == (0, 4, 0)


def test_nobody_sees_anybody_elses(pointing):
    round_of(pointing.town.phone("o-learner"))

    assert own(pointing.town.phone("o-other")) == (0, 4, 0)


def test_days_are_capped_one_by_one():
    one, two = date(2026, 11, 23), date(2026, 11, 24)
    rights = [(one, "a"), (one, "b"), (one, "a"), (one, "c"), (two, "a")]

    assert points.by_day(rights, a_day=2) == {one: 2, two: 1}


# -- for admins ------------------------------------------------------------------------------------------------------


@pytest.fixture
def console(pointing):
    pointing.town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    sign_in(pointing.town.client, "admin")
    return pointing


def said_of_november(console):
    page = console.town.client.get("/admin/quiz/participation").text
    return re.findall(r"积分</h2>.*?<span>2026年11月</span>\s*<span[^>]*>([^<]*)<", page, re.DOTALL)[0]


def next_month(console):
    console.town.clock.at = datetime(2026, 12, 3, 4, tzinfo=UTC)


def test_admins_see_what_five_had_together_once_the_month_is_over(console):
    for number in range(5):
        round_of(console.town.phone(f"o-{number}"), mistakes=number)

    page = console.town.client.get("/admin/quiz/participation").text
    assert SAID in page
    assert "<span>2026年11月</span>" not in page
    next_month(console)
    assert said_of_november(console) == "5 人有积分，人均 2.8 分"  # 4, 4, 3, 2 and 1: a day brings four


def test_admins_see_nothing_of_four(console):
    for number in range(4):
        round_of(console.town.phone(f"o-{number}"))
    round_of(console.town.phone("o-none"), mistakes=5)
    next_month(console)

    assert said_of_november(console) == "不显示"


def test_an_erasure_changes_nothing_that_was_told(console):
    for number in range(5):
        round_of(console.town.phone(f"o-{number}"))
    next_month(console)
    before = said_of_november(console)
    phone = console.town.phone("o-0")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert said_of_november(console) == before == "5 人有积分，人均 4.0 分"
    assert ("2026-11", 5, 20) in [tuple(row) for row in rows(console, months)]


def test_without_points_admins_read_nothing_of_them(small):
    small.town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    sign_in(small.town.client, "admin")

    assert "积分" not in small.town.client.get("/admin/quiz/participation").text

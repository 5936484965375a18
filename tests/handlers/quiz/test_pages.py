"""The quiz in a browser: forms alone, the same rounds as in the chat, and nothing answered twice."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from content.models import QuestionType
from handlers.quiz import engine
from storage.quiz import answers
from tests.end_to_end.running import at_once
from tests.handlers.quiz.test_api import begun as begun_by_api
from tests.handlers.quiz.test_api import right_to
from tests.house import Town, a_town
from tests.reader import Reader

pytestmark = pytest.mark.variant

CHOICE = re.compile(r'<input type="(radio|checkbox)" name="chosen" value="([^"]+)"( checked)?[^>]*>')


@pytest.fixture
def reader(town):
    return town.reader("o-learner")


@dataclass
class Asked:
    """A question as a page shows it."""

    town: Town
    page: str
    path: str

    @property
    def question(self):
        stem = html.unescape(re.findall(r"<legend><h1>(.*?)</h1>", self.page, re.DOTALL)[0])
        return next(each for each in self.town.house.shelf.current().questions.values() if each.stem == stem)

    @property
    def choices(self):
        return [value for _, value, _ in CHOICE.findall(self.page)]

    @property
    def checked(self):
        return [value for _, value, checked in CHOICE.findall(self.page) if checked]

    @property
    def field(self):
        return "filled" if self.question.type is QuestionType.FILL else "chosen"

    @property
    def right(self):
        return right_to(self.question)

    @property
    def wrong(self):
        if self.field == "filled":
            return ["错"] * len(self.right)
        return [next(each for each in self.choices if [each] != self.right)]


def asked(town, reader, path):
    page = reader.get(path)
    assert page.status_code == 200, page.headers
    return Asked(town, page.text, path)


def begins(town, reader, of="today"):
    """The first question of a round."""
    reader.get("/p/quiz")
    return asked(town, reader, reader.post("/p/quiz", {"of": of}).headers["Location"])


def answers_with(reader, question, chosen):
    """Submit a choice, and follow to what comes of it."""
    sent = reader.post(question.path, {question.field: chosen})
    assert sent.status_code == 303, sent.text
    return reader.get(sent.headers["Location"])


def goes_on(town, reader, question, *, right):
    answers_with(reader, question, question.right if right else question.wrong)
    page = reader.get(question.path)
    return Asked(town, page.text, question.path)


def kept(town):
    with town.house.db.read() as connection:
        return connection.execute(sa.select(answers).order_by(answers.c.position)).all()


# -- a round ---------------------------------------------------------------------------------------------------------


def test_a_round_is_begun_answered_and_ends_with_its_result(town, reader):
    assert "开始答题" in reader.get("/p/quiz").text
    question = begins(town, reader)
    for number in range(5):
        assert f"第 {number + 1} 题，共 5 题" in question.page
        question = goes_on(town, reader, question, right=number != 2)

    assert "<h1>做完了：5 题答对 4 题</h1>" in question.page
    assert (question.page.count("✓ 答对"), question.page.count("✗ 没答对")) == (4, 1)
    assert "今天这组做完了：5 题答对 4 题" in reader.get("/p/quiz").text


@pytest.mark.parametrize("right", [True, False])
def test_an_answer_is_told_with_what_is_right_why_and_from_where(town, reader, right):
    question = begins(town, reader)
    told = answers_with(reader, question, question.right if right else question.wrong)
    known = question.question

    assert ("✓ 答对了" if right else "✗ 没答对") in told.text
    assert told.text.count("您选了，正确" if right else "您选了，不对") >= 1
    assert ("✓ 正确答案" in told.text) is not right
    assert f"出处：{known.source}" in html.unescape(told.text)
    assert "{{opt" not in told.text
    assert "下一题" in told.text


def test_a_page_of_a_verdict_can_be_opened_again_and_writes_nothing(town, reader):
    question = begins(town, reader)
    first = answers_with(reader, question, question.wrong)
    before = kept(town)

    assert reader.get(f"{question.path}/0").text == first.text
    assert kept(town) == before


def test_what_was_begun_goes_on_where_it_was_left(town, reader):
    question = goes_on(town, reader, begins(town, reader), right=True)
    home = reader.get("/p/quiz").text

    assert "已做 1 题，答对 1 题" in home
    assert "接着做" in home
    assert begins(town, reader).path == question.path


def test_choices_stand_in_the_order_of_the_round_whoever_looks_again(town, reader):
    question = begins(town, reader)

    assert [asked(town, reader, question.path).choices for _ in range(3)] == [question.choices] * 3


def test_looking_begins_nothing(town, reader):
    reader.get("/p/quiz")

    assert begun_by_api(town.mini("o-learner", account="official")).body["answered"] == 0
    with town.house.db.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM quiz_rounds")).scalar() == 1


# -- here and there --------------------------------------------------------------------------------------------------


def test_what_is_begun_in_the_chat_goes_on_here_and_the_other_way_round(town, reader):
    phone = town.phone("o-learner")
    phone.says("答题")
    phone.says("A")
    question = begins(town, reader)
    on_page = "第 2 题，共 5 题" in question.page
    goes_on(town, reader, question, right=True)
    in_chat = phone.says("继续")
    phone.says("A")

    assert on_page
    assert in_chat.startswith("【3/5】")
    assert "第 4 题，共 5 题" in reader.get(question.path).text


def test_a_letter_in_the_chat_for_what_was_answered_here_meanwhile_counts_for_nothing(town, reader):
    phone = town.phone("o-learner")
    phone.says("答题")
    goes_on(town, reader, begins(town, reader), right=True)
    said = phone.says("A")

    assert "【2/5】" in said
    assert len(kept(town)) == 1


def test_an_answer_here_for_what_was_answered_in_the_chat_meanwhile_is_not_counted_and_said_so(town, reader):
    phone = town.phone("o-learner")
    phone.says("答题")
    question = begins(town, reader)
    phone.says("A")
    first = kept(town)
    given = first[0].said
    told = answers_with(reader, question, [each for each in question.choices if each != given][:1])

    assert "以第一次为准" in told.text
    assert kept(town) == first


# -- twice -----------------------------------------------------------------------------------------------------------


def test_a_second_tap_answers_nothing_more(town, reader):
    question = begins(town, reader)
    form = {**reader.hidden, "chosen": question.right}
    told = [reader.forges(question.path, form) for _ in range(3)]

    assert [each.status_code for each in told] == [303] * 3
    assert len({each.headers["Location"] for each in told}) == 1
    assert len(kept(town)) == 1


@pytest.mark.on_servers
def test_taps_at_the_same_moment_answer_once(town, reader):
    question = begins(town, reader)
    form = {**reader.hidden, "chosen": question.right}
    told = at_once([lambda: reader.forges(question.path, form).headers["Location"]] * 4)

    assert len(set(told)) == 1
    assert len(kept(town)) == 1


def test_the_form_of_an_earlier_question_answers_no_other(town, reader):
    question = begins(town, reader)
    old = {**reader.hidden}
    goes_on(town, reader, question, right=True)
    answer = reader.forges(question.path, {**old, "chosen": question.wrong})
    told = reader.get(answer.headers["Location"]).text

    assert "以第一次为准" in told
    assert "✓ 答对了" in told
    assert len(kept(town)) == 1


@pytest.mark.on_servers
@pytest.mark.parametrize("position", ["1", "4", "5", "-1", "99999999999999999999", "x", ""])
def test_a_question_that_is_not_open_can_not_be_answered(town, reader, position):
    question = begins(town, reader)
    answer = reader.post(question.path, {"position": position, "chosen": question.right})

    assert answer.headers["Location"] == question.path
    assert kept(town) == []


def test_a_question_that_has_changed_since_it_was_shown_is_shown_again(town, reader):
    question = begins(town, reader)
    answer = reader.post(question.path, {"look": "0" * 16, "chosen": question.right})

    assert answer.status_code == 422
    assert "题目刚刚更新过" in answer.text
    assert kept(town) == []


# -- what is not chosen ----------------------------------------------------------------------------------------------


def test_nothing_chosen_is_said_at_the_field_and_in_the_title(town, reader):
    question = begins(town, reader)
    answer = reader.post(question.path)

    assert answer.status_code == 422
    assert "<title>有误：" in answer.text
    assert '<fieldset aria-describedby="how fault">' in answer.text
    assert '<p id="fault" class="fault" role="alert">还没有选' in answer.text
    assert kept(town) == []


def test_two_where_one_is_right_are_said_so_and_stay_chosen(town, reader):
    question = begins(town, reader)
    while question.question.type is QuestionType.MULTI:
        question = goes_on(town, reader, question, right=True)
    before = len(kept(town))
    answer = reader.post(question.path, {"chosen": question.choices[:2]})

    assert (answer.status_code, len(kept(town))) == (422, before)
    assert "只选一项" in answer.text
    assert Asked(town, answer.text, "").checked == question.choices[:2]


@pytest.mark.on_servers
@pytest.mark.parametrize("chosen", ["z", "a,b", "<script>", "x" * 5000])
def test_what_is_no_choice_of_the_question_is_none(town, reader, chosen):
    question = begins(town, reader)
    answer = reader.post(question.path, {"chosen": chosen})

    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert kept(town) == []


@pytest.mark.parametrize("whole", [True, False])
def test_several_can_be_chosen_where_several_are_right_and_all_of_them_count(town, whole):
    on_a_day_with_several(town)
    reader = town.reader("o-learner")
    question = begins(town, reader)
    while question.question.type is not QuestionType.MULTI:
        question = goes_on(town, reader, question, right=True)
    told = answers_with(reader, question, question.right if whole else question.right[:1])

    assert "checkbox" in question.page
    assert ("✓ 答对了" in told.text) is whole


def on_a_day_with_several(town):
    """Go on to a day whose questions have one of that kind."""
    pack = town.house.shelf.current()
    for _ in range(60):
        day = town.clock().date()
        drawn = engine.draw(pack.questions_on(day), on=day, count=5)
        if any(pack.question(each).type is QuestionType.MULTI for each in drawn):
            return
        town.clock.at += timedelta(days=1)
    raise AssertionError("the sample pack has no such question")


# -- mistakes --------------------------------------------------------------------------------------------------------


def test_mistakes_are_gone_through_again_and_then_are_none(town, reader):
    question = begins(town, reader)
    for number in range(5):
        question = goes_on(town, reader, question, right=number > 1)
    assert "要复习的有 2 题。" in reader.get("/p/quiz").text
    town.clock.forward(minutes=1)
    question = begins(town, reader, "mistakes")
    for _ in range(2):
        question = goes_on(town, reader, question, right=True)

    assert "2 题答对 2 题" in question.page
    assert "没有要复习的错题" in reader.get("/p/quiz").text


def test_a_form_for_mistakes_begins_one_round_however_often_it_is_sent(town, reader):
    goes_on(town, reader, begins(town, reader), right=False)
    reader.get("/p/quiz")
    form = {**reader.hidden, "of": "mistakes"}
    places = {reader.forges("/p/quiz", form).headers["Location"] for _ in range(3)}
    town.clock.forward(minutes=1)
    goes_on(town, reader, asked(town, reader, places.copy().pop()), right=False)
    places.add(reader.forges("/p/quiz", form).headers["Location"])

    assert len(places) == 1


def test_without_mistakes_there_is_no_round_of_them(town, reader):
    reader.get("/p/quiz")
    answer = reader.post("/p/quiz", {"of": "mistakes"})

    assert "现在没有可做的题" in reader.get(answer.headers["Location"]).text


@pytest.mark.on_servers
@pytest.mark.parametrize("once", ["", "x", "\x00" * 32, "0" * 33])
def test_a_form_that_is_not_ours_begins_no_round_of_mistakes(town, reader, once):
    goes_on(town, reader, begins(town, reader), right=False)
    reader.get("/p/quiz")

    assert reader.post("/p/quiz", {"of": "mistakes", "once": once}).status_code == 400


# -- whose -----------------------------------------------------------------------------------------------------------


def test_a_round_of_somebody_else_is_not_there(town, reader):
    question = begins(town, reader)
    other = town.reader("o-other")
    other.get("/p/quiz")

    assert other.post(question.path, {"position": 0, "chosen": "a"}).status_code == 404
    assert other.get(question.path).status_code == 404
    assert other.get(f"{question.path}/0").status_code == 404
    assert kept(town) == []


@pytest.mark.on_servers
@pytest.mark.parametrize("path", ["x", "%00", "0" * 32, "长", "0" * 32 + "/0", "0" * 32 + "/99999999999999999999"])
def test_a_round_that_is_not_there_is_a_page_that_says_so(reader, path):
    assert reader.get(f"/p/quiz/{path}").status_code == 404


@pytest.mark.on_servers
@pytest.mark.parametrize("position", [0, 4, 5, 99999999999999999999])
def test_a_verdict_that_is_not_there_leads_to_the_open_question(town, reader, position):
    question = begins(town, reader)

    assert reader.get(f"{question.path}/{position}").headers["Location"] == question.path


def test_a_forged_answer_is_not_taken(town, reader):
    question = begins(town, reader)
    form = {name: value for name, value in reader.hidden.items() if name != "csrf_token"}

    assert reader.forges(question.path, {**form, "chosen": question.right}).status_code == 400
    assert reader.forges("/p/quiz", {"of": "today"}).status_code == 400
    assert kept(town) == []


def test_who_has_left_in_the_middle_is_sent_to_sign_in_and_nothing_is_kept(town, reader):
    question = begins(town, reader)
    town.phone("o-learner").leaves()
    answer = reader.post(question.path, {"chosen": question.right})

    assert answer.headers["Location"] == "/p/login?to=/p/quiz"
    assert kept(town) == []


def test_the_answers_of_one_who_is_erased_go_with_them(town, reader):
    goes_on(town, reader, begins(town, reader), right=True)
    phone = town.phone("o-learner")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert kept(town) == []
    assert reader.get("/p/quiz").status_code == 303


def test_a_stranger_sees_no_question(town):
    assert Reader(town.client.application).get("/p/quiz").headers["Location"] == "/p/login?to=/p/quiz"


def test_the_first_page_leads_to_it(town):
    assert 'href="/p/quiz"' in town.client.get("/").text


def test_nothing_on_a_page_runs(town, reader):
    question = begins(town, reader)
    told = answers_with(reader, question, question.wrong)

    for page in (reader.get("/p/quiz").text, question.page, told.text):
        assert not re.search(r"<script|\son\w+=|style=|src=", page)


@pytest.mark.parametrize("right", [True, False])
def test_the_chat_leads_to_the_page_where_something_was_wrong_and_a_phone_reaches_it(
    tmp_path, database_url, redis_url, right
):
    (tmp_path / "reachable").mkdir()
    town = a_town(
        tmp_path / "reachable", database=database_url, redis=redis_url, web={"public_url": "https://a.example"}
    )
    reader, phone = town.reader("o-learner"), town.phone("o-learner")
    question = begins(town, reader)
    for _ in range(5):
        question = goes_on(town, reader, question, right=right)
    said = phone.says("答题")
    town.house.close()

    assert ("https://a.example/p/quiz" in said) is not right


def test_where_no_phone_reaches_the_page_the_chat_says_nothing_of_it(town, reader):
    question = begins(town, reader)
    for _ in range(5):
        question = goes_on(town, reader, question, right=False)

    assert "0 题" in (said := town.phone("o-learner").says("答题"))
    assert "网页" not in said

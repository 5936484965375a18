"""Questions of every type, answered in the chat, by the API and on pages."""

import re

import pytest

from storage.cards import cards
from storage.db import metadata
from storage.quiz import answers
from tests.content.builders import PNG, a_question, write
from tests.handlers.quiz.small import OPTIONS, rows
from tests.handlers.quiz.test_api import answered, begun

pytestmark = pytest.mark.variant

FILL = a_question(
    "q1", type="fill", stem="年满____岁可以申请，候补期____年。", answer=[["18", "十八"], ["1"]], without=["options"]
)
SHORT = a_question(
    "q2", type="short", stem="说说四个服从。", answer=["个人服从组织", "少数服从多数"], without=["options"]
)
MULTI = a_question("q3", type="multi", options=OPTIONS, answer=["jia", "yi"], partial_credit=True)
CASE = a_question("anli", type="case", stem="某支部开大会，到会不足半数。", without=["options", "answer"])
PARTS = [a_question(f"a{n}", case="anli", stem=f"第{n}小问？", options=OPTIONS, answer=["jia"]) for n in (1, 2)]


@pytest.fixture
def asks(small):
    def begins(*questions):
        small.holds(*questions)
        return small.town.phone()

    return begins


@pytest.fixture
def mini(small):
    return small.town.mini("o-mini")


def page(small, reader, of="today"):
    reader.get("/p/quiz")
    return reader.post("/p/quiz", {"of": of}).headers["Location"]


def given(small):
    return [(row.said, row.written, row.right, row.credit) for row in rows(small, answers)]


# -- blanks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["18；1", "十八 一", "１８，１", "满18岁；1年"])
def test_blanks_are_filled_by_a_message_however_it_is_typed(asks, small, said):
    phone = asks(FILL)
    assert "一共 2 个空" in phone.says("答题")
    reply = phone.says(said)

    assert "✓ 答对了" in reply
    assert [each[2] for each in given(small)] == [True]


def test_a_wrong_blank_is_told_with_what_is_right(asks, small):
    phone = asks(FILL)
    phone.says("答题")
    reply = phone.says("16；2")

    assert "✗ 您填了 16；2。正确答案：\n18；1\n" in reply
    assert given(small) == [("", '["16", "2"]', False, None)]


def test_whoever_knows_no_blank_filled_none(asks, small):
    phone = asks(FILL)
    phone.says("答题")

    assert "✗ 您填了 （空）；（空）。正确答案：\n18；1\n" in phone.says("不知道")


def test_words_of_the_program_are_heard_while_a_blank_is_open(asks, small):
    phone = asks({**FILL, "stem": "____", "answer": [["18"]]})
    question = phone.says("答题")

    assert "答题 ——" in phone.says("帮助")
    assert "先放下" in phone.says("退出")
    assert phone.says("继续") == question
    assert given(small) == []


def test_a_right_answer_that_is_a_word_of_the_program_is_the_answer(asks, small):
    phone = asks({**FILL, "stem": "____", "answer": [["错题"]]})
    phone.says("答题")

    assert "✓ 答对了" in phone.says("错题")


def test_a_message_for_fewer_blanks_is_told_how_to_answer(asks, small):
    phone = asks(FILL)
    question = phone.says("答题")
    reply = phone.says("18")

    assert "这是填空题" in reply
    assert reply.endswith(question)
    assert given(small) == []


def test_blanks_are_filled_by_the_api_and_marked_here_alone(asks, small, mini):
    asks(FILL)
    going = begun(mini)
    claimed = answered(mini, going, [], claims={"filled": ["16", "１"], "right": True, "credit": 100})

    assert going.body["question"] | {"look": ""} == {
        "position": 0, "id": "q1", "type": "fill", "before": "", "stem": FILL["stem"], "pictures": [], "choices": [],
        "blanks": 2, "points": [], "score": None, "look": "",
    }  # fmt: skip
    assert (claimed.body["right"], claimed.body["credit"], claimed.body["accepted"]) == (False, 0, ["18", "1"])
    assert given(small) == [("", '["16", "１"]', False, None)]


@pytest.mark.parametrize(
    ("filled", "chosen"), [(["18"], []), (["18", "1", "2"], []), (["", ""], []), ([], ["a"]), ([], [])]
)
def test_what_fills_no_blank_is_refused_by_the_api(asks, small, mini, filled, chosen):
    asks(FILL)
    refused = answered(mini, begun(mini), chosen, claims={"filled": filled})

    assert (refused.status, refused.body["field"]) == (422, "filled")
    assert given(small) == []


def test_choices_are_not_answered_by_blanks(asks, small, mini):
    asks(MULTI)

    assert answered(mini, begun(mini), [], claims={"filled": ["jia"]}).body["field"] == "chosen"


def test_blanks_are_filled_on_a_page(asks, small):
    asks(FILL)
    reader = small.town.reader("o-reader")
    at = page(small, reader)
    asked = reader.get(at).text
    empty = reader.post(at, {"filled": ["", ""]})
    told = reader.get(reader.post(at, {"filled": ["18", "2"]}).headers["Location"]).text

    assert [len(re.findall(words, asked)) for words in ("第 1 空", "第 2 空", 'name="chosen"')] == [1, 1, 0]
    assert (empty.status_code, "还没有填" in empty.text) == (422, True)
    assert "您填了：18<br>正确答案：<strong>18</strong>" in told
    assert "您填了：2<br>正确答案：<strong>1</strong>" in told
    assert given(small) == [("", '["18", "2"]', False, None)]


# -- in one's own words ----------------------------------------------------------------------------------------------


def test_ones_own_words_are_compared_with_the_points_and_kept_nowhere(asks, small):
    phone = asks(SHORT)
    phone.says("答题")
    points = phone.says("我写的是秘密的想法")
    before = given(small)
    done = phone.says("错")

    assert "1. 个人服从组织\n2. 少数服从多数" in points
    assert before == []
    assert "以后再复习" in done
    assert given(small) == [("false", None, False, None)]
    assert not any("秘密" in str(rows(small, table)) for table in metadata.tables.values())


def test_the_points_come_first_even_if_somebody_says_that_it_is_right(asks, small):
    phone = asks(SHORT)
    phone.says("答题")

    assert "参考要点" in phone.says("对")
    assert "参考要点" in phone.says("嗯")
    assert "记下了" in phone.says("对")
    assert given(small) == [("true", None, True, None)]


def test_what_its_reader_missed_is_reviewed_like_any_mistake(asks, small):
    phone = asks(SHORT)
    for said in ("答题", "看答案", "错"):
        phone.says(said)
    small.town.clock.forward(minutes=1)

    assert "说说四个服从" in phone.says("错题")
    assert [row.question for row in rows(small, cards)] == ["q2"]


def test_the_api_gives_the_points_to_judge_by(asks, small, mini):
    asks(SHORT)
    going = begun(mini)
    done = answered(mini, going, ["true"])

    assert going.body["question"]["points"] == ["个人服从组织", "少数服从多数"]
    assert [each["id"] for each in going.body["question"]["choices"]] == ["true", "false"]
    assert (done.status, done.body["right"], done.body["round"]["right"]) == (200, True, 1)


def test_a_page_folds_the_points_away_and_has_no_field_for_words(asks, small):
    asks(SHORT)
    reader = small.town.reader("o-reader")
    at = page(small, reader)
    asked = reader.get(at).text
    told = reader.get(reader.post(at, {"chosen": "false"}).headers["Location"]).text

    assert "<details" in asked
    assert "<textarea" not in asked
    assert "记下了，以后再复习" in told


# -- partly right ----------------------------------------------------------------------------------------------------


def test_what_is_partly_right_is_told_and_counts_as_a_mistake(asks, small):
    phone = asks(MULTI)
    question = phone.says("答题")
    one = re.findall(r"(\w)\. 说法jia$", question, re.MULTILINE)[0]
    reply = phone.says(one)

    assert f"△ 答对一部分，得 50%。您选了 {one}。" in reply
    assert "1 题答对 0 题" in reply
    assert given(small) == [("jia", None, False, 50)]


def test_credit_counts_in_an_exam_and_what_its_reader_judges_is_not_drawn(small, mini):
    exam = 'title = "考"\nminutes = 30\npass_mark = 75\n[[part]]\ncount = 2\n'
    write(small.folder / "exams" / "kao.toml", exam)
    small.holds(FILL, SHORT, MULTI)
    going = mini.post("/quiz/rounds", {"of": "exam", "id": "kao"})
    for _ in range(2):
        said = {"filled": ["18", "1"]} if going.body["question"]["type"] == "fill" else {}
        told = answered(mini, going, [] if said else ["jia"], claims=said)
        going = mini.get(f"/quiz/rounds/{going.body['id']}")

    assert (told.body["right"], told.body["credit"], told.body["accepted"]) == (None, None, [])
    assert going.body["exam"]["mark"] == 75
    assert going.body["exam"]["certificate"]


# -- cases and pictures ----------------------------------------------------------------------------------------------


def test_a_case_is_read_before_each_of_its_parts_at_every_door(asks, small, mini):
    phone = asks(CASE, *PARTS)
    question = phone.says("答题")
    shown = begun(mini).body["question"]
    reader = small.town.reader("o-reader")

    assert "【1/2】单选题\n某支部开大会，到会不足半数。\n\n第1小问？\n" in question
    assert (shown["before"], shown["stem"]) == (CASE["stem"], "第1小问？")
    assert f'<p class="case">{CASE["stem"]}</p>' in reader.get(page(small, reader)).text


def test_a_case_put_right_is_another_look_of_its_parts(asks, small, mini):
    asks(CASE, *PARTS)
    going = begun(mini)
    small.holds({**CASE, "stem": "某支部开大会，到会过半数。"}, *PARTS)

    assert answered(mini, going, ["jia"]).code == "changed"


def test_a_picture_is_shown_where_one_can_be_and_described_elsewhere(small, mini):
    write(small.folder / "pictures" / "hui.png", PNG)
    options = [{**OPTIONS[0], "picture": "hui.png"}, OPTIONS[1]]
    small.holds(a_question("q1", picture={"file": "hui.png", "words": "一枚徽章"}, options=options, answer=["jia"]))
    reader = small.town.reader("o-reader")
    told, shown, seen = small.town.phone().says("答题"), begun(mini).body["question"], reader.get(page(small, reader))
    picture = reader.get("/p/pictures/hui.png")

    assert "［图：一枚徽章］" in told
    assert shown["pictures"] == [{"address": "/p/pictures/hui.png", "words": "一枚徽章"}]
    assert sorted(each["picture"] for each in shown["choices"]) == ["", "/p/pictures/hui.png"]
    assert seen.text.count('src="/p/pictures/hui.png"') == 2
    assert (picture.status_code, picture.data, picture.mimetype) == (200, PNG, "image/png")


@pytest.mark.parametrize("name", ["nichts.png", "..%2Faccount.toml", "hui.svg"])
def test_only_pictures_of_the_pack_are_given(small, name):
    assert small.town.client.get(f"/p/pictures/{name}").status_code == 404


@pytest.mark.parametrize("kind", ["fill", "short", "multi", "case"])
def test_every_type_goes_through_every_mode(small, mini, kind):
    """In mistakes too, where what was missed comes back."""
    question = {"fill": [FILL], "short": [SHORT], "multi": [MULTI], "case": [CASE, PARTS[0]]}[kind]
    small.holds(*question)
    for of, id_ in (("today", ""), ("topic", "dangzhang"), ("sequence", "basics"), ("challenge", ""), ("mistakes", "")):
        going = mini.post("/quiz/rounds", {"of": of, "id": id_})
        wrong = {"fill": [], "short": ["false"], "multi": ["bing"], "case": ["yi"]}[kind]
        done = answered(mini, going, wrong, claims={"filled": ["1", "2"]} if kind == "fill" else {})
        assert (done.status, done.body["right"], done.body["round"]["question"]) == (200, False, None), of
        small.town.clock.forward(minutes=1)


def test_the_copy_of_ones_data_has_questions_and_answers_in_words(small):
    small.holds(FILL, MULTI)
    mini = small.town.mini("o-mini", account="official")
    phone = small.town.phone("o-mini")
    question = phone.says("答题")
    while "【" in question:
        question = phone.says("16；1" if "填空题" in question else "AB")

    def copied():
        tables = {each["name"]: each["rows"] for each in mini.get("/privacy/export").body["tables"]}
        return {row[1]: (row[2], row[3]) for row in tables["答题记录"]}

    before = copied()
    small.holds(a_question("other"))

    assert before["q1"] == (FILL["stem"], "16；1")
    assert before["q3"][0] == MULTI["stem"]
    assert set(before["q3"][1].split("；")) <= {each["text"] for each in OPTIONS}
    assert copied()["q1"] == ("", "16；1")

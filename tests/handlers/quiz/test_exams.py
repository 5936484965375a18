"""Exams: drawn once, timed here, told when they are over, and certified by a number that whoever has it can check."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from handlers.quiz import engine
from storage.quiz import answers, rounds
from storage.sittings import Sitting, Sittings, sittings
from tests.content.builders import a_question, write
from tests.handlers.quiz.small import SEVEN, letter, rows, stem, wrong
from tests.handlers.quiz.test_api import answered, right_of
from tests.handlers.quiz.test_pages import Asked, answers_with, asked
from tests.reader import Reader

EXAM = """\
title = "党章考试"
minutes = 30
pass_mark = 60
opens_at = 2026-11-23 08:00:00
closes_at = 2026-11-24

[[part]]
count = 4
topic = "dangzhang"
"""
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def hall(small):
    """A pack with an exam and a practice."""
    write(small.folder / "exams" / "spring.toml", EXAM)
    practice = EXAM.replace("党章考试", "试一试").replace("minutes = 30", "minutes = 30\npractice = true")
    write(small.folder / "exams" / "try.toml", practice + "\n[[part]]\ncount = 2\n")
    small.holds(*SEVEN)
    return small


def begins(phone, number="1"):
    phone.says("考试")
    phone.says(number)
    return phone.says("开始")


def sits(phone, reply, *, right):
    """Answer all that is left, the first ones right; what was said in the end."""
    while "【" in reply:
        reply = phone.says(letter(reply) if right > 0 else wrong(reply))
        right -= 1
    return reply


def moves(hall, **span):
    hall.town.clock.forward(**span)


def runs_out(hall):
    """The clock writes down what nobody looked at in time."""
    next(each for each in hall.town.house.jobs if each.id == "quiz.close_sittings").run(hall.town.clock())


# -- in the chat -----------------------------------------------------------------------------------------------------


def test_an_exam_is_told_before_its_clock_runs_and_its_answers_after_it_is_over(hall):
    phone = hall.town.phone()
    listed, told = phone.says("考试"), phone.says("1")
    before = rows(hall, sittings)
    first = phone.says("开始")
    second = phone.says(wrong(first))
    said = sits(phone, second, right=3)

    assert "1. 党章考试（4 题，30 分钟）\n2. 试一试（6 题，30 分钟，模拟）" in listed
    assert "只能考一次" in told
    assert "11月25日 00:00" in told
    assert before == []
    assert first.startswith("【1/4】还剩 30 分钟")
    assert second.startswith("【2/4】")
    assert "4 题答对 3 题，75 分，合格（60 分合格）" in said
    assert re.search("合格）。\n证书编号 [0-9A-Z]{8}", said)
    assert said.endswith("\n回复“错题”把没答对的再过一遍。")


def test_an_exam_is_sat_once_and_its_result_can_be_read_again(hall):
    phone = hall.town.phone()
    sits(phone, begins(phone), right=2)
    listed, again = phone.says("考试"), phone.says("1")

    assert "1. 党章考试（50 分，不合格）" in listed
    assert "50 分，不合格" in again
    assert "证书" not in again
    assert len(rows(hall, rounds)) == 1


def test_who_lost_the_phone_goes_on_with_the_same_questions_and_the_same_end(hall, redis):
    phone = hall.town.phone()
    second = phone.says(letter(begins(phone)))
    moves(hall, minutes=10)
    redis.flushdb()

    assert phone.says("继续") == second.replace("30 分钟", "20 分钟")


def test_leaving_is_one_word_and_says_that_the_clock_goes_on(hall):
    phone = hall.town.phone()
    begins(phone)

    assert "到 12:30 为止" in phone.says("退出")
    assert "【1/4】" in phone.says("考试")


def test_who_leaves_before_an_exam_begins_is_not_told_of_a_clock(hall):
    phone = hall.town.phone()
    phone.says("考试")
    of_the_list = phone.says("退出")
    phone.says("考试")
    phone.says("1")
    of_the_rules = phone.says("退出")

    assert of_the_list == "好的，不选了。想考的时候再回复“考试”。"
    assert of_the_rules == "好的，没有开始。想考的时候再回复“考试”。"


def test_an_answer_that_comes_late_is_not_taken(hall):
    phone = hall.town.phone()
    second = phone.says(letter(begins(phone)))
    moves(hall, minutes=30)
    said = phone.says(letter(second))

    assert "时间到了" in said
    assert "4 题答对 1 题，25 分，不合格" in said
    assert len(rows(hall, answers)) == 1


def test_an_answer_in_the_last_second_counts(hall):
    phone = hall.town.phone()
    first = begins(phone)
    moves(hall, minutes=29, seconds=59)
    phone.says(letter(first))

    assert len(rows(hall, answers)) == 1


def test_who_begins_shortly_before_the_end_has_until_the_end(hall):
    hall.town.clock.at = NOON + timedelta(hours=35, minutes=50)  # ten to twelve at night on the last day
    first = begins(hall.town.phone())

    assert "还剩 10 分钟" in first


@pytest.mark.parametrize("hours", [-5, 36])
def test_an_exam_can_not_be_begun_before_it_opens_or_after_it_closes(hall, hours):
    hall.town.clock.at = NOON + timedelta(hours=hours)

    assert "现在没有考试" in hall.town.phone().says("考试")


def test_an_exam_that_closes_between_the_list_and_the_word_is_not_begun(hall):
    phone = hall.town.phone()
    phone.says("考试")
    phone.says("1")
    hall.town.clock.at = NOON + timedelta(hours=36)

    phone.says("考试")
    assert rows(hall, sittings) == []


def test_a_practice_can_be_repeated_and_gives_no_certificate(hall):
    phone = hall.town.phone()
    first = sits(phone, begins(phone, "2"), right=6)
    moves(hall, minutes=1)
    second = begins(phone, "2")

    assert "100 分，合格" in first
    assert "证书" not in first
    assert "【1/6】" in second
    assert len(rows(hall, rounds)) == 2


def test_everybody_has_their_own_draw_and_no_question_twice(hall):
    drawn = []
    for _ in range(6):
        phone, stems = hall.town.phone(), []
        reply = begins(phone, "2")
        while "【" in reply:
            stems.append(stem(reply))
            reply = phone.says(letter(reply))
        drawn.append(tuple(stems))

    assert all(len(set(stems)) == 6 for stems in drawn)
    assert len(set(drawn)) > 1


def test_who_was_cut_off_between_the_sitting_and_its_round_has_the_draw_of_the_first_moment(hall):
    phone = hall.town.phone()
    first = begins(phone)
    with hall.town.house.db.begin() as connection:
        connection.execute(rounds.delete())
    phone.says("退出")
    moves(hall, minutes=10)
    phone.says("考试")

    again = phone.says("1")
    assert stem(again) == stem(first)
    assert "还剩 20 分钟" in again


def test_mistakes_of_an_exam_are_gone_through_again(hall):
    phone = hall.town.phone()
    sits(phone, begins(phone), right=3)

    assert "【1/1】" in phone.says("错题")


def copied(reader):
    """What became of each answer, as a copy of one's data has it."""
    tables = json.loads(reader.get("/p/privacy/data.json").text)
    return [row["结果"] for row in tables["答题记录"]]


def test_nothing_tells_what_was_right_in_an_exam_that_goes_on(hall):
    phone, mini = hall.town.phone("o-learner"), hall.town.mini("o-learner", account="official")
    phone.says(wrong(begins(phone)))
    reader = hall.town.reader("o-learner")
    later = "您有一场考试还没结束，考完再看错题和学习情况。回复“考试”接着考。"
    home = reader.get("/p/quiz").text
    begun = reader.post("/p/quiz", {"of": "mistakes", "once": "0" * 32}).headers["Location"]
    refused = mini.get("/quiz/mistakes"), mini.get("/quiz/study"), mini.post("/quiz/rounds", {"of": "mistakes"})
    standing = mini.get("/quiz").body

    assert [phone.says("错题"), phone.says("学习情况")] == [later, later]
    assert "考完再看错题" in home
    assert "复习错题" not in home
    assert begun == "/p/quiz"
    assert reader.get("/p/quiz/study").headers["Location"] == "/p/quiz"
    assert [(each.status, each.code) for each in refused] == [(409, "read_later")] * 3
    assert (standing["given"], standing["right"], standing["review"]) == (0, 0, 0)
    assert "共答" not in phone.says("我的数据")
    assert copied(reader) == ["考试结束后才知道"]
    moves(hall, minutes=30)
    assert "【1/1】" in phone.says("错题")
    assert mini.get("/quiz").body["review"] == 1
    runs_out(hall)
    assert "共答 1 题，答对 0 题" in phone.says("我的数据")
    assert copied(reader) == ["错"]


def test_what_does_not_begin_an_exam_is_said_so(hall):
    phone = hall.town.phone()
    phone.says("考试")
    told = phone.says("1")

    assert phone.says("好的") == f"还没有开始，也没有计时。\n\n{told}"
    assert rows(hall, sittings) == []


def test_what_an_exam_comes_to_is_not_rounded_up():
    def came_to(*credits_, total=7, scores=()):
        return engine.mark(dict(enumerate(credits_)), total=total, scores=scores)

    assert [came_to(*[100] * right) for right in (0, 1, 4, 7)] == [0, 14, 57, 100]
    assert came_to(total=0) == 0
    assert came_to(100, 0, 50, total=4, scores=(5, 3, 2, 1)) == 54  # 6 of 11


# -- by the API ------------------------------------------------------------------------------------------------------


def test_the_api_tells_nothing_of_right_and_wrong_before_an_exam_is_over(hall):
    mini = hall.town.mini("o-learner")
    offered = mini.get("/quiz/exams").body["items"]
    going = mini.post("/quiz/rounds", {"of": "exam", "id": "spring"})
    told = []
    while going.body["question"]:
        verdict = answered(mini, going, right_of(hall.town, going), claims={"mark": 100, "right": True})
        told.append(verdict.body)
        going = mini.get(f"/quiz/rounds/{going.body['id']}")

    assert [(each["id"], each["can_begin"], each["practice"]) for each in offered] == [
        ("spring", True, False),
        ("try", True, True),
    ]
    assert {(each["right"], tuple(each["answer"]), each["explanation"]) for each in told} == {(None, (), "")}
    assert [each["round"]["right"] for each in told] == [None, None, None, 4]
    assert going.body["exam"] | {"certificate": ""} == {
        "title": "党章考试",
        "ends_at": "2026-11-23T04:30:00Z",
        "pass_mark": 60,
        "mark": 100,
        "passed": True,
        "certificate": "",
    }


def test_the_api_takes_no_late_answer_whatever_it_looks_like(hall):
    mini = hall.town.mini("o-learner")
    going = mini.post("/quiz/rounds", {"of": "exam", "id": "spring"})
    chosen = right_of(hall.town, going)
    moves(hall, minutes=30)
    late = answered(mini, going, chosen)
    after = mini.get(f"/quiz/rounds/{going.body['id']}").body

    assert late.code == "not_open"
    assert rows(hall, answers) == []
    assert (after["question"], after["exam"]["mark"], after["exam"]["passed"]) == (None, 0, False)


@pytest.mark.parametrize("id_", ["x", ""])
def test_an_exam_that_is_not_there_can_not_be_begun(hall, id_):
    refused = hall.town.mini("o-learner").post("/quiz/rounds", {"of": "exam", "id": id_})

    assert (refused.status, refused.code) == (404, "no_such_exam")


# -- on pages --------------------------------------------------------------------------------------------------------


def on_page(hall, reader):
    reader.get("/p/quiz/exams")
    return asked(hall.town, reader, reader.post("/p/quiz", {"of": "exam", "id": "spring"}).headers["Location"])


def test_an_exam_on_pages_goes_from_question_to_question_and_ends_with_the_certificate(hall):
    reader = hall.town.reader("o-learner")
    offered, home = reader.get("/p/quiz/exams").text, reader.get("/p/quiz").text
    question = on_page(hall, reader)
    first = question.page
    seen = []
    for number in range(4):
        told = answers_with(reader, question, question.right if number else question.wrong).text
        seen.append(reader.get(f"{question.path}/{number}").status_code)
        question = Asked(hall.town, reader.get(question.path).text, question.path)
    number = re.findall("<strong>([0-9A-Z]{8})</strong>", question.page)[0]
    checked = Reader(hall.town.client.application)
    checked.get("/p/quiz/certificate")
    found = checked.post("/p/quiz/certificate", {"number": f" {number[:4].lower()}-{number[4:]} "})

    assert "考试" in home
    assert without_token(told) == without_token(question.page)
    assert "只能考一次" in offered
    assert "考试到 12:30 结束" in first
    assert seen == [303, 303, 303, 200]  # of an exam nothing is told before it is over
    assert "<h1>党章考试：75 分，合格</h1>" in question.page
    assert "4 题答对 3 题，60 分合格。" in question.page
    assert found.status_code == 200
    assert "党章考试" in found.text
    assert "2026年11月23日" in found.text
    assert "75 分" in found.text
    assert "看成绩" in reader.get("/p/quiz/exams").text


def without_token(page):
    """A page without its forms' token, which tells the second."""
    return re.sub('name="csrf_token" value="[^"]+"', "", page)


def test_a_page_takes_no_late_answer(hall):
    reader = hall.town.reader("o-learner")
    question = on_page(hall, reader)
    moves(hall, minutes=30)
    answers_with(reader, question, question.right)

    assert rows(hall, answers) == []
    assert "时间到了，没答的不算" in reader.get(question.path).text


def test_who_puts_an_exam_aside_is_told_on_the_first_page_that_its_clock_runs(hall):
    reader = hall.town.reader("o-learner")
    question = on_page(hall, reader)
    home = reader.get("/p/quiz").text

    assert "正在考，12:30 结束" in home
    assert f'href="{question.path}">接着考' in home
    assert "接着考" not in reader.get("/p/quiz/more").text


def test_an_exams_question_answered_from_an_old_page_is_told_that_the_first_answer_counts(hall):
    reader = hall.town.reader("o-learner")
    question = on_page(hall, reader)
    old = {**reader.hidden}
    answers_with(reader, question, question.wrong)

    def again(chosen):
        sent = reader.forges(question.path, {**old, "chosen": chosen})
        return reader.get(sent.headers["Location"]).text

    assert "以第一次为准" not in again(question.wrong)
    assert "先前已经答过了，以第一次为准" in again(question.right)
    assert [row.right for row in rows(hall, answers)] == [False]


@pytest.mark.parametrize("around", ["{} {}", "证书编号 {}{}", "{}-{}", " {}\u3000{}", "证书编号：{}{}"])
def test_a_certificates_number_is_found_however_it_was_copied(hall, around):
    phone = hall.town.phone()
    number = re.findall("证书编号 ([0-9A-Z]{8})", sits(phone, begins(phone), right=4))[0]
    anyone = Reader(hall.town.client.application)
    anyone.get("/p/quiz/certificate")
    found = anyone.post("/p/quiz/certificate", {"number": around.format(number[:4].lower(), number[4:])})

    assert found.status_code == 200
    assert f"编号 {number} 是真的" in found.text


def test_what_is_no_number_is_told_from_a_number_that_nobody_has(hall):
    anyone = Reader(hall.town.client.application)
    anyone.get("/p/quiz/certificate")
    odd, unknown = (anyone.post("/p/quiz/certificate", {"number": said}).text for said in ("不知道 😀", "ABCD2345"))

    assert "编号是 8 位字母和数字" in odd
    assert "不知道 😀" in odd
    assert "没有这个编号" in unknown


@pytest.mark.parametrize("number", ["", "ABCD2345", "%", "x" * 5000, "' OR 1=1"])
def test_a_number_that_is_none_is_said_so_and_no_list_is_shown(hall, number):
    phone = hall.town.phone()
    sits(phone, begins(phone), right=4)
    anyone = Reader(hall.town.client.application)
    anyone.get("/p/quiz/certificate")
    found = anyone.post("/p/quiz/certificate", {"number": number})

    assert found.status_code == 404
    assert "党章考试" not in found.text


# -- whose -----------------------------------------------------------------------------------------------------------


def test_a_certificate_goes_with_ones_data(hall):
    phone = hall.town.phone()
    sits(phone, begins(phone), right=4)
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert rows(hall, sittings) == []


def a_sitting(exam="spring", **changed):
    fields = {
        "exam": exam,
        "title": "考试",
        "seed": "s",
        "begun_at": NOON,
        "ends_at": NOON + timedelta(minutes=30),
        "pass_mark": 60,
    }
    return Sitting(**(fields | changed))


def test_a_sitting_is_begun_and_closed_once(db):
    kept = Sittings(db)
    first = kept.begin("p", name="exam:a", sitting=a_sitting())
    again = kept.begin("p", name="exam:a", sitting=a_sitting(seed="other"))
    closed = kept.close("p", name="exam:a", mark=80, certified=True)
    closed_again = kept.close("p", name="exam:a", mark=10, certified=False)

    assert again == first
    assert closed_again == closed
    assert closed is not None
    assert closed.has_passed
    assert closed.certificate
    assert kept.certified(closed.certificate) == closed


def test_of_two_who_become_one_each_exam_has_one_sitting(db):
    kept = Sittings(db)
    for person, name in (("gone", "exam:a"), ("gone", "exam:b"), ("into", "exam:a")):
        kept.begin(person, name=name, sitting=a_sitting(name, title=person))
    with db.begin() as connection:
        kept.unite(connection, "gone", "into")

    titles = {exam: sitting.title for exam, (_, sitting) in kept.of("into").items()}
    assert titles == {"exam:a": "into", "exam:b": "gone"}
    assert kept.of("gone") == {}


# -- what questions count for ----------------------------------------------------------------------------------------

WEIGHED = """\
title = "分值不一样的考试"
minutes = 30
pass_mark = 60

[[part]]
count = 2
types = ["single"]
score = 3

[[part]]
count = 2
types = ["judge"]
"""


@pytest.fixture
def weighing(small):
    """An exam whose parts count differently, and whose judges do so themselves: 3, 3 and 1, 3 in some order."""
    write(small.folder / "exams" / "weighed.toml", WEIGHED)
    small.holds(*SEVEN, judge("q8", score=1), judge("q9", score=3))
    return small


def judge(id_, *, score):
    return a_question(id_, type="judge", answer=True, score=score, without=["options"])


def answered_by_score(phone, reply, *, missed):
    """Answer all, wrong where a question counts `missed`; what was told of each one's score, and in the end."""
    told = []
    while "【" in reply:
        score = int(re.findall(r"题（(\d) 分）", reply)[-1])
        told.append(score)
        if "判断题" in reply:
            reply = phone.says("错" if score in missed else "对")
        else:
            reply = phone.says(wrong(reply) if score in missed else letter(reply))
    return told, reply


def test_a_question_counts_for_its_score_and_its_part_says_it_first(weighing):
    phone = weighing.town.phone()
    phone.says("考试")
    rules = phone.says("1")

    told, said = answered_by_score(phone, phone.says("开始"), missed={1})

    assert "各题分值不一样" in rules
    assert (told[:2], sorted(told)) == ([3, 3], [1, 3, 3, 3])
    assert "4 题答对 3 题，按各题分值折合 90 分，合格" in said
    [number] = re.findall("证书编号 ([0-9A-Z]{8})", said)
    anyone = Reader(weighing.town.client.application)
    anyone.get("/p/quiz/certificate")
    assert "90 分，合格（60 分合格）" in anyone.post("/p/quiz/certificate", {"number": number}).text


def test_the_pass_mark_is_of_the_scores_too(weighing):
    phone = weighing.town.phone()

    _, said = answered_by_score(phone, begins(phone), missed={3})

    assert "4 题答对 1 题，按各题分值折合 10 分，不合格" in said


def test_what_a_score_was_when_an_exam_began_it_stays(weighing):
    phone = weighing.town.phone()
    first = begins(phone)
    write(weighing.folder / "exams" / "weighed.toml", WEIGHED.replace("score = 3", "score = 99"))
    weighing.holds(*SEVEN, judge("q8", score=50), judge("q9", score=50))

    told, said = answered_by_score(phone, first, missed={1})

    assert sorted(told) == [1, 3, 3, 3]
    assert "90 分" in said


def test_sittings_of_before_scores_count_all_alike(weighing):
    phone = weighing.town.phone()
    first = begins(phone)
    with weighing.town.house.db.begin() as connection:
        connection.execute(rounds.update().values(scores=None))
    phone.says("退出")
    reply = phone.says("继续")
    while "【" in reply:
        reply = phone.says("对" if "判断题" in reply else wrong(reply))

    assert "（3 分）" in first
    assert "4 题答对 2 题，50 分，不合格" in reply


def test_where_all_count_alike_no_score_is_told(hall):
    phone = hall.town.phone()
    told = begins(phone)

    assert "分）" not in told
    assert [row.scores for row in rows(hall, rounds)] == [None]


def test_scores_are_told_and_count_by_the_api(weighing):
    mini = weighing.town.mini("o-learner")
    going = mini.post("/quiz/rounds", {"of": "exam", "id": "weighed"})
    told = []
    while question := going.body["question"]:
        told.append(question["score"])
        chosen = right_of(weighing.town, going) if question["score"] == 3 else ["false"]
        answered(mini, going, chosen)
        going = mini.get(f"/quiz/rounds/{going.body['id']}")

    assert sorted(told) == [1, 3, 3, 3]
    assert (going.body["exam"]["mark"], going.body["right"]) == (90, 3)
    assert mini.get("/quiz/exams").body["items"][0]["mark"] == 90


def test_scores_are_told_and_count_on_pages(weighing):
    reader = weighing.town.reader("o-learner")
    offered = reader.get("/p/quiz/exams").text
    location = reader.post("/p/quiz", {"of": "exam", "id": "weighed"}).headers["Location"]
    first = reader.get(location).text
    weighing.town.clock.forward(minutes=30)

    assert "各题分值不一样" in offered
    assert "第 1 题，共 4 题，3 分" in first
    assert "0 分，不合格" in reader.get(location).text
    assert "4 题答对 0 题，按各题分值折合，60 分合格。" in reader.get(location).text


# -- in the console --------------------------------------------------------------------------------------------------


def test_admins_see_what_an_exam_came_to_over_whole_fives_and_nothing_of_practices(hall):
    kept, told = Sittings(hall.town.house.db), []
    hall.town.signs_in("值班员")
    for number, mark in enumerate((100, 100, 50, 100, 50, 0, 0, 0, 0)):
        for exam in ("spring", "try"):
            sitting = Sitting(
                exam=exam, title="考", seed="s", begun_at=NOON, ends_at=NOON + timedelta(minutes=number), pass_mark=60
            )
            kept.begin(f"p{number}", name=f"exam:{exam}", sitting=sitting)
            kept.close(f"p{number}", name=f"exam:{exam}", mark=mark, certified=False)
        page = hall.town.client.get("/admin/quiz/exams").text
        told.append(re.findall(r"\d+ 人考完：合格 \d+%，平均 [\d.]+ 分", page))

    assert told == [[]] * 4 + [["5 人考完：合格 60%，平均 80.0 分"]] * 5
    assert "模拟不统计" in page
    assert "到 2026-11-25 00:00 为止" in page


def test_a_sitting_whose_time_ran_out_unseen_counts_and_nothing_after_one_that_goes_on(hall):
    def told():
        hall.town.signs_in("值班员")
        return re.findall(r"\d+ 人考完：合格 \d+%，平均 [\d.]+ 分", hall.town.client.get("/admin/quiz/exams").text)

    first, *others = (hall.town.phone() for _ in range(6))
    first.says(letter(begins(first)))
    moves(hall, minutes=1)
    for phone in others:
        sits(phone, begins(phone), right=4)
    assert told() == []
    moves(hall, minutes=40)
    assert told() == []
    runs_out(hall)
    assert told() == ["5 人考完：合格 80%，平均 85.0 分"]

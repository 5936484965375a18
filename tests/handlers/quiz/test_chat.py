"""The quiz as members meet it: through the signed door, with a small pack of its own."""

from datetime import timedelta

import pytest

from storage.quiz import answers, rounds
from tests.content.builders import a_question
from tests.handlers.quiz.small import OPTIONS, SEVEN, letter, round_of, rows, stem, wrong
from tests.house import a_town


def test_five_questions_are_asked_marked_explained_and_counted(small):
    phone = small.town.phone()
    reply, stems = phone.says("答题"), []
    for number in range(1, 6):
        assert f"{number}/5" in reply
        stems.append(stem(reply[reply.rindex("【") :]))
        shown = letter(reply)
        reply = phone.says(shown)
        assert f"答对了。\n应当选{shown}（说法jia）。\n出处：党章第一条" in reply

    assert len(set(stems)) == 5
    assert "5 题答对 5 题" in reply


def test_a_wrong_answer_is_told_what_it_was_and_what_is_right(small):
    phone = small.town.phone()
    question = phone.says("答题")

    reply = phone.says(wrong(question))

    assert f"您选了 {wrong(question)}" in reply
    assert f"{letter(question)}. 说法jia" in reply.partition("【")[0]


def test_everyone_gets_the_same_questions_all_that_day_and_others_the_next(small):
    first = small.town.phone().says("答题")
    small.town.clock.forward(hours=11)  # eleven at night in Shanghai
    same = small.town.phone().says("答题")
    small.town.clock.forward(hours=2)
    days = {frozenset(row.questions for row in rows(small, rounds))}
    small.town.phone().says("答题")

    assert stem(first) == stem(same)
    assert len({row.questions for row in rows(small, rounds)}) == 2
    assert len(days) == 1
    assert {row.day.day for row in rows(small, rounds)} == {23, 24}


def test_a_day_that_is_done_says_its_result_and_asks_nothing_more(small):
    phone = small.town.phone()
    round_of(phone, mistakes=2)

    assert "5 题答对 3 题" in phone.says("答题")
    assert len(rows(small, answers)) == 5


def test_going_on_after_leaving_asks_the_same_question_with_the_same_letters(small):
    phone = small.town.phone()
    question = phone.says(letter(phone.says("答题")))
    phone.says("退出")

    assert phone.says("继续") == question[question.index("【") :]


def test_going_on_after_redis_was_lost_finds_the_place_in_sql(small, redis):
    phone = small.town.phone()
    question = phone.says(letter(phone.says("答题")))
    redis.flushdb()

    assert phone.says("继续") == question[question.index("【") :]


def test_asking_again_in_the_middle_goes_on_and_does_not_begin_again(small):
    phone = small.town.phone()
    question = phone.says(letter(phone.says("答题")))

    assert phone.says("答题") == question[question.index("【") :]
    assert len(rows(small, rounds)) == 1


def test_two_letters_on_a_single_choice_are_no_answer(small):
    phone = small.town.phone()
    question = phone.says("答题")

    reply = phone.says("AB")

    assert "请回复一个选项字母" in reply
    assert question in reply
    assert rows(small, answers) == []


def test_words_of_another_feature_are_heard_and_the_quiz_waits(small):
    phone = small.town.phone()
    question = phone.says("答题")
    phone.says("帮助")

    assert "【2/5】" in phone.says(letter(question))


@pytest.mark.parametrize("kind", ["LOCATION", "VIEW", "TEMPLATESENDJOBFINISH"])
def test_a_report_of_the_platform_in_the_middle_gets_no_question_for_an_answer(small, kind):
    phone = small.town.phone()
    question = phone.says("答题")
    report = {"Event": kind, "EventKey": "http://127.0.0.1/", "MsgID": "1", "Status": "success", "Latitude": "1"}

    assert phone.event(report) == ""
    assert "【2/5】" in phone.says(letter(question))


def test_a_picture_in_the_middle_is_told_how_to_answer(small):
    phone = small.town.phone()
    question = phone.says("答题")

    assert question in phone.sends_picture("http://127.0.0.1/x", "media")


def test_mistakes_are_asked_again_until_they_are_right(small):
    phone, later = small.town.phone(), small.town.clock.forward
    round_of(phone, mistakes=2)
    later(minutes=1)
    first = phone.says("错题")
    done = phone.says(wrong(phone.says(letter(first))))
    later(minutes=1)
    last = phone.says("错题")

    assert "1/2" in first
    assert "2 题答对 1 题" in done
    assert "1/1" in last
    assert "1 题答对 1 题" in phone.says(letter(last))
    assert "没有要复习" in phone.says("错题")


def test_a_mistake_whose_rule_no_longer_holds_is_not_asked_again(small):
    phone = small.town.phone()
    missed = stem(phone.says("答题"))
    phone.says("退出")
    phone.says(wrong(phone.says("继续")))
    small.holds(*({**each, "effective_to": "2026-11-22"} if each["id"] == missed else each for each in SEVEN))

    assert "没有要复习" in phone.says("错题")


def test_a_question_renamed_in_the_pack_keeps_its_mistakes(small):
    phone = small.town.phone()
    missed = stem(phone.says("答题"))
    phone.says(wrong(phone.says("答题")))
    renamed = [{**each, "id": "new", "alias": [missed]} if each["id"] == missed else each for each in SEVEN]
    small.holds(*renamed)

    assert f"第{missed}题" in phone.says("错题")


def test_an_answer_to_a_question_that_left_the_pack_is_not_taken_for_the_next_one(small):
    phone = small.town.phone()
    question = phone.says("答题")
    small.holds(*(each for each in SEVEN if each["id"] != stem(question)))

    reply = phone.says(letter(question))

    assert rows(small, answers) == []
    assert "【2/5】" in reply
    assert stem(reply) != stem(question)
    assert "【3/5】" in phone.says(letter(reply))


def test_an_answer_to_options_that_have_changed_is_asked_for_again(small):
    phone = small.town.phone()
    question = phone.says("答题")
    more = [*OPTIONS, {"id": "wu", "text": "说法wu"}]
    small.holds(*({**each, "options": more} for each in SEVEN))

    reply = phone.says(letter(question))

    assert rows(small, answers) == []
    assert "说法wu" in reply
    assert "答对了" in phone.says(letter(reply))


def test_a_round_whose_last_questions_left_the_pack_ends(small):
    phone = small.town.phone()
    question = phone.says("答题")
    phone.says(letter(question))
    small.holds(*(each for each in SEVEN if each["id"] == stem(question)))

    assert "5 题答对 1 题" in phone.says("继续")


def test_a_pack_change_in_the_middle_of_the_day_leaves_begun_rounds_as_they_are(small):
    begun, late = small.town.phone(), small.town.phone()
    first = begun.says("答题")
    begun.says("退出")
    small.holds(*SEVEN, *(a_question(f"q{number}", options=OPTIONS, answer=["jia"]) for number in (8, 9)))
    late.says("答题")

    assert begun.says("继续") == first


def test_nothing_in_the_pack_that_can_be_asked_is_said_politely(small):
    small.holds(a_question("q1", effective_to="2026-01-01"))

    assert "今天还没有可做的题" in small.town.phone().says("答题")


def test_one_message_counts_once_however_often_it_comes(small, redis):
    phone = small.town.phone()
    question = phone.says("答题")
    talk = {key: redis.get(key) for key in redis.keys("zhibu:talk:*")}
    first = phone.says(letter(question))
    for _ in range(3):
        redis.flushdb()
        redis.mset(talk)
        assert phone.repeats() == first

    assert [row.right for row in rows(small, answers)] == [True]


def test_an_old_answer_that_comes_again_later_does_not_answer_the_next_question(small, redis):
    phone = small.town.phone()
    question = phone.says("答题")
    talk = {key: redis.get(key) for key in redis.keys("zhibu:talk:*")}
    phone.says(letter(question))
    redis.flushdb()
    redis.mset(talk)

    reply = phone.says(letter(question))  # another message, from the talk before the first

    assert len(rows(small, answers)) == 1
    assert "【2/5】" in reply
    assert "答对了" not in reply


def test_neither_the_other_members_rows_nor_their_mistakes_count(small):
    noisy, phone = small.town.phone(), small.town.phone()
    round_of(noisy, mistakes=5)

    assert "没有要复习" in phone.says("错题")
    assert "1/5" in phone.says("答题")
    assert "答题" not in phone.says("我的数据")


def test_ones_own_tally_is_shown_and_goes_with_ones_data(small):
    phone = small.town.phone()
    round_of(phone, mistakes=1)

    shown = phone.says("我的数据")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert "共答 5 题，答对 4 题" in shown
    assert rows(small, answers) == []
    assert rows(small, rounds) == []
    assert "1/5" in phone.says("答题")


@pytest.mark.parametrize("way", ["menu", "scan", "follow"])
def test_a_menu_and_a_code_lead_to_the_quiz_too(small, way):
    phone = small.town.phone()
    reply = {
        "menu": lambda: phone.taps("quiz.daily"),
        "scan": lambda: phone.scans("quiz"),
        "follow": lambda: phone.follows("quiz"),
    }[way]()

    assert "【1/5】" in reply


def test_the_number_of_questions_a_day_is_a_setting(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, handlers={"quiz": {"questions_a_day": 2}})

    assert "【1/2】" in town.phone().says("答题")
    town.house.close()


def test_a_round_begun_yesterday_is_finished_as_yesterdays(small):
    phone = small.town.phone()
    question = phone.says("答题")
    small.town.clock.at += timedelta(hours=11, minutes=55)
    phone.says("继续")
    small.town.clock.forward(minutes=10)  # past midnight in Shanghai

    assert "【2/5】" in phone.says(letter(question))
    assert {row.day.day for row in rows(small, rounds)} == {23}


def test_a_round_of_mistakes_is_found_again_and_begun_once(small):
    phone = small.town.phone()
    round_of(phone, mistakes=3)
    first = phone.says("错题")
    second = phone.says(letter(first))
    phone.says("退出")
    question = second[second.rindex("【") :]

    assert phone.says("继续") == question
    assert phone.says("错题") == question
    assert len(rows(small, rounds)) == 2


def test_a_round_of_mistakes_whose_questions_are_gone_is_in_nobodys_way(small):
    phone = small.town.phone()
    round_of(phone, mistakes=5)
    phone.says("错题")
    phone.says("退出")
    small.holds(*(a_question(f"new{number}", options=OPTIONS, answer=["jia"]) for number in range(7)))

    assert "没有要复习的错题" in phone.says("错题")
    assert "没有进行到一半" in phone.says("继续")


def test_beginning_again_says_that_answers_stay(small):
    phone = small.town.phone()
    asked = phone.says(letter(phone.says("答题")))
    again = phone.says("重来")

    assert again == f"答过的 1 题已经记下，不能重答，接着做没答的：\n\n{asked[asked.rindex('【') :]}"


def test_beginning_again_goes_on_with_the_mistakes_that_are_open(small):
    phone = small.town.phone()
    round_of(phone, mistakes=2)

    assert phone.says("错题") == phone.says("重来")


def test_beginning_a_round_of_yesterday_again_gives_todays(small):
    phone = small.town.phone()
    phone.says(letter(phone.says("答题")))
    small.town.clock.forward(hours=20)
    phone.says("A")

    assert phone.says("重来").startswith("【1/5】")

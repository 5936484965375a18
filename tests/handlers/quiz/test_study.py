"""Where a member stands in what they study: told when they ask, at every door, and suggesting little."""

import json

from content.models import Question, QuestionType
from handlers.quiz import engine
from storage.quiz import rounds
from tests.handlers.quiz.small import letter, round_of, rows, stem, wrong
from tests.handlers.quiz.test_modes import through, two  # noqa: F401 - a fixture


def test_who_has_done_nothing_is_told_where_to_begin(small):
    told = small.town.phone().says("学习情况")

    assert "还没有答过题" in told
    assert "· 回复“答题”，做今天这组" in told
    assert "专题练习" not in told


def test_weak_topics_come_first_with_what_is_still_wrong_in_them(two):  # noqa: F811
    phone = two.town.phone()
    through(phone, phone.says("专题练习1"), mistakes=2)
    through(phone, phone.says("专题练习2"), mistakes=2)
    told = phone.says("学习情况")

    assert "一共答了 10 题次，答对 6。" in told
    assert told.index("准则：做过 3 题，2 题还没答对") < told.index("党章党规：做过 7 题，2 题还没答对")
    assert "· 回复“专题练习2”，练准则" in told
    assert told.count("· ") == 3


def test_what_was_put_right_makes_a_topic_weak_no_more(two):  # noqa: F811
    phone = two.town.phone()
    through(phone, phone.says("专题练习2"), mistakes=1)
    two.town.clock.forward(minutes=1)
    through(phone, phone.says("错题"))

    assert "还没答对" not in phone.says("学习情况")


def test_two_questions_of_a_topic_make_nobody_weak_in_it(small):
    phone = small.town.phone()
    phone.says(wrong(phone.says(wrong(phone.says("答题")))))
    phone.says("退出")
    two_tried = phone.says("学习情况")
    phone.says(letter(phone.says("继续")))
    phone.says("退出")

    assert "还没答对" not in two_tried
    assert "做过 3 题，2 题还没答对" in phone.says("学习情况")


def test_who_is_done_is_left_in_peace(small):
    phone = small.town.phone()
    round_of(phone)

    assert "歇一歇" in phone.says("学习情况")


def test_the_api_and_the_page_say_the_same_and_lead_on(small):
    mini, reader = small.town.mini("o-both", account="official"), small.town.reader("o-both")
    round_of(small.town.phone("o-both"), mistakes=2)
    small.town.clock.forward(minutes=1)
    study, page = mini.get("/quiz/study").body, reader.get("/p/quiz/study").text

    assert study == {
        "given": 5, "right": 3, "weak": [{"id": "dangzhang", "title": "党章党规", "tried": 5, "missed": 2}],
        "review": 2, "next_review": "2026-11-24",
        "suggested": [{"of": "mistakes", "id": ""}, {"of": "topic", "id": "dangzhang"}],
        "points": None,
    }  # fmt: skip
    assert "党章党规：做过 5 题，2 题还没答对" in page
    assert page.index("复习错题") < page.index("练这个专题")
    assert mini.post("/quiz/rounds", study["suggested"][1]).status == 200


def test_nobody_sees_another_ones(small):
    round_of(small.town.phone("o-one"), mistakes=2)

    assert small.town.mini("o-other", account="official").get("/quiz/study").body["given"] == 0


# -- the day's questions, of weak topics first -----------------------------------------------------------------------


def of_zhunze(small, phone):
    """How many of the day's questions are of the small topic, in the round that a phone begins."""
    phone.says("答题")
    phone.says("退出")
    newest = max(rows(small, rounds), key=lambda row: (row.day, row.name.startswith("daily")))
    return sum(id_.startswith("m") for id_ in json.loads(newest.questions))


def test_the_days_questions_are_of_weak_topics_first_where_the_file_says_so(two, tmp_path):  # noqa: F811
    two.begins_anew(tmp_path, weak_topics_first=True, questions_a_day=3)
    phone = two.town.phone("o-weak")
    through(phone, phone.says("专题练习2"), mistakes=3)
    two.town.clock.forward(days=1)

    assert of_zhunze(two, phone) == 3
    assert of_zhunze(two, phone) == 3
    assert [row.name for row in rows(two, rounds) if row.name.startswith("daily")] == ["daily:2026-11-24"]


def test_the_days_questions_are_everybodys_where_it_does_not(two, tmp_path):  # noqa: F811
    two.begins_anew(tmp_path, questions_a_day=3)
    phone = two.town.phone("o-weak")
    through(phone, phone.says("专题练习2"), mistakes=3)
    two.town.clock.forward(days=1)

    assert of_zhunze(two, phone) == of_zhunze(two, two.town.phone("o-other")) < 3


def test_who_is_weak_in_nothing_gets_everybodys(two, tmp_path):  # noqa: F811
    two.begins_anew(tmp_path, weak_topics_first=True, questions_a_day=3)
    first, second = two.town.phone("o-one").says("答题"), two.town.phone("o-two").says("答题")

    assert stem(first) == stem(second)


def test_several_weak_topics_share_the_day_and_what_lacks_is_everybodys():
    def named(letter_, number):
        return [
            Question(id=f"{letter_}{at}", type=QuestionType.JUDGE, stem=f"{letter_}{at}", answer=True)
            for at in range(number)
        ]

    ids = engine.weak_first(
        [named("a", 9), named("b", 1)], ["u1", "a0", "u2"], seed="s", count=5, known={"a0", "a1"}.__contains__
    )

    assert [id_[0] for id_ in ids] == ["a", "a", "a", "b", "u"]
    assert not {"a0", "a1"} & {*ids}

"""The rounds that members choose: a topic, a bank in its order, a challenge; in the chat, by the API and on pages."""

import json
import re

import pytest
import sqlalchemy as sa

from content.models import Question, QuestionType
from handlers.quiz import engine
from handlers.quiz.engine import marking
from handlers.quiz.engine.marking import Asked
from storage.places import Places, places
from storage.quiz import answers, rounds
from tests.content.builders import ACCOUNT, a_bank, a_question, write
from tests.handlers.quiz.small import OPTIONS, SEVEN, letter, rows, wrong
from tests.handlers.quiz.test_api import answered, begun, right_of, wrong_of
from tests.handlers.quiz.test_pages import asked, goes_on

MORE = [a_question(f"m{number}", options=OPTIONS, answer=["jia"], source="准则第一条") for number in range(1, 4)]


@pytest.fixture
def two(small):
    """Two topics with a bank each, and one without any."""
    write(small.folder / "account.toml", f'{ACCOUNT}\n[[topic]]\nid = "zhunze"\nname = "准则"\n')
    write(small.folder / "quizzes" / "more.toml", a_bank(*MORE, title="准则题库", topic="zhunze"))
    small.holds(*SEVEN)
    return small


def newest(reply):
    return re.findall(r"第(\w\d)题", reply[reply.rindex("【") :])[0]


def through(phone, reply, *, mistakes=0):
    """The stems of a round, all answered, and what was said at its end."""
    stems = []
    while "【" in reply:
        stems.append(newest(reply))
        reply = phone.says(wrong(reply) if mistakes > 0 else letter(reply))
        mistakes -= 1
    return stems, reply


# -- a topic ---------------------------------------------------------------------------------------------------------


def test_a_topic_is_chosen_by_its_number_and_asks_of_that_topic_alone(two):
    phone = two.town.phone()
    listed = phone.says("专题练习")
    stems, said = through(phone, phone.says("2"))

    assert "1. 党章党规（7 题）\n2. 准则（3 题）" in listed
    assert sorted(stems) == ["m1", "m2", "m3"]
    assert "这组专题做完了：3 题答对 3 题" in said


@pytest.mark.parametrize("said", ["准则", "２", "专题练习2", "专项 2"])
def test_a_topic_may_be_said_by_name_or_at_once(two, said):
    phone = two.town.phone()
    phone.says("专题练习")

    assert newest(phone.says(said)).startswith("m")


@pytest.mark.parametrize("said", ["3", "0", "党费", "99"])
def test_what_is_not_in_the_list_is_said_so_with_the_list(two, said):
    phone = two.town.phone()
    listed = phone.says("专题练习")

    assert phone.says(said) == f"没有这个专题。\n\n{listed}"
    assert rows(two, rounds) == []


def test_leaving_the_list_is_one_word_and_words_of_others_are_heard_in_it(two):
    phone = two.town.phone()
    phone.says("专题练习")
    news = phone.says("要闻")
    phone.says("专题练习")
    phone.says("退出")

    assert "请选一个专题" not in news
    assert "请选一个专题" not in phone.says("2")


@pytest.mark.parametrize("asked", ["专题练习", "顺序", "应战"])
def test_who_leaves_while_they_choose_is_told_the_word_that_leads_back_and_nothing_of_a_round(two, asked):
    phone = two.town.phone()
    chosen_from = phone.says(asked)
    left = phone.says("退出")

    assert "继续" not in left
    assert f"回复“{asked}”" in left
    assert phone.says(asked) == chosen_from


def test_questions_never_answered_come_first(tmp_path, two):
    two.begins_anew(tmp_path, questions_a_round=4)
    phone = two.town.phone()
    first, _ = through(phone, phone.says("专题练习 1"))
    two.town.clock.forward(minutes=1)
    second, _ = through(phone, phone.says("专题练习 1"))

    assert len(first) == len(second) == 4
    assert {each["id"] for each in SEVEN} == {*first, *second}


def test_a_topic_that_is_open_goes_on_and_another_one_begins_beside_it(two):
    phone = two.town.phone()
    reply = phone.says(letter(phone.says("专题练习2")))
    phone.says("退出")
    phone.says("专题练习1")
    phone.says("退出")

    assert phone.says("专题练习2") == reply[reply.rindex("【") :]
    assert len(rows(two, rounds)) == 2


def test_a_round_of_mistakes_that_is_open_is_found_beside_a_topic(two):
    phone = two.town.phone()
    phone.says(wrong(phone.says("答题")))
    mistakes = phone.says("错题")
    phone.says("专题练习2")

    assert phone.says("错题") == mistakes


def test_a_few_of_very_many_are_drawn_without_sorting_all_and_none_twice():
    looked_at = []
    many = [Question(id=f"q{n}", type=QuestionType.JUDGE, stem="？", answer=True) for n in range(1000)]

    def known(id_):
        looked_at.append(id_)
        return int(id_[1:]) < 500

    drawn = engine.some(many, seed="a", count=5, known=known)
    again = engine.some(many, seed="a", count=5, known=known)
    every_one = engine.some(many, seed="a", count=5, known=lambda id_: id_ != "q7")

    assert drawn == again
    assert len(set(drawn)) == 5
    assert all(int(each[1:]) >= 500 for each in drawn)
    assert len(set(looked_at)) <= 40
    assert every_one[0] == "q7"


# -- in order --------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_threes(tmp_path, small):
    """Rounds of three, of one bank of seven."""
    small.begins_anew(tmp_path, questions_a_round=3)
    return small


def test_a_bank_is_gone_through_in_its_order_and_then_from_the_first_again(by_threes):
    phone = by_threes.town.phone()
    parts = [through(phone, phone.says("顺序"))[0] for _ in range(4)]

    assert parts == [["q1", "q2", "q3"], ["q4", "q5", "q6"], ["q7"], ["q1", "q2", "q3"]]
    assert len(rows(by_threes, places)) == 1


def test_who_comes_back_after_days_goes_on_where_they_were(by_threes, redis):
    phone = by_threes.town.phone()
    reply = phone.says(letter(phone.says("顺序")))
    phone.says("退出")
    by_threes.town.clock.forward(days=3)

    assert phone.says("顺序") == reply[reply.rindex("【") :]


def test_two_members_have_two_places(by_threes):
    one, other = by_threes.town.phone(), by_threes.town.phone()
    through(one, one.says("顺序"))

    assert newest(other.says("顺序")) == "q1"
    assert newest(one.says("顺序")) == "q4"


def test_the_list_says_how_far_one_is_in_each_bank(two):
    phone = two.town.phone()
    phone.says("顺序")
    phone.says(letter(phone.says(letter(phone.says("2")))))
    phone.says("退出")

    assert "2. 准则题库（做到 2/3）" in phone.says("题库")


def test_a_place_is_kept_when_the_pack_changes_around_it(by_threes):
    phone = by_threes.town.phone()
    through(phone, phone.says("顺序"))
    new = a_question("q0", options=OPTIONS, answer=["jia"])
    by_threes.holds(new, *(each for each in SEVEN if each["id"] != "q5"))

    assert through(phone, phone.says("顺序"))[0] == ["q4", "q6", "q7"]


# -- a challenge -----------------------------------------------------------------------------------------------------


def test_a_challenge_ends_with_the_third_mistake(small):
    phone = small.town.phone()
    reply, given = phone.says("挑战"), 0
    for right in (True, False, True, False, False):
        assert f"【第 {given + 1} 题】" in reply
        reply, given = phone.says(letter(reply) if right else wrong(reply)), given + 1

    assert "挑战结束：答对 2 题，错了 3 题" in reply
    assert len(rows(small, answers)) == 5
    assert "【第 1 题】" in phone.says("挑战")


def test_a_challenge_without_mistakes_ends_with_the_pack(small):
    phone = small.town.phone()
    stems, said = through(phone, phone.says("挑战"))

    assert len(set(stems)) == 7
    assert "挑战结束：答对 7 题。" in said


def test_a_challenge_that_is_open_goes_on_with_its_mistakes_counted(small, redis):
    phone = small.town.phone()
    reply = phone.says("挑战")
    for _ in range(2):
        reply = phone.says(wrong(reply))
    redis.flushdb()

    reply = phone.says("继续")
    assert "【第 3 题】" in reply
    assert "错了 3 题" in phone.says(wrong(reply))


# -- by the API ------------------------------------------------------------------------------------------------------


def test_the_api_offers_topics_and_banks_and_begins_rounds_of_them(town):
    mini = town.mini("o-learner")
    offered = mini.get("/quiz/choices").body
    topic, bank = offered["topics"][0], offered["banks"][0]
    of_topic = mini.post("/quiz/rounds", {"of": "topic", "id": topic["id"]})
    in_order = mini.post("/quiz/rounds", {"of": "sequence", "id": bank["id"]})
    answered(mini, in_order, right_of(town, in_order))

    assert (of_topic.body["of"], in_order.body["of"]) == ("topic", "sequence")
    assert (bank["reached"], mini.get("/quiz/choices").body["banks"][0]["reached"]) == (0, 1)


def test_a_challenge_by_the_api_ends_on_the_server_whatever_the_client_goes_on_with(town):
    mini = town.mini("o-learner")
    going = begun(mini, "challenge")
    for _ in range(3):
        answered(mini, going, wrong_of(town, going))
        going = mini.get(f"/quiz/rounds/{going.body['id']}")
    with town.house.db.read() as connection:
        fourth = json.loads(connection.execute(sa.select(rounds.c.questions)).scalar_one())[3]
    question = town.house.shelf.current().question(fourth)
    shown = marking.choices(question, seed=going.body["id"], yes="正确", no="错误")
    after = mini.post(
        f"/quiz/rounds/{going.body['id']}/answers",
        {
            "position": 3,
            "look": Asked(question=question, case=None, shown=shown).look,
            "chosen": sorted(marking.right_ids(question)),
        },
    )

    assert going.body["question"] is None
    assert (going.body["wrong"], going.body["answered"]) == (3, 3)
    assert after.code == "not_open"


@pytest.mark.parametrize("wanted", [{"of": "topic", "id": "x"}, {"of": "sequence", "id": "x"}, {"of": "topic"}])
def test_what_can_not_be_chosen_is_said_so(town, wanted):
    refused = town.mini("o-learner").post("/quiz/rounds", wanted)

    assert (refused.status, refused.code) == (404, "no_such_choice")


# -- on pages --------------------------------------------------------------------------------------------------------


def begins(town, reader, of, id_=""):
    reader.get("/p/quiz/more")
    return asked(town, reader, reader.post("/p/quiz", {"of": of, "id": id_}).headers["Location"])


def test_pages_offer_topics_banks_and_the_challenge(town):
    reader = town.reader("o-learner")
    page = reader.get("/p/quiz/more").text
    ids = re.findall(r'name="id" value="([^"]+)"', page)
    library = town.house.shelf.current()
    first = begins(town, reader, "sequence", next(iter(library.banks)))
    goes_on(town, reader, first, right=True)

    assert set(ids) == {*library.banks, *(each.topic for each in library.banks.values())}
    assert "做到 1/" in reader.get("/p/quiz/more").text
    assert begins(town, reader, "topic", ids[0]).path != first.path


def test_a_challenge_on_pages_says_what_it_came_to(town):
    reader = town.reader("o-learner")
    question = begins(town, reader, "challenge")
    first = question.page
    for right in (True, False, False, False):
        question = goes_on(town, reader, question, right=right)

    assert "第 1 题，错了 0 题（满 3 题结束）" in first
    assert "<h1>挑战结束：答对 1 题</h1>" in question.page


def test_a_topic_that_is_not_there_begins_nothing(town):
    reader = town.reader("o-learner")
    reader.get("/p/quiz/more")

    assert reader.post("/p/quiz", {"of": "topic", "id": "x"}).headers["Location"] == "/p/quiz?none=1"


# -- whose -----------------------------------------------------------------------------------------------------------


def test_a_place_goes_with_ones_data(small):
    phone = small.town.phone()
    phone.says("顺序")
    before = rows(small, places)
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert len(before) == 1
    assert rows(small, places) == []


def test_two_who_become_one_keep_one_place_in_a_bank_and_all_others(db):
    kept = Places(db)
    for person, bank, round_ in (("gone", "a", "1"), ("gone", "b", "2"), ("into", "a", "3")):
        kept.put(person, bank=bank, round=round_)
    with db.begin() as connection:
        kept.unite(connection, "gone", "into")

    assert kept.of("into") == {"a": "3", "b": "2"}
    assert kept.of("gone") == {}

"""Questions that are only for some organisations: asked of their members, and of nobody else by any way."""

import pytest

from storage.cards import Cards
from storage.quiz import rounds
from tests.content.builders import a_question, write
from tests.handlers.quiz.small import OPTIONS, SEVEN, letter, rows, wrong
from tests.handlers.quiz.test_api import answered, begun
from tests.handlers.quiz.test_modes import newest, through

pytestmark = pytest.mark.variant

OURS = [a_question(f"z{number}", options=OPTIONS, answer=["jia"], audience=["zhibu"]) for number in range(1, 4)]
ALL = {each["id"] for each in (*SEVEN, *OURS)}
FOR_ALL = {each["id"] for each in SEVEN}


def binds(small, openid, organisation, *, verified=True):
    people = small.town.house.people
    who = people.meet(account="official", openid=openid, today=small.town.clock().date())
    people.rename(who.person, name="某某", verified=verified, organisation=organisation)


@pytest.fixture
def circles(small):
    """Seven questions for everybody and three for the members of 支部; o-ours is one of them, o-above of 党委 only."""
    binds(small, "o-ours", "zhibu")
    binds(small, "o-above", "dangwei")
    binds(small, "o-says", "zhibu", verified=False)
    small.holds(*SEVEN, *OURS)
    return small


OTHERS = ("o-above", "o-says", "o-nobody")


def asked_of(circles, openid, said):
    phone = circles.town.phone(openid)
    stems, _ = through(phone, phone.says(said))
    return set(stems)


@pytest.mark.parametrize("said", ["答题", "专题练习", "顺序", "挑战"])
def test_whoever_belongs_there_is_asked_them_and_others_are_not(tmp_path, circles, said):
    circles.begins_anew(tmp_path, questions_a_day=20, questions_a_round=50)

    assert asked_of(circles, "o-ours", said) == ALL
    assert [asked_of(circles, each, said) for each in OTHERS] == [FOR_ALL] * 3


def test_who_is_bound_below_an_organisation_is_asked_what_is_for_all_of_it(tmp_path, circles):
    circles.begins_anew(tmp_path, questions_a_day=20)
    circles.holds(*SEVEN, *({**each, "audience": ["dangwei"]} for each in OURS))

    assert asked_of(circles, "o-ours", "答题") == asked_of(circles, "o-above", "答题") == ALL
    assert asked_of(circles, "o-nobody", "答题") == FOR_ALL


def test_the_parts_of_a_case_are_for_whom_the_case_is_for(tmp_path, circles):
    circles.begins_anew(tmp_path, questions_a_day=20)
    case = a_question("an", type="case", without=["options", "answer"], audience=["zhibu"])
    circles.holds(*SEVEN, case, a_question("a1", case="an", options=OPTIONS, answer=["jia"]))

    assert asked_of(circles, "o-ours", "答题") == FOR_ALL | {"a1"}
    assert asked_of(circles, "o-nobody", "答题") == FOR_ALL


def test_numbers_of_what_can_be_chosen_count_what_one_is_asked(circles):
    ours, other = circles.town.reader("o-ours"), circles.town.reader("o-nobody")

    assert "10 题" in ours.get("/p/quiz/more").text
    assert "10 题" not in other.get("/p/quiz/more").text
    assert "7 题" in other.get("/p/quiz/more").text


def test_the_day_is_the_same_for_all_of_a_circle(circles):
    binds(circles, "o-too", "zhibu")
    for openid in ("o-ours", "o-nobody", "o-too", "o-above"):
        circles.town.phone(openid).says("答题")
    drawn = [row.questions for row in rows(circles, rounds)]

    assert len(drawn) == 4
    assert len(set(drawn)) == 2


def test_what_two_or_all_are_asked_is_for_everybody(tmp_path, circles):
    circles.begins_anew(tmp_path, questions_a_round=50)
    write(circles.folder / "exams" / "all.toml", 'title = "都考"\nminutes = 9\n[[part]]\ncount = 7\n')
    circles.holds(*SEVEN, *OURS)
    phone = circles.town.phone("o-ours")
    of_a_duel = asked_of(circles, "o-ours", "对战")
    phone.says("考试")
    phone.says("1")
    stems, _ = through(phone, phone.says("开始"))

    assert of_a_duel == set(stems) == FOR_ALL


# -- an exam that is only for some -----------------------------------------------------------------------------------

FOR_US = 'title = "我们的考试"\nminutes = 9\naudience = ["{0}"]\n{1}[[part]]\ncount = 10\n'


def holds_an_exam(circles, audience="zhibu", more=""):
    write(circles.folder / "exams" / "ours.toml", FOR_US.format(audience, more))
    circles.holds(*SEVEN, *OURS)


def can_sit(circles, openid):
    """Whether somebody is offered the exam, in the chat, on pages and by the API alike."""
    page, mini = circles.town.reader(openid).get("/p/quiz/exams").text, circles.town.mini(openid, account="official")
    offered = {
        "我们的考试" in circles.town.phone(openid).says("考试"),
        "我们的考试" in page,
        bool(mini.get("/quiz/exams").body["items"]),
        mini.post("/quiz/rounds", {"of": "exam", "id": "ours"}).status == 200,
    }
    assert len(offered) == 1
    return offered.pop()


def test_an_exam_is_for_whoever_belongs_there_and_asks_what_is_theirs(circles):
    holds_an_exam(circles)

    assert [can_sit(circles, each) for each in ("o-ours", *OTHERS)] == [True, False, False, False]
    phone = circles.town.phone("o-ours")
    assert set(through(phone, phone.says("考试"))[0]) == ALL


def test_an_exam_of_an_organisation_is_for_all_below_it(circles):
    circles.holds(*SEVEN, *({**each, "audience": ["dangwei"]} for each in OURS))
    write(circles.folder / "exams" / "ours.toml", FOR_US.format("dangwei", ""))
    circles.town.house.shelf.look()
    circles.town.house.shelf.look()

    assert [can_sit(circles, each) for each in ("o-ours", *OTHERS)] == [True, True, False, False]


def test_who_belongs_there_no_more_goes_on_with_what_they_sit_and_begins_no_other(circles):
    holds_an_exam(circles, more="practice = true\n")
    phone = circles.town.phone("o-ours")
    phone.says("考试")
    phone.says("1")
    first = phone.says("开始")
    binds(circles, "o-ours", "")
    _, over = through(phone, phone.says(letter(first)))
    listed, again = phone.says("考试"), phone.says("1")

    assert "100 分，合格" in over
    assert "1. 我们的考试（100 分，合格，模拟）" in listed
    assert "准备好了" not in again
    assert phone.says("开始") != first
    assert len(rows(circles, rounds)) == 1


def test_who_belongs_there_no_more_is_not_asked_their_mistakes_again(circles):
    circles.holds(*OURS)
    phone = circles.town.phone("o-ours")
    missed = phone.says("答题")
    phone.says(wrong(missed))
    phone.says("退出")
    circles.town.clock.forward(days=3)
    again = phone.says("错题")
    phone.says("退出")
    binds(circles, "o-ours", "dangwei")
    circles.town.clock.forward(days=1)

    assert newest(again) == newest(missed)
    assert "没有要复习的错题" in phone.says("错题")
    assert Cards(circles.town.house.db).of(who(circles, "o-ours"))  # the card stays for who comes back


def who(circles, openid):
    return circles.town.house.people.find(account="official", openid=openid).person


def test_a_round_that_was_begun_goes_on_for_whoever_began_it(circles):
    phone = circles.town.phone("o-ours")
    second = phone.says(letter(phone.says("答题")))
    binds(circles, "o-ours", "")

    assert newest(phone.says("答题")) == newest(second)


def test_the_api_asks_the_same(tmp_path, circles):
    circles.begins_anew(tmp_path, questions_a_day=20)
    circles.holds(*OURS)
    ours = circles.town.mini("o-ours", account="official")
    other = circles.town.mini("o-nobody", account="official")

    assert begun(ours).body["total"] == 3
    assert answered(ours, begun(ours), ["jia"]).status == 200
    assert begun(other).status == 404
    assert other.get("/quiz/choices").body == {"topics": [], "banks": []}

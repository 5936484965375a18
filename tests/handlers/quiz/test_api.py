"""The quiz by the API: the same rounds as in the chat, marked on the server alone."""

import pytest

from content.models import QuestionType
from handlers.quiz.engine import marking

pytestmark = pytest.mark.variant


@pytest.fixture
def mini(town):
    return town.mini("o-learner")


def begun(mini, of="today"):
    return mini.post("/quiz/rounds", {"of": of})


def right_of(town, answer):
    """The right ids of the question that is open, as the pack has them."""
    stem = answer.body["question"]["stem"]
    question = next(each for each in town.house.shelf.current().questions.values() if each.stem == stem)
    return right_to(question)


def right_to(question):
    """What is right: the ids of choices, or what goes into the blanks."""
    if question.type is QuestionType.FILL:
        return [accepted[0] for accepted in question.answer]
    return sorted(marking.right_ids(question))


def wrong_of(town, answer):
    right = right_of(town, answer)
    if answer.body["question"]["blanks"]:
        return ["错"] * len(right)
    return [next(each["id"] for each in answer.body["question"]["choices"] if [each["id"]] != right)]


def answered(mini, round_, chosen, **more):
    question = round_.body["question"]
    body = {
        "position": question["position"],
        "look": question["look"],
        "chosen" if not question["blanks"] else "filled": chosen,
        **more.pop("claims", {}),
    }
    return mini.post(f"/quiz/rounds/{round_.body['id']}/answers", body, **more)


def test_todays_round_has_the_questions_of_the_day_and_is_the_same_when_begun_again(town, mini):
    first, again = begun(mini), begun(mini)

    assert (first.status, first.body["total"], first.body["answered"]) == (200, 5, 0)
    assert again.body == first.body
    assert {choice["letter"] for choice in first.body["question"]["choices"]} <= set("ABCDEFGHIJ")


def test_what_is_begun_here_is_gone_on_with_in_the_chat(town):
    mini = town.mini("o-both", account="official")
    answered(mini, begun(mini), ["true"])
    here = begun(mini)

    assert town.phone("o-both").says("答题").startswith(f"【{here.body['question']['position'] + 1}/5】")


def test_a_right_answer_is_told_with_its_reason_and_the_next_question(town, mini):
    going = begun(mini)
    verdict = answered(mini, going, right_of(town, going))

    assert (verdict.status, verdict.body["right"]) == (200, True)
    assert verdict.body["source"]
    assert (verdict.body["round"]["answered"], verdict.body["round"]["right"]) == (1, 1)
    assert verdict.body["round"]["question"]["position"] == 1


@pytest.mark.parametrize(
    "claims",
    [{"right": True}, {"correct": True, "score": 100}, {"answered": 5, "round": {"right": 5}}],
    ids=["right", "score", "a whole round"],
)
def test_what_a_client_claims_of_its_own_answer_is_not_looked_at(town, mini, claims):
    going = begun(mini)
    verdict = answered(mini, going, wrong_of(town, going), claims=claims)

    assert (verdict.status, verdict.body["right"]) == (200, False)
    assert (verdict.body["round"]["answered"], verdict.body["round"]["right"]) == (1, 0)
    standing = {"begun": True, "answered": 1, "total": 0, "given": 1, "right": 0, "review": 1}
    assert mini.get("/quiz").body | {"total": 0} == standing


def test_a_repeat_with_the_same_key_gets_the_same_verdict_and_counts_once(town, mini):
    going = begun(mini)
    chosen = right_of(town, going)
    first = answered(mini, going, chosen, key="a-key-of-this-answer")
    again = answered(mini, going, chosen, key="a-key-of-this-answer")

    assert first.status == 200
    assert again.body == first.body
    assert mini.get("/quiz").body["given"] == 1


def test_a_second_answer_to_a_question_is_refused_whatever_its_key(town, mini):
    going = begun(mini)
    answered(mini, going, wrong_of(town, going), key="a-key-of-this-answer")
    same_key = answered(mini, going, right_of(town, going), key="a-key-of-this-answer")
    other_key = answered(mini, going, right_of(town, going))

    assert [(each.status, each.code) for each in (same_key, other_key)] == [(409, "answered")] * 2
    assert mini.get("/quiz").body["right"] == 0


def test_a_key_that_served_before_serves_for_nothing_else(town, mini):
    first = begun(mini)
    answered(mini, first, right_of(town, first), key="a-key-of-this-answer")
    second = begun(mini)

    assert answered(mini, second, right_of(town, second), key="a-key-of-this-answer").code == "answered"


def test_one_key_serves_two_members(town, mini):
    other = town.mini("o-other")
    verdicts = []
    for who in (mini, other):
        going = begun(who)
        verdicts.append(answered(who, going, right_of(town, going), key="the-same-key-by-chance"))

    assert [each.status for each in verdicts] == [200, 200]


def test_a_question_further_on_is_not_open_yet(town, mini):
    going = begun(mini)
    going.body["question"]["position"] = 3

    assert answered(mini, going, ["a"]).code == "not_open"


def test_an_answer_counts_only_for_the_question_as_it_was_shown(town, mini):
    going = begun(mini)
    going.body["question"]["look"] = "another look"

    assert answered(mini, going, right_of(town, going)).code == "changed"


@pytest.mark.parametrize("chosen", [["no such choice"], [], ["a", "b", "c", "d", "e"], "a", None])
def test_what_is_no_choice_is_refused_by_its_name(town, mini, chosen):
    refused = answered(mini, begun(mini), chosen)

    assert (refused.status, refused.code) == (422, "invalid")
    assert refused.body["field"].startswith("chosen")


def test_a_round_of_another_member_is_not_there(town, mini):
    theirs = begun(town.mini("o-other"))
    looked, tried = mini.get(f"/quiz/rounds/{theirs.body['id']}"), answered(mini, theirs, ["a"])

    assert [(each.status, each.code) for each in (looked, tried)] == [(404, "no_such_round")] * 2


def test_mistakes_are_listed_and_gone_through_again(town, mini):
    nothing = begun(mini, "mistakes")
    going = begun(mini)
    stem = going.body["question"]["stem"]
    answered(mini, going, wrong_of(town, going))
    listed, again = mini.get("/quiz/mistakes"), begun(mini, "mistakes")
    town.clock.forward(seconds=1)
    mended = answered(mini, again, right_of(town, again))

    assert (nothing.status, nothing.code) == (404, "no_mistakes")
    assert [each["stem"] for each in listed.body["items"]] == [stem]
    assert again.body["question"]["stem"] == stem
    assert mended.body["right"]
    assert mended.body["round"]["question"] is None
    assert mini.get("/quiz/mistakes").body == {"items": [], "total": 0, "today": 0, "next": None}


def test_a_round_of_mistakes_that_is_open_goes_on_here_and_in_the_chat(town):
    mini, phone = town.mini("o-both", account="official"), town.phone("o-both")
    going = begun(mini)
    answered(mini, going, wrong_of(town, going))

    first, second = begun(mini, "mistakes"), begun(mini, "mistakes")

    assert second.body == first.body
    assert first.body["question"]["stem"] in phone.says("错题")
    assert phone.says("继续").startswith("【1/1】")
    assert begun(mini, "mistakes").body["id"] == first.body["id"]


def test_the_whole_round_ends_without_a_question(town, mini):
    going = begun(mini)
    while going.body["question"]:
        answered(mini, going, right_of(town, going))
        going = mini.get(f"/quiz/rounds/{going.body['id']}")

    assert (going.body["answered"], going.body["right"]) == (5, 5)


@pytest.mark.parametrize("beyond", [0, 1, 900])
def test_an_answer_beyond_the_last_question_of_a_round_is_not_open(town, mini, beyond):
    going = begun(mini)
    question = going.body["question"]
    while going.body["question"]:
        answered(mini, going, right_of(town, going))
        going = mini.get(f"/quiz/rounds/{going.body['id']}")
    going.body["question"] = question | {"position": 5 + beyond}

    assert answered(mini, going, ["a"]).code == "not_open"

"""Binding by the API: the same codes, the same tries as in the chat."""

from datetime import timedelta

import pytest

from storage.roster import Entry

NOT_BOUND = {"bound": False, "name": "", "organisation": "", "role": ""}
ZHANG = {"bound": True, "name": "张三", "organisation": "示例第一党支部", "role": "书记"}


@pytest.fixture
def code(town):
    return issued(town, name="张三", role="书记")


@pytest.fixture
def mini(town, code):
    issued(town, name="李四")
    return town.mini("o-zhang")


def issued(town, *, days=30, **entry):
    until = town.clock() + timedelta(days=days)
    return town.house.roster.take_in([Entry(organisation="zhibu-1", **entry)], expires_at=until)[0].code


def joins(mini, code, **more):
    return mini.post("/membership", {"code": code, "consent": True}, **more)


def test_a_code_binds_however_it_is_typed(mini, code):
    before = mini.get("/membership").body
    bound = joins(mini, f" {code[:4].lower()}-{code[4:]} ")

    assert before == NOT_BOUND
    assert (bound.status, bound.body) == (200, ZHANG)
    assert mini.get("/membership").body == ZHANG


def test_a_repeat_finds_the_member_bound(mini, code):
    first = joins(mini, code, key="a-key-of-this-binding")
    again = joins(mini, code, key="a-key-of-this-binding")

    assert first.body == again.body == ZHANG


def test_ones_own_code_again_costs_no_try(mini, code):
    joins(mini, code)
    again = [joins(mini, code) for _ in range(6)]

    assert {each.status for each in again} == {200}
    assert again[-1].body == ZHANG
    assert "今天还可以试 3 次" in joins(mini, "22223334").body["message"]


def test_a_code_serves_once(town, mini, code):
    joins(mini, code)

    assert joins(town.mini(), code).code == "code_unknown"


def test_a_code_that_is_over_says_so(town, mini):
    late = issued(town, name="王五", days=1)
    town.clock.forward(days=2)

    assert (joins(mini, late).status, joins(mini, late).code) == (410, "code_expired")


def test_five_tries_a_day_are_shared_with_the_chat(town):
    phone, mini = town.phone("o-guesser"), town.mini("o-guesser", account="official")
    for _ in range(3):
        phone.says("绑定 2222-2222")
    refused = [joins(mini, "22222222") for _ in range(3)]

    assert [each.code for each in refused] == ["code_unknown", "code_unknown", "too_many_tries"]
    assert "今天还可以试 1 次" in refused[0].body["message"]
    assert refused[2].status == 429


def test_after_five_tries_nothing_tells_a_right_code_from_a_wrong_one(town, mini, code):
    for _ in range(5):
        joins(mini, "22222222")
    right = mini.post("/membership", {"code": code})  # who agrees to nothing isn't told to, either

    assert (right.status, right.code) == (429, "too_many_tries")


def test_codes_under_one_key_are_as_many_tries(town, mini, code):
    wrong = ("22222222", "33333333", "44444444", "55555555", "66666666", "77777777")
    tried = [joins(mini, each, key="a-key-of-many-guesses").code for each in wrong]

    assert tried == ["code_unknown"] * 5 + ["too_many_tries"]
    assert joins(mini, code, key="a-key-of-many-guesses").code == "too_many_tries"


def test_the_repeat_of_a_wrong_code_is_the_same_try(mini):
    tried = [joins(mini, "22222222", key="a-key-of-one-guess").body["message"] for _ in range(6)]

    assert {*tried} == {tried[0]}
    assert "今天还可以试 4 次" in tried[0]


def test_what_is_no_code_costs_no_try(mini, code):
    refused = [joins(mini, "不知道") for _ in range(6)]

    assert {(each.status, each.code, each.body["field"]) for each in refused} == {(422, "invalid", "code")}
    assert joins(mini, code).status == 200


def test_undoing_it_leaves_nobody_in_particular(mini, code):
    joins(mini, code)

    assert mini.delete("/membership").status == 204
    assert mini.get("/membership").body == NOT_BOUND


def test_who_binds_the_second_account_stays_signed_in_and_is_one_person(town, mini, code):
    phone = town.phone("o-zhang-here")
    phone.joins(f"绑定 {code}")
    until = town.clock() + timedelta(days=1)
    joins(mini, town.house.roster.reissue(name="张三", organisation="zhibu-1", expires_at=until))
    people = town.house.people

    assert mini.get("/membership").body == ZHANG
    assert (
        people.find(account="mini", openid=mini.openid).person
        == people.find(account="official", openid=phone.openid).person
    )

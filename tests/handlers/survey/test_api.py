"""Surveys and votes by the mini-program's API: one ballot each, nothing written but the round, results once."""

import pytest
import sqlalchemy as sa

from scheduler.postman import Postman
from storage.db import metadata
from storage.letterbox import letterbox
from tests.content.builders import a_pack
from tests.handlers.survey.test_survey import FILE, ends
from tests.house import a_town

VOTE = """
title = "学习时间"
opens = 2026-11-23
closes = 2126-11-30
public = true

[[question]]
id = "gai"
text = "同意改到周五吗"
options = [{ id = "ty", text = "同意" }, { id = "bty", text = "不同意" }]
carried_by = "ty"
needs = "two_thirds"
"""
BALLOT = {"survey": "shitang", "choices": {"hao": "5", "gai": "wei"}}


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url, monkeypatch):
    monkeypatch.setitem(Postman.__init__.__kwdefaults__, "pauses", (0.01, 0.02))  # every vote waits for a round
    folder = a_pack(tmp_path / "pack", {"surveys/shitang.toml": FILE, "surveys/shijian.toml": VOTE})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    yield town
    town.house.close()


def form(mini, survey="shitang"):
    return mini.post("/survey/forms", {"survey": survey}).body["form"]


def votes(mini, *, of=None, **changed):
    ballot = {**BALLOT, **changed}
    return mini.post("/survey/ballots", {"form": of or form(mini, ballot["survey"]), **ballot})


def is_known(town, mini):
    """The roster knows them."""
    town.house.people.rename(
        town.house.people.find(account="mini", openid=mini.openid).person, name="会员", verified=True
    )


def rows(town):
    with town.house.db.read() as connection:
        tables = [each for each in metadata.sorted_tables if each is not letterbox]
        return {each.name: connection.execute(sa.select(each)).all() for each in tables}


def test_a_member_is_told_what_there_is_and_hands_in_once(town):
    mini = town.mini()
    (asked,) = mini.get("/survey").body["items"]
    done = votes(mini)
    again = votes(mini, of="made up")

    assert (asked["key"], asked["title"], asked["about"], asked["closes"]) == (
        "shitang",
        "食堂",
        "两道题。",
        "2126-11-30",
    )
    assert asked["vote"] is False
    assert [each["text"] for each in asked["questions"][0]["choices"]] == ["1 不好吃", "2", "3", "4", "5 好吃"]
    assert (done.status, done.body) == (201, {"kept": True, "closes": "2126-11-30"})
    assert mini.get("/survey").body["items"] == []
    assert mini.post("/survey/forms", {"survey": "shitang"}).code == "before"
    assert again.code == "old_form"


def test_two_devices_of_a_member_hand_in_one_ballot(town):
    one = town.mini()
    other = town.mini(one.openid)
    forms = form(one), form(other)
    first, second, repeat = votes(one, of=forms[0]), votes(other, of=forms[1]), votes(one, of=forms[0])

    assert first.status == 201
    assert [(each.status, each.code) for each in (second, repeat)] == [(409, "before"), (409, "before")]


def test_a_form_is_good_for_who_got_it_and_for_that_survey(town):
    mini, other = town.mini(), town.mini()
    for each in (mini, other):
        is_known(town, each)
    borne = form(mini)
    wrong = [votes(other, of=borne), votes(mini, of=borne, survey="shijian", choices={"gai": "ty"})]

    assert [(each.status, each.code) for each in wrong] == [(409, "old_form")] * 2
    assert votes(mini, of=borne).status == 201


def test_a_form_of_the_day_before_yesterday_is_too_old(town):
    mini = town.mini()
    borne = form(mini)
    town.clock.forward(days=2)

    assert votes(mini, of=borne).code == "old_form"
    assert votes(mini).status == 201


@pytest.mark.parametrize("choices", [{"hao": "6"}, {"no": "5"}, {"hao": "wei"}], ids=["step", "question", "of another"])
def test_what_was_not_offered_is_refused_and_spends_no_ballot(town, choices):
    mini = town.mini()
    refused = votes(mini, choices=choices)

    assert (refused.status, refused.body["field"]) == (422, "choices")
    assert votes(mini, choices={}).status == 201


def test_who_may_not_vote_neither_sees_the_vote_nor_hands_in(town):
    mini = town.mini()
    refused = mini.post("/survey/forms", {"survey": "shijian"})
    before = [each["key"] for each in mini.get("/survey").body["items"]]
    is_known(town, mini)
    after = {each["key"]: each for each in mini.get("/survey").body["items"]}

    assert (refused.status, refused.code) == (410, "over")
    assert before == ["shitang"]
    assert after["shijian"]["vote"] is True
    assert after["shijian"]["questions"][0]["two_thirds"] is True
    assert votes(mini, survey="shijian", choices={"gai": "ty"}).status == 201


def test_asking_and_handing_in_write_nothing_but_the_round(town):
    """The mark, which goes with a later round, is a letter of it too."""
    town.mini()
    mini = town.mini()
    before = rows(town)
    mini.get("/survey")
    votes(mini)

    assert rows(town) == before
    assert town.house.postman.is_at_work()


def test_nobody_is_told_anything_before_the_end_and_then_of_five_or_more(town):
    for number in range(12):
        mini = town.mini()
        is_known(town, mini)
        votes(mini)
        votes(mini, survey="shijian", choices={"gai": "ty" if number < 9 else "bty"})
    before = town.mini().get("/survey/results").body
    ends(town)
    told = {each["title"]: each for each in town.mini().get("/survey/results").body["items"]}

    assert before == {"items": []}
    assert told["食堂"]["count"] == 12
    assert told["食堂"]["questions"][1]["counts"] == [
        {"choices": ["味道"], "count": 12},
        {"choices": ["价钱"], "count": 0},
        {"choices": ["没有答"], "count": 0},
    ]
    assert told["食堂"]["questions"][1]["carried"] is None
    (vote,) = told["学习时间"]["questions"]
    assert (vote["carried"], vote["voted"], vote["two_thirds"]) == (True, True, True)
    assert vote["counts"] == [{"choices": ["同意", "不同意", "没有答"], "count": 12}]


def test_of_an_address_nothing_tells_in_which_one_took_part(town):
    """Keys stand in bodies."""
    paths = [each for each in town.client.get("/api/openapi.json").get_json()["paths"] if "/survey" in each]

    assert len(paths) == 4
    assert [path for path in paths if "{" in path] == []

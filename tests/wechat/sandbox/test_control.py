"""The control API refuses with a reason, lists, and sends the bot's broadcasts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage
from wechat.sandbox.knobs import Knob, Knobs
from wechat.sandbox.platform import ENDPOINTS
from wechat.sandbox.presets import PRESETS, Preset


@pytest.mark.parametrize(
    ("action", "body", "status", "error"),
    [
        ("follow", {"openid": "o-nobody"}, 404, "no_member"),
        ("follow", {}, 400, "bad_openid"),
        ("members", {"account": "nobody"}, 404, "no_account"),
        ("members", {}, 400, "bad_account"),
        ("dance", {"openid": "o"}, 404, "no_action"),
        ("knobs", {"path": "*", "effect": "explode"}, 400, "bad_effect"),
        ("knobs", {"path": "*", "effect": "hold"}, 400, "bad_effect"),
        ("knobs", {"path": "webhook", "effect": "fail", "value": 1}, 400, "bad_effect"),
        ("knobs", {"path": "*", "effect": "quota", "value": 1}, 400, "bad_path"),
        ("knobs", {"path": "/nowhere", "effect": "drop_before"}, 400, "bad_path"),
        ("knobs", {"path": "*", "effect": "fail"}, 400, "bad_value"),
        ("knobs", {"path": "*", "effect": "delay", "value": 3600}, 400, "bad_value"),
        ("knobs", {"path": "*", "effect": "delay", "value": "nan"}, 400, "bad_value"),
        ("knobs", {"path": "*", "effect": "drop_before", "times": -1}, 400, "bad_times"),
        ("knobs", {"preset": "flood"}, 400, "bad_preset"),
        ("clock", {"advance_seconds": "soon"}, 400, "bad_advance_seconds"),
        ("clock", {"advance_seconds": -60}, 400, "bad_advance_seconds"),
        ("broadcasts", {"key": "x"}, 404, "no_broadcasts"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    stage: Stage, action: str, body: dict[str, Any], status: int, error: str
) -> None:
    response = stage.http.post(f"/sandbox/{action}", json=body)

    assert (response.status_code, response.get_json()) == (status, {"error": error})


def test_who_does_not_follow_cannot_write_and_who_does_cannot_follow_again(stage: Stage) -> None:
    stranger, follower = stage.a_member(), stage.a_follower()

    assert stage.phone("say", openid=stranger, text="在吗") == {"error": "not_following"}
    assert stage.phone("unfollow", openid=stranger) == {"error": "not_following"}
    assert stage.phone("follow", openid=follower) == {"error": "already_following"}
    assert stage.phone("consent", openid=follower, template_id="none") == {"error": "no_template"}


def test_members_are_listed_by_account_and_numbered_when_nameless(stage: Stage) -> None:
    first = stage.a_member()
    named = stage.phone("members", account="official", nickname="小党员")["openid"]
    listed = stage.http.get("/sandbox/members", query_string={"account": "official"}).get_json()
    other = stage.http.get("/sandbox/members", query_string={"account": "other"}).get_json()

    assert {one["openid"]: one["nickname"] for one in listed} == {first: "成员1", named: "小党员"}
    assert other == []


class Door:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def list(self) -> tuple[tuple[str, str], ...]:
        return (("daily", "每日要闻"),)

    def send(self, key: str) -> str:
        self.sent.append(key)
        return f"{key}:2026-11-23"


def test_the_button_lists_and_sends_the_bots_broadcasts(tmp_path: Path) -> None:
    door = Door()
    with a_stage(tmp_path, broadcasts=door) as stage:
        listed = stage.http.get("/sandbox/broadcasts").get_json()
        said = stage.phone("broadcasts", key="daily")

        assert listed == [{"key": "daily", "title": "每日要闻"}]
        assert said == {"said": "daily:2026-11-23"}
        assert door.sent == ["daily"]


def hits(knobs: Knobs, path: str) -> dict[str, float]:
    return {effect: knob.value for effect, knob in knobs.take(path).items()}


def test_a_fault_holds_for_its_times_and_its_path_only() -> None:
    knobs = Knobs()
    knobs.turn(Knob(path="/a", effect="fail", value=1, times=2))
    knobs.turn(Knob(path="*", effect="delay", value=3, times=0))

    assert hits(knobs, "/b") == {"delay": 3}
    assert [hits(knobs, "/a") for _ in range(3)] == [{"fail": 1, "delay": 3}, {"fail": 1, "delay": 3}, {"delay": 3}]
    assert hits(knobs, "webhook") == {}
    assert [(knob["effect"], knob["hits"]) for knob in knobs.listed()] == [("delay", 4)]


def test_a_fault_may_let_some_calls_go_by_first() -> None:
    knobs = Knobs()
    knobs.turn(Knob(path="/a", effect="fail", value=-1, after=2, times=2))
    others = hits(knobs, "/b")

    assert others == {}
    assert [hits(knobs, "/a") for _ in range(5)] == [{}, {}, {"fail": -1}, {"fail": -1}, {}]


def test_one_fault_is_taken_back_and_the_others_stay(stage: Stage) -> None:
    first = stage.phone("knobs", preset="busy")[0]["id"]
    second = stage.phone("knobs", preset="slow")[1]["id"]
    left = stage.http.delete(f"/sandbox/knobs/{first}").get_json()
    none = stage.http.delete("/sandbox/knobs").get_json()

    assert [knob["id"] for knob in left] == [second]
    assert none == []


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_can_be_turned_and_says_what_may_be_set(stage: Stage, preset: Preset) -> None:
    turned = stage.phone("knobs", preset=preset.id, times=7, after=1)
    listed = {one["id"]: one for one in stage.http.get("/sandbox/presets").get_json()["presets"]}

    assert [(knob["effect"], knob["times"], knob["after"]) for knob in turned] == [(preset.knob.effect, 7, 1)]
    assert [ask["name"] for ask in listed[preset.id]["asks"]] == [name for name, _ in preset.asks]
    assert preset.source.startswith("§")


def test_the_process_says_that_it_lives(stage: Stage) -> None:
    assert stage.http.get("/healthz").get_json() == {"ok": True}


ODD = [{}, [], [{}], [None], {"a": 1}, 10**30, -1, 1.5, True, None, "", "x", "\ud800", "\x00"]
PARTS = ["filter", "text", "image", "images", "voice", "mpnews", "action_info", "tag", "msgmenu", "data"]
FIELDS = [
    "touser",
    "openid",
    "tag_id",
    "tagid",
    "openid_list",
    "user_list",
    "user_id",
    "msgtype",
    "template_id",
    "media_id",
    "msg_id",
    "speed",
    "index",
    "article_idx",
    "article_id",
    "publish_id",
    "articles",
    "offset",
    "count",
    "type",
    "tid",
    "kidList",
    "priTmplId",
    "scene",
    "clientmsgid",
    "action_name",
    "expire_seconds",
    "button",
    "matchrule",
    "menuid",
    "cgi_path",
    "rid",
    "appid",
    "command",
    "next_openid",
    "remark",
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_no_honest_program_sends_breaks_nothing(stage: Stage, odd: Any) -> None:
    inside = {part: dict.fromkeys(("media_id", "media_ids", "content", "tag_id", "scene", "id"), odd) for part in PARTS}
    body = {**dict.fromkeys(FIELDS, odd), **inside, "touser": stage.a_follower(), "msgtype": "text"}
    for path in (path for path, one in ENDPOINTS.items() if "POST" in one.methods):
        for sent in (dict.fromkeys([*FIELDS, *PARTS], odd), body):
            raw = json.dumps(sent).encode()
            response = stage.http.post(path, query_string={"access_token": stage.token}, data=raw)

            assert response.status_code == 200, path

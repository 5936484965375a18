"""Menus, typed from wechat-platform.md §4."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend

CLICK = {"type": "click", "name": "答题", "key": "quiz"}
VIEW = {"type": "view", "name": "官网", "url": "https://example.org/"}
WITH_SUBS = {"name": "学习", "sub_button": [CLICK, VIEW]}


def made(stage: Stage, *buttons: Any) -> int:
    return stage.code("/cgi-bin/menu/create", {"button": list(buttons)})


def test_a_menu_is_kept_as_made_and_shown_in_both_ways(stage: Stage) -> None:
    created = made(stage, WITH_SUBS, VIEW)
    held = stage.get("/cgi-bin/menu/get")
    current = stage.get("/cgi-bin/get_current_selfmenu_info")

    assert created == 0
    assert held == {"menu": {"button": [WITH_SUBS, {**VIEW, "sub_button": []}]}}
    assert current["is_menu_open"] == 1
    assert current["selfmenu_info"]["button"][0]["sub_button"] == {"list": [CLICK, VIEW]}


def test_phones_show_the_consoles_menu_until_the_api_makes_another(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(menu=(CLICK,))) as stage:
        stage.signs_in()
        before = stage.get("/cgi-bin/get_current_selfmenu_info")["selfmenu_info"]["button"]
        of_the_api = stage.get("/cgi-bin/menu/get")["errcode"]
        made(stage, VIEW)
        after = stage.get("/cgi-bin/get_current_selfmenu_info")["selfmenu_info"]["button"]

    assert (before, of_the_api, after) == ([CLICK], 46003, [VIEW])


def test_a_deleted_menu_is_gone(stage: Stage) -> None:
    made(stage, CLICK)
    deleted = stage.get("/cgi-bin/menu/delete")

    assert deleted["errcode"] == 0
    assert stage.get("/cgi-bin/menu/get")["errcode"] == 46003


@pytest.mark.parametrize(
    "button",
    [
        {**CLICK, "name": "五个汉字了a"},
        {**CLICK, "key": "k" * 128},
        {**VIEW, "url": "https://example.org/".ljust(1024, "a")},
        {"name": "菜单", "sub_button": [{**CLICK, "name": "汉" * 20}] * 5},
    ],
    ids=["16 bytes of name", "128 bytes of key", "1024 bytes of url", "five of 60 bytes"],
)
def test_what_just_fits_is_taken(stage: Stage, button: dict[str, Any]) -> None:
    assert made(stage, button) == 0


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ([{**CLICK, "name": "五个汉字了ab"}], 40018),
        ([{**CLICK, "name": ""}], 40018),
        ([{**CLICK, "key": "k" * 129}], 40019),
        ([{"type": "click", "name": "答题"}], 40019),
        ([{**VIEW, "url": "https://example.org/".ljust(1025, "a")}], 40020),
        ([{**VIEW, "url": "ftp://example.org/"}], 40055),
        ([{**CLICK, "type": "poke"}], 40017),
        ([{"name": "空"}], 40017),
        ([{"name": "学习", "sub_button": [CLICK] * 6}], 40023),
        ([{"name": "学习", "sub_button": [{**CLICK, "type": "poke"}]}], 40024),
        ([{"name": "学习", "sub_button": [{**CLICK, "name": "汉" * 20 + "a"}]}], 40025),
        ([{"name": "学习", "sub_button": [{**CLICK, "key": "k" * 129}]}], 40026),
        ([{"name": "学习", "sub_button": [{**VIEW, "url": ""}]}], 40027),
        ([{"name": "学习", "sub_button": [{**VIEW, "url": "javascript:1"}]}], 40054),
        ([{"name": "学习", "sub_button": [WITH_SUBS]}], 40022),
    ],
)
def test_what_does_not_fit_is_refused_with_its_code(stage: Stage, buttons: list[Any], code: int) -> None:
    assert made(stage, *buttons) == code


def test_escaped_hanzi_are_refused(stage: Stage) -> None:
    body = b'{"button": [{"type": "click", "name": "\\u7b54\\u9898", "key": "quiz"}]}'

    assert stage.code("/cgi-bin/menu/create", body) == 40033


@pytest.mark.parametrize(("body", "code"), [(b"", 44002), (b"{", 47001), (b"[]", 47001)])
def test_a_body_that_is_no_object_is_refused(stage: Stage, body: bytes, code: int) -> None:
    assert stage.code("/cgi-bin/menu/create", body) == code


def test_the_wrong_method_is_refused(stage: Stage) -> None:
    assert stage.get("/cgi-bin/menu/create")["errcode"] == 43002


def test_a_thousand_menus_a_day_are_all_and_the_quota_says_so(tmp_path: Path) -> None:
    spend(tmp_path, "/cgi-bin/menu/create", 999)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        codes = [made(stage, CLICK), made(stage, CLICK)]
        quota = stage.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/menu/create"})["quota"]

        assert codes == [0, 45009]
        assert quota == {"daily_limit": 1000, "used": 1000, "remain": 0}


def test_a_cleared_quota_begins_anew_ten_times_a_month(stage: Stage) -> None:
    body = {"appid": "wxba5fad812f8e6fb9"}
    made(stage, CLICK)
    cleared = [stage.code("/cgi-bin/clear_quota", body) for _ in range(11)]
    quota = stage.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/menu/create"})["quota"]

    assert cleared == [0] * 10 + [48006]
    assert quota["used"] == 0


def test_an_unknown_path_has_no_quota_and_no_answer(stage: Stage) -> None:
    assert stage.code("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/nothing"}) == 76021
    assert stage.get("/cgi-bin/nothing")["errcode"] == 40066


def added(stage: Stage, rule: Any, *buttons: Any) -> Any:
    return stage.post("/cgi-bin/menu/addconditional", {"button": list(buttons) or [CLICK], "matchrule": rule})


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({}, 65304),
        ({"tag_id": ""}, 65304),
        ({"sex": "1"}, 65320),
        ({"tag_id": "100", "country": "中国"}, 65320),
        ({"tag_id": "100", "language": "zh_CN"}, 65320),
        ({"tag_id": "100"}, 0),
        ({"client_platform_type": "2"}, 0),
    ],
)
def test_a_conditional_menu_goes_by_tag_and_by_nothing_private(stage: Stage, rule: Any, code: int) -> None:
    made(stage, CLICK)

    assert added(stage, rule).get("errcode", 0) == code


def test_a_conditional_menu_leads_to_three_domains_at_most(stage: Stage) -> None:
    made(stage, CLICK)
    links = [{**VIEW, "url": f"https://{host}.example/"} for host in "abcd"]
    codes = [added(stage, {"tag_id": "100"}, {"name": "链接", "sub_button": some}) for some in (links[:3], links)]

    assert [answer.get("errcode", 0) for answer in codes] == [0, 65316]


def test_a_phone_shows_the_menu_of_its_member(stage: Stage) -> None:
    made(stage, CLICK)
    ann, bob = stage.a_follower(), stage.a_follower()
    tag = stage.post("/cgi-bin/tags/create", {"tag": {"name": "一支部"}})["tag"]["id"]
    added(stage, {"tag_id": str(tag)}, VIEW)
    stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [ann]})
    shown = [stage.http.get("/sandbox/chat", query_string={"openid": who}).get_json()["menu"] for who in (ann, bob)]

    assert [json.loads(menu)[0]["name"] for menu in shown] == [VIEW["name"], CLICK["name"]]


def test_an_account_that_is_not_verified_has_no_conditional_menus(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(verified=False)) as stage:
        stage.signs_in()

        assert (made(stage, CLICK), added(stage, {"tag_id": "100"})["errcode"]) == (0, 48001)

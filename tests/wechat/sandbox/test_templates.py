"""The library of templates and what an account makes of it, typed from wechat-platform.md §2.4, §3.2 and §3.3."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account

TITLES, KEYWORDS, ADD, DELETE = (
    f"/wxaapi/newtmpl/{name}"
    for name in ("getpubtemplatetitles", "getpubtemplatekeywords", "addtemplate", "deltemplate")
)
GOOD = {"tid": "1001", "kidList": [2, 3], "sceneDesc": "开会提醒"}


def test_the_library_is_listed_by_category_and_page(stage: Stage) -> None:
    categories = stage.get("/wxaapi/newtmpl/getcategory")["data"]
    first = stage.get(TITLES, ids="101,102", start=0, limit=1)
    rest = stage.get(TITLES, ids="101,102", start=1, limit=30)
    one = stage.get(TITLES, ids="102", start=0, limit=30)

    assert [set(each) for each in categories] == [{"id", "name"}] * 2
    assert (first["count"], len(first["data"]), len(rest["data"])) == (3, 1, 2)
    assert first["data"][0] == {"tid": 1001, "title": "会议通知", "type": 2, "categoryId": "101"}
    assert [each["categoryId"] for each in one["data"]] == ["102"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": "a"}, 200016),
        ({"limit": 31}, 200017),
        ({"limit": 0}, 200017),
        ({"ids": ""}, 200018),
        ({"ids": "101,999"}, 200019),
        ({"ids": '"101,102"'}, 200019),
    ],
)
def test_a_wrong_question_to_the_library_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert stage.get(TITLES, **{"ids": "101", "start": 0, "limit": 30, **change})["errcode"] == code


def test_a_title_offers_fields_with_the_kind_of_their_values(stage: Stage) -> None:
    offered = stage.get(KEYWORDS, tid=1001)

    assert offered["count"] == len(offered["data"]) == 6
    assert offered["data"][1] == {"kid": 2, "name": "会议时间", "example": "2026年11月23日 09:00", "rule": "time"}
    assert stage.get(KEYWORDS, tid=7)["errcode"] == 200014


@pytest.mark.parametrize("as_json", [True, False], ids=["JSON", "form"])
def test_a_template_is_made_of_a_form_and_of_json(stage: Stage, as_json: bool) -> None:  # noqa: FBT001
    body = GOOD if as_json else b"tid=1001&kidList=2&kidList=3&sceneDesc=%E5%BC%80%E4%BC%9A"
    made = stage.post(ADD, body)["priTmplId"]
    (template,) = [one for one in stage.get("/wxaapi/newtmpl/gettemplate")["data"] if one["priTmplId"] == made]

    assert (template["title"], template["type"]) == ("会议通知", 2)
    assert template["content"] == "会议时间：{{time2.DATA}}\n会议地点：{{thing3.DATA}}"
    assert stage.post(DELETE, {"priTmplId": made} if as_json else f"priTmplId={made}".encode())["errcode"] == 0
    assert stage.code(DELETE, {"priTmplId": made}) == 40037


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tid": "7"}, 200014),
        ({"tid": 1001}, 200014),
        ({"kidList": [2]}, 200020),
        ({"kidList": [1, 2, 3, 4, 5, 6]}, 200020),
        ({"kidList": [2, 2]}, 200020),
        ({"kidList": [2, 99]}, 200020),
        ({"kidList": "2,3"}, 200020),
        ({"sceneDesc": "会" * 16}, 200021),
    ],
)
def test_a_template_that_breaks_a_rule_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert stage.code(ADD, {**GOOD, **change}) == code


def test_an_account_has_twenty_five(stage: Stage) -> None:
    codes = [stage.code(ADD, GOOD) for _ in range(25)]

    assert codes == [0] * 24 + [200012]


def test_what_one_account_makes_or_drops_stays_its_own(tmp_path: Path) -> None:
    other = an_account(name="other", appid="wx-other")
    with a_stage(tmp_path, an_account(), other) as stage:
        stage.signs_in()
        made = stage.post(ADD, GOOD)["priTmplId"]
        dropped = stage.code(DELETE, {"priTmplId": "study"})
        mine = {one["priTmplId"] for one in stage.get("/wxaapi/newtmpl/gettemplate")["data"]}
        member = stage.a_member()
        offered = stage.http.get("/sandbox/templates", query_string={"openid": member}).get_json()
        stage.token = stage.stable(appid="wx-other")["access_token"]
        theirs = {one["priTmplId"] for one in stage.get("/wxaapi/newtmpl/gettemplate")["data"]}

        assert dropped == 0
        assert (mine, theirs) == ({made}, {"study"})
        assert [one["id"] for one in offered] == [made]


def test_a_template_of_messages_is_dropped_by_its_own_call_alone(stage: Stage) -> None:
    crossed = (
        stage.code(DELETE, {"priTmplId": "result"}),
        stage.code("/cgi-bin/template/del_private_template", {"template_id": "study"}),
    )
    dropped = stage.code("/cgi-bin/template/del_private_template", {"template_id": "result"})
    left = [one["template_id"] for one in stage.get("/cgi-bin/template/get_all_private_template")["template_list"]]

    assert (crossed, dropped) == ((40037, 40037), 0)
    assert left == ["old"]


@pytest.mark.parametrize("account", [{"verified": False}, {"kind": "subscription"}])
def test_no_other_account_has_templates(tmp_path: Path, account: dict[str, Any]) -> None:
    with a_stage(tmp_path, an_account(**account)) as stage:
        stage.signs_in()

        assert stage.code(ADD, GOOD) == 48001
        assert stage.get("/wxaapi/newtmpl/getcategory")["errcode"] == 48001


def test_a_mini_program_chooses_templates_too(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()

        assert stage.code(ADD, GOOD) == 0

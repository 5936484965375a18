"""Subscription notices and template messages, typed from wechat-platform.md §3.2 to §3.4."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account
from wechat.sandbox.account import Template

GOOD = {"thing1": {"value": "二十大报告选读"}, "time2": {"value": "2026年11月23日 08:00"}}


def notice(stage: Stage, openid: str, **change: Any) -> int:
    body = {"touser": openid, "template_id": "study", "data": GOOD, **change}
    return stage.code("/cgi-bin/message/subscribe/bizsend", body)


def accepts(stage: Stage, openid: str, **more: Any) -> None:
    stage.phone("consent", openid=openid, template_id="study", **more)


def test_one_acceptance_is_one_notice(stage: Stage) -> None:
    openid = stage.a_follower()
    before = notice(stage, openid)
    accepts(stage, openid, accept=True)
    accepts(stage, openid, accept=True)

    assert before == 43101
    assert [notice(stage, openid) for _ in range(3)] == [0, 0, 43101]
    assert stage.texts(openid)[-1] == "学习提醒\n内容：二十大报告选读\n时间：2026年11月23日 08:00"


def test_a_refusal_adds_nothing_and_a_refusal_in_the_settings_takes_all(stage: Stage) -> None:
    openid = stage.a_follower()
    accepts(stage, openid, accept=False)
    after_no = notice(stage, openid)
    accepts(stage, openid, accept=True)
    accepts(stage, openid, accept=False, in_settings=True)

    assert (after_no, notice(stage, openid)) == (43101, 43101)


def test_a_credit_never_runs_out_by_itself_and_works_after_leaving(stage: Stage) -> None:
    openid = stage.a_follower()
    accepts(stage, openid, accept=True)
    stage.phone("unfollow", openid=openid)
    stage.clock.goes_on(days=400)
    stage.signs_in()

    assert notice(stage, openid) == 0


def test_a_notice_to_nobody_or_by_no_template_is_refused(stage: Stage) -> None:
    openid = stage.a_follower()

    assert notice(stage, "o-nobody") == 40003
    assert notice(stage, openid, template_id="none") == 40037
    assert notice(stage, openid, template_id="result") == 40037


def test_an_official_accounts_notice_is_answered_without_a_message_id(stage: Stage) -> None:
    openid = stage.a_follower()
    accepts(stage, openid, accept=True)
    body = {"touser": openid, "template_id": "study", "data": GOOD}

    assert stage.post("/cgi-bin/message/subscribe/bizsend", body) == {"errcode": 0, "errmsg": "ok"}


def test_the_list_of_templates_says_what_to_fill(stage: Stage) -> None:
    listed = stage.get("/wxaapi/newtmpl/gettemplate")["data"]
    private = stage.get("/cgi-bin/template/get_all_private_template")["template_list"]

    assert [(one["priTmplId"], one["title"], one["type"]) for one in listed] == [("study", "学习提醒", 2)]
    assert listed[0]["content"] == "内容：{{thing1.DATA}}\n时间：{{time2.DATA}}"
    assert [one["template_id"] for one in private] == ["result", "old"]


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", "汉" * 20, "汉" * 21),
        ("thing1", "a", ""),
        ("thing1", "一行", "两\n行"),
        ("number1", "1" * 32, "1" * 33),
        ("number1", "3.14", "三"),
        ("letter1", "a" * 32, "a" * 33),
        ("letter1", "abc", "abc1"),
        ("symbol1", "!!!!!", "!!!!!!"),
        ("character_string1", "A-1" + "x" * 29, "A-1" + "x" * 30),
        ("character_string1", "20261123-01", "编号1"),
        ("time1", "15:01", "25:01"),
        ("time1", "2026年10月1日 15:01", "2026年10月1日"),
        ("time1", "08:00~09:30", "08:00到09:30"),
        ("date1", "2026年10月1日", "明天"),
        ("date1", "2026年10月1日 15:01", "15:01"),
        ("date1", "2026年10月1日~2026年10月7日", "2026年10月1日至7日"),
        ("amount1", "¥1234567890.00", "¥12345678901"),
        ("amount1", "100元", "一百元"),
        ("phone_number1", "+86-0766-66888866", "+86-0766-668888661"),
        ("car_number1", "京A888888", "京A8888889"),
        ("name1", "王" * 10, "王" * 11),
        ("name1", "a" * 20, "a" * 21),
        ("phrase1", "已经办理好", "已经办理好了"),
        ("phrase1", "已办", "done"),
    ],
)
def test_a_value_keeps_to_the_rule_of_its_field(tmp_path: Path, key: str, good: str, bad: str) -> None:
    template = Template(id="t", title="模板", content=f"项目：{{{{{key}.DATA}}}}")
    with a_stage(tmp_path, templates=(template,)) as stage:
        stage.signs_in()
        openid = stage.a_follower()
        stage.phone("consent", openid=openid, template_id="t", accept=True)
        refused = stage.post(
            "/cgi-bin/message/subscribe/bizsend",
            {"touser": openid, "template_id": "t", "data": {key: {"value": bad}}},
        )
        taken = notice(stage, openid, template_id="t", data={key: {"value": good}})

        assert refused["errcode"] == 47003
        assert key in refused["errmsg"]
        assert taken == 0


def test_an_enum_takes_only_what_is_listed(tmp_path: Path) -> None:
    template = Template(id="t", title="模板", content="状态：{{enum1.DATA}}", choices={"enum1": ("已办", "在办")})
    with a_stage(tmp_path, templates=(template,)) as stage:
        stage.signs_in()
        openid = stage.a_follower()
        stage.phone("consent", openid=openid, template_id="t", accept=True)

        assert notice(stage, openid, template_id="t", data={"enum1": {"value": "没办"}}) == 47003
        assert notice(stage, openid, template_id="t", data={"enum1": {"value": "在办"}}) == 0


def test_a_field_left_out_is_named(stage: Stage) -> None:
    openid = stage.a_follower()
    body = {"touser": openid, "template_id": "study", "data": {"thing1": {"value": "有"}}}
    refused = stage.post("/cgi-bin/message/subscribe/bizsend", body)

    assert refused["errcode"] == 47003
    assert "time2" in refused["errmsg"]


def template(stage: Stage, openid: str, **change: Any) -> Any:
    body = {"touser": openid, "template_id": "result", "data": {"thing1": {"value": "已办结"}}, **change}
    return stage.post("/cgi-bin/message/template/send", body)


def test_a_template_message_reaches_a_follower_and_nobody_else(stage: Stage) -> None:
    openid, stranger = stage.a_follower(), stage.a_member()
    sent = template(stage, openid)

    assert sent["errcode"] == 0
    assert sent["msgid"] > 2**53
    assert stage.texts(openid)[-1] == "办理结果\n事项：已办结"
    assert template(stage, stranger)["errcode"] == 43004
    assert template(stage, "o-nobody")["errcode"] == 40003


def test_the_same_client_msg_id_within_ten_minutes_sends_once_to_each(stage: Stage) -> None:
    one, other = stage.a_follower(), stage.a_follower()
    first = template(stage, one, client_msg_id="run-1")["msgid"]
    stage.clock.goes_on(seconds=599)
    again = template(stage, one, client_msg_id="run-1")["msgid"]
    to_other = template(stage, other, client_msg_id="run-1")["msgid"]
    stage.clock.goes_on(seconds=1)
    later = template(stage, one, client_msg_id="run-1")["msgid"]

    assert first == again
    assert len({first, to_other, later}) == 3
    assert stage.texts(one).count("办理结果\n事项：已办结") == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"template_id": "study"}, 40037),
        ({"data": {"thing1": {"value": "汉" * 21}}}, 47003),
        ({"url": "https://example.org/".ljust(1025, "a")}, 40039),
    ],
)
def test_a_template_message_that_is_wrong_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert template(stage, stage.a_follower(), **change)["errcode"] == code


def test_a_legacy_template_is_cut_silently_and_its_frame_is_not_shown(stage: Stage) -> None:
    openid = stage.a_follower()
    data = {"first": {"value": "您好"}, "keyword1": {"value": "字" * 30}, "remark": {"value": "谢谢"}}
    sent = template(stage, openid, template_id="old", data=data)

    assert sent["errcode"] == 0
    assert stage.texts(openid)[-1] == "旧模板\n事项：" + "字" * 20


def test_a_mini_programs_notice_is_answered_with_a_message_id(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()
        openid = stage.a_member()
        accepts(stage, openid, accept=True)
        body = {"touser": openid, "template_id": "study", "data": GOOD}

        assert stage.post("/cgi-bin/message/subscribe/send", body)["msgid"] > 0
        assert stage.code("/cgi-bin/message/subscribe/bizsend", body) == 48001


@pytest.mark.parametrize(
    ("opens", "code"),
    [
        ({"miniprogram_state": "trial", "lang": "en_US"}, 0),
        ({"miniprogram_state": "beta"}, 40097),
        ({"lang": "zh"}, 40097),
    ],
)
def test_a_mini_programs_notice_opens_a_version_and_a_language_that_there_are(
    tmp_path: Path, opens: dict[str, str], code: int
) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()
        openid = stage.a_member()
        accepts(stage, openid, accept=True)
        body = {"touser": openid, "template_id": "study", "data": GOOD, **opens}

        assert stage.code("/cgi-bin/message/subscribe/send", body) == code

"""What is asked of the account itself, typed from wechat-platform.md §1.4 and §2.3."""

from pathlib import Path

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account

BY_SECRET = "/cgi-bin/clear_quota/v2"
CREDENTIALS = {"appid": "wxba5fad812f8e6fb9", "appsecret": "s" * 32}


def used(stage: Stage, path: str) -> int:
    return int(stage.post("/cgi-bin/openapi/quota/get", {"cgi_path": path})["quota"]["used"])


def test_quotas_are_cleared_by_secret_without_a_token(stage: Stage) -> None:
    stage.get("/cgi-bin/user/get")
    token, stage.token = stage.token, ""
    cleared = stage.code(BY_SECRET, CREDENTIALS)
    stage.token = token

    assert (cleared, used(stage, "/cgi-bin/user/get")) == (0, 0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"appid": ""}, 41002),
        ({"appsecret": ""}, 41004),
        ({"appid": "wx0000"}, 40013),
        ({"appsecret": "x" * 32}, 40125),
    ],
)
def test_a_wrong_secret_clears_nothing(stage: Stage, said: dict[str, str], code: int) -> None:
    assert stage.code(BY_SECRET, CREDENTIALS | said) == code


def test_clearing_one_path_leaves_the_others_and_the_months_ten(stage: Stage) -> None:
    stage.get("/cgi-bin/user/get")
    stage.get("/cgi-bin/menu/get")
    cleared = stage.code("/cgi-bin/openapi/quota/clear", {"cgi_path": "/cgi-bin/user/get"})
    left = used(stage, "/cgi-bin/user/get"), used(stage, "/cgi-bin/menu/get")
    rest = [stage.code("/cgi-bin/clear_quota", {"appid": CREDENTIALS["appid"]}) for _ in range(11)]

    assert (cleared, left) == (0, (0, 1))
    assert rest == [0] * 10 + [48006]


def test_a_refusals_rid_tells_what_was_sent_and_answered_without_the_token(stage: Stage) -> None:
    refused = stage.post("/cgi-bin/message/custom/send", {"touser": "nobody", "msgtype": "text"})
    rid = refused["errmsg"].rpartition(" ")[2]
    told = stage.post("/cgi-bin/openapi/rid/get", {"rid": rid})["request"]

    assert told["invoke_time"] == int(stage.clock.now.timestamp())
    assert "nobody" in told["request_body"]
    assert "40003" in told["response_body"]
    assert stage.token not in told["request_url"]


def test_a_rid_is_the_accounts_own(tmp_path: Path) -> None:
    other = an_account(name="other", appid="wx-other", kind="subscription")
    with a_stage(tmp_path, an_account(), other) as stage:
        stage.signs_in()
        rid = stage.get("/cgi-bin/user/info", openid="nobody")["errmsg"].rpartition(" ")[2]
        stage.token = stage.stable(appid="wx-other")["access_token"]
        codes = [stage.code("/cgi-bin/openapi/rid/get", {"rid": one}) for one in (rid, "1-2-3", "nothing", "%-%-%")]

    assert codes == [76003, 76001, 76002, 76002]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"action": "all", "check_operator": "DEFAULT"}, 0),
        ({"action": "trace", "check_operator": "DEFAULT"}, 40202),
        ({"action": "ping", "check_operator": "CMCC"}, 40203),
    ],
)
def test_a_check_of_the_callback_names_a_known_action_and_operator(
    stage: Stage, asked: dict[str, str], code: int
) -> None:
    assert stage.code("/cgi-bin/callback/check", asked) == code

"""The platform's page that asks who opens a program's page: silent where the phone is known, strict about the rest."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account

ASKED = {
    "appid": "wxba5fad812f8e6fb9",
    "redirect_uri": "http://pages.example:8000/p/login/back?a=1",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "abc123",
}
SECRET = {"appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "grant_type": "authorization_code"}


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    others = [
        an_account(name="elsewhere", appid="wx2", page_domain="pages.example", verified=False),
        an_account(name="mini", appid="wx3", kind="miniprogram", page_domain="pages.example"),
        an_account(name="no_domain", appid="wx4"),
    ]
    with a_stage(tmp_path, an_account(page_domain="pages.example"), *others) as stage:
        yield stage


def opens(stage: Stage, **changed: Any) -> Any:
    asked = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    return stage.http.get("/connect/oauth2/authorize", query_string=asked)


def came_back(answer: Any) -> dict[str, str]:
    """What the browser brings to the program."""
    assert answer.status_code == 302, answer.text
    there = urlsplit(answer.headers["Location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == "http://pages.example:8000/p/login/back"
    return {name: values[0] for name, values in parse_qs(there.query).items()}


def reader(stage: Stage, code: str) -> Any:
    return stage.http.get("/sns/oauth2/access_token", query_string={**SECRET, "code": code}).get_json()


def choices(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'<a class="go[^"]*" href="([^"]+)"', page)]


def test_who_is_chosen_comes_back_with_a_code_and_the_state(stage: Stage) -> None:
    ann, _ = stage.a_follower(), stage.a_member()
    page = opens(stage)
    whole, snapshot = [each for each in choices(page.text) if ann in each]
    brought = came_back(stage.http.get(f"/connect/oauth2/authorize{whole}"))
    nobody = came_back(stage.http.get(f"/connect/oauth2/authorize{snapshot}"))

    assert (len(choices(page.text)), page.text.count("未关注")) == (4, 1)
    assert (brought["a"], brought["state"]) == ("1", "abc123")
    told = reader(stage, brought["code"])
    assert (told["openid"], "is_snapshotuser" in told) == (ann, False)
    told = reader(stage, nobody["code"])
    assert (told["openid"] == ann, told["is_snapshotuser"]) == (False, 1)


def test_the_phone_that_has_just_opened_a_link_is_not_asked(stage: Stage) -> None:
    ann = stage.a_member()
    stage.a_member()
    stage.http.set_cookie("sandbox_shown", ann, path="/connect")

    assert reader(stage, came_back(opens(stage))["code"])["openid"] == ann


@pytest.mark.parametrize("scope", ["snsapi_base", "snsapi_userinfo"])
def test_a_phone_of_another_account_is_nobody_here_and_consent_is_always_asked_for(stage: Stage, scope: str) -> None:
    openid = stage.a_member("mini" if scope == "snsapi_base" else "official")
    stage.http.set_cookie("sandbox_shown", openid, path="/connect")
    page = opens(stage, scope=scope)

    assert page.status_code == 200
    assert "谁在打开网页" in page.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"appid": "wx-nobody"}, "错误码:10013"),
        ({"appid": ""}, "错误码:10012"),
        ({"redirect_uri": ""}, "错误码:10011"),
        ({"scope": ""}, "错误码:10010"),
        ({"scope": "snsapi_login"}, "错误码:10005"),
        ({"appid": "wx2"}, "错误码:10005"),
        ({"appid": "wx3"}, "错误码:10005"),
        ({"appid": "wx4"}, "错误码:10003"),
        ({"redirect_uri": "https://evil.example/p/login/back"}, "错误码:10003"),
        ({"redirect_uri": "https://pages.example.evil.example/"}, "错误码:10003"),
        ({"redirect_uri": "https://pages.example@evil.example/"}, "错误码:10003"),
        ({"redirect_uri": "javascript://pages.example/"}, "错误码:10003"),
        ({"redirect_uri": "//pages.example/"}, "错误码:10003"),
        ({"response_type": "token"}, "response_type参数错误"),
        ({"response_type": None}, "response_type参数错误"),
        ({"state": "a-b"}, "state参数错误"),
        ({"state": "a" * 129}, "state参数错误"),
    ],
)
def test_what_is_wrong_is_said_on_a_page_and_leads_nowhere(stage: Stage, changed: dict[str, Any], said: str) -> None:
    stage.http.set_cookie("sandbox_shown", stage.a_member(), path="/connect")
    page = opens(stage, **changed)

    assert (page.status_code, "Location" in page.headers) == (200, False)
    assert said in page.text


def test_fields_in_another_order_are_refused(stage: Stage) -> None:
    turned = dict(sorted(ASKED.items(), reverse=True))

    assert "顺序不对" in stage.http.get("/connect/oauth2/authorize", query_string=turned).text


def test_a_nickname_is_no_markup(stage: Stage) -> None:
    stage.phone("members", account="official", nickname="<b>小同志</b>")

    assert "<b>" not in opens(stage).text

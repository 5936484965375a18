"""Sign-in codes and the mini-program's own API, typed from wechat-platform.md §6 and §7."""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account

MINUTE, HOUR = 60, 3600
SECRET = {"appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "grant_type": "authorization_code"}


@pytest.fixture
def mini(tmp_path: Path) -> Iterator[Stage]:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()
        yield stage


def code(stage: Stage, openid: str, purpose: str = "login", scope: str = "") -> str:
    return str(stage.phone("codes", openid=openid, scope=scope, **{"for": purpose})["code"])


def session(stage: Stage, given: str, **changed: str) -> Any:
    return stage.http.get("/sns/jscode2session", query_string={**SECRET, "js_code": given, **changed}).get_json()


def signed_in(stage: Stage) -> tuple[str, str]:
    openid = stage.a_member()
    return openid, session(stage, code(stage, openid))["session_key"]


def checked(stage: Stage, who: str, **changed: Any) -> Any:
    body = {"version": 2, "scene": 2, "openid": who, "content": "食堂晚饭好吃", **changed}
    return stage.post("/wxa/msg_sec_check", body)


def test_a_login_code_tells_who_it_is_once(mini: Stage) -> None:
    openid = mini.a_member()
    given = code(mini, openid)
    first, second = session(mini, given), session(mini, given)

    assert first.keys() == {"openid", "session_key"}
    assert first["openid"] == openid
    assert second["errcode"] == 40163


def test_whoever_is_known_on_the_open_platform_has_a_unionid(mini: Stage) -> None:
    known = str(mini.phone("members", account="official", unionid="u-ann")["openid"])

    assert session(mini, code(mini, known))["unionid"] == "u-ann"


@pytest.mark.parametrize(("seconds", "errcode"), [(5 * MINUTE, None), (5 * MINUTE + 1, 40029)])
def test_a_code_lives_for_five_minutes(mini: Stage, seconds: int, errcode: int | None) -> None:
    given = code(mini, mini.a_member())
    mini.clock.goes_on(seconds=seconds)

    assert session(mini, given).get("errcode") == errcode


@pytest.mark.parametrize("given", ["", "never given"])
def test_a_code_that_was_never_given_is_refused(mini: Stage, given: str) -> None:
    assert session(mini, given)["errcode"] == 40029


def test_a_code_is_good_for_what_it_was_given_for(mini: Stage) -> None:
    openid = mini.a_member()

    assert session(mini, code(mini, openid, "phone", "13800000000"))["errcode"] == 40029
    assert mini.code("/wxa/business/getuserphonenumber", {"code": code(mini, openid)}) == 40029
    assert mini.phone("codes", openid=openid, **{"for": "fun"}) == {"error": "no_purpose"}


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"grant_type": "client_credential"}, 40002),
        ({"appid": "wx-other"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_wrong_credentials_have_a_code_each(mini: Stage, changed: dict[str, str], errcode: int) -> None:
    assert session(mini, code(mini, mini.a_member()), **changed)["errcode"] == errcode


def test_somebody_whom_the_platform_takes_for_a_risk_can_not_sign_in(mini: Stage) -> None:
    openid = mini.a_member()
    mini.phone("risk", openid=openid)
    refused = session(mini, code(mini, openid))
    mini.phone("risk", openid=openid, on=False)

    assert refused["errcode"] == 40226
    assert session(mini, code(mini, openid))["openid"] == openid


def test_one_member_signs_in_a_hundred_times_a_minute(mini: Stage) -> None:
    openid, other = mini.a_member(), mini.a_member()
    answers = [session(mini, code(mini, openid)).get("errcode", 0) for _ in range(101)]
    mini.clock.goes_on(seconds=MINUTE)

    assert answers == [0] * 100 + [45011]
    assert session(mini, code(mini, other)).get("errcode", 0) == 0
    assert session(mini, code(mini, openid)).get("errcode", 0) == 0


def test_only_a_mini_program_takes_login_codes_and_only_a_service_account_page_codes(tmp_path: Path) -> None:
    with a_stage(tmp_path) as official:
        openid = official.a_member()

        assert session(official, code(official, openid))["errcode"] == 48001
        assert page(official, code(official, openid, "page", "snsapi_base"))["openid"] == openid


def page(stage: Stage, given: str) -> Any:
    return stage.http.get("/sns/oauth2/access_token", query_string={**SECRET, "code": given}).get_json()


@pytest.mark.parametrize(("scope", "told"), [("snsapi_base", False), ("snsapi_userinfo", True)])
def test_a_page_learns_the_unionid_with_consent_only(tmp_path: Path, scope: str, *, told: bool) -> None:
    with a_stage(tmp_path) as official:
        openid = str(official.phone("members", account="official", unionid="u-ann")["openid"])
        given = code(official, openid, "page", scope)
        answer, again = page(official, given), page(official, given)

        assert (answer["openid"], answer["scope"], answer["expires_in"]) == (openid, scope, 7200)
        assert ("unionid" in answer) is told
        assert "is_snapshotuser" not in answer
        assert again["errcode"] == 40163


def test_a_snapshot_page_has_a_visitor_who_is_nobody(tmp_path: Path) -> None:
    with a_stage(tmp_path) as official:
        openid = official.a_member()
        answer = page(official, code(official, openid, "page", "snsapi_base snapshot"))

        assert answer["is_snapshotuser"] == 1
        assert answer["openid"] != openid


def test_a_phone_number_is_had_once_for_a_code_of_its_own(mini: Stage) -> None:
    given = code(mini, mini.a_member(), "phone", "13800138000")
    first = mini.post("/wxa/business/getuserphonenumber", {"code": given})

    assert first["phone_info"]["purePhoneNumber"] == "13800138000"
    assert first["phone_info"]["watermark"]["appid"] == "wxba5fad812f8e6fb9"
    assert mini.code("/wxa/business/getuserphonenumber", {"code": given}) == 40163


@pytest.mark.parametrize("path", ["/wxa/business/getuserphonenumber", "/wxa/generate_urllink", "/wxa/generatescheme"])
def test_what_is_for_entities_is_refused_to_others(tmp_path: Path, path: str) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram", verified=False)) as personal:
        personal.signs_in()

        assert personal.code(path, {"path": ""}) == 48001


def signature(key: str) -> str:
    return hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()


def asked(stage: Stage, path: str, openid: str, **changed: str) -> Any:
    return stage.get(path, **{"openid": openid, "sig_method": "hmac_sha256", "signature": "", **changed})


def test_a_session_key_is_checked_without_being_sent(mini: Stage) -> None:
    openid, key = signed_in(mini)

    assert asked(mini, "/wxa/checksession", openid, signature=signature(key))["errcode"] == 0
    assert asked(mini, "/wxa/checksession", openid, signature=signature("other"))["errcode"] == 87009
    assert asked(mini, "/wxa/checksession", openid, sig_method="md5")["errcode"] == 87008
    assert asked(mini, "/wxa/checksession", mini.a_member(), signature="x")["errcode"] == 87007


def test_a_session_key_is_changed_for_another(mini: Stage) -> None:
    openid, key = signed_in(mini)
    changed = asked(mini, "/wxa/resetusersessionkey", openid, signature=signature(key))

    assert changed["openid"] == openid
    assert asked(mini, "/wxa/checksession", openid, signature=signature(key))["errcode"] == 87009
    assert asked(mini, "/wxa/checksession", openid, signature=signature(changed["session_key"]))["errcode"] == 0


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("食堂晚饭好吃", "pass", 100),
        ("时政内容示例，请看", "review", 20001),
        ("广告内容示例", "risky", 10001),
        ("违规内容示例", "risky", 20006),
    ],
)
def test_words_are_judged_and_errcode_0_is_no_verdict(mini: Stage, content: str, suggest: str, label: int) -> None:
    openid, _ = signed_in(mini)
    answer = checked(mini, openid, content=content)

    assert answer["errcode"] == 0
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert answer["detail"][0]["suggest"] == suggest
    assert answer["trace_id"]


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"content": "长" * 2500}, 0),
        ({"content": "长" * 2501}, 45002),
        ({"content": ""}, 44004),
        ({"version": 1}, 40097),
        ({"scene": 5}, 40097),
        ({"openid": "o-nobody"}, 40003),
    ],
)
def test_words_that_can_not_be_judged_are_refused(mini: Stage, changed: dict[str, Any], errcode: int) -> None:
    openid, _ = signed_in(mini)

    assert checked(mini, openid, **changed)["errcode"] == errcode


def test_words_of_who_was_not_here_for_two_hours_are_not_judged(mini: Stage) -> None:
    openid, _ = signed_in(mini)
    mini.clock.goes_on(seconds=2 * HOUR)
    mini.signs_in()
    in_time = checked(mini, openid)
    mini.clock.goes_on(seconds=1)

    assert (in_time["errcode"], checked(mini, openid)["errcode"]) == (0, 61010)
    assert checked(mini, mini.a_member())["errcode"] == 61010


def test_a_code_for_a_page_is_a_picture_or_says_in_json_what_is_wrong(mini: Stage) -> None:
    def response(**body: Any) -> Any:
        return mini.http.post("/wxa/getwxacodeunlimit", query_string={"access_token": mini.token}, json=body)

    good = response(scene="join=1", page="pages/index/index", width=280)

    assert (good.mimetype, good.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    for body, errcode in (
        ({"scene": "s" * 33}, 40129),
        ({"scene": "有汉字"}, 40129),
        ({"scene": ""}, 40129),
        ({"scene": "s", "page": "/pages/index"}, 41030),
        ({"scene": "s", "page": "pages/index?a=1"}, 41030),
        ({"scene": "s", "page": "nowhere"}, 41030),
        ({"scene": "s", "width": 279}, 40097),
    ):
        assert response(**body).get_json()["errcode"] == errcode, body
    assert response(scene="s", page="nowhere", check_path=False).mimetype == "image/png"


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({}, 0),
        ({"path": "/pages/index"}, 40165),
        ({"query": "有汉字"}, 40212),
        ({"query": "a" * 1025}, 40212),
        ({"expire_interval": 31}, 85401),
        ({"expire_interval": 0}, 85401),
        ({"expire_type": 0, "expire_time": 0}, 85401),
        ({"expire_type": 0, "expire_time": 1795406400 + 30 * 24 * HOUR}, 0),
        ({"expire_type": 0, "expire_time": 1795406400 + 30 * 24 * HOUR + 1}, 85401),
    ],
)
def test_links_live_for_thirty_days_at_most(mini: Stage, changed: dict[str, Any], errcode: int) -> None:
    wanted = {"path": "pages/index/index", "query": "a=1", "expire_type": 1, "expire_interval": 30, **changed}
    jump = {"jump_wxa": {name: wanted.pop(name) for name in ("path", "query")}}

    link = mini.post("/wxa/generate_urllink", {**jump["jump_wxa"], **wanted})
    scheme = mini.post("/wxa/generatescheme", {**jump, **wanted})

    assert (link["errcode"], scheme["errcode"]) == (errcode, errcode)
    assert errcode or (link["url_link"].startswith("https://") and scheme["openlink"].startswith("weixin://"))


def test_the_transcript_shows_no_session_key(mini: Stage) -> None:
    _, key = signed_in(mini)

    assert key not in mini.http.get("/sandbox/wire").get_data(as_text=True)


def test_who_keeps_their_choice_is_asked_no_more_and_nothing_is_pushed(mini: Stage) -> None:
    openid = mini.a_member()
    asked = {"openid": openid, "template_id": "study"}
    before = mini.phone("asked", **asked)
    mini.phone("consent", **asked, keep=True)
    kept = [mini.phone("asked", **asked) for _ in range(2)]
    allowed = credits_left(mini, openid)
    mini.phone("consent", **asked, accept=False, in_settings=True)

    assert before == {"choice": ""}
    assert kept == [{"choice": "accept"}] * 2
    assert allowed == 3
    assert mini.phone("asked", **asked) == {"choice": ""}
    assert credits_left(mini, openid) == 0


def test_who_keeps_to_a_refusal_gives_no_credit(mini: Stage) -> None:
    openid = mini.a_member()
    asked = {"openid": openid, "template_id": "study"}
    mini.phone("consent", **asked, accept=False, keep=True)

    assert mini.phone("asked", **asked) == {"choice": "reject"}
    assert credits_left(mini, openid) == 0


def credits_left(stage: Stage, openid: str) -> int:
    listed = stage.http.get("/sandbox/templates", query_string={"openid": openid}).get_json()
    return int(next(each["credits"] for each in listed if each["id"] == "study"))

"""Tokens, typed from wechat-platform.md §2.1 and §2.2."""

import json
from pathlib import Path

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend

GOOD = {"grant_type": "client_credential", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32}


def classic(stage: Stage) -> str:
    return str(stage.http.get("/cgi-bin/token", query_string=GOOD).get_json()["access_token"])


def answer_to(stage: Stage, token: str) -> int:
    stage.token = token
    return int(stage.get("/cgi-bin/getcallbackip").get("errcode", 0))


def test_a_stable_token_is_the_same_again_with_the_time_it_has_left(stage: Stage) -> None:
    first = stage.stable()
    stage.clock.goes_on(minutes=100)
    again = stage.stable()

    assert first["expires_in"] == 7200
    assert again == {"access_token": first["access_token"], "expires_in": 1200}


def test_a_stable_token_is_replaced_five_minutes_before_its_end_and_both_work_until_then(stage: Stage) -> None:
    first = stage.stable()["access_token"]
    stage.clock.goes_on(minutes=116)
    second = stage.stable()["access_token"]

    assert second != first
    assert answer_to(stage, first) == 0
    assert answer_to(stage, second) == 0


def test_a_forced_refresh_kills_the_token_before(stage: Stage) -> None:
    first = stage.stable()["access_token"]
    second = stage.stable(force_refresh=True)["access_token"]

    assert answer_to(stage, first) == 40001
    assert answer_to(stage, second) == 0


def test_forcing_again_within_thirty_seconds_changes_nothing(stage: Stage) -> None:
    first = stage.stable(force_refresh=True)["access_token"]
    stage.clock.goes_on(seconds=29)
    second = stage.stable(force_refresh=True)["access_token"]
    stage.clock.goes_on(seconds=1)
    third = stage.stable(force_refresh=True)["access_token"]

    assert first == second
    assert third != second


def test_twenty_forced_refreshes_a_day_are_all(stage: Stage) -> None:
    for _ in range(20):
        stage.stable(force_refresh=True)
        stage.clock.goes_on(seconds=30)

    assert stage.stable(force_refresh=True)["errcode"] == 45009
    assert stage.stable().get("errcode", 0) == 0


def test_a_classic_token_is_new_each_time_and_the_one_before_lives_five_minutes(stage: Stage) -> None:
    first, second = classic(stage), classic(stage)
    stage.clock.goes_on(seconds=299)
    before = answer_to(stage, first)
    stage.clock.goes_on(seconds=1)

    assert (before, answer_to(stage, first), answer_to(stage, second)) == (0, 40001, 0)


def test_the_two_kinds_of_token_leave_each_other_alone(stage: Stage) -> None:
    stable = stage.stable()["access_token"]
    classic(stage)
    classic(stage)
    stage.clock.goes_on(minutes=6)

    assert answer_to(stage, stable) == 0


def test_a_token_runs_out_after_its_two_hours(stage: Stage) -> None:
    token = classic(stage)
    stage.clock.goes_on(hours=2)

    assert answer_to(stage, token) == 42001


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("made-up", 40014)])
def test_a_token_that_was_never_issued_is_refused(stage: Stage, token: str, code: int) -> None:
    assert answer_to(stage, token) == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "x" * 32}, 40125),
    ],
    ids=str,
)
def test_each_wrong_credential_has_its_code(stage: Stage, wrong: dict[str, str], code: int) -> None:
    by_url = stage.http.get("/cgi-bin/token", query_string=GOOD | wrong).get_json()
    by_body = stage.http.post("/cgi-bin/stable_token", data=json.dumps(GOOD | wrong)).get_json()

    assert (by_url["errcode"], by_body["errcode"]) == (code, code)


def test_a_refusal_has_status_200_and_carries_its_rid(stage: Stage) -> None:
    response = stage.http.get("/cgi-bin/token", query_string=GOOD | {"secret": "wrong"})

    assert response.status_code == 200
    assert " rid: " in response.get_json()["errmsg"]


def test_two_thousand_classic_tokens_a_day_are_all(tmp_path: Path) -> None:
    spend(tmp_path, "/cgi-bin/token", 1999)
    with a_stage(tmp_path) as stage:
        last = classic(stage)
        spent = stage.http.get("/cgi-bin/token", query_string=GOOD).get_json()
        stage.clock.goes_on(hours=12)
        tomorrow = stage.http.get("/cgi-bin/token", query_string=GOOD).get_json()

        assert last
        assert spent["errcode"] == 45009
        assert "access_token" in tomorrow


def test_a_token_speaks_for_its_own_account_only(tmp_path: Path) -> None:
    other = an_account(name="other", appid="wx1111111111111111", secret="t" * 32)
    with a_stage(tmp_path, an_account(), other) as stage:
        stage.signs_in()
        stranger = stage.a_member("other")
        stage.phone("follow", openid=stranger)

        assert stage.says_to(stranger) == 40003


def test_the_secret_and_the_token_stay_out_of_the_transcript(stage: Stage) -> None:
    classic(stage)
    stage.get("/cgi-bin/user/get")
    transcript = stage.http.get("/sandbox/wire").get_data(as_text=True)

    assert "/cgi-bin/token" in transcript
    assert "s" * 32 not in transcript
    assert stage.token not in transcript

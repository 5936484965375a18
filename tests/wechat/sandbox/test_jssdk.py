"""The JS-SDK's ticket, typed from wechat-platform.md §2.3 and §7."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend
from wechat.sandbox.state import State

TICKET = "/cgi-bin/ticket/getticket"
OFFICIAL = {  # §7, the vector
    "account": "official",
    "nonceStr": "Wm3WZYTPz0wzccnW",
    "timestamp": "1414587457",
    "url": "http://mp.weixin.qq.com?params=value",
    "signature": "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
}


def test_a_ticket_lives_for_two_hours_and_is_given_again_with_what_is_left(stage: Stage) -> None:
    first = stage.get(TICKET, type="jsapi")
    stage.clock.goes_on(seconds=6600)
    again = stage.get(TICKET, type="jsapi")
    stage.clock.goes_on(seconds=301)
    stage.signs_in()
    new = stage.get(TICKET, type="jsapi")

    assert (first["errcode"], first["expires_in"]) == (0, 7200)
    assert (again["ticket"], again["expires_in"]) == (first["ticket"], 600)
    assert new["ticket"] != first["ticket"]


def test_there_is_a_ticket_for_the_js_sdk_alone(stage: Stage) -> None:
    assert stage.get(TICKET, type="wx_card")["errcode"] == 40097


def test_a_ticket_is_had_a_million_times_a_day(tmp_path: Path) -> None:
    spend(tmp_path, TICKET, 999_999)
    with a_stage(tmp_path) as stage:
        stage.signs_in()

        assert [stage.get(TICKET, type="jsapi")["errcode"] for _ in range(2)] == [0, 45009]


def test_a_mini_program_has_none(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()

        assert stage.get(TICKET, type="jsapi")["errcode"] == 48001


@pytest.mark.parametrize(
    ("change", "ok"),
    [
        ({}, True),
        ({"url": "http://mp.weixin.qq.com?params=value#part"}, True),
        ({"url": "http://mp.weixin.qq.com?params=other"}, False),
        ({"signature": "0" * 40}, False),
    ],
)
def test_the_official_example_is_let_in(tmp_path: Path, change: dict[str, Any], ok: bool) -> None:  # noqa: FBT001
    with a_stage(tmp_path) as stage:
        state = State(tmp_path / "sandbox.sqlite3")
        ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
        with state.begin() as db:
            db.execute("insert into tickets values (?, 'official', 1e12)", (ticket,))
        state.close()

        assert stage.phone("signatures", **{**OFFICIAL, **change}) == {"ok": ok}


def test_a_ticket_that_is_over_lets_nobody_in(stage: Stage) -> None:
    assert stage.phone("signatures", **OFFICIAL) == {"ok": False}
    assert stage.phone("signatures", account="none")["error"] == "no_account"

"""QR codes with a scene, typed from the page `qrcode/qrcodes/api_createqrcode` and wechat-platform.md §2.3."""

from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend
from tests.wechat.sandbox.test_delivery import heard, silent, talking
from wechat.sandbox.state import State

CREATE = "/cgi-bin/qrcode/create"


def a_code(name: str = "QR_STR_SCENE", seconds: int | None = 60, **scene: Any) -> dict[str, Any]:
    asked = {"action_name": name, "action_info": {"scene": scene or {"scene_str": "hall-3"}}}
    return asked if seconds is None else {**asked, "expire_seconds": seconds}


def test_a_code_is_answered_with_its_ticket_what_it_says_and_how_long(stage: Stage) -> None:
    short = stage.post(CREATE, a_code(seconds=604800))
    unsaid = stage.post(CREATE, a_code(seconds=None))
    for_ever = stage.post(CREATE, a_code("QR_LIMIT_SCENE", scene_id=7))

    assert short["expire_seconds"] == 604800
    assert short["url"].startswith("http://weixin.qq.com/q/")
    assert unsaid["expire_seconds"] == 60
    assert set(for_ever) == {"ticket", "url"}


def test_whoever_has_the_ticket_sees_the_code_drawn(stage: Stage) -> None:
    ticket = stage.post(CREATE, a_code())["ticket"]
    drawn = stage.http.get("/cgi-bin/showqrcode", query_string={"ticket": ticket})

    assert drawn.data.startswith(b"\x89PNG")
    assert stage.http.get("/cgi-bin/showqrcode?ticket=none").status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (a_code("QR_POSTER"), 40052),
        (a_code(scene_id=7), 40053),
        (a_code(scene_str=""), 40053),
        (a_code(scene_str="s" * 65), 40053),
        (a_code("QR_SCENE", scene_id=0), 40053),
        (a_code("QR_SCENE", scene_id=2**32), 40053),
        (a_code("QR_LIMIT_SCENE", scene_id=100_001), 40053),
        (a_code("QR_LIMIT_STR_SCENE", scene_id=7), 40053),
        (a_code(seconds=2_592_001), 40053),
        ({"action_name": "QR_SCENE"}, 40053),
    ],
)
def test_a_code_that_breaks_a_rule_is_refused(stage: Stage, change: dict[str, Any], code: int) -> None:
    assert stage.code(CREATE, change) == code


def test_an_account_has_a_hundred_thousand_scenes_for_ever(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        state = State(tmp_path / "sandbox.sqlite3")
        with state.begin() as db:
            rows = [(f"t{n}", "official", str(n), f"u{n}", None) for n in range(1, 100_001)]
            db.executemany("insert into scene_codes values (?, ?, ?, ?, ?)", rows)
        state.close()

        assert stage.code(CREATE, a_code("QR_LIMIT_STR_SCENE", None)) == 45029
        assert stage.code(CREATE, a_code("QR_LIMIT_SCENE", None, scene_id=100_000)) == 0
        assert stage.code(CREATE, a_code()) == 0


def test_codes_are_counted_by_the_day_and_for_verified_service_accounts(tmp_path: Path) -> None:
    spend(tmp_path, CREATE, 99_999)
    with a_stage(tmp_path) as stage:
        stage.signs_in()

        assert [stage.code(CREATE, a_code()) for _ in range(2)] == [0, 45009]


@pytest.mark.parametrize("account", [{"kind": "subscription"}, {"verified": False}, {"kind": "miniprogram"}])
def test_no_other_account_makes_codes(tmp_path: Path, account: dict[str, Any]) -> None:
    with a_stage(tmp_path, an_account(**account)) as stage:
        stage.signs_in()

        assert stage.code(CREATE, a_code()) == 48001


def test_a_scanned_code_tells_its_scene_and_ticket_to_the_bot(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, _):
        stage.signs_in()
        made = stage.post(CREATE, a_code())
        openid = stage.a_member()
        stage.phone("scan", openid=openid, code=made["ticket"], wait=True)
        stage.phone("scan", openid=openid, code=made["url"], wait=True)
        came, again = heard(bot, "subscribe"), heard(bot, "SCAN")

        assert (came["EventKey"], came["Ticket"]) == ("qrscene_hall-3", made["ticket"])
        assert (again["EventKey"], again["Ticket"]) == ("hall-3", made["ticket"])


def test_a_code_that_is_over_or_another_accounts_is_none(tmp_path: Path) -> None:
    other = an_account(name="other", appid="wx-other")
    with a_stage(tmp_path, an_account(), other) as stage:
        stage.signs_in()
        ticket = stage.post(CREATE, a_code(seconds=60))["ticket"]
        elsewhere = stage.phone("scan", openid=stage.a_member("other"), code=ticket)
        stage.clock.goes_on(seconds=60)

        assert elsewhere["error"] == stage.phone("scan", openid=stage.a_member(), code=ticket)["error"] == "no_code"

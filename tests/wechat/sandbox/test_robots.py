"""The stand-ins for three platforms' group robots, held to the platforms' own pages and words."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import SIZES, a_browser, a_page, faults
from tests.wechat.sandbox.stage import Clock, Stage, an_account, served
from wechat.sandbox.robots import SandboxGroup
from wechat.sandbox.server import create_app

SECRET = "SECexample0123456789"
GROUPS = (
    SandboxGroup(name="企微群", kind="wecom", key="k-1"),
    SandboxGroup(name="钉钉群", kind="dingtalk", key="k-2", secret=SECRET, keyword="支部"),
    SandboxGroup(name="飞书群", kind="feishu", key="k-3", secret=SECRET, keyword="支部"),
    SandboxGroup(name="微博", kind="weibo", key="k-4"),
)
NOW = 1795406400  # seconds, where the clock stands


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = Clock()
    app = create_app(tmp_path, [an_account()], clock=clock, webhook_base="http://127.0.0.1:9", groups=GROUPS)
    yield Stage(app, clock)
    app.extensions["sandbox"]()


def mark(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def wecom(stage: Stage, words: str, key: str = "k-1") -> int:
    body = {"msgtype": "text", "text": {"content": words}}
    return int(stage.http.post("/cgi-bin/webhook/send", query_string={"key": key}, json=body).get_json()["errcode"])


def dingtalk(stage: Stage, words: str, key: str = "k-2", *, at: int = NOW, sign: str = "") -> tuple[int, str]:
    stamp = at * 1000
    query = {"access_token": key, "timestamp": stamp, "sign": sign or mark(SECRET, f"{stamp}\n{SECRET}")}
    body = {"msgtype": "text", "text": {"content": words}}
    answer = stage.http.post("/robot/send", query_string=query, json=body).get_json()
    return answer["errcode"], answer["errmsg"]


def feishu(stage: Stage, words: str, key: str = "k-3", *, at: int = NOW, sign: str = "") -> int:
    signed = {"timestamp": str(at), "sign": sign or mark(f"{at}\n{SECRET}", "")}
    body = {**signed, "msg_type": "text", "content": {"text": words}}
    return int(stage.http.post(f"/open-apis/bot/v2/hook/{key}", json=body).get_json()["code"])


LINKED = "支部通知 https://wx.example.org/p/digest"


def weibo(stage: Stage, words: str, key: str = "k-4", **more: str) -> tuple[int, int]:
    form = {"access_token": key, "status": words, "rip": "203.0.113.7", **more}
    answer = stage.http.post("/2/statuses/share.json", data=form)
    return answer.status_code, answer.get_json().get("error_code", 0)


def seen(stage: Stage) -> dict[str, list[Any]]:
    return {group["name"]: group["messages"] for group in stage.http.get("/sandbox/groups").get_json()}


def test_what_is_well_asked_is_seen_in_the_group(stage: Stage) -> None:
    codes = [wecom(stage, LINKED), dingtalk(stage, LINKED)[0], feishu(stage, LINKED), weibo(stage, LINKED)[1]]

    assert codes == [0] * 4
    assert [[one["words"] for one in messages] for messages in seen(stage).values()] == [[LINKED]] * 4


def test_weibo_takes_what_its_page_says(stage: Stage) -> None:
    said = [
        weibo(stage, words)
        for words in (LINKED, LINKED, "支部通知", "#支部# https://a.cn", f"{LINKED}{'字' * 140}", "")
    ]

    assert said == [(200, 0), (400, 20019), (400, 10017), (400, 10017), (400, 20012), (400, 10016)]
    assert weibo(stage, f"{LINKED}a", rip="") == (400, 10016)
    assert weibo(stage, f"{LINKED}a", key="k-9") == (400, 21332)


def test_a_success_of_feishu_says_so_in_both_of_its_styles(stage: Stage) -> None:
    body = {"timestamp": str(NOW), "sign": mark(f"{NOW}\n{SECRET}", ""), "msg_type": "text"}
    answer = stage.http.post("/open-apis/bot/v2/hook/k-3", json={**body, "content": {"text": "支部"}}).get_json()

    assert answer == {"code": 0, "data": {}, "msg": "success", "StatusCode": 0, "StatusMessage": "success"}


def test_a_robot_that_is_not_there_says_so(stage: Stage) -> None:
    assert wecom(stage, "支部", key="k-9") == 93000
    assert dingtalk(stage, "支部", key="k-9") == (300005, "token is not exist")
    assert dingtalk(stage, "支部", key="") == (40035, "缺少参数 access_token")
    assert feishu(stage, "支部", key="k-9") == 19001


def test_signs_are_checked_and_grow_old(stage: Stage) -> None:
    assert dingtalk(stage, "支部", sign="AAAA") == (310000, "sign not match")
    assert dingtalk(stage, "支部", at=NOW - 3601) == (310000, "invalid timestamp")
    assert dingtalk(stage, "支部", at=NOW - 3599)[0] == 0
    assert feishu(stage, "支部", sign="AAAA") == 19021
    assert feishu(stage, "支部", at=NOW - 3601) == 19021
    assert feishu(stage, "支部", at=NOW - 3599) == 0


def test_a_keyword_must_be_said(stage: Stage) -> None:
    assert dingtalk(stage, "通知") == (310000, "keywords not in content")
    assert feishu(stage, "通知") == 19024


def test_words_have_a_length(stage: Stage) -> None:
    assert wecom(stage, "字" * 682 + "ab") == 0
    assert wecom(stage, "字" * 683) == 40058
    assert wecom(stage, "") == 44004
    assert dingtalk(stage, "支部" + "字" * 7000)[0] == 460101
    assert feishu(stage, "支部" + "字" * 7000) == 9499


def test_who_speaks_too_often_is_told_so(stage: Stage) -> None:
    assert [wecom(stage, "好") for _ in range(21)] == [0] * 20 + [45009]
    assert [feishu(stage, "支部") for _ in range(6)] == [0] * 5 + [11232]
    said = [dingtalk(stage, "支部")[0] for _ in range(21)]
    stage.clock.goes_on(seconds=61)
    assert wecom(stage, "好") == 0
    assert feishu(stage, "支部") == 0
    silent = dingtalk(stage, "支部")[0]
    stage.clock.goes_on(seconds=662)

    assert said == [0] * 20 + [130101]
    assert silent == 130101
    assert dingtalk(stage, "支部")[0] == 0


def test_faults_befall_robots_too(stage: Stage) -> None:
    stage.phone("knobs", path="/robot/send", effect="fail", value=-1)

    assert [dingtalk(stage, "支部")[0] for _ in range(2)] == [-1, 0]


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_panel_shows_the_groups_and_what_was_refused(stage: Stage, size: str, tmp_path: Path) -> None:
    with a_browser() as browser, served(stage.app) as url:
        look(browser, stage, f"{url}/panel/groups", size, tmp_path)


def look(browser: Browser, stage: Stage, url: str, size: str, folder: Path) -> None:
    with a_page(browser, url, size) as page:
        expect(page.get_by_role("region", name="企微群")).to_contain_text("还没有人说话")
        wecom(stage, "支部通知\n周五开会")
        dingtalk(stage, "通知")
        expect(page.get_by_role("region", name="企微群")).to_contain_text("周五开会")
        expect(page.get_by_role("region", name="钉钉群")).to_contain_text(
            "平台没有收下：310000 keywords not in content"
        )
        page.screenshot(path=folder / f"{size}.png", full_page=True)

        assert faults(page) == []


def test_what_was_said_outlives_a_restart(tmp_path: Path) -> None:
    for words in ("一", "二"):
        app = create_app(tmp_path, [an_account()], clock=Clock(), webhook_base="http://127.0.0.1:9", groups=GROUPS)
        stage = Stage(app, Clock())
        wecom(stage, words)
        found = json.dumps(seen(stage), ensure_ascii=False)
        app.extensions["sandbox"]()

    assert '"一"' in found
    assert '"二"' in found

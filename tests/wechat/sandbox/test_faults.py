"""Every fault that can be asked for, as a program meets it (wechat-platform.md §12, row 12)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.end_to_end.running import within
from tests.wechat.sandbox.stage import Stage, a_stage, a_text, served
from tests.wechat.sandbox.test_delivery import echo, heard, silent, talking, texts

SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"


def entries(stage: Stage) -> list[tuple[str, str]]:
    return [(one["path"].split("?")[0], one["status"]) for one in stage.http.get("/sandbox/wire").get_json()]


def test_a_burst_of_busy_answers_ends_by_itself(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", preset="busy", times=2)

    assert [stage.says_to(openid) for _ in range(3)] == [-1, -1, 0]


@pytest.mark.quiet
def test_a_slow_call_is_answered_all_the_same(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", preset="slow", value=0.3, times=1)
    started = time.monotonic()
    codes = [stage.says_to(openid)]
    slow = time.monotonic() - started

    assert codes == [0]
    assert slow >= 0.3


@pytest.fixture
def wired(stage: Stage) -> Iterator[tuple[Stage, str]]:
    with served(stage.app) as address:
        yield stage, address


def sends(stage: Stage, address: str, openid: str) -> requests.Response:
    return requests.post(
        f"{address}{SEND}", params={"access_token": stage.token}, json=a_text(openid, "到了"), timeout=5
    )


@pytest.mark.parametrize(("preset", "arrived"), [("lost_before", []), ("lost_after", ["到了"])])
def test_a_connection_breaks_before_or_after_the_work(
    wired: tuple[Stage, str], preset: str, arrived: list[str]
) -> None:
    stage, address = wired
    openid = stage.a_follower()
    stage.phone("knobs", preset=preset)
    with pytest.raises(requests.RequestException):
        sends(stage, address, openid)
    broken = stage.texts(openid)
    again = sends(stage, address, openid).json()["errcode"]

    assert broken == arrived
    assert again == 0
    assert [status for path, status in entries(stage) if path == SEND] == ["0" if arrived else "dropped", "0"]


def test_a_token_dies_in_the_middle_of_a_batch_and_a_new_one_goes_on(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("say", openid=openid, text="在吗")
    stage.phone("knobs", preset="token_dies", after=2)
    codes = [stage.says_to(openid) for _ in range(4)]
    before = stage.token
    stage.signs_in()

    assert codes == [0, 0, 40001, 40001]
    assert stage.token != before
    assert stage.says_to(openid) == 0


def test_a_classic_token_that_was_replaced_dies_with_the_rest(stage: Stage) -> None:
    asked = {"grant_type": "client_credential", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32}
    first, second = (stage.http.get("/cgi-bin/token", query_string=asked).get_json()["access_token"] for _ in range(2))
    stage.phone("knobs", preset="token_dies", after=0)
    codes = []
    for stage.token in (second, first):
        codes.append(stage.get("/cgi-bin/getcallbackip")["errcode"])

    assert codes == [40001, 40001]


def test_a_quota_ends_where_it_is_told_to_and_says_so(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.phone("say", openid=openid, text="在吗")
    stage.phone("knobs", preset="quota", path=SEND, value=2)
    codes = [stage.says_to(openid) for _ in range(3)]
    asked = stage.post("/cgi-bin/openapi/quota/get", {"cgi_path": SEND})["quota"]
    stage.http.delete("/sandbox/knobs")

    assert codes == [0, 0, 45009]
    assert asked == {"daily_limit": 2, "used": 2, "remain": 0}
    assert stage.says_to(openid) == 0


@pytest.mark.parametrize(
    ("preset", "more", "code"),
    [("second", {}, 44990), ("minute", {}, 45011), ("minute", {"value": 44991}, 44991), ("refused", {}, 40003)],
)
def test_a_limit_of_rate_is_answered_once(stage: Stage, preset: str, more: dict[str, int], code: int) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", preset=preset, **more)

    assert [stage.says_to(openid) for _ in range(2)] == [code, 0]


@pytest.mark.parametrize(("preset", "code"), [("whitelist", 40164), ("frozen", 40243)])
def test_no_token_is_given(stage: Stage, preset: str, code: int) -> None:
    stage.phone("knobs", preset=preset)
    refused = stage.stable()

    assert refused["errcode"] == code
    assert ("127.0.0.1" in refused["errmsg"]) == (code == 40164)


@pytest.mark.parametrize(("preset", "status"), [("freq", "failed:freq limit"), ("system", "failed: system failed")])
def test_a_template_message_is_taken_and_does_not_arrive(tmp_path: Path, preset: str, status: str) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("knobs", preset=preset)
        body = {"touser": openid, "template_id": "result", "data": {"thing1": {"value": "已办结"}}}
        taken = stage.code(TEMPLATE, body)

        assert taken == 0
        assert heard(bot, "TEMPLATESENDJOBFINISH")["Status"] == status
        assert stage.texts(openid) == []


@pytest.mark.quiet
def test_a_push_is_overtaken_by_the_next_of_the_same_member(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, bot, openid):
        stage.phone("knobs", preset="push_overtaken", value=5)
        stage.phone("say", openid=openid, text="一")
        assert within(5, lambda: not stage.http.get("/sandbox/knobs").get_json())  # the first is held back
        stage.phone("say", openid=openid, text="二", wait=True)
        assert within(10, lambda: len(bot.told) == 2)

        assert [told["Content"] for told in bot.told] == ["二", "一"]


def test_a_push_that_nothing_overtakes_comes_in_the_end(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, _, openid):
        stage.phone("knobs", preset="push_overtaken", value=0.2)
        seen = texts(stage.phone("say", openid=openid, text="一", wait=True))

        assert seen == ["你说：一"]


def test_a_push_that_was_lost_is_in_the_transcript(tmp_path: Path) -> None:
    with talking(tmp_path, echo) as (stage, _, openid):
        stage.phone("knobs", preset="push_lost")
        stage.phone("say", openid=openid, text="一", wait=True)

        assert [status for _, status in entries(stage)[-2:]] == ["dropped on the way", "ok"]


def test_time_goes_forward_by_a_month_at_once(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        for _ in range(10):
            stage.post("/cgi-bin/clear_quota", {"appid": "wxba5fad812f8e6fb9"})
        spent = stage.code("/cgi-bin/clear_quota", {"appid": "wxba5fad812f8e6fb9"})
        stage.phone("clock", advance_seconds=31 * 24 * 3600)
        stage.signs_in()

        assert spent == 48006
        assert stage.code("/cgi-bin/clear_quota", {"appid": "wxba5fad812f8e6fb9"}) == 0

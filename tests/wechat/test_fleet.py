"""Two processes of one fleet in the middle of their sends, and the platform refuses the token of both."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, served

SEND, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
ACCOUNT = {"kind": "service", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "token": "AAAAA", "mode": "plain"}
EACH = 40


@pytest.fixture
def stage(tmp_path):
    with a_stage(tmp_path, an_account(mode="plain")) as stage:
        yield stage


@contextmanager
def a_sender(**told) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.wechat.small_sender", json.dumps(told)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def hears(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def goes(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def calls(stage: Stage, path: str):
    return [each for each in stage.http.get("/sandbox/wire").get_json() if each["path"].startswith(path)]


def members(stage: Stage):
    """Each may be told five things."""
    openids = [stage.a_follower() for _ in range(EACH // 5)]
    for openid in openids:
        stage.clock.goes_on(seconds=2)
        stage.phone("say", openid=openid, text="你好")
    return [openid for openid in openids for _ in range(5)]


def test_a_token_that_dies_under_two_processes_is_fetched_once_for_both(stage, redis, redis_url):
    stage.phone("knobs", path=SEND, effect="delay", value=0.05, times=0)
    stage.phone("knobs", path=SEND, effect="revoke", after=EACH)
    theirs = {name: members(stage) for name in ("甲", "乙")}
    with served(stage.app) as address:
        told = {"redis": redis_url, "account": {**ACCOUNT, "api_base": address}}
        with (
            a_sender(name="甲", openids=theirs["甲"], **told) as one,
            a_sender(name="乙", openids=theirs["乙"], **told) as other,
        ):
            both = (one, other)
            assert [hears(process) for process in both] == ["ready\n"] * 2
            for process in both:
                goes(process)
            errors = [json.loads(hears(process)) for process in both]

    refused = [each for each in calls(stage, SEND) if each["status"] == "40001"]
    assert errors == [[], []]
    assert {said for each in refused for said in ("甲", "乙") if said in each["sent"]} == {"甲", "乙"}
    assert len(calls(stage, TOKEN)) == 2, "the first one, and one for both"
    heard = [stage.texts(openid) for names in theirs.values() for openid in dict.fromkeys(names)]
    assert all(len([text for text in texts if text != "你好"]) == 5 for texts in heard)

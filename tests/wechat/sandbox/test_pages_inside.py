"""What WeChat's browser says to pages that use the JS-SDK, typed from wechat-platform.md §7."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account

PAGE = "https://wx.example.org/p/digest/first?from=timeline"
NAME = "updateAppMessageShareData"
CARD = {"title": "标题", "desc": "一句话", "link": "https://wx.example.org/p/digest/first", "imgUrl": ""}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with a_stage(tmp_path, an_account(page_domain="wx.example.org")) as stage:
        stage.signs_in()
        yield stage


def shown(stage: Stage, page: str = PAGE, **changed: str) -> dict[str, str]:
    """What a page gives to `wx.config`, signed as the platform's page says."""
    ticket = stage.get("/cgi-bin/ticket/getticket", type="jsapi")["ticket"]
    words = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={page}"
    signature = hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()
    good = {"appId": "wxba5fad812f8e6fb9", "timestamp": "1", "nonceStr": "n", "signature": signature}
    return {**good, "jsApiList": NAME, "page": page, "number": "7", **changed}


def said(stage: Stage, what: str, **fields: str) -> Any:
    answer = stage.http.get(f"/open/js/{what}.js", query_string=fields)
    found = re.fullmatch(r"wx\.heard\(7, (.*)\);", answer.text)
    assert (answer.mimetype, bool(found)) == ("text/javascript", True)
    return json.loads(found[1]) if found else None


def test_a_page_that_signed_its_own_address_is_let_in(stage: Stage) -> None:
    assert said(stage, "config", **shown(stage)) == "config:ok"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"signature": "0" * 40}, "config:invalid signature"),
        ({"timestamp": "2"}, "config:invalid signature"),
        ({"page": "https://wx.example.org/p/digest/second"}, "config:invalid signature"),
        ({"page": "https://elsewhere.example/p/digest/first"}, "config:invalid url domain"),
        ({"appId": "wx0"}, "config:invalid appid"),
    ],
)
def test_any_other_hears_why_not_and_offers_nothing(stage: Stage, changed: dict[str, str], why: str) -> None:
    fields = {**shown(stage), **changed}

    assert said(stage, "config", **fields) == why
    assert said(stage, "share", **fields, **CARD, name=NAME) == why
    assert stage.http.get("/sandbox/cards").get_json() == []


@pytest.mark.parametrize(
    ("name", "card", "listed", "why"),
    [
        (NAME, {}, "", f"{NAME}:permission denied"),
        ("openCard", {}, "openCard", "openCard:permission denied"),
        (NAME, {"link": "https://elsewhere.example/"}, NAME, f"{NAME}:fail, invalid link domain"),
    ],
)
def test_a_card_is_for_what_was_asked_for_and_leads_home(
    stage: Stage, name: str, card: dict[str, str], listed: str, why: str
) -> None:
    assert said(stage, "share", **shown(stage, jsApiList=listed), **{**CARD, **card}, name=name) == why
    assert stage.http.get("/sandbox/cards").get_json() == []


def test_the_newest_card_comes_first_and_old_ones_are_forgotten(stage: Stage) -> None:
    fields = shown(stage)
    for number in range(60):
        assert said(stage, "share", **fields, **{**CARD, "title": f"第{number}"}, name=NAME) == f"{NAME}:ok"
    kept = stage.http.get("/sandbox/cards").get_json()

    assert [card["title"] for card in kept] == [f"第{number}" for number in range(59, 9, -1)]
    assert (kept[0]["way"], kept[0]["page"], kept[0]["account"]) == ("message", PAGE, "official")

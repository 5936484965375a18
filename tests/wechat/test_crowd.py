"""A million followers are walked through in the memory of a few pages."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.fakes import Shelf
from tests.wechat.strict import Call, Platform, Say, serving
from wechat.client import TencentWeChat
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token

CROWD = 1_000_000
PAGE = 10_000
SOME_PAGES = 8 * 2**20  # bytes; a page is about one million of them, as text and as strings, and all of them are 80


def page_of_the_crowd() -> bytes:
    """A page whose openids begin with ooooooo, for the number of the page to be put in."""
    openids = [f"ooooooo{number:021}" for number in range(PAGE)]
    whole = {"total": CROWD, "count": PAGE, "data": {"openid": openids}, "next_openid": openids[-1]}
    return json.dumps(whole).encode()


class Crowded(Platform):
    """Its followers are made up as they are asked for."""

    pages = CROWD // PAGE
    page = page_of_the_crowd()
    end = json.dumps({"total": CROWD, "count": 0, "next_openid": ""}).encode()

    def answer(self, call: Call) -> Say:
        if call.path == "/cgi-bin/stable_token":
            return super().answer(call)
        after = call.query.get("next_openid") or json.loads(call.body or b"{}").get("next_openid")
        number = int(after[:7]) + 1 if after else 0
        return Say(self.page.replace(b"ooooooo", b"%07d" % number) if number < self.pages else self.end)


@pytest.fixture
def wechat():
    with serving(Crowded()) as platform:
        account = AccountSettings.model_validate(
            {"kind": "service", "appid": "wx01", "secret": "s", "token": "AAAAA", "mode": "plain"}
            | {"api_base": platform.address}
        )
        yield TencentWeChat(account, Tokens(stable_token(account), Shelf(), lambda: datetime.now(UTC)))


def measured(walk: Iterator[str]) -> tuple[int, int]:
    """How many there were, and the most memory that they took, the platform's page included."""
    next(walk)  # the connection, and what is made once
    tracemalloc.start()
    try:
        found = 1 + sum(1 for _ in walk)
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_million_are_walked_through_with_flat_memory(wechat):
    found, memory = measured(wechat.followers())

    assert found == CROWD
    assert memory < SOME_PAGES


def test_a_walk_goes_on_where_another_stopped(wechat):
    last = f"{CROWD // PAGE - 2:07}{PAGE - 1:021}"

    assert sum(1 for _ in wechat.followers(after=last)) == PAGE
    assert sum(1 for _ in wechat.bearers(100, after=last)) == PAGE

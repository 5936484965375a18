"""The JS-SDK's ticket is the fleet's, and its signature the platform's."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.fakes import Shelf
from tests.wechat.strict import Say, serving
from tests.wechat.test_tokens import Clock
from wechat.api.jssdk import jsapi_ticket, signed
from wechat.client import TencentWeChat
from wechat.errors import Misconfigured
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token

PAGE = "https://a.example/p/poll"


def test_the_signature_is_that_of_the_platforms_page():
    """wechat-platform.md §7."""
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    page = "http://mp.weixin.qq.com?params=value"

    assert signed(ticket, page, "Wm3WZYTPz0wzccnW", 1414587457) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    assert signed(ticket, f"{page}#part", "Wm3WZYTPz0wzccnW", 1414587457) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.fixture
def platform():
    with serving() as platform:
        yield platform


def an_account(platform):
    secret, token = SecretStr("s"), SecretStr("AAA")
    known = {"kind": "service", "appid": "wx1", "mode": "plain", "api_base": platform.address}
    return AccountSettings(secret=secret, token=token, **known)


def a_fleet(platform, clock, size=3):
    """Processes of one account that share what lies on two shelves."""
    account = an_account(platform)
    shelves = Shelf(), Shelf()
    for _ in range(size):
        tokens = Tokens(stable_token(account), shelves[0], clock)
        tickets = Tokens(jsapi_ticket(account, tokens), shelves[1], clock)
        yield TencentWeChat(account, tokens, tickets=tickets)


def sign(wechat):
    return wechat.signature(PAGE, nonce="n", timestamp=1)


def test_a_ticket_is_fetched_once_for_the_fleet_and_again_before_it_is_over(platform):
    clock = Clock()
    fleet = list(a_fleet(platform, clock))
    platform.script.extend(Say.fields(errcode=0, ticket=name, expires_in=7200) for name in ("A", "B"))
    first = {sign(wechat) for wechat in fleet for _ in range(5)}
    clock.goes(timedelta(minutes=114).total_seconds())
    still = sign(fleet[0])
    clock.goes(60)
    later = {sign(wechat) for wechat in fleet}

    assert first == {still} == {signed("A", PAGE, "n", 1)}
    assert later == {signed("B", PAGE, "n", 1)}
    assert [(call.path, call.query["type"]) for call in platform.calls] == [("/cgi-bin/ticket/getticket", "jsapi")] * 2


def test_an_account_without_the_right_hears_so(platform):
    platform.script.append(Say.code(48001, "api unauthorized rid: 1-2-3"))
    wechat = next(a_fleet(platform, Clock()))

    with pytest.raises(Misconfigured) as caught:
        sign(wechat)
    assert caught.value.errcode == 48001


def test_without_a_place_for_tickets_each_signature_asks_for_one(platform):
    account = an_account(platform)
    wechat = TencentWeChat(account, Tokens(stable_token(account), Shelf(), Clock()))
    platform.script.extend(Say.fields(ticket="A", expires_in=7200) for _ in range(2))

    assert sign(wechat) == sign(wechat)
    assert len(platform.calls) == 2

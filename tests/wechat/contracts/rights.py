"""What each kind of account may call, typed from wechat-platform.md: §5's matrix, §3.2 to §3.6, and A1's pages."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from tests.wechat.contract import JPG, MENU, a_notice, a_template
from wechat.client import WeChat
from wechat.errors import WeChatError
from wechat.messages import Article

NOBODY = "oZYXW9876543210zyxwvutSRQPON"
ARTICLE = Article(title="题", content="文", thumb_media_id="none")

VERIFIED_SERVICE = {("service", True)}
VERIFIED = VERIFIED_SERVICE | {("subscription", True)}
WITH_MENUS = VERIFIED | {("service", False)}
ALL = WITH_MENUS | {("subscription", False)}
KINDS = sorted(ALL)
SUBSCRIPTION = ("subscription", True)

CALLS: Mapping[str, tuple[Callable[[WeChat], object], set[tuple[str, bool]]]] = {
    "menu": (lambda w: w.create_menu(MENU), WITH_MENUS),  # §5
    "menu for some": (lambda w: w.add_conditional_menu(MENU, tag=1), VERIFIED),  # §4, §5
    "followers": (lambda w: list(w.followers()), VERIFIED),  # §5
    "tags": (lambda w: w.tags(), VERIFIED),  # §5
    "customer service": (lambda w: w.send_text(NOBODY, "好"), VERIFIED),  # §3.1
    "temporary media": (lambda w: w.upload("image", JPG), VERIFIED),  # §5
    "template message": (lambda w: w.send_template(a_template(NOBODY), client_msg_id="a"), VERIFIED_SERVICE),  # §3.2
    "notice": (lambda w: w.send_notice(a_notice(NOBODY)), VERIFIED_SERVICE),  # §3.3
    "notice templates": (lambda w: w.notice_templates(), VERIFIED_SERVICE),  # §3.3
    "message templates": (lambda w: w.message_templates(), VERIFIED_SERVICE),  # §3.2
    "QR code": (lambda w: w.scene_code(7, lasts=timedelta(days=1)), VERIFIED_SERVICE),  # §5
    "JS-SDK": (lambda w: w.signature("https://a.example/", nonce="n", timestamp=1), ALL),  # M
    "material": (lambda w: w.count_materials(), ALL),  # §3.6: no such note beside drafts, which need it
    "draft": (lambda w: w.add_draft([ARTICLE]), ALL),  # §3.6
    "publish": (lambda w: w.publish("none"), VERIFIED),  # §3.6: since July 2025
    "mass to all": (lambda w: w.mass_to_all("好", client_msg_id="a"), VERIFIED),  # §3.5
    "mass to a tag": (lambda w: w.mass_to_tag("好", 1, client_msg_id="b"), VERIFIED),  # §3.5
    "mass to a list": (lambda w: w.mass_to(["a", "b"], "好", client_msg_id="c"), VERIFIED_SERVICE),  # §3.5
    "mass video": (lambda w: w.video_for_mass("none", title="题"), VERIFIED),  # §3.5
    "mass preview": (lambda w: w.preview_mass(NOBODY, "好"), VERIFIED),  # §3.5
}


class RightsContract:
    """Derive a test class from this one and give it a fixture `account`: a `WeChat` of a kind, verified or not."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_account_may_call_what_its_kind_may(self, account: Callable[..., WeChat], kind: tuple[str, bool]):
        wechat = account(*kind)

        assert {name for name, (call, _) in CALLS.items() if may(call, wechat)} == {
            name for name, (_, kinds) in CALLS.items() if kind in kinds
        }

    def test_a_subscription_account_sends_to_many_once_a_day(self, account: Callable[..., WeChat]):
        wechat = account(*SUBSCRIPTION)
        wechat.mass_to_all("今日", client_msg_id="a")

        with pytest.raises(WeChatError) as caught:
            wechat.mass_to_all("还有", client_msg_id="b")
        assert caught.value.errcode == 45028


def may(call: Callable[[WeChat], object], wechat: WeChat) -> bool:
    """Whether the platform does not say 48001; what else it says is no matter of rights."""
    try:
        call(wechat)
    except WeChatError as error:
        return error.errcode != 48001
    return True

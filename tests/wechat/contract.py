"""The world that contracts are tried in; tests/wechat/contracts has one for each section, run against fake and real."""

from collections.abc import Callable
from typing import Protocol

import pytest

from tests.fakes import FakeBulk
from wechat.api.articles import PublishState
from wechat.bulk import Bulk
from wechat.client import WeChat
from wechat.errors import WeChatError
from wechat.messages import Notice

HOUR = 3600
DAY = 24 * HOUR
JPG = b"\xff\xd8\xff\xe0" + bytes(40)
MENU = {
    "button": [
        {"name": "学习", "sub_button": [{"type": "click", "name": "答题", "key": "quiz"}]},
        {"type": "view", "name": "要闻", "url": "https://a.example/news"},
    ]
}
STUDY = {"thing1": "今日要闻", "time2": "2026年11月23日 08:00", "thing3": "点击查看"}
RESULT = {"thing1": "路灯报修", "character_string2": "A-1024", "time3": "2026年11月23日 08:00"}


class World(Protocol):
    """A `WeChat`, and the hands and eyes of members."""

    wechat: WeChat
    bulk: Bulk | FakeBulk

    def joins(self, scene: str = "", name: str = "") -> str:
        """Someone begins to follow; returns the openid."""

    def knows(self, name: str = "") -> str:
        """Someone knows of the account and does not follow it; `name` is their WeChat ID."""

    def scans(self, openid: str, ticket: str) -> bool:
        """Hold a phone over a code and follow by it; False where the code is over."""

    def opens(self, url: str, *, nonce: str, timestamp: int, signature: str) -> bool:
        """Open a page with the JS-SDK; False where WeChat does not let it in."""

    def publishing_ends(self, state: PublishState) -> None:
        """The next publication comes to this instead of being done."""

    def protects_mass(self) -> None:
        """Sendings to all wait for the account's admin from now on."""

    def answers_mass(self, sent: str, *, confirmed: bool) -> None:
        """The admin's word on a sending that waits."""

    def fails_mass(self) -> None:
        """The next sending to all comes to nothing."""

    def leaves(self, openid: str) -> None:
        """Unfollow."""

    def speaks(self, openid: str) -> None:
        """Write to the account."""

    def refuses_messages(self, openid: str) -> None:
        """Switch 接收消息 off."""

    def consents(self, openid: str, template_id: str = "notice-study-update") -> None:
        """Allow one notice of a template."""

    def passes(self, seconds: int) -> None:
        """Let time pass."""

    def shown_to(self, openid: str) -> int:
        """Count what this member was sent."""


def the_fault(call: Callable[..., object], *args: object, **more: object) -> WeChatError:
    with pytest.raises(WeChatError) as caught:
        call(*args, **more)
    return caught.value


def a_notice(openid: str, **data: str) -> Notice:
    return Notice(openid=openid, template_id="notice-study-update", data=STUDY | data)


def a_template(openid: str, **more: str) -> Notice:
    return Notice(openid=openid, template_id="message-reply", data=RESULT | more)

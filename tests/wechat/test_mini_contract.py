"""The fake and the real client over HTTP keep one contract for mini-programs and pages."""

import json
from itertools import count

import pytest
from flask import Response

from tests.fakes import FakeWeChat
from tests.wechat.contracts.miniprogram import MiniContract
from tests.wechat.real import real
from tests.wechat.sandbox.stage import Bot, Clock, Stage, a_stage, an_account, served
from tests.wechat.sandbox.test_delivery import heard
from wechat.client import WeChat
from wechat.inbound import parse
from wechat.messages import Kind

PICTURE = "https://a.example/p.jpg"
PIXEL = b"\xff\xd8\xff\xd9"


class FakeWorld:
    def __init__(self) -> None:
        self._clock = Clock()
        self._names = (f"oFAKE{number:023}" for number in count())
        self._mini = FakeWeChat(self._clock, kind="miniprogram")
        self._service = FakeWeChat(self._clock)
        self.mini: WeChat = self._mini
        self.service: WeChat = self._service
        self.is_a_risk = self._mini.is_a_risk

    def knows(self):
        return next(self._names)

    reads = knows

    def code(self, openid, purpose, *, number="", snapshot=False):
        account = self._service if purpose == "page" else self._mini
        return account.gives_code(openid, purpose, number=number, snapshot=snapshot)

    def passes(self, seconds):
        self._clock.goes_on(seconds=seconds)

    def picture(self):
        self._mini.pictures.add(PICTURE)
        return PICTURE

    def told(self, trace):
        return self._mini.told[trace]


class TestTheFake(MiniContract):
    @pytest.fixture
    def world(self):
        return FakeWorld()


MINI = an_account(name="mini", appid="wx-mini", kind="miniprogram")
SERVICE = an_account(name="service", appid="wx-service")


class SandboxWorld:
    def __init__(self, stage: Stage, address: str, bot: Bot, host: str) -> None:
        self._stage = stage
        self._bot = bot
        self._host = host
        self.mini: WeChat = real(MINI, address, stage.clock)[0]
        self.service: WeChat = real(SERVICE, address, stage.clock)[0]

    def knows(self):
        return self._stage.a_member("mini")

    def reads(self):
        return self._stage.a_member("service")

    def code(self, openid, purpose, *, number="", snapshot=False):
        scope = ("snsapi_base snapshot" if snapshot else "snsapi_base") if purpose == "page" else number
        return self._stage.phone("codes", openid=openid, scope=scope, **{"for": purpose})["code"]

    def is_a_risk(self, openid):
        self._stage.phone("risk", openid=openid)

    def passes(self, seconds):
        self._stage.clock.goes_on(seconds=seconds)

    def picture(self):
        return f"{self._host}/p.jpg"

    def told(self, trace):
        fields = heard(self._bot, "wxa_media_check")
        message = parse(json.dumps(fields).encode(), account="mini", miniprogram=True)

        assert message.kind is Kind.MEDIA_CHECKED
        assert message.detail.trace_id == trace
        return message.detail


class TestTheRealOne(MiniContract):
    @pytest.fixture
    def world(self, tmp_path):
        bot = Bot(MINI, lambda _: Response("success"))
        web = bot.app()
        web.add_url_rule("/p.jpg", view_func=lambda: Response(PIXEL, mimetype="image/jpeg"))
        with (
            served(web) as host,
            a_stage(tmp_path, MINI, SERVICE, webhook=host) as stage,
            served(stage.app) as address,
        ):
            yield SandboxWorld(stage, address, bot, host)

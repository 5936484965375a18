"""The phone in a real Chromium, at the size of a phone and of a desktop, in front of a bot that listens."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Response
from playwright.sync_api import Browser, Page, expect

from tests.browser import SIZES, a_page, faults
from tests.wechat.sandbox.stage import Bot, Clock, Stage, Told, a_reply, a_stage, an_account, served
from wechat.sandbox.sender import Patience

pytestmark = pytest.mark.browser

MENU = {
    "button": [
        {"name": "学习", "sub_button": [{"type": "click", "name": "今日要闻", "key": "news"}]},
        {"type": "view", "name": "主页", "url": "http://127.0.0.1:9/home"},
    ]
}
NEWS = (
    "<ArticleCount>1</ArticleCount><Articles><item><Title>要闻一则</Title><Description>摘要</Description>"
    "<PicUrl></PicUrl><Url>http://127.0.0.1:9/a</Url></item></Articles>"
)
PATIENCE_SECONDS = 3
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0f01f0005050102"
    "7d5c0e3d0000000049454e44ae426082"
)


class Door:
    def list(self) -> tuple[tuple[str, str], ...]:
        return (("daily", "每日要闻"),)

    def send(self, key: str) -> str:
        return f"{key}:2026-11-23"


class TrueClock(Clock):
    def __call__(self) -> datetime:
        return datetime.now(UTC)


class Set(NamedTuple):
    stage: Stage
    url: str


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Set]:
    account = an_account()

    def answer(told: Told) -> Any:
        match told:
            case {"Event": "subscribe"}:
                return "欢迎关注，看 http://127.0.0.1:9/b?x=1。"
            case {"Event": "CLICK"}:
                return Response(bot.seal(a_reply(told, "", "news", NEWS)))
            case {"Content": "慢"}:
                time.sleep(PATIENCE_SECONDS + 0.3)
                return "太晚了"
            case {"Content": content}:
                return f"你说：{content}"
        return "图片收到了" if told["MsgType"] == "image" else Response("success")

    bot = Bot(account, answer)
    patience = Patience(seconds=PATIENCE_SECONDS, attempts=1, threads=2)
    with (
        served(bot.app()) as address,
        a_stage(tmp_path, account, webhook=address, patience=patience, clock=TrueClock(), broadcasts=Door()) as stage,
        served(stage.app) as url,
    ):
        stage.signs_in()
        stage.post("/cgi-bin/menu/create", MENU)
        yield Set(stage, url)


def joins(page: Page, nickname: str = "小同志") -> str:
    page.get_by_label("新成员的昵称").fill(nickname)
    press(page, "新建成员")
    press(page, "关注公众号")
    expect(page.get_by_role("log")).to_contain_text("欢迎关注")
    return str(page.evaluate("location.hash.slice(1)"))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def says(page: Page, words: str) -> None:
    if page.get_by_role("button", name="切换到键盘").is_visible():
        press(page, "切换到键盘")
    page.get_by_role("textbox", name="消息").fill(words)
    press(page, "发送")


@pytest.mark.parametrize("size", SIZES)
def test_a_member_follows_talks_taps_and_hears_pushes_live(
    browser: Browser, scene: Set, size: str, tmp_path: Path
) -> None:
    with a_page(browser, scene.url, size) as page:
        openid = joins(page)
        log, more = page.get_by_role("log"), page.get_by_role("complementary", name="更多操作")
        press(page, "学习")
        press(page, "今日要闻")
        expect(log.get_by_role("link", name="要闻一则")).to_have_attribute("href", "http://127.0.0.1:9/a")
        says(page, "你好")
        expect(log).to_contain_text("你说：你好")
        scene.stage.says_to(openid, "这是推送")
        expect(log).to_contain_text("这是推送")
        page.screenshot(path=tmp_path / f"{size}.png")
        if size == "phone":
            press(page, "更多操作")
        press(page, "同意学习提醒")
        expect(more).to_contain_text("还可接收 1 条")
        press(page, "立即推送每日要闻")
        expect(page.get_by_role("status")).to_contain_text("已开始推送：daily:2026-11-23")
        data = {"thing1": {"value": "本周要点"}, "time2": {"value": "08:00"}}
        body = {"touser": openid, "template_id": "study", "data": data}
        sent = scene.stage.code("/cgi-bin/message/subscribe/bizsend", body)

        assert sent == 0
        expect(more).to_contain_text("还可接收 0 条")
        expect(page.locator("#lines .card").last).to_contain_text("本周要点")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_goes_wrong_is_said_and_can_be_mended(browser: Browser, scene: Set) -> None:
    with a_page(browser, scene.url, "phone", expected=("Failed to load resource: net::ERR_FAILED",)) as page:
        joins(page, "<b>小同志</b>")
        log = page.get_by_role("log")
        page.get_by_label("选择图片").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PIXEL})
        expect(log).to_contain_text("图片收到了")
        says(page, "慢")
        expect(log).to_contain_text("该公众号暂时无法提供服务，请稍后再试")
        page.route("**/sandbox/say", lambda route: route.abort())
        says(page, "还在吗")
        failed = page.get_by_role("button", name="发送失败，点此重试")
        expect(failed).to_be_visible()
        page.unroute("**/sandbox/say")
        failed.click()
        expect(log).to_contain_text("你说：还在吗")
        page.reload()

        expect(log).to_contain_text("你说：还在吗")
        expect(page.locator(".mine img")).to_have_js_property("naturalWidth", 1)
        press(page, "返回成员列表")
        expect(page.get_by_role("list", name="成员列表")).to_contain_text("<b>小同志</b>")


def test_a_code_is_scanned_and_following_ends(browser: Browser, scene: Set) -> None:
    with a_page(browser, scene.url, "desktop") as page:
        press(page, "新建成员")
        press(page, "扫码关注")
        page.get_by_label("二维码的场景值，或它所写的网址").fill("org_1")
        press(page, "扫码")
        expect(page.get_by_role("log")).to_contain_text("欢迎关注")
        page.on("dialog", lambda dialog: dialog.accept())
        press(page, "取消关注")

        expect(page.get_by_role("log")).to_contain_text("已取消关注")
        expect(page.get_by_role("button", name="关注公众号")).to_be_visible()
        made = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "hall-3"}}}
        press(page, "扫码关注")
        page.get_by_label("二维码的场景值，或它所写的网址").fill(
            scene.stage.post("/cgi-bin/qrcode/create", made)["url"]
        )
        press(page, "扫码")
        expect(page.get_by_role("button", name="取消关注")).to_be_visible()
        expect(page.get_by_role("log").get_by_text("欢迎关注")).to_have_count(2)
        told = scene.stage.http.get("/sandbox/wire").get_data(as_text=True)
        assert "qrscene_hall-3" in told
        assert "qrscene_org_1" in told


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Set]:
    """A mini-program: its bot is told things and says nothing back, as a mini-program's must."""
    account = an_account(kind="miniprogram")
    bot = Bot(account, lambda _: Response("success"))
    with (
        served(bot.app()) as address,
        a_stage(tmp_path, account, webhook=address, clock=TrueClock()) as stage,
        served(stage.app) as url,
    ):
        stage.signs_in()
        yield Set(stage, url)


@pytest.mark.parametrize("size", SIZES)
def test_a_mini_program_is_opened_asked_for_and_signed_in_to(
    browser: Browser, program: Set, size: str, tmp_path: Path
) -> None:
    with a_page(browser, program.url, size) as page:
        log, more = page.get_by_role("log"), page.get_by_role("complementary", name="更多操作")
        press(page, "新建成员")
        expect(page.get_by_text("还没有说过话")).to_be_visible()
        opens(page, size)
        press(page, "打开会话")
        expect(log).to_contain_text("打开了客服会话")
        openid = str(page.evaluate("location.hash.slice(1)"))
        program.stage.says_to(openid, "您好")
        expect(log).to_contain_text("您好")
        expect(page.get_by_text("还没有说过话")).to_be_hidden()
        opens(page, size)
        press(page, "取登录码")
        expect(more).to_contain_text("五分钟内用一次")
        press(page, "询问学习提醒")
        page.screenshot(path=tmp_path / f"{size}.png")
        found = faults(page)
        press(page, "拒绝")
        expect(more).to_contain_text("还可接收 0 条")
        press(page, "询问学习提醒")
        page.get_by_label("总是保持以上选择").check()
        press(page, "允许")
        expect(more).to_contain_text("还可接收 1 条，总是允许")
        press(page, "询问学习提醒")
        expect(page.get_by_role("status").last).to_contain_text("没有弹窗")
        expect(more).to_contain_text("还可接收 2 条，总是允许")

        assert found == []
        assert page.get_by_text("取消关注").is_hidden()


def opens(page: Page, size: str) -> None:
    """What is more to do: beside the chat, or behind it."""
    if size == "phone":
        press(page, "更多操作")

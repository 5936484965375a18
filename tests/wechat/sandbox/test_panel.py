"""The panel in a real Chromium, at the size of a phone and of a desktop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from playwright.sync_api import Browser, expect

from tests.browser import SIZES, a_page, faults
from tests.end_to_end.running import within
from tests.wechat.sandbox.stage import Bot, Stage, Told, a_stage, an_account, served

pytestmark = pytest.mark.browser


@pytest.fixture
def url(stage: Stage) -> Iterator[str]:
    with served(stage.app) as url:
        yield url


@pytest.mark.parametrize("size", SIZES)
def test_a_fault_is_set_seen_and_taken_back_and_time_is_moved(
    browser: Browser, stage: Stage, url: str, size: str, tmp_path: Path
) -> None:
    openid = stage.a_follower()
    with a_page(browser, f"{url}/panel/", size) as page:
        active, hint = page.get_by_role("list").first, page.get_by_text("没有故障，平台一切正常。")
        expect(hint).to_be_visible()
        page.screenshot(path=tmp_path / f"{size}-calm.png", full_page=True)
        page.get_by_text("系统繁忙").click()
        page.get_by_label("次数").locator("visible=true").fill("2")
        page.get_by_role("button", name="打开系统繁忙").click()
        expect(active).to_contain_text("全部接口 · 还有 2 次")
        busy = stage.says_to(openid)
        expect(active).to_contain_text("还有 1 次 · 已发生 1 次")
        page.get_by_text("当日额度").click()
        page.get_by_label("每日额度").fill("1")
        page.get_by_role("button", name="打开当日额度").click()
        expect(active).to_contain_text("每天 1 次")
        page.screenshot(path=tmp_path / f"{size}-set.png", full_page=True)
        found = faults(page)
        page.get_by_role("button", name="关闭系统繁忙").click()
        expect(active).not_to_contain_text("系统繁忙")
        codes = [stage.says_to(openid) for _ in range(2)]
        page.get_by_role("button", name="关闭当日额度").click()
        expect(hint).to_be_visible()
        page.get_by_role("button", name="48 小时", exact=True).click()
        expect(page.locator("#now")).to_contain_text("2026年11月25日")

        assert busy == -1
        assert codes == [0, 45009]
        assert stage.says_to(openid) == 42001
        assert found == []


@pytest.mark.parametrize("size", SIZES)
def test_the_admin_confirms_or_refuses_a_mass_send_on_the_panel(
    browser: Browser, stage: Stage, url: str, size: str, tmp_path: Path
) -> None:
    openid = stage.a_follower()
    stage.phone("knobs", preset="mass_confirm")
    with a_page(browser, f"{url}/panel/", size) as page:
        for words in ("大会改期", "不要发"):
            said = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": words}}
            stage.post("/cgi-bin/message/mass/sendall", said)
        jobs = page.get_by_role("region", name="等待确认的群发").get_by_role("listitem")
        expect(jobs).to_have_count(2)
        page.screenshot(path=tmp_path / f"{size}-mass.png", full_page=True)
        found = faults(page)
        jobs.filter(has_text="不要发").get_by_role("button", name="拒绝").click()
        expect(jobs).to_have_count(1)
        jobs.get_by_role("button", name="确认").click()
        expect(page.get_by_role("region", name="等待确认的群发")).to_be_hidden()

        assert stage.texts(openid) == ["大会改期"]
        assert found == []


def talker(told: Told) -> Any:
    match told:
        case {"Event": "subscribe"}:
            return "欢迎关注。\n回复“答题”开始，回复“帮助”看看还能做什么。"
        case {"Content": "坏了"}:
            return Response("<xml>")
        case {"Content": content}:
            return f"你说：{content}"
    return Response("success")


@pytest.fixture
def talking(tmp_path: Path) -> Iterator[tuple[Stage, str, str]]:
    account = an_account()
    with (
        served(Bot(account, talker).app()) as address,
        a_stage(tmp_path, account, webhook=address) as stage,
        served(stage.app) as url,
    ):
        stage.signs_in()
        openid = stage.phone("members", account="official", nickname="小同志")["openid"]
        stage.phone("follow", openid=openid, wait=True)
        stage.phone("say", openid=openid, text="坏了", wait=True)
        stage.says_to(openid, "这是一条客服消息")
        yield stage, url, openid


@pytest.mark.parametrize("size", SIZES)
def test_an_exchange_is_found_opened_and_done_again(
    browser: Browser, talking: tuple[Stage, str, str], size: str, tmp_path: Path
) -> None:
    stage, url, openid = talking
    with a_page(browser, f"{url}/panel/wire", size) as page:
        entries, detail = page.get_by_role("list", name="往来"), page.get_by_role("region", name="详情")
        expect(entries.get_by_role("listitem")).to_have_count(4)
        stage.phone("say", openid=openid, text="答题", wait=True)
        expect(entries.get_by_role("listitem").first).to_contain_text("答题")
        page.screenshot(path=tmp_path / f"{size}-list.png", full_page=True)
        found = faults(page)
        page.get_by_label("只看出错的").check()
        expect(entries.get_by_role("listitem")).to_have_count(1)
        page.get_by_label("只看出错的").uncheck()
        expect(entries.get_by_role("listitem")).to_have_count(5)
        page.get_by_label("查找").fill("你说：答题")
        expect(entries.get_by_role("listitem")).to_have_count(1)
        entries.get_by_role("button").click()
        expect(detail).to_contain_text("FromUserName")
        page.screenshot(path=tmp_path / f"{size}-open.png")
        found += faults(page)
        detail.get_by_role("button", name="看原文").first.click()
        expect(detail).to_contain_text("<![CDATA[答题]]>")
        detail.get_by_role("button", name="作为新消息").click()
        expect(page.get_by_role("status")).to_contain_text("应答与那一次相同")
        detail.get_by_role("button", name="再推一次").click()
        expect(entries.get_by_role("listitem")).to_have_count(3)

        assert found == []
        assert within(15, lambda: len(stage.texts(openid)) == 4)  # it is on the wire before it is in the chat
        assert stage.texts(openid)[-1] == "你说：答题"


@pytest.mark.parametrize("size", SIZES)
def test_a_talk_is_taken_along_and_played_again(
    browser: Browser, talking: tuple[Stage, str, str], size: str, tmp_path: Path
) -> None:
    _, url, openid = talking
    refused = "Failed to load resource: the server responded with a status of 400 (BAD REQUEST)"
    with a_page(browser, f"{url}/panel/wire?openid={openid}", size, expected=(refused,)) as page:
        detail = page.get_by_role("region", name="详情")
        with page.expect_download() as saved:
            page.get_by_role("link", name="导出为对话").click()
        written = saved.value.path().read_text()
        changed = written.replace("欢迎关注", "欢迎光临").encode()
        page.get_by_label("选择要回放").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": changed})
        expect(detail).to_contain_text("共 2 步，1 步不一样。")
        expect(detail).to_contain_text("应该是")
        page.screenshot(path=tmp_path / f"{size}-played.png")
        found = faults(page)
        detail.get_by_role("button", name="关闭").click()
        page.get_by_label("选择要回放").set_input_files({"name": "a", "mimeType": "text/plain", "buffer": b"what"})
        expect(page.get_by_role("status")).to_contain_text("line 1:")

        assert "! follows\n< 欢迎关注。\n" in written
        assert found == []

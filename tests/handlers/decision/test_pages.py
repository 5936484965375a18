"""Decisions in a real browser, without its scripts: written down with the keyboard, mended, read and printed."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import SIZES, faults
from tests.handlers.decision.test_decision import town
from tests.house import PASSWORD
from tests.wechat.sandbox.stage import served

pytestmark = [pytest.mark.alike, pytest.mark.browser]
__all__ = ["town"]  # the fixture


def fills(page: Page, **said: str) -> None:
    for name, value in said.items():
        page.locator(f"[name={name}]").fill(value)


def typed(page: Page) -> None:
    """Everything but one slip: more votes than people."""
    fills(page, meeting="2026 年第 6 次支部党员大会", day="2026-06-20", matter="接收一名预备党员")
    page.locator("[name=kind]").first.check()
    page.get_by_label("关于谁").select_option(index=1)
    page.get_by_label("由谁提出").select_option("支部委员会")
    fills(page, entitled="20", present="15", approve="11", against="5", abstain="1")


def comes_in(page: Page, web: str) -> None:
    page.goto(f"{web}/admin/login")
    page.get_by_label("姓名").fill("li")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="主导航")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_decision_is_written_down_mended_read_and_printed(town, browser, size):
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=False)
    found: dict[str, list[str]] = {}

    def looks(name: str) -> None:
        found[name] = faults(page)

    with served(town.client.application) as web:
        comes_in(page, web)
        page.goto(f"{web}/admin/decision/new")
        looks("form")
        typed(page)
        page.get_by_label("弃权").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("一共 17 票，比能投票的 15 人还多")
        looks("slip")
        fills(page, against="3")
        page.get_by_role("button", name="记下").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("通过")
        looks("one")
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(page.get_by_text("主持人（签名）")).to_be_visible()
        page.emulate_media(media="screen")
        page.goto(f"{web}/admin/decision/")
        expect(page.get_by_role("main")).to_contain_text("王**")
        looks("list")
    page.close()

    assert {name: each for name, each in found.items() if each} == {}


def test_the_browsers_back_leads_to_what_was_written_down_and_a_new_one_begins_at_the_list(town, browser):
    page = browser.new_page(locale="zh-CN", java_script_enabled=False)
    with served(town.client.application) as web:
        comes_in(page, web)
        page.goto(f"{web}/admin/decision/")
        page.get_by_role("link", name="记一件").click()
        typed(page)
        fills(page, against="3")
        page.get_by_role("button", name="记下").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("通过")
        page.go_back()
        expect(page.get_by_role("main")).to_contain_text("这一件已经记下了")
        page.get_by_role("link", name="决议").last.click()
        expect(page.get_by_role("main")).to_contain_text("一共 1 件")
        page.get_by_role("link", name="记一件").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("记一件决议")
    page.close()

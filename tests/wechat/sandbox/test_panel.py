"""The panel in a real Chromium, at the size of a phone and of a desktop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import SIZES, a_browser, a_page, faults
from tests.wechat.sandbox.stage import Stage, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


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

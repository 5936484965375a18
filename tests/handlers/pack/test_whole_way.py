"""A digest edited in the console by one admin, agreed to by another, read by a member, and given back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.admins import GENERAL, Grant
from tests.browser import a_page
from tests.content.builders import ACCOUNT, a_digest, a_pack
from tests.end_to_end.running import within
from tests.house import PASSWORD, a_town, hashed_at_no_cost
from tests.wechat.sandbox.stage import served

pytestmark = [pytest.mark.alike, pytest.mark.browser]

FILE = "digests/first.md"
SECOND = '[[role]]\nid = "second"\nname = "审核员"\nduties = ["approve_content"]\n'
SOON = 10.0  # seconds, on a busy machine: two are promised


@pytest.fixture
def folder(tmp_path):
    account = ACCOUNT.replace("welcome", 'approval = ["digests"]\nwelcome', 1)
    files = {"account.toml": account, "roles.toml": SECOND, FILE: a_digest(title="旧的标题")}
    return a_pack(tmp_path / "pack", files)


@pytest.fixture
def town(tmp_path, folder, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    for name, role in (("甲", GENERAL), ("乙", "second")):
        town.house.admins.add(
            name=name, password_hash=hashed_at_no_cost(PASSWORD), grants=[Grant(role)], party_member=True
        )
    yield town
    town.house.close()


@contextmanager
def signed_in(browser: Browser, web: str, name: str, *, size: str = "desktop") -> Iterator[Page]:
    with a_page(browser, f"{web}/admin/login", size) as page:
        page.get_by_label("姓名").fill(name)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("navigation", name="主导航")).to_be_visible()
        yield page


def write(page: Page, before: str, after: str) -> None:
    text = page.get_by_label("内容", exact=True)
    text.fill(text.input_value().replace(before, after))
    page.get_by_role("button", name="检查，看看效果").click()


def test_a_file_is_edited_mended_agreed_to_read_by_a_member_and_given_back(town, folder, browser):
    before = (folder / FILE).read_bytes()
    with (
        served(town.client.application) as web,
        signed_in(browser, web, "甲") as mine,
        signed_in(browser, web, "乙", size="phone") as theirs,
    ):
        mine.goto(f"{web}/admin/content?kind=digests&q=旧的")
        mine.get_by_role("link", name="旧的标题").click()
        write(mine, "title: 旧的标题\nkind: news", "title: 新的标题\nkind: 坏")
        expect(mine.get_by_role("alert")).to_contain_text("有 1 处要改")
        expect(mine.locator("main")).to_contain_text("kind 不能是“坏”")
        mine.wait_for_load_state()  # a click before the page's script is there leads to the text's beginning
        mine.get_by_role("link", name=f"{FILE} 第 3 行").click()
        assert mine.evaluate("getSelection().toString()") == "kind: 坏"
        write(mine, "kind: 坏", "kind: news")
        expect(mine.get_by_text("检查过了，没有错误。")).to_be_visible()
        expect(mine.locator(".phone")).to_contain_text("1. 新的标题")
        with mine.context.expect_page() as opened:
            mine.get_by_role("link", name="打开网页的样子").click()
        expect(opened.value.get_by_role("heading", level=1)).to_have_text("新的标题")
        assert (
            "frame-ancestors 'none'" in (opened.value.request.get(opened.value.url).headers["content-security-policy"])
        )
        expect(mine.get_by_role("button", name="换上")).to_have_count(0)
        mine.get_by_role("button", name="提请另一位管理员同意").click()
        expect(mine.get_by_role("status")).to_contain_text("已经提请")
        assert (folder / FILE).read_bytes() == before

        theirs.goto(f"{web}/admin/")
        theirs.get_by_role("link", name="有 1 处内容改动等您看过、同意").click()
        theirs.get_by_role("link", name=FILE).click()
        expect(theirs.locator(".line.more")).to_contain_text("title: 新的标题")
        theirs.get_by_role("button", name="我看过了，同意换上").click()
        expect(theirs.get_by_role("status")).to_contain_text("换上了")

        assert within(SOON, lambda: "新的标题" in town.phone().says("要闻"))
        mine.goto(f"{web}/admin/content/history")
        expect(mine.get_by_role("listitem").filter(has_text=FILE)).to_contain_text("甲，乙 同意")
        mine.get_by_role("link", name=FILE).click()
        mine.get_by_role("button", name="恢复成改以前的样子").click()
        expect(mine.get_by_role("status")).to_contain_text("另一位管理员同意")
        mine.get_by_role("button", name="提请另一位管理员同意").click()
        theirs.goto(f"{web}/admin/content/asked")
        theirs.get_by_role("link", name=FILE).click()
        theirs.get_by_role("button", name="我看过了，同意换上").click()
        expect(theirs.get_by_role("status")).to_contain_text("换上了")

        assert within(SOON, lambda: "旧的标题" in town.phone().says("要闻"))
    assert (folder / FILE).read_bytes() == before

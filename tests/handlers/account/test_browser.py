"""Accounts in a real browser: with the keyboard alone, on a phone, without scripts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from storage.admins import Grant
from tests import authenticator
from tests.house import PASSWORD, hashed_at_no_cost
from tests.street import Street, a_street

pytestmark = [pytest.mark.alike, pytest.mark.browser]

NEW = "槐树下有三只鸟在叫着呢"


@pytest.fixture
def street(tmp_path: Path, database_url: str, redis: object, redis_url: str) -> Iterator[Street]:
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url) as street:
        street.town.house.admins.add(name="系统员", password_hash=hashed_at_no_cost(PASSWORD), grants=[Grant("system")])
        yield street


def types(page: Page, *fields: tuple[str, str]) -> None:
    """Fill fields in, and press Enter in the last."""
    for label, words in fields:
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label(fields[-1][0], exact=True).press("Enter")


def signs_in(page: Page, street: Street, name: str, password: str) -> None:
    page.goto(f"{street.web}/admin/")
    types(page, ("姓名", name), ("密码", password))


def test_a_new_admin_chooses_a_password_turns_on_an_authenticator_and_signs_in_with_it(street, browser):
    keeper, new = (
        browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False) for _ in range(2)
    )
    signs_in(keeper, street, "系统员", PASSWORD)
    keeper.get_by_role("link", name="账号", exact=True).press("Enter")
    keeper.get_by_text("开一个账号").press("Enter")
    types(keeper, ("姓名", "王芳"))
    given = keeper.locator("code").inner_text()

    signs_in(new, street, "王芳", given)
    expect(new.get_by_role("alert")).to_contain_text("只有换成自己的")
    types(new, ("管理员给您的密码", given), ("新密码", NEW), ("再写一遍新密码", NEW))
    expect(new.get_by_role("status")).to_contain_text("密码改好了")
    new.get_by_role("button", name="打开验证器").press("Enter")
    secret = new.locator("code").inner_text()
    types(new, ("验证码", authenticator.code(secret, datetime.now(UTC))))
    recovery = new.locator("li code").first.inner_text()
    new.get_by_role("link", name="收好了").press("Enter")
    expect(new.get_by_role("main")).to_contain_text("恢复码还有 10 个")
    new.get_by_role("button", name="退出登录").press("Enter")

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=60)):
        signs_in(new, street, "王芳", NEW)
        types(new, ("验证码", authenticator.code(secret, datetime.now(UTC))))
        expect(new.get_by_role("heading", level=1)).to_have_text("总览")
        new.get_by_role("button", name="退出登录").press("Enter")
        signs_in(new, street, "王芳", NEW)
        types(new, ("验证码", recovery))
        expect(new.get_by_role("heading", level=1)).to_have_text("总览")

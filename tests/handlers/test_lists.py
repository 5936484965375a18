"""The console's lists: what is asked for stays in the address and in the form, and an empty one says what to do."""

import re

import pytest
from playwright.sync_api import expect

from storage.admins import GENERAL, Grant
from tests.browser import a_browser, faults
from tests.house import PASSWORD, a_town
from tests.wechat.sandbox.stage import served

pytestmark = pytest.mark.variant
AUDITED = "/admin/trail/"  # by an account of its own
LISTS = {  # and something of each to ask for
    "/admin/decision/": "state",
    "/admin/membership/": "role",
    "/admin/opinion/": "category",
    "/admin/content": "kind",
    AUDITED: "account",
}


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url)
    town.signs_in("audit", Grant("audit"))
    town.signs_in("li", Grant(GENERAL))
    yield town
    town.house.close()


@pytest.mark.parametrize(("address", "name"), LISTS.items())
def test_what_is_asked_for_and_not_there_is_shown_and_led_out_of(town, address, name):
    if address == AUDITED:
        town.signs_in("audit")
    page = town.client.get(f"{address}?{name}=没有\0的").text

    assert '<option value="没有的" selected>' in page
    assert re.search(f'请换一个条件，或者<a href="{re.escape(address)}">看全部</a>', page)


@pytest.mark.parametrize("address", ["/admin/decision/", "/admin/membership/", "/admin/opinion/"])
def test_an_empty_list_says_how_something_comes_there(town, address):
    page = town.client.get(address).text

    assert re.search(
        '还没有记过。开过会|名册还是空的，<a href="/admin/membership/|还没有意见：会员在公众号里回复', page
    )
    assert "看全部" not in page


@pytest.mark.alike
@pytest.mark.browser
@pytest.mark.parametrize("who", ["li", "audit"])
def test_the_forms_fit_a_screen_of_320_with_large_letters_and_go_to_the_address(town, who):
    found = {}
    lists = {address: name for address, name in LISTS.items() if (address == AUDITED) == (who == "audit")}
    with a_browser() as browser, served(town.client.application) as web:
        page = browser.new_page(viewport={"width": 320, "height": 640}, locale="zh-CN")
        page.goto(f"{web}/admin/login")
        page.get_by_label("姓名").fill(who)
        page.get_by_label("密码").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="主导航")).to_be_visible()
        for address, name in lists.items():
            page.goto(f"{web}{address}?{name}=没有的")
            found[address] = faults(page)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            found[f"{address} in large letters"] = faults(page)
            page.locator(f"[name={name}]").select_option("")
            page.get_by_role("main").get_by_role("button").first.click()
            page.wait_for_url(lambda url: "%" not in url)
            expect(page.get_by_text("看全部")).to_have_count(0)
        page.close()

    assert {where: said for where, said in found.items() if said} == {}

"""Signing in with a password and a code: once each, in the right order, and by an authenticator of any make."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from werkzeug.datastructures import MultiDict

from commands.installed import now
from handlers.access import CODE_SECONDS
from tests import authenticator
from tests.house import NOON, PASSWORD, a_town, hashed_at_no_cost

pytestmark = pytest.mark.variant


@pytest.fixture
def browser(town):
    return town.client


@pytest.fixture
def time():
    """Stands still until it is moved: that of who sits before the console, not the sandbox's."""
    with time_machine.travel(NOON, tick=False) as time:
        yield time


@pytest.fixture
def factor(town, time):
    """An account with its authenticator, and the recovery codes; time has gone on since it was turned on."""
    made = Authenticator(town, "王芳")
    time.shift(timedelta(minutes=5))
    return made


class Authenticator:
    def __init__(self, town, name):
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD))
        factors, self.name = town.house.entrance.factors, name
        self.admin = town.house.admins.named(name).id
        factors.prepare(self.admin)
        self._typed = factors.prepared(self.admin).typed
        self.recovery = factors.turn_on(self.admin, self.code(), now=now())

    def code(self, **off):
        return authenticator.code(self._typed, now() + timedelta(**off))


def token(browser, page="/admin/login"):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def hidden(page):
    return [
        (name, html.unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    ]


def says_password(browser, factor, **more):
    said = {"name": factor.name, "password": PASSWORD, **more}
    return browser.post("/admin/login", data={"csrf_token": token(browser), **said})


def says_code(browser, page, code):
    return browser.post("/admin/login/code", data=MultiDict([*hidden(page.text), ("code", code)]))


def is_in(browser):
    return browser.get("/admin/").status_code == 200


def test_a_password_alone_asks_for_the_code_and_the_code_lets_in(browser, factor):
    asked = says_password(browser, factor, next="/admin/content")
    before = is_in(browser)
    entered = says_code(browser, asked, factor.code())

    assert (asked.status_code, "验证码" in asked.text, before) == (200, True, False)
    assert (entered.status_code, entered.location) == (302, "/admin/content")
    assert is_in(browser)


def test_a_code_is_refused_the_second_time_in_another_browser_too(town, browser, factor):
    code = factor.code()
    says_code(browser, says_password(browser, factor), code)
    other = town.client.application.test_client()
    again = says_code(other, says_password(other, factor), code)

    assert (again.status_code, "已经用过" in again.text, is_in(other)) == (401, True, False)
    assert says_code(other, again, factor.code(seconds=30)).status_code == 302


def test_a_recovery_code_lets_in_once(town, browser, factor):
    lost = town.client.application.test_client()
    entered = says_code(browser, says_password(browser, factor), factor.recovery[0])
    again = says_code(lost, says_password(lost, factor), factor.recovery[0])

    assert (entered.status_code, again.status_code) == (302, 401)
    assert "恢复码还有 9 个" in browser.get("/admin/account/").text


def test_a_code_without_a_password_before_it_is_nothing(browser, factor):
    answer = browser.post("/admin/login/code", data={"csrf_token": token(browser), "code": factor.code()})

    assert (answer.status_code, "请从头登录" in answer.text, is_in(browser)) == (200, True, False)


@pytest.mark.parametrize("change", ["password", "disabled", "late"])
def test_a_password_is_good_for_its_code_for_a_while_and_while_the_account_is_the_same(
    town, time, browser, factor, change
):
    asked = says_password(browser, factor)
    if change == "password":
        town.house.admins.change_password(name=factor.name, password_hash=hashed_at_no_cost("another long password"))
    elif change == "disabled":
        town.house.admins.disable(name=factor.name)
    else:
        time.shift(timedelta(seconds=CODE_SECONDS + 1))
    answer = says_code(browser, asked, factor.code())

    assert ("请从头登录" in answer.text, is_in(browser)) == (True, False)


def test_codes_can_not_be_guessed_with_the_password_in_between(browser, factor):
    asked = says_password(browser, factor)
    for _ in range(3):
        says_code(browser, asked, "000000")
    again = says_password(browser, factor)
    statuses = [says_code(browser, again, "000000").status_code for _ in range(3)]

    assert statuses == [401, 401, 429]
    assert says_password(browser, factor).status_code == 429


def test_what_was_written_comes_through_both_steps(browser, factor):
    more = {"path": "/admin/measure/", "field": "problem", "value": "三号楼走廊的灯常坏"}
    asked = says_password(browser, factor, **more)
    shown = says_code(browser, asked, factor.code())

    assert "请看一遍，再交一次" in shown.text
    assert "三号楼走廊的灯常坏" in shown.text


def test_where_everybody_needs_one_nothing_else_opens_before(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, handlers={"console": {"totp": "required"}})
    town.house.admins.add(name="王芳", password_hash=hashed_at_no_cost(PASSWORD))
    browser, said = town.client, {"name": "王芳", "password": PASSWORD}
    browser.post("/admin/login", data={"csrf_token": token(browser), **said})
    sent = [browser.get(page).location for page in ("/admin/", "/admin/opinion/", "/admin/own")]
    page = browser.get("/admin/account/").text
    browser.post("/admin/account/prepare", data={"csrf_token": token(browser, "/admin/account/")})
    scan = browser.get("/admin/account/scan").text
    (typed,) = re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", scan)
    code = authenticator.code(typed, now())
    shown = browser.post("/admin/account/turn_on", data=MultiDict([*hidden(scan), ("code", code)]))
    opened = browser.get("/admin/").status_code
    off = browser.post("/admin/account/turn_off", data={"csrf_token": token(browser, "/admin/account/"), **said})
    town.house.close()

    assert sent == ["/admin/account/"] * 3
    assert "请先在下面打开验证器" in page
    assert "/admin/opinion/" not in page
    assert ("请收好恢复码" in shown.text, opened) == (True, 200)
    assert "本站要求每个账号都用验证器" in off.text

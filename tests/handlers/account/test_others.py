"""Accounts in the console: made, disabled, reset and unlocked, by who may and nobody else."""

import re

import pytest

from commands.installed import now
from storage.admins import Grant
from tests import authenticator
from tests.house import PASSWORD, hashed_at_no_cost

pytestmark = pytest.mark.variant

PAGE, NEW = "/admin/accounts/", "槐树下有三只鸟在叫着呢"
GIVEN = re.compile(r"<code>([2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4})</code>")


@pytest.fixture
def keeper(town):
    """The system administrator's browser; among the accounts are a secretary's and the other two administrators'."""
    for name, role in (("书记", "general"), ("安全员", "security"), ("审计员", "audit")):
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD), grants=[Grant(role)])
    town.signs_in("系统员", Grant("system"))
    return town.client


def token(browser, page):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def sends(browser, to="", page=PAGE, **said):
    return browser.post(f"{PAGE}{to}", data={"csrf_token": token(browser, page), **said}, follow_redirects=True)


def acts(town, browser, act, name="书记"):
    return sends(browser, f"{town.house.admins.named(name).id}/{act}")


def signs_in(town, name, password=PASSWORD):
    browser = town.client.application.test_client()
    said = {"name": name, "password": password, "csrf_token": token(browser, "/admin/login")}
    return browser, browser.post("/admin/login", data=said)


def is_in(browser):
    return browser.get("/admin/").status_code == 200


def test_a_new_account_gets_a_password_that_is_changed_before_anything_else(town, keeper):
    made = sends(keeper, name="王芳")
    (given,) = GIVEN.findall(made.text)
    browser, answer = signs_in(town, "王芳", given)
    sent = [browser.get(page).location for page in ("/admin/", "/admin/opinion/")]
    page = browser.get("/admin/account/").text
    said = {"csrf_token": token(browser, "/admin/account/"), "old": given, "new": NEW, "again": NEW}
    browser.post("/admin/account/change_password", data=said)

    assert (made.headers["Cache-Control"], answer.status_code) == ("no-store", 302)
    assert given not in keeper.get(PAGE).text
    assert sent == ["/admin/account/"] * 2
    assert "只有换成自己的，才能做别的" in page
    assert is_in(browser)
    assert browser.get("/admin/opinion/").status_code == 403  # nothing was granted to it yet
    assert signs_in(town, "王芳", given)[1].status_code == 401


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "1 到 32 个字"), ("王 芳", "没有空格"), ("长" * 33, "1 到 32 个字"), ("书记", "已经有这个姓名")],
)
def test_a_name_that_is_none_makes_no_account(town, keeper, name, told):
    before = town.house.admins.names()
    page = sends(keeper, name=name)

    assert (page.status_code, told in page.text) == (422, True)
    assert town.house.admins.names() == before


def test_a_disabled_account_is_out_and_comes_back_with_its_roles(town, keeper):
    browser, _ = signs_in(town, "书记")
    page = acts(town, keeper, "disable").text
    out = (is_in(browser), signs_in(town, "书记")[1].status_code)
    acts(town, keeper, "enable")

    assert "停用" in page
    assert out == (False, 403)
    assert signs_in(town, "书记")[1].status_code == 302
    assert town.house.admins.named("书记").grants == (Grant("general"),)


def test_a_reset_password_ends_the_sessions_and_the_waiting(town, keeper):
    browser, _ = signs_in(town, "书记")
    for _ in range(5):
        signs_in(town, "书记", "a wrong password")
    (given,) = GIVEN.findall(acts(town, keeper, "reset").text)

    assert not is_in(browser)
    assert signs_in(town, "书记", given)[1].status_code == 302
    assert town.house.admins.named("书记").first_password


def test_sessions_can_be_ended_and_a_lost_authenticator_forgotten(town, keeper):
    factors, admin = town.house.entrance.factors, town.house.admins.named("书记").id
    browser, _ = signs_in(town, "书记")
    listed = keeper.get(PAGE).text
    acts(town, keeper, "end")
    out = is_in(browser)
    factors.prepare(admin)
    code = authenticator.code(factors.prepared(admin).typed, now())
    factors.turn_on(admin, code, now=now())
    asked = signs_in(town, "书记")[1]
    acts(town, keeper, "forget")

    assert "1 处登录" in listed
    assert (out, asked.status_code, "验证码" in asked.text) == (False, 200, True)
    assert signs_in(town, "书记")[1].status_code == 302


@pytest.mark.parametrize("name", ["安全员", "审计员", "系统员"])
@pytest.mark.parametrize("act", ["reset", "disable", "end", "forget"])
def test_who_keeps_accounts_becomes_neither_who_grants_nor_who_audits_and_locks_nobody_out_of_their_own(
    town, keeper, act, name
):
    before = town.house.admins.named(name)

    assert acts(town, keeper, act, name).status_code == 403
    assert town.house.admins.named(name) == before


@pytest.mark.parametrize("role", ["general", "security", "audit"])
def test_nobody_else_keeps_accounts(town, keeper, role):
    browser, _ = signs_in(town, {"general": "书记", "security": "安全员", "audit": "审计员"}[role])
    page = "/admin/account/"

    assert browser.get(PAGE).status_code == 403
    assert sends(browser, page=page, name="王芳").status_code == 403
    assert sends(browser, f"{town.house.admins.named('书记').id}/reset", page=page).status_code == 403
    assert browser.get("/admin/unlock/").status_code == (200 if role == "security" else 403)


def test_the_one_who_keeps_accounts_unlocks_none(keeper):
    assert keeper.get("/admin/unlock/").status_code == 403


def test_who_is_disabled_is_none_of_those_who_do_the_work_nor_told_of_as_who_grants(town, keeper):
    acts(town, keeper, "disable")
    town.house.admins.disable(name="安全员")
    refused = keeper.get("/admin/opinion/").text

    assert "书记" not in town.house.staff.powers()
    assert ("安全员" in refused, "现在还没有安全管理员" in refused) == (False, True)

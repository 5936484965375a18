"""The sign-in of the console: who gets in, for how long, and where to."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from werkzeug.datastructures import MultiDict

from handlers.access import SESSION_MINUTES
from handlers.passwords import hashed
from storage.admins import Grant
from tests.house import NOON, hashed_at_no_cost

pytestmark = pytest.mark.variant

PASSWORD = "a long enough password"


@pytest.fixture
def admin(town):
    town.house.admins.add(name="组织委员", password_hash=hashed_at_no_cost(PASSWORD))
    return "组织委员"


@pytest.fixture
def time():
    """Stands still until it is moved: that of who sits before the console, not the sandbox's."""
    with time_machine.travel(NOON, tick=False) as time:
        yield time


@pytest.fixture
def browser(town):
    return town.client


def token(browser, page="/admin/login"):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def sign_in(browser, name="组织委员", password=PASSWORD, **fields):
    form = {"csrf_token": token(browser), "name": name, "password": password, **fields}
    return browser.post("/admin/login", data=form)


def is_in(browser):
    return browser.get("/admin/").status_code == 200


def test_the_right_password_opens_the_console(browser, admin):
    answer = sign_in(browser)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert admin in browser.get("/admin/").text


@pytest.mark.on_servers
def test_what_nobody_sees_in_a_name_is_not_taken_for_typed(browser, admin):
    assert sign_in(browser, "组织\x00委员", PASSWORD).location == "/admin/"


@pytest.mark.on_servers
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("组织委员", "a wrong password"),
        ("组织委员", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("组织委员' OR 1=1 --", PASSWORD),
    ],
)
def test_anything_else_opens_nothing_and_does_not_say_which_was_wrong(browser, admin, name, password):
    answer = sign_in(browser, name, password)

    assert answer.status_code == 401
    assert "姓名或密码不对" in answer.text
    assert password not in answer.text or not password
    assert not is_in(browser)


def test_a_stranger_is_sent_to_sign_in_and_brought_back_to_the_page(browser, admin):
    sent = browser.get("/admin/broadcasts?page=2").headers["Location"]
    shown = browser.get(sent).text
    wanted = re.findall(r'name="next" value="([^"]+)"', shown)[0]

    assert "登录以后就到您要看的那一页" in shown
    assert "您要看的那一页" not in browser.get("/admin/login?next=/admin/").text
    assert sign_in(browser, next=wanted).headers["Location"] == "/admin/broadcasts?page=2"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/admin/",
        "//evil.example/admin/",
        "///evil.example/admin/",
        "/\\evil.example/admin/",
        "/admin/\\evil.example",
        "javascript:alert(1)",
        "http:/admin/",
        "/p/digest",
        "/admin/../p/digest",
        "/admin/\r\nX-Made-Up: 1",
        "/admin/\t//evil.example",
        "/admin/\0",
        "admin/",
        "",
    ],
)
def test_signing_in_never_leads_out_of_the_console(browser, admin, elsewhere):
    assert sign_in(browser, next=elsewhere).headers["Location"] == "/admin/"


@pytest.mark.parametrize("given", [{}, {"csrf_token": ""}, {"csrf_token": "made up"}])
def test_a_form_without_its_token_is_refused(browser, admin, given):
    browser.get("/admin/login")

    answer = browser.post("/admin/login", data={"name": admin, "password": PASSWORD, **given})

    assert answer.status_code == 400
    assert "刷新后再试" in answer.text
    assert not is_in(browser)


def test_an_act_of_a_signed_in_admin_needs_the_token_too(browser, admin):
    sign_in(browser)

    assert browser.post("/admin/broadcasts/daily-digest/send").status_code == 400
    assert browser.post("/admin/logout").status_code == 400
    assert is_in(browser)


def test_a_password_is_kept_at_the_cost_that_argon2_advises():
    assert not PasswordHasher().check_needs_rehash(hashed(PASSWORD))
    assert PasswordHasher().check_needs_rehash(hashed_at_no_cost(PASSWORD))


def test_signing_out_ends_the_session(browser, admin):
    sign_in(browser)
    answer = browser.post("/admin/logout", data={"csrf_token": token(browser, "/admin/")})

    assert answer.headers["Location"] == "/admin/login"
    assert not is_in(browser)


def test_a_new_password_ends_the_sessions_of_the_old_one(town, browser, admin):
    sign_in(browser)
    town.house.admins.change_password(name=admin, password_hash=hashed("another long password"))

    assert not is_in(browser)
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, password="another long password").status_code == 302


def test_an_account_that_is_disabled_is_out_at_once_and_only_who_knows_the_password_hears_why(town, browser, admin):
    sign_in(browser)
    town.house.admins.disable(name=admin)

    assert not is_in(browser)
    assert (sign_in(browser).status_code, "这个账号停用了" in sign_in(browser).text) == (403, True)
    assert "停用" not in sign_in(browser, password="a wrong password").text
    town.house.admins.enable(name=admin)
    assert sign_in(browser).status_code == 302


def test_who_is_removed_is_out_at_once(town, browser, admin):
    sign_in(browser)
    town.house.admins.remove(name=admin)

    assert not is_in(browser)
    assert sign_in(browser).status_code == 401


def test_a_session_without_a_click_ends(browser, admin):
    with time_machine.travel(NOON, tick=False) as time:
        sign_in(browser)
        time.shift(timedelta(minutes=SESSION_MINUTES - 1))
        still = is_in(browser)
        time.shift(timedelta(minutes=SESSION_MINUTES - 1))
        clicked = is_in(browser)
        time.shift(timedelta(minutes=SESSION_MINUTES + 1))

        assert (still, clicked, is_in(browser)) == (True, True, False)


def test_a_session_ends_after_half_a_day_of_clicks(time, browser, admin):
    sign_in(browser)
    clicks = []
    for _ in range(12 * 3):
        time.shift(timedelta(minutes=20))
        clicks.append(is_in(browser))

    assert clicks == [True] * 35 + [False]


def test_each_sign_in_begins_another_session_and_signing_out_ends_it_in_the_database(town, browser, admin):
    sign_in(browser)
    first = browser.get_cookie("zhibu").value
    sign_in(browser)
    second = browser.get_cookie("zhibu").value
    browser.post("/admin/logout", data={"csrf_token": token(browser, "/admin/account/")})
    thief = town.client.application.test_client()
    thief.set_cookie("zhibu", second)

    assert first != second
    assert not is_in(thief)


OURS = {"Origin": "http://localhost"}
WRITTEN = {
    "problem": "三号楼走廊的灯常坏",
    "measure": "换成节能灯\r\n每月查一次",
    "responsible": "",
    "until": "2099-01-01",
}


def hidden(page: str) -> list[tuple[str, str]]:
    """The hidden fields of a page, as a browser would send them."""
    return [
        (name, html.unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    ]


def sends(browser, path, fields, **more):
    return browser.post(path, data=MultiDict([*fields, *more.items()]), headers=OURS)


@pytest.fixture
def unsent(browser, admin):
    """What comes back of a form that was sent after its session was over."""
    with time_machine.travel(NOON, tick=False) as time:
        sign_in(browser)
        said = {**WRITTEN, "responsible": admin, "csrf_token": token(browser, "/admin/measure/")}
        time.shift(timedelta(minutes=SESSION_MINUTES + 1))
        yield browser.post("/admin/measure/", data=said, headers=OURS)


def test_what_was_written_until_the_session_was_over_is_sent_after_the_sign_in(browser, admin, unsent):
    wrong = sends(browser, "/admin/login", hidden(unsent.text), name=admin, password="a wrong password")
    shown = sends(browser, "/admin/login", hidden(wrong.text), name=admin, password=PASSWORD)
    before = browser.get("/admin/measure/").text
    sent = sends(browser, "/admin/measure/", hidden(shown.text))

    assert "您写的还在" in unsent.text
    assert "您写的还在" in wrong.text
    assert "换成节能灯\n每月查一次" in html.unescape(shown.text).replace("\r", "")
    assert "还没有立过" in before
    assert sent.status_code == 303
    assert WRITTEN["problem"] in browser.get("/admin/measure/").text


def test_who_signed_in_meanwhile_sends_it_with_one_press(browser, admin):
    sign_in(browser)
    said = {**WRITTEN, "responsible": admin, "csrf_token": token(browser, "/admin/measure/")}
    sign_in(browser)
    shown = browser.post("/admin/measure/", data=said, headers=OURS)

    assert (shown.status_code, "请看一遍，再交一次" in shown.text) == (400, True)
    assert sends(browser, "/admin/measure/", hidden(shown.text)).status_code == 303


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", **OURS}])
def test_what_another_site_made_up_is_not_shown_as_ones_own(browser, admin, headers):
    sign_in(browser)
    answer = browser.post("/admin/measure/", data=WRITTEN, headers=headers)

    assert (answer.status_code, WRITTEN["problem"] in answer.text) == (400, False)


def test_a_password_is_not_carried_along(browser, admin):
    answer = browser.post("/admin/login", data={"name": admin, "password": PASSWORD}, headers=OURS)

    assert (answer.status_code, PASSWORD in answer.text) == (400, False)


@pytest.mark.parametrize("path", ["https://evil.example/admin/", "//evil.example", "/p/opinion"])
def test_nothing_is_sent_out_of_the_console(browser, admin, path):
    assert sign_in(browser, path=path, field="problem", value="灯").headers["Location"] == "/admin/"


def test_a_session_of_another_browser_is_not_taken(town, browser, admin):
    sign_in(browser)
    cookie = browser.get_cookie("zhibu").value
    thief = town.client.application.test_client()
    thief.set_cookie("zhibu", cookie)

    assert thief.get("/admin/", headers={"User-Agent": "another"}).status_code == 302


def test_an_address_that_tries_too_often_has_to_wait(browser, admin):
    answers = [sign_in(browser, f"nobody-{number}").status_code for number in range(10)]
    limited = sign_in(browser)

    assert set(answers) == {401}
    assert limited.status_code == 429
    assert "过一会儿" in limited.text
    assert not is_in(browser)


@pytest.mark.parametrize("name", ["组织委员", "nobody"])
def test_a_name_that_is_tried_too_often_has_to_wait_and_nobody_hears_whether_there_is_one(time, browser, admin, name):
    answers = [sign_in(browser, name, "a wrong password").status_code for _ in range(5)]
    paused = sign_in(browser, name)
    time.shift(timedelta(seconds=61))
    after = sign_in(browser, name)

    assert set(answers) == {401}
    assert (paused.status_code, paused.headers["Retry-After"]) == (429, "60")
    assert "请 1 分钟后再试" in paused.text
    assert after.status_code == (302 if name == admin else 401)


def test_one_who_has_to_wait_is_let_in_by_who_may_unlock(town, browser, admin):
    for _ in range(5):
        sign_in(browser, password="a wrong password")
    guard = town.client.application.test_client()
    signed_in(town, guard, "安全员", Grant("security"))
    page = guard.get("/admin/unlock/").text
    (act,) = re.findall(r'action="(/admin/unlock/\w+)"', page)
    paused = sign_in(browser).status_code
    guard.post(act, data={"csrf_token": token(guard, "/admin/unlock/")})

    assert (paused, sign_in(browser).status_code) == (429, 302)
    assert "组织委员" in page
    assert "组织委员" not in guard.get("/admin/unlock/").text.partition("现在没有要等的账号")[2]


def signed_in(town, browser, name, *grants):
    town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD), grants=grants)
    assert sign_in(browser, name).status_code == 302


def test_the_cookie_can_neither_be_read_by_scripts_nor_sent_by_other_sites(browser, admin):
    cookie = sign_in(browser).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("page", ["/admin/login", "/admin/"])
def test_pages_forbid_frames_foreign_sources_and_guessing(browser, admin, page):
    sign_in(browser)
    headers = browser.get(page).headers

    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} <= {*policy}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("page", ["/admin/", "/admin/login"])
def test_pages_load_nothing_from_elsewhere(browser, admin, page):
    sign_in(browser)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', browser.get(page).text)

    assert loaded
    assert not [address for address in loaded if "//" in address]
    assert all(is_there(browser, address) for address in loaded if address.endswith(".css"))


def is_there(browser, address):
    with browser.get(address) as answer:
        return answer.status_code == 200

"""An admin's own account: the password, the second factor, and where it is signed in."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
import segno
import sqlalchemy as sa
import time_machine
from argon2 import PasswordHasher

from commands.installed import now
from handlers.entrance import Outcome
from storage.admin_tries import Whence, admin_tries
from tests import authenticator
from tests.house import NOON, PASSWORD, hashed_at_no_cost

pytestmark = pytest.mark.variant

A_MOMENT = 0.1  # seconds
PAGE, NEW = "/admin/account/", "槐树下有三只鸟在叫着呢"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


@pytest.fixture
def time():
    """Stands still until it is moved: that of who sits before the console, not the sandbox's."""
    with time_machine.travel(NOON, tick=False) as time:
        yield time


@pytest.fixture
def own(town, time):
    town.signs_in("王芳")
    return town.client


def token(browser, page=PAGE):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def sends(browser, to, page=PAGE, **said):
    return browser.post(f"{PAGE}{to}", data={"csrf_token": token(browser, page), **said}, follow_redirects=True)


def changes(browser, old=PASSWORD, new=NEW, again=None):
    return sends(browser, "change_password", old=old, new=new, again=new if again is None else again)


def another(town, agent=WINDOWS):
    """A second browser that is signed in to the same account."""
    browser = town.client.application.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = agent
    said = {"name": "王芳", "password": PASSWORD, "csrf_token": token(browser, "/admin/login")}
    assert browser.post("/admin/login", data=said).status_code == 302
    return browser


def is_in(browser):
    return browser.get("/admin/").status_code == 200


# -- the password --------------------------------------------------------------------------------------------------


@pytest.mark.on_servers
def test_a_changed_password_is_the_one_from_now_on_and_ends_every_other_session(town, own):
    other, before = another(town), own.get_cookie("zhibu").value
    page = changes(own)
    copied = town.client.application.test_client()
    copied.set_cookie("zhibu", before)

    assert "密码改好了" in page.text
    assert (is_in(own), is_in(other), is_in(copied)) == (True, False, False)
    assert "别处没有登录" in page.text
    assert town.house.entrance.admins.named("王芳").first_password is False


def is_being_looked_at(town):
    """Whether the password of a try is: it is counted before."""
    with town.house.db.read() as connection:
        return connection.execute(sa.select(sa.func.max(admin_tries.c.wrong))).scalar() > 0


def test_a_change_that_is_on_its_way_does_not_undo_another(town, own):
    """Whoever looks after accounts gives another password while somebody changes the old one in an open browser."""
    slow, reset = PasswordHasher(time_cost=16_000, memory_cost=64, parallelism=1), hashed_at_no_cost("another password")
    town.house.admins.change_password(name="王芳", password_hash=slow.hash(PASSWORD))
    browser = another(town)
    said = {"csrf_token": token(browser), "old": PASSWORD, "new": NEW, "again": NEW}
    with ThreadPoolExecutor(1) as thread:
        changing = thread.submit(browser.post, f"{PAGE}change_password", data=said)
        while not is_being_looked_at(town):
            sleep(A_MOMENT)
        assert not changing.done()
        town.house.admins.change_password(name="王芳", password_hash=reset)

    assert changing.result().status_code == 303
    assert town.house.admins.named("王芳").password_hash == reset
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"old": "a wrong password"}, "现在的密码写得不对"),
        ({"again": "别的"}, "两次写的新密码不一样"),
        ({"new": "short"}, "至少 10 个字符"),
        ({"new": "password123456"}, "人人都会先猜"),
        ({"new": "王芳王芳王芳的王芳王芳"}, "您或本号的名字"),
        ({"new": PASSWORD}, "和原来的一样"),
        ({"new": "长" * 257}, "最多 256 个字符"),
    ],
    ids=["old", "again", "short", "common", "named", "same", "long"],
)
def test_what_is_wrong_with_one_is_told_and_nothing_changes(town, own, said, told):
    before = town.house.admins.named("王芳")
    page = changes(own, **said)

    assert (page.status_code, told in page.text) == (422, True)
    assert not any(value in page.text for key, value in said.items() if key != "again")
    assert town.house.admins.named("王芳") == before


def test_whoever_finds_the_browser_open_can_not_guess_the_password_in_it(own):
    pages = [changes(own, old=f"a wrong password {number}").text for number in range(6)]

    assert ["现在的密码写得不对" in page for page in pages] == [True] * 5 + [False]
    assert "请 1 分钟后再试" in pages[5]


def test_a_password_that_came_too_late_is_not_shown_again(town, own):
    said = {"csrf_token": token(own), "old": PASSWORD, "new": NEW, "again": NEW}
    town.house.admins.end_sessions(name="王芳")
    page = own.post(f"{PAGE}change_password", data=said, headers={"Origin": "http://localhost"})

    assert (page.status_code, PASSWORD in page.text, NEW in page.text) == (403, False, False)
    assert "登录" in page.text


# -- where it is signed in -------------------------------------------------------------------------------------------


def test_every_browser_is_listed_in_words_and_can_be_ended(town, own):
    first, second = another(town), another(town, agent="curl/8")
    page = own.get(PAGE).text
    forms = re.findall(r'account/(end/\w+)".*?让 ([^"]+) 退出', page, re.DOTALL)
    end = next(act for act, name in forms if name == "Chrome · Windows")

    assert page.count("就是这里") == 1
    assert "11-23 12:00 登录" in page
    assert "那一处已经退出" in sends(own, end).text
    assert (is_in(own), is_in(first), is_in(second)) == (True, False, True)
    assert "别处的登录都已退出" in sends(own, "end_others").text
    assert (is_in(own), is_in(first), is_in(second)) == (True, False, False)


@pytest.mark.parametrize("act", ["end_others", "turn_on", "change_password"])
def test_who_is_on_the_way_in_meanwhile_is_out_too(town, own, act):
    """Their password was right, and what begins their session comes after all others were ended."""
    entrance = town.house.entrance
    tried = entrance.by_password("王芳", PASSWORD, Whence("192.0.2.1", "another browser"))
    if act == "turn_on":
        turns_on(town, own)
    elif act == "change_password":
        changes(own)
    else:
        sends(own, act)
    late = entrance.begin(tried.admin, WINDOWS)

    assert tried.outcome is Outcome.IN
    assert entrance.found(late) is None
    assert is_in(own)


def test_nobody_ends_a_session_of_somebody_else(town, own):
    theirs = another(town)
    own_page = theirs.get(PAGE).text
    (end,) = re.findall(r'action="/admin/account/(end/\w+)"', own_page)
    town.signs_in("李娜")
    sends(town.client, end)

    assert is_in(theirs)


# -- the second factor -----------------------------------------------------------------------------------------------


def turns_on(town, browser):
    """Scan, type the first code: the page that shows the recovery codes, and what the authenticator knows."""
    scan = sends(browser, "prepare").text
    (typed,) = re.findall(r'<code class="d-block[^"]*" translate="no">([A-Z2-7 ]+)</code>', scan)
    shared = town.house.entrance.factors.prepared(town.house.admins.named("王芳").id)
    said = sends(browser, "turn_on", page=f"{PAGE}scan", code=authenticator.code(typed, now()))
    return scan, typed, shared, said


def test_it_is_turned_on_by_scanning_or_typing_and_one_code(town, own):
    other = another(town)
    scan, typed, shared, said = turns_on(town, own)
    (drawn,) = re.findall(r'<img[^>]* src="(data:image/svg[^"]+)"', scan)
    address = shared.address(name="王芳", site=town.house.shelf.current().account.name)
    expected = segno.make(address, micro=False).svg_data_uri(scale=5, border=2, light="#fff")

    assert typed == shared.typed
    assert html.unescape(drawn) == expected
    assert "issuer=" in address
    assert len(re.findall(r"<li><code>[2-9A-Z]{5}-[2-9A-Z]{5}</code>", said.text)) == 10
    assert said.headers["Cache-Control"] == "no-store"
    assert (is_in(own), is_in(other)) == (True, False)
    assert "恢复码还有 10 个" in own.get(PAGE).text


def test_a_wrong_first_code_turns_nothing_on_and_the_secret_stays(town, own):
    scan = sends(own, "prepare").text
    wrong = sends(own, "turn_on", page=f"{PAGE}scan", code="000000")
    (before, after) = (re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", page) for page in (scan, wrong.text))

    assert (wrong.status_code, "没有打开：验证码不对" in wrong.text) == (422, True)
    assert before == after
    assert "没有打开" in own.get(PAGE).text


def test_the_secret_is_never_shown_once_it_is_on(town, own):
    turns_on(town, own)

    assert own.get(f"{PAGE}scan").status_code == 302
    assert sends(own, "prepare").request.path == PAGE


@pytest.mark.parametrize("act", ["renew_codes", "turn_off"])
def test_to_change_it_one_needs_the_password(town, own, act):
    turns_on(town, own)
    wrong = sends(own, act, password="a wrong password")
    right = sends(own, act, password=PASSWORD)

    assert (wrong.status_code, "现在的密码写得不对" in wrong.text) == (422, True)
    assert ("请收好恢复码" in right.text) is (act == "renew_codes")
    assert ("已关闭" in right.text) is (act == "turn_off")

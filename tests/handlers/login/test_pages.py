"""Signing in to the phone pages by a link of the chat, and what the guard before them lets through."""

import re
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Blueprint
from structlog.testing import capture_logs

import app
from handlers import session
from handlers.login import engine
from storage.db import metadata
from storage.letterbox import letterbox
from storage.sessions import NoContact
from tests.end_to_end.running import Memory, at_once
from tests.house import Clock, Town, a_town
from tests.mini import Mini
from tests.reader import Reader
from tests.rules.test_tables import found

pytestmark = pytest.mark.variant

SITE = "https://pages.example"
LINK = re.compile(rf"^{SITE}(/p/login/link/[0-9a-f]{{32}})$", re.MULTILINE)


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url) -> Iterator[Town]:
    """The program where phones reach it, with a page for members that says whose browser it is."""
    town = a_town(tmp_path, database=database_url, redis=redis_url, clock=Clock(redis=redis), web={"public_url": SITE})
    mine = Blueprint("mine", __name__, url_prefix="/p/mine")
    mine.add_url_rule("", "page", lambda: session.who().openid, methods=["GET", "POST"])
    mine.add_url_rule("/deep", "deep", lambda: "deep", methods=["GET", "POST"])
    app._open(town.client.application, mine, town.house.page_gate.requires_member)
    yield town
    town.house.close()


@pytest.fixture
def phone(town):
    town.phone("o-noise").says("帮助")
    return town.phone("o-here")


@pytest.fixture
def browser(town):
    return Reader(town.client.application, base=SITE)


def link(phone, said="网页"):
    found = LINK.search(phone.says(said))
    assert found
    return found[1]


def comes_in(browser, phone):
    address = link(phone)
    browser.get(address)
    return browser.post(address)


def sessions(town):
    with town.house.db.read() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM sessions")).scalar()


def contact(town, openid="o-here"):
    return town.house.people.find(account="official", openid=openid).contact


# -- the link --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["网页", "网页版", "登录", "打开网页。", "网 址"])
def test_who_says_so_gets_a_link_that_signs_them_in(town, phone, browser, said):
    address = link(phone, said)
    page = browser.get(address)
    answer = browser.post(address)

    assert ">登录</button>" in page.text
    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/login")
    assert browser.get("/p/mine").text == "o-here"


def test_opening_the_link_as_previews_do_uses_nothing_up_and_signs_nobody_in(town, phone, browser):
    address = link(phone)
    for _ in range(3):
        assert Reader(town.client.application, base=SITE).get(address).status_code == 200
        assert browser.client.head(address, base_url=SITE).status_code == 200
    browser.get(address)
    before = (sessions(town), browser.is_in)
    browser.get(address)
    browser.post(address)

    assert (before, browser.is_in) == ((0, False), True)


def test_a_link_serves_once(town, phone, browser):
    address = link(phone)
    other = Reader(town.client.application, base=SITE)
    other.get(address)
    browser.get(address)
    browser.post(address)
    late = other.post(address)

    assert (late.status_code, other.is_in) == (410, False)
    assert "链接已经失效" in late.text
    assert "链接已经失效" in other.get(address).text


@pytest.mark.on_servers
def test_of_many_who_press_at_once_one_comes_in(town, phone):
    address = link(phone)
    browsers = [Reader(town.client.application, base=SITE) for _ in range(6)]
    for each in browsers:
        each.get(address)
    answers = at_once([partial(each.post, address) for each in browsers])

    assert sorted(each.status_code for each in answers) == [303, *[410] * 5]
    assert [each.is_in for each in browsers].count(True) == 1


@pytest.mark.parametrize(("minutes", "good"), [(9.9, True), (10.1, False)])
def test_a_link_lives_ten_minutes(town, phone, browser, minutes, good):
    address = link(phone)
    browser.get(address)
    town.clock.forward(minutes=minutes)
    browser.post(address)

    assert browser.is_in is good


def test_a_link_is_over_by_the_programs_clock_too(town, phone, browser):
    """The sandbox's panel moves the program's time, and not that of Redis."""
    address = link(phone)
    browser.get(address)
    town.clock.redis = None
    town.clock.forward(minutes=11)

    assert browser.post(address).status_code == 410
    assert browser.get(address).status_code == 410


@pytest.mark.on_servers
@pytest.mark.parametrize("said", ["0" * 32, "x", "长" * 100, "0" * 5000])
def test_a_link_that_nobody_was_given_is_none(browser, said):
    assert browser.get(f"/p/login/link/{said}").status_code == 410


def test_what_can_be_no_link_leads_nowhere(browser):
    assert browser.get("/p/login/link/%00").status_code == 404


def test_a_link_lies_nowhere_in_clear_and_in_no_log(town, phone, browser, redis):
    with capture_logs() as logged:
        address = link(phone)
        browser.get(address)
        key = address.rpartition("/")[2]
        held = [(name, redis.get(name)) for name in redis.keys("zhibu:pass:*")]
        browser.post(address)
    who = contact(town)

    assert len(held) == 1
    assert not any(secret.encode() in name + value for name, value in held for secret in (key, who, "o-here"))
    assert not found(town, key)
    assert not [each for each in logged if key in str(each)]


@pytest.mark.parametrize("path", ["/p/login", "/p/login/link/" + "0" * 32])
def test_the_sign_in_is_kept_by_nobody_and_told_to_nobody(browser, path):
    answer = browser.get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_button_works_over_tls_without_a_referer(town, phone, browser):
    assert comes_in(browser, phone).status_code == 303


def test_another_site_can_not_sign_a_browser_in_as_somebody_else(town, phone, browser):
    """A forged form with the forger's own link: what its victim does would be theirs to read."""
    address = link(phone)
    browser.get("/p/login")
    refused = browser.forges(address)

    assert (refused.status_code, browser.is_in) == (400, False)
    assert "页面放得太久了" in refused.text


def test_a_repeated_message_has_the_same_link(town, phone):
    first = phone.says("网页")

    assert phone.pushes_body(phone._last) == first


def test_where_no_phone_reaches_the_pages_nothing_is_said_of_them(tmp_path, database_url, redis_url, phone):
    (tmp_path / "other").mkdir()
    elsewhere = a_town(tmp_path / "other", database=database_url, redis=redis_url)
    said = elsewhere.phone().says("帮助")
    elsewhere.house.close()

    assert "网页" not in said
    assert "网页" in phone.says("帮助")


# -- who has left ----------------------------------------------------------------------------------------------------


def test_the_link_of_one_who_has_left_meanwhile_signs_nobody_in(town, phone, browser):
    address = link(phone)
    browser.get(address)
    phone.leaves()
    answer = browser.post(address)

    assert (answer.status_code, browser.is_in, sessions(town)) == (403, False, 0)
    assert "还不认识您" in answer.text
    assert not contact(town)


def test_a_link_from_before_somebody_left_does_not_sign_in_who_came_back(town, phone, browser):
    address = link(phone)
    browser.get(address)
    phone.leaves()
    phone.follows()
    phone.says("帮助")
    browser.post(address)

    assert contact(town)
    assert not browser.is_in


def test_leaving_ends_the_session(town, phone, browser):
    comes_in(browser, phone)
    phone.leaves()

    assert browser.get("/p/mine").status_code == 303


def test_deleting_my_data_ends_the_session_and_the_data_says_that_there_was_one(town, phone, browser):
    comes_in(browser, phone)
    shown = phone.says("我的数据")
    phone.says("删除我的数据")
    phone.says("确认删除")

    assert "登录着：1 处（网页）" in shown
    assert browser.get("/p/mine").status_code == 303
    assert sessions(town) == 0


def test_after_going_apart_the_session_shows_nothing_of_the_other_account(town, phone, browser):
    phone.says("帮助")
    mini = town.mini("o-there")
    phone.says(f"关联 {mini.post('/linking/code').body['code']}")
    comes_in(browser, phone)
    together = town.house.page_gate.sessions.find(cookie(browser), now=town.clock()).who.person
    phone.says("取消关联")
    phone.says("确认取消关联")
    apart = town.house.page_gate.sessions.find(cookie(browser), now=town.clock()).who.person

    assert together == town.house.people.find(account="mini", openid="o-there").person
    assert apart != together


def test_nobody_is_signed_in_who_leaves_at_that_moment(town, phone):
    phone.says("帮助")
    now = town.clock()
    with pytest.raises(NoContact):
        town.house.page_gate.sessions.begin("0" * 32, device="", today=now.date(), until=now, now=now)


# -- the session -----------------------------------------------------------------------------------------------------


def cookie(browser):
    return browser.client.get_cookie(session.PAGE_COOKIE, domain="pages.example", path="/p").value


def test_the_cookie_is_for_the_pages_alone_and_read_by_no_script(town, phone, browser):
    answer = comes_in(browser, phone)
    said = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(session.PAGE_COOKIE))
    flags = {each.strip() for each in said.split(";")[1:]}

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/p", f"Max-Age={12 * 3600}"} <= flags
    assert not [each for each in flags if each.startswith("Domain")]


def test_without_tls_the_cookie_comes_back_too(tmp_path, database_url, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, web={"public_url": "http://localhost"})
    browser, phone = Reader(town.client.application), town.phone()
    address = str(re.findall(r"/p/login/link/\w+", phone.says("网页"))[0])
    browser.get(address)
    browser.post(address)

    assert browser.is_in
    town.house.close()


def test_a_session_ends_before_dawn_and_its_row_tells_no_time_of_day(town, phone):
    ends = set()
    for _ in range(3):
        browser = Reader(town.client.application, base=SITE)
        comes_in(browser, phone)
        with town.house.db.read() as connection:
            ends |= {
                (str(row.since), str(row.expires_at)) for row in connection.execute(sa.text("SELECT * FROM sessions"))
            }
        town.clock.forward(minutes=50)
    still = browser.is_in
    town.clock.forward(hours=14)

    assert (len(ends), still, browser.is_in) == (1, True, False)


def test_the_night_forgets_sessions(town, phone, browser):
    comes_in(browser, phone)
    town.clock.forward(days=1)
    next(job for job in town.house.jobs if job.id == "login.drop_ended").run(town.clock())

    assert sessions(town) == 0


def test_the_api_takes_no_token_of_a_page_and_no_page_one_of_the_api(town, phone, browser):
    comes_in(browser, phone)
    mini = town.mini("o-there")
    taken = Reader(town.client.application, mini.token)

    assert Mini(town.client, cookie(browser)).get("/quiz").status == 401
    assert Mini(town.client, cookie(browser)).post("/login/refresh").status == 401
    assert (mini.get("/quiz").status, taken.is_in) == (200, False)


def test_a_cookie_of_the_session_opens_no_door_of_the_api(town, phone, browser):
    comes_in(browser, phone)

    assert browser.client.get("/api/v1/quiz", base_url=SITE).status_code == 401


def test_signing_in_once_more_ends_the_session_before(town, phone, browser):
    comes_in(browser, phone)
    before = cookie(browser)
    comes_in(browser, phone)

    assert cookie(browser) != before
    assert not Reader(town.client.application, before, base=SITE).is_in
    assert sessions(town) == 1


def test_who_signs_out_is_out_in_this_browser_alone(town, phone, browser):
    other = Reader(town.client.application, base=SITE)
    comes_in(browser, phone)
    comes_in(other, phone)
    before = cookie(browser)
    browser.get("/p/login")
    answer = browser.post("/p/login/out")

    assert "已退出登录" in browser.get(answer.headers["Location"]).text
    assert (browser.is_in, other.is_in) == (False, True)
    assert not Reader(town.client.application, before, base=SITE).is_in


def test_another_site_can_sign_nobody_out(town, phone, browser):
    comes_in(browser, phone)
    browser.forges("/p/login/out")

    assert browser.is_in


# -- the guard -------------------------------------------------------------------------------------------------------


@pytest.mark.on_servers
@pytest.mark.parametrize("token", ["", "x", "0" * 43, "'; --", "长" * 43])
def test_a_stranger_is_sent_to_sign_in_and_brought_back(town, browser, token):
    browser.client.set_cookie(session.PAGE_COOKIE, token, domain="pages.example", path="/p")
    answer = browser.get("/p/mine/deep?a=%E5%85%9A&b=1")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/p/login?to=/p/mine/deep?a%3D%25E5%2585%259A%26b%3D1"


def test_what_was_sent_by_one_who_is_no_longer_in_is_not_done_and_leads_to_the_first_page(town, phone, browser):
    comes_in(browser, phone)
    browser.get("/p/login")
    phone.leaves()
    answer = browser.post("/p/mine/deep")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/login?to=/p/mine")


def test_what_is_for_one_reader_is_kept_by_nobody(town, phone, browser):
    comes_in(browser, phone)

    assert browser.get("/p/mine").headers["Cache-Control"] == "no-store"


def test_a_browser_that_asks_too_often_is_told_to_wait(town, phone, browser):
    comes_in(browser, phone)
    answers = [browser.get("/p/mine") for _ in range(121)]

    assert [each.status_code for each in answers[-2:]] == [200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "试得太频繁了" in answers[-1].text


def test_looking_at_pages_writes_nothing(town, phone, browser):
    comes_in(browser, phone)
    before = everything(town)
    town.clock.forward(hours=1)
    browser.get("/p/mine")
    browser.get("/p/login")

    assert everything(town) == before


def everything(town):
    """All rows but the letterbox's, which is written anew every second or two whatever comes (decision 0018)."""
    tables = [table for table in metadata.sorted_tables if table is not letterbox]
    with town.house.db.read() as connection:
        return {table.name: connection.execute(sa.select(table)).all() for table in tables}


# -- where to --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/p/x", "https://evil.example/p/x", "/\\evil.example", "/p\\evil", "/p/../admin/",
        "/p/%2e%2e/admin", "/p/./x", "/admin/", "/", "/p", "/p/", "/p//evil.example", "javascript:alert(1)",
        "/p/x\r\nSet-Cookie: a=b", "/p/x#@evil", "/p/login", "/p/login/out", "/p/login?to=/p/mine", " /p/mine",
        "/p/mine ", "/P/mine", "/p/" + "x" * 600, "/p/mine?x=//evil.example:1", "/p/mine?\u2028",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_anything_but_a_page_of_ours(town, phone, browser, wanted):
    comes_in(browser, phone)
    answer = browser.get("/p/login", query_string={"to": wanted})

    assert engine.ours(wanted) == ""
    assert "Location" not in answer.headers


@pytest.mark.parametrize("wanted", ["/p/mine", "/p/mine/0a1b", "/p/digest/2026-07-06-x?kind=news&q=%E5%85%9A+x"])
def test_a_page_of_ours_is_come_back_to(town, phone, browser, wanted):
    comes_in(browser, phone)

    assert browser.get("/p/login", query_string={"to": wanted}).headers["Location"] == wanted


def test_while_redis_is_away_who_is_in_stays_in_and_the_others_are_told(tmp_path, database_url):
    with tempfile.TemporaryDirectory(prefix="zhibu-") as folder:
        memory = Memory(Path(folder))
        town = a_town(tmp_path, database=database_url, redis=memory.url, web={"public_url": SITE})
        phone = town.phone()
        browser, other = (Reader(town.client.application, base=SITE) for _ in range(2))
        comes_in(browser, phone)
        address = link(phone)
        other.get(address)
        memory.die()
        away = [other.post(address), other.get(address)]
        inside = browser.is_in
        town.house.close()

    assert [each.status_code for each in away] == [400, 400]
    assert "暂时不能登录" in away[0].text
    assert inside


def test_the_hours_of_a_browser_end_with_its_session(town, phone, browser):
    """Signed in late in the evening, the night is nearer than the twelve hours."""
    town.clock.forward(hours=11)
    answer = comes_in(browser, phone)
    said = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(session.PAGE_COOKIE))

    assert f"Max-Age={int(timedelta(hours=4).total_seconds())}" in said

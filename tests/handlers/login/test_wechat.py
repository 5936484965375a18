"""Signing in to the phone pages by what WeChat says of who opens them, with the stand-in for it behind them."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from handlers import session
from tests.house import Clock, Town, a_town
from tests.reader import WECHAT, Reader
from tests.wechat.sandbox.stage import Stage, a_stage, an_account, served

pytestmark = pytest.mark.variant

SITE = "https://pages.example"
OFFICIAL = {"kind": "service", "appid": "wxba5fad812f8e6fb9", "secret": "s" * 32, "token": "AAAAA", "mode": "plain"}
TOKEN = "/sns/oauth2/access_token"


@pytest.fixture
def stage(tmp_path) -> Iterator[tuple[Stage, str]]:
    (tmp_path / "platform").mkdir()
    account = an_account(page_domain="pages.example", mode="plain")
    with a_stage(tmp_path / "platform", account) as stage, served(stage.app) as address:
        yield stage, address


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url, stage) -> Iterator[Town]:
    """The program, whose official account the stand-in knows."""
    town = a_town(
        tmp_path,
        database=database_url,
        redis=redis_url,
        clock=Clock(redis=redis),
        web={"public_url": SITE},
        accounts={"official": {**OFFICIAL, "api_base": stage[1]}},
    )
    yield town
    town.house.close()


@pytest.fixture
def ann(stage, town):
    """The openid of one whom the program knows."""
    openid = stage[0].a_follower()
    town.phone(openid).says("帮助")
    return openid


@pytest.fixture
def browser(town):
    return Reader(town.client.application, agent=WECHAT, base=SITE)


def sets_out(browser, to="/p/login"):
    """Follow the pages until they lead to the platform; gives its address."""
    place = to
    for _ in range(4):
        place = browser.get(place).headers["Location"]
        if "/connect/" in place:
            return place
    raise AssertionError(place)


def asks(stage, address, openid, **more):
    """What the platform leads back to, for a member."""
    there = urlsplit(address)
    answer = stage[0].http.get(there.path, query_string={**_fields(there.query), "openid": openid, **more})
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == SITE
    return f"{back.path}?{back.query}"


def _fields(query):
    return {name: values[0] for name, values in parse_qs(query).items()}


def comes_in(browser, stage, openid, to="/p/login/wechat?to=/p/quiz", **more):
    return browser.get(asks(stage, sets_out(browser, to), openid, **more))


def test_a_member_is_signed_in_without_a_word_and_brought_to_where_they_were(town, stage, ann, browser):
    answer = comes_in(browser, stage, ann, to="/p/login?to=/p/quiz%3Fa%3D1")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/p/quiz?a=1")
    assert browser.is_in


def test_who_comes_back_from_a_fault_page_of_the_platform_is_shown_both_ways(browser):
    sets_out(browser, "/p/login?to=/p/quiz")
    page = browser.get("/p/login?to=/p/quiz")

    assert page.status_code == 200
    assert "/p/login/wechat?to=/p/quiz" in page.text
    assert "回复“网页”" in page.text


def test_what_a_stranger_gives_as_a_browsers_name_is_not_kept(browser, redis):
    browser.client.set_cookie("zhibu_browser", "x" * 4000, path="/p/login", domain="pages.example")
    sets_out(browser, "/p/login/wechat")

    assert all(redis.strlen(key) < 500 for key in redis.keys("zhibu:pass:*"))
    assert redis.keys("zhibu:pass:*")


@pytest.mark.parametrize("agent", ["", f"{WECHAT} wxwork/4.1.30"])
def test_in_another_browser_the_chat_is_the_way(town, agent):
    other = Reader(town.client.application, agent=agent, base=SITE)
    page = other.get("/p/login?to=/p/quiz")

    assert page.status_code == 200
    assert "回复“网页”" in page.text
    assert "/p/login/wechat" not in page.text
    assert other.get("/p/login/wechat").headers["Location"] == "/p/login"


def test_an_account_without_the_right_leads_to_the_chat(tmp_path, database_url, redis_url, browser):
    (tmp_path / "other").mkdir()
    town = a_town(
        tmp_path / "other",
        database=database_url,
        redis=redis_url,
        web={"public_url": SITE},
        accounts={"official": {**OFFICIAL, "verified": False}},
    )
    page = Reader(town.client.application, agent=WECHAT, base=SITE).get("/p/login?to=/p/quiz")
    town.house.close()

    assert "回复“网页”" in page.text


# -- attacks ---------------------------------------------------------------------------------------------------------


def test_who_brings_the_way_of_another_browser_is_not_signed_in(town, stage, ann, browser):
    """An attacker's code and state, opened by a victim: they would go on as the attacker."""
    attacker = Reader(town.client.application, agent=WECHAT, base=SITE)
    address = asks(stage, sets_out(attacker, "/p/login/wechat"), ann)
    sets_out(browser, "/p/login/wechat")  # the victim has a way of their own open
    refused = browser.get(address)

    assert (refused.status_code, browser.is_in) == (400, False)
    assert "这次登录已经失效" in refused.text


def test_a_foreign_state_does_not_even_ask_the_platform_of_the_code(town, stage, ann, browser):
    code = stage[0].phone("codes", openid=ann, scope="snsapi_base", **{"for": "page"})["code"]
    sets_out(browser, "/p/login/wechat")
    answers = [
        browser.get(f"/p/login/back?code={code}&state={state}").status_code for state in ("0" * 32, "", "长", "x")
    ]
    asked = [each["path"] for each in stage[0].http.get("/sandbox/wire").get_json()]

    assert answers == [400] * 4
    assert not [path for path in asked if path.startswith(TOKEN)]


def test_a_state_serves_once(town, stage, ann, browser):
    address = asks(stage, sets_out(browser, "/p/login/wechat"), ann)
    fresh = stage[0].phone("codes", openid=ann, scope="snsapi_base", **{"for": "page"})["code"]
    state = _fields(urlsplit(address).query)["state"]
    browser.get(address)
    browser.client.delete_cookie(session.PAGE_COOKIE, domain="pages.example", path="/p")
    again = browser.get(f"/p/login/back?code={fresh}&state={state}")

    assert (again.status_code, browser.is_in) == (400, False)


def test_two_tabs_of_one_browser_both_come_in(town, stage, ann, browser):
    ways = [asks(stage, sets_out(browser, "/p/login/wechat"), ann) for _ in range(2)]

    assert [browser.get(each).status_code for each in ways] == [303, 303]


def test_a_way_that_took_longer_than_ten_minutes_is_over(town, stage, ann, browser):
    address = asks(stage, sets_out(browser, "/p/login/wechat"), ann)
    town.clock.forward(minutes=11)

    assert browser.get(address).status_code == 400


def test_who_went_one_page_back_is_still_in(town, stage, ann, browser):
    address = asks(stage, sets_out(browser, "/p/login/wechat"), ann)
    browser.get(address)
    again = browser.get(address)

    assert (again.status_code, again.headers["Location"]) == (302, "/p/login")
    assert browser.is_in


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/p/x", "/admin/", "/p/../admin", "/\\evil"])
def test_the_way_back_is_never_to_somebody_else(town, stage, ann, browser, to):
    browser.get("/p/login")
    answer = comes_in(browser, stage, ann, to=f"/p/login/wechat?to={to}")

    assert answer.headers["Location"] == "/p/login"


def test_a_snapshot_signs_nobody_in_and_says_what_to_tap(town, stage, ann, browser):
    answer = comes_in(browser, stage, ann, snapshot=1)

    assert (answer.status_code, browser.is_in) == (403, False)
    assert "“使用完整服务”" in answer.text
    assert "/p/login/wechat?to=/p/quiz" in answer.text
    assert people(town) == 1


def test_who_is_unknown_is_told_to_follow_and_nobody_is_made(town, stage, ann, browser):
    answer = comes_in(browser, stage, stage[0].a_member())

    assert (answer.status_code, browser.is_in) == (403, False)
    assert "请先在微信里关注" in answer.text
    assert people(town) == 1


def test_who_has_left_is_unknown(town, stage, ann, browser):
    town.phone(ann).leaves()
    answer = comes_in(browser, stage, ann)

    assert (answer.status_code, browser.is_in, people(town)) == (403, False, 0)


def people(town):
    with town.house.db.read() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM contacts")).scalar()


# -- what can go wrong -----------------------------------------------------------------------------------------------


def test_a_code_that_is_not_good_is_said_so_with_a_way_on(town, stage, ann, browser):
    address = asks(stage, sets_out(browser, "/p/login/wechat?to=/p/quiz"), ann)
    state = _fields(urlsplit(address).query)["state"]
    refused = browser.get(f"/p/login/back?code=never-given&state={state}")

    assert (refused.status_code, browser.is_in) == (400, False)
    assert "登录没有成功" in refused.text
    assert 'href="/p/login/wechat?to=/p/quiz"' in refused.text


def test_who_comes_back_without_a_code_may_try_again(town, stage, ann, browser):
    address = asks(stage, sets_out(browser, "/p/login/wechat"), ann)
    refused = browser.get(f"/p/login/back?state={_fields(urlsplit(address).query)['state']}")

    assert (refused.status_code, "再试一次" in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("fault", "logged_as"),
    [({"effect": "fail", "value": -1}, []), ({"effect": "fail", "value": 45011}, []), ({"effect": "drop_after"}, []),
     ({"effect": "fail", "value": 48001}, [48001]), ({"effect": "fail", "value": 40125}, [40125]),
     ({"effect": "fail", "value": 12345}, [12345])],
)  # fmt: skip
def test_a_platform_that_fails_is_said_so_and_what_an_admin_can_mend_is_logged_without_the_code(
    town, stage, ann, browser, fault, logged_as
):
    address = asks(stage, sets_out(browser, "/p/login/wechat?to=/p/quiz"), ann)
    stage[0].phone("knobs", path=TOKEN, times=9, **fault)
    with capture_logs() as logged:
        answer = browser.get(address)
    stage[0].http.delete("/sandbox/knobs")

    assert (answer.status_code, browser.is_in) == (400, False)
    assert "暂时不能登录" in answer.text
    assert 'href="/p/login/wechat?to=/p/quiz"' in answer.text
    assert [each["errcode"] for each in logged if each["log_level"] == "error"] == logged_as
    code = _fields(urlsplit(address).query)["code"]
    assert not [each for each in logged if code in str(each) or ann in str(each)]
    assert comes_in(browser, stage, ann).status_code == 303


def test_however_many_tries_have_failed_there_is_room_for_the_next(town, stage, ann, browser):
    for _ in range(5):
        state = _fields(urlsplit(asks(stage, sets_out(browser, "/p/login/wechat"), ann)).query)["state"]
        browser.get(f"/p/login/back?code=never-given&state={state}")

    assert comes_in(browser, stage, ann).status_code == 303


def test_who_waits_for_the_platform_leaves_room_for_the_others(town, stage, ann, browser):
    """While as many wait as may, the next is told at once."""
    entrance = town.client.application.view_functions["login.back"].__self__
    address = asks(stage, sets_out(browser, "/p/login/wechat"), ann)
    held = 0
    while entrance.ways.room.acquire(blocking=False):
        held += 1
    answer = browser.get(address)
    for _ in range(held):
        entrance.ways.room.release()

    assert (held, answer.status_code) == (4, 400)
    assert "暂时不能登录" in answer.text


# -- names of the site -----------------------------------------------------------------------------------------------


def test_who_is_here_under_another_name_is_led_to_the_one_that_the_platform_knows_and_not_twice(town, stage, ann):
    browser = Reader(town.client.application, agent=WECHAT, base="http://localhost:8000")
    there = browser.get("/p/login/wechat?to=/p/quiz").headers["Location"]
    behind = browser.get(there.removeprefix(SITE)).headers["Location"]

    assert there == f"{SITE}/p/login/wechat?to=/p/quiz&here=1"
    assert "/connect/oauth2/authorize?" in behind


def test_the_tie_between_way_and_browser_is_read_by_no_script_and_sent_to_the_sign_in_alone(browser):
    answer = browser.get("/p/login/wechat")
    said = {each.strip() for each in answer.headers["Set-Cookie"].split(";")}

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/p/login", "Max-Age=600"} <= said

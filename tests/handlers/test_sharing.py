"""The card that WeChat shows of a page that is passed on, with the stand-in as the platform and as its browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from structlog.testing import capture_logs

from commands.run import WEB_THREADS
from handlers import sharing
from handlers.sharing import AT_ONCE, REST, Sharing
from tests.browser import SIZES, a_page, faults
from tests.end_to_end.running import at_once, within
from tests.house import Clock, a_town
from tests.street import MINI, Street, a_street
from tests.wechat.sandbox.stage import served
from wechat.errors import BadRequest, Retryable

pytestmark = pytest.mark.alike

TICKET = "/cgi-bin/ticket/getticket"
LATE = 10.0
INSIDE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50"}
SITE, PAGE = "https://wx.example.org", "https://wx.example.org/p/digest/first"
SDK = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"


@pytest.fixture
def street(tmp_path, database_url, redis, redis_url) -> Iterator[Street]:
    with a_street(tmp_path, redis=redis, redis_url=redis_url, database=database_url, official=True) as street:
        yield street


def a_digest_of(street: Street):
    return next(iter(street.town.house.shelf.current().digests.values()))


def cards(street: Street):
    return street.stage.http.get("/sandbox/cards").get_json()


@contextmanager
def opened(browser: Browser, street: Street, query: str = "") -> Iterator[Page]:
    with a_page(browser, f"{street.web}/p/digest/{a_digest_of(street).slug}{query}", "phone") as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(a_digest_of(street).title)
        yield page


# -- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_digest_that_is_passed_on_has_its_title_its_summary_and_its_own_address(browser, street):
    digest = a_digest_of(street)
    with opened(browser, street, "?from=singlemessage&isappinstalled=0#解读"):
        assert within(LATE, lambda: len(cards(street)) == 2)

    message, timeline = sorted(cards(street), key=lambda card: card["way"])  # the page offers both at once
    assert (message["title"], message["summary"]) == (digest.title, digest.summary)
    assert message["link"] == timeline["link"] == f"{street.web}/p/digest/{digest.slug}"
    assert (message["way"], timeline["way"], timeline["title"]) == ("message", "timeline", digest.title)
    assert message["account"] == "official"


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_panel_shows_the_card_that_was_offered_last(browser, street, size, tmp_path):
    with opened(browser, street):
        assert within(LATE, lambda: len(cards(street)) == 2)
    with a_page(browser, f"{street.platform}/panel/", size) as page:
        card = page.get_by_role("region", name="网页的分享卡片")
        expect(card).to_contain_text(a_digest_of(street).title)
        expect(card.get_by_role("link")).to_have_attribute("href", f"{street.web}/p/digest/{a_digest_of(street).slug}")
        assert faults(page) == []
        page.screenshot(path=tmp_path / f"{size}.png", full_page=True)


@pytest.mark.browser
def test_a_page_whose_signature_is_another_ones_is_not_let_in(browser, street):
    with opened(browser, street) as page:
        assert within(LATE, lambda: len(cards(street)) == 2)
        said = page.evaluate("""async () => {
            const of = `${location.origin}/p/digest?kind=news`
            const signed = await (await fetch(`/p/share?url=${encodeURIComponent(of)}`)).json()
            return await new Promise((heard) => {
                wx.error((why) => heard(why.errMsg))
                wx.config({ jsApiList: ["updateAppMessageShareData"], ...signed })
            })
        }""")
        offered = page.evaluate("""() => new Promise((heard) => {
            const whole = { title: "不该有", desc: "", link: location.href, imgUrl: "" }
            wx.updateAppMessageShareData({ ...whole, fail: (why) => heard(why.errMsg), success: () => heard("taken") })
        })""")

    assert said == offered == "config:invalid signature"
    assert "不该有" not in str(cards(street))


@pytest.mark.browser
@pytest.mark.parametrize("code", [45009, -1, 48001])
def test_a_platform_that_gives_no_ticket_leaves_the_page_whole(browser, street, code):
    street.breaks(code, times=99, path=TICKET)
    with opened(browser, street) as page, page.expect_response("**/p/share?*") as answer:
        page.reload()

    assert answer.value.status == 204
    assert cards(street) == []


@pytest.mark.browser
def test_a_platform_that_hangs_holds_no_page_up(browser, street):
    street.stage.phone("knobs", path=TICKET, effect="delay", value=6, times=1)
    with opened(browser, street) as page:
        page.get_by_role("link", name="看更多").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert cards(street) == []


@pytest.mark.browser
def test_outside_wechat_the_page_asks_for_nothing(browser, town):
    slug, asked = next(iter(town.house.shelf.current().digests)), []
    with served(town.client.application) as web:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url.removeprefix(web)))
        page.goto(f"{web}/p/digest/{slug}", wait_until="networkidle")
        page.close()

    assert set(asked) == {f"/p/digest/{slug}", "/p/style.css", "/p/share.js"}


# -- what the page is ------------------------------------------------------------------------------------------------


def test_a_page_is_the_same_for_everybody_and_is_not_sent_again(town):
    address = f"/p/digest/{next(iter(town.house.shelf.current().digests))}"
    inside, outside = town.client.get(address, headers=INSIDE), town.client.get(address)
    again = town.client.get(address, headers={**INSIDE, "If-None-Match": outside.headers["ETag"]})

    assert inside.data == outside.data
    assert (again.status_code, again.data) == (304, b"")
    assert town.settings.accounts["official"].secret.get_secret_value() not in inside.text


def test_a_digest_lets_in_the_platforms_script_and_nothing_more(town):
    one = town.client.get(f"/p/digest/{next(iter(town.house.shelf.current().digests))}")
    rules = dict(each.strip().split(" ", 1) for each in one.headers["Content-Security-Policy"].split(";"))

    assert rules.pop("script-src") == "'self' https://res.wx.qq.com"
    assert not any("http" in rule or "unsafe" in rule for rule in rules.values())
    assert rules["default-src"] == "'self'"
    assert f'data-sdk="{SDK}"' in one.text
    assert "data-stands-in" not in one.text


@pytest.mark.parametrize("path", ["/", "/p/digest", "/admin/login", "/p/share"])
def test_no_other_page_lets_it_in(town, path):
    assert "qq.com" not in str(town.client.get(path).headers)


def test_without_an_account_that_may_there_is_no_card(tmp_path, database_url, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, accounts={"official": MINI})
    page = town.client.get(f"/p/digest/{next(iter(town.house.shelf.current().digests))}")
    town.house.close()

    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert town.client.get("/p/share", query_string={"url": PAGE}, headers=INSIDE).status_code == 404


# -- who gets a signature, and for what ------------------------------------------------------------------------------


class Signer:
    """Signs, or says what it was told to say; `asked` are the addresses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fault: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def __call__(self, url: str, *, nonce: str, timestamp: int) -> str:
        self.asked.append(url)
        assert self.free.wait(LATE)
        if self.fault:
            raise self.fault
        return f"signed {nonce} {timestamp}"


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_site(
    signer: Signer, clock: Clock, *, stands_in: bool = False, site: str = "https://wx.example.org"
) -> FlaskClient:
    web = Flask("site")
    sdk = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
    cards = Sharing(appid="wx1", sign=signer, sdk=sdk, site=site, stands_in=stands_in, clock=clock)
    web.register_blueprint(sharing.blueprint(cards))
    return web.test_client()


def asks(client: FlaskClient, url: str = PAGE, headers: dict[str, str] | None = None):
    return client.get("/p/share", query_string={"url": url}, headers=INSIDE if headers is None else headers)


def test_the_signature_is_over_the_whole_address_and_is_kept_by_nobody(signer, clock):
    answer = asks(a_site(signer, clock), f"{PAGE}?from=timeline&x=%E5%85%9A#part")
    shown = answer.get_json()

    assert signer.asked == [f"{PAGE}?from=timeline&x=%E5%85%9A"]
    assert shown["signature"] == f"signed {shown['nonceStr']} {shown['timestamp']}"
    assert (set(shown), shown["appId"]) == ({"appId", "timestamp", "nonceStr", "signature"}, "wx1")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://elsewhere.example/p/digest/first",
        "https://wx.example.org.elsewhere.example/p/digest/first",
        "https://wx.example.org@elsewhere.example/p/digest/first",
        "http://wx.example.org/p/digest/first",
        "https://wx.example.org/admin/",
        "/p/digest/first",
    ],
)
def test_nothing_is_signed_for_another_site(signer, clock, url):
    assert asks(a_site(signer, clock), url).status_code == 204
    assert signer.asked == []


def test_who_does_not_know_its_own_address_takes_the_one_it_was_asked_at(signer, clock):
    client = a_site(signer, clock, site="")

    assert asks(client, "http://localhost/p/digest/first").status_code == 200
    assert asks(client, PAGE).status_code == 204


@pytest.mark.parametrize(("headers", "stands_in", "status"), [({}, False, 204), ({}, True, 200), (INSIDE, False, 200)])
def test_only_wechat_is_answered_or_anybody_where_it_is_stood_in_for(signer, clock, headers, stands_in, status):
    assert asks(a_site(signer, clock, stands_in=stands_in), headers=headers).status_code == status


def test_a_platform_that_gives_none_is_left_alone_for_a_while_and_that_is_logged_once(signer, clock):
    client = a_site(signer, clock)
    signer.fault = Retryable(-1, "system busy")
    with capture_logs() as logged:
        during = [asks(client).status_code for _ in range(3)]
    signer.fault = None
    clock.forward(seconds=REST.total_seconds() - 1)
    still = asks(client).status_code
    clock.forward(seconds=1)

    assert (during, still, asks(client).status_code) == ([204] * 3, 204, 200)
    assert len(signer.asked) == 2
    assert [(each["event"], each["error"]) for each in logged] == [("no card", "Retryable")]
    assert PAGE not in str(logged)


def test_an_address_that_can_not_be_signed_keeps_nobody_else_waiting(signer, clock):
    client = a_site(signer, clock)
    signer.fault = BadRequest(None, "url: no address")
    refused = asks(client).status_code
    signer.fault = None

    assert (refused, asks(client).status_code) == (204, 200)


def test_a_platform_that_hangs_holds_few_threads(signer, clock):
    client = a_site(signer, clock)
    signer.free.clear()
    waiting = [threading.Thread(target=asks, args=(client.application.test_client(),)) for _ in range(AT_ONCE)]
    for each in waiting:
        each.start()
    assert within(LATE, lambda: len(signer.asked) == AT_ONCE)

    answers = at_once([lambda: asks(client.application.test_client()).status_code] * 4)
    signer.free.set()
    for each in waiting:
        each.join()

    assert answers == [204] * 4
    assert len(signer.asked) == AT_ONCE <= WEB_THREADS // 2

"""The first page, and what is said where there is no page to show."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.house import hashed_at_no_cost

PASSWORD = "a long enough password"


@pytest.fixture
def browser(town):
    return town.client


@pytest.fixture
def broken(town):
    """A page that falls over words which nobody else may read."""

    def fall():
        raise ValueError("what a member said")

    town.client.application.add_url_rule("/p/broken", view_func=fall)
    return town.client


@contextmanager
def no_table(db, name):
    """The database as one whose table was lost."""

    def rename(name, to):
        with db.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO {to}"))

    rename(name, "elsewhere")
    yield
    rename("elsewhere", name)


def sign_in(town):
    town.house.admins.add(name="组织委员", password_hash=hashed_at_no_cost(PASSWORD))
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    town.client.post("/admin/login", data={"name": "组织委员", "password": PASSWORD})


def test_the_first_page_says_whose_it_is_and_leads_to_what_anyone_may_read(town, browser):
    account = town.house.shelf.current().account
    page = browser.get("/")

    assert page.status_code == 200
    assert all(words in page.text for words in (account.name, account.organisation, account.about))
    for address in ("/p/digest", "/p/digest?kind=news", "/p/digest?kind=policy"):
        assert f'href="{address}"' in page.text
        assert browser.get(address).status_code == 200
    assert "/admin" not in page.text


def test_what_has_not_changed_is_not_sent_again(browser):
    for path in ("/", "/p/style.css"):
        first = browser.get(path)
        again = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.alike
@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        ("/p/digest/", "/p/digest"),
        ("/p/digest/?kind=news&q=%E5%85%9A%E8%B4%B9", "/p/digest?kind=news&q=%E5%85%9A%E8%B4%B9"),
        ("/admin/login/", "/admin/login"),
        ("/admin", "/admin/"),
        ("/admin/opinion", "/admin/opinion/"),
        ("/healthz/", "/healthz"),
    ],
)
def test_a_slash_too_many_or_too_few_leads_to_the_page(browser, given, leads_to):
    answer = browser.get(given)

    assert answer.status_code == 308
    assert answer.headers["Location"].removeprefix("http://localhost") == leads_to


@pytest.mark.alike
@pytest.mark.parametrize(
    "path",
    ["/p/nothing/at/all/", "//elsewhere.example/", "/p/", "/\\elsewhere.example/", "/p/digest/a\r\nX-Made-Up: 1/"],
)
def test_a_slash_leads_to_nothing_that_is_not_there(browser, path):
    answer = browser.get("/", environ_overrides={"PATH_INFO": path})

    assert answer.status_code == 404
    assert "Location" not in answer.headers


@pytest.mark.alike
@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nothing", 404, "没有这一页"),
        ("GET", "/p/nothing", 404, "没有这一页"),
        ("GET", "/admin/nothing", 404, "没有这一页"),
        ("POST", "/p/digest", 405, "这个地址不能这样用"),
        ("DELETE", "/", 405, "这个地址不能这样用"),
        ("GET", "/admin/logout", 405, "这个地址不能这样用"),
        ("POST", "/admin/login", 400, "页面放得太久了"),
    ],
)
def test_what_can_not_be_shown_is_said_in_the_readers_language(browser, method, path, status, said):
    answer = browser.open(path, method=method)

    assert answer.status_code == status
    assert f">{said}</h1>" in answer.text
    assert ("支部管理台" in answer.text) == path.startswith("/admin")


def test_another_method_is_told_which_there_are(browser):
    assert set(browser.post("/p/digest").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_page_that_fell_says_so_and_neither_to_the_reader_nor_to_the_log_what_was_said(broken, caplog):
    with capture_logs() as logged:
        answer = broken.get("/p/broken", headers={"Accept-Language": "en"})

    assert answer.status_code == 500
    assert "<h1>暂时打不开</h1>" in answer.text
    assert not any(word in answer.text for word in ("Traceback", "ValueError", "member", "Internal"))
    assert [(each["event"], each["error"]) for each in logged] == [("page failed", "ValueError")]
    assert "member" not in f"{logged}{caplog.text}"


def test_a_console_whose_database_fails_says_so_to_who_is_signed_in(town, browser):
    sign_in(town)
    with no_table(town.house.db, "admins"):
        answer = browser.get("/admin/broadcasts")

    assert answer.status_code == 500
    assert "<h1>暂时打不开</h1>" in answer.text
    assert 'href="/admin/"' in answer.text


@pytest.mark.alike
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/api/v1/"])
def test_under_the_api_programs_are_answered_as_programs(browser, path):
    answer = browser.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json["code"] == "not_found"

"""What a signed-in admin sees and does."""

import asyncio
import re

import pytest

from tests.content.builders import a_pack, write
from tests.house import a_town, hashed_at_no_cost

PASSWORD = "a long enough password"


@pytest.fixture
def pack(tmp_path):
    return a_pack(tmp_path / "pack")


@pytest.fixture
def town(tmp_path, pack, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.house.admins.add(name="admin", password_hash=hashed_at_no_cost(PASSWORD))
    form = {"csrf_token": token(town.client, "/admin/login"), "name": "admin", "password": PASSWORD}
    town.client.post("/admin/login", data=form)
    yield town
    town.house.close()


def token(browser, page):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def presses(town, address):
    """Press a button and read the page that it leads to."""
    return town.client.post(address, data={"csrf_token": token(town.client, "/admin/")}, follow_redirects=True)


def test_the_overview_counts_what_is_served(town):
    page = town.client.get("/admin/").text

    assert re.search(r"题目.*2", page, re.DOTALL)
    assert "还没有推送过" in page


def test_the_broadcast_files_are_listed_with_when_and_for_whom(town):
    page = town.client.get("/admin/broadcasts").text

    assert "每日摘要" in page
    assert "每天 08:30" in page
    assert "要闻" in page


def test_a_broadcast_is_sent_now_and_stands_in_the_table(town):
    phone = town.phone()
    phone.says("订阅2")

    page = presses(town, "/admin/broadcasts/daily/send").text
    (run,) = town.house.pushes.store.runs(limit=5)

    assert "已安排，马上开始发" in page
    assert run.key in page
    assert "还没有推送过" not in page


def test_a_second_press_says_that_everybody_has_it(town):
    town.phone().says("订阅2")
    presses(town, "/admin/broadcasts/daily/send")
    (run,) = town.house.pushes.store.runs(limit=5)
    asyncio.run(town.house.pushes.pump.work(run.key))
    town.house.pushes.store.finish(run.key)

    page = presses(town, "/admin/broadcasts/daily/send").text

    assert "该发的都已经发过了" in page
    assert "没有可发" not in page


def test_a_push_that_nobody_subscribes_to_says_so(town):
    assert "还没有人订阅" in presses(town, "/admin/broadcasts/daily/send").text


def test_a_narrow_screen_shows_what_was_not_sent(town):
    town.phone().says("订阅2")
    presses(town, "/admin/broadcasts/daily/send")

    page = town.client.get("/admin/broadcasts").text

    assert re.findall(r'd-md-none">(.*?)</div>', page) == ["待发 1"]


def test_what_is_over_is_not_paused_and_that_is_said(town):
    presses(town, "/admin/broadcasts/daily/send")
    key = town.house.pushes.store.runs(limit=1)[0].key

    assert "没有改动" in presses(town, f"/admin/broadcasts/{key}/pause").text


def test_a_run_is_paused_and_goes_on(town):
    town.phone().says("订阅2")
    presses(town, "/admin/broadcasts/daily/send")
    key = town.house.pushes.store.runs(limit=1)[0].key

    paused = presses(town, f"/admin/broadcasts/{key}/pause").text
    resumed = presses(town, f"/admin/broadcasts/{key}/resume").text

    assert "已暂停，没发的都留着" in paused
    assert "由管理员暂停" in paused
    assert "继续发了" in resumed


@pytest.mark.parametrize(
    "address", ["broadcasts/gone/send", "broadcasts/gone/pause", "broadcasts/daily/explode", "nowhere"]
)
def test_what_is_not_there_is_said_in_words(town, address):
    page = presses(town, f"/admin/{address}")

    assert page.status_code == 404
    assert "没有这一页" in page.text


def look(town):
    """The watcher takes a state that it sees twice."""
    town.house.shelf.look()
    town.house.shelf.look()


def test_a_title_that_is_code_is_shown_as_words(town, pack):
    old = (pack / "broadcasts" / "daily.toml").read_text()
    write(pack / "broadcasts" / "daily.toml", old.replace("每日摘要", "<script>alert(1)</script>"))
    look(town)
    page = town.client.get("/admin/broadcasts").text

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_the_navigation_leads_to_pages_that_are_there(town):
    doors = re.findall(r'class="nav-link[^>]*href="(/admin/[^"]*)"', town.client.get("/admin/").text, re.DOTALL)

    assert len(doors) >= 3
    assert [town.client.get(door).status_code for door in doors] == [200] * len(doors)

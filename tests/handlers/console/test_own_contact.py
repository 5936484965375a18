"""An admin says in the chat which contact is theirs, and a push is tried out on it."""

import re

import pytest
from playwright.sync_api import expect

from storage.admins import AdminContacts, Admins
from storage.sealing import Keys
from tests.handlers.console.test_pages import SEND, pack, presses, town  # noqa: F401 - fixtures
from tests.house import PASSWORD
from tests.scheduler.world import NOON, World
from tests.wechat.sandbox.stage import served


def code_of(town):  # noqa: F811
    page = presses(town, "/admin/own").text
    return re.findall(r"管理员 ([0-9A-Z]{4}-[0-9A-Z]{4})", page)[0]


@pytest.mark.parametrize("said", ["管理员 {}", "管理员{}", "我是管理员：{}", "管理员码 {}"])
def test_a_code_said_in_the_chat_names_the_contact(town, said):  # noqa: F811
    phone = town.phone()

    answer = phone.says(said.format(code_of(town).lower()))

    assert "测试的推送也发到这里" in answer
    assert "已经绑定" in town.client.get("/admin/own").text


def test_the_page_with_the_code_hears_that_it_was_said(town):  # noqa: F811
    code = code_of(town)
    part = "/admin/own?part=1"
    waits, page = town.client.get(part).text, town.client.get("/admin/own").text
    town.phone().says(f"管理员 {code}")
    done = town.client.get(part).text
    code_of(town)

    assert "管理员码还没有收到" in waits
    assert waits.strip() in page
    assert "已经绑定。" in done
    assert "新取的管理员码还没有收到" in town.client.get(part).text
    town.clock.forward(minutes=11)
    assert town.client.get(part).text == done


@pytest.mark.browser
def test_the_page_with_the_code_says_by_itself_that_it_was_said(town, browser):  # noqa: F811
    page = browser.new_page(locale="zh-CN")
    with served(town.client.application) as web:
        page.goto(f"{web}/admin/login")
        page.get_by_label("姓名").fill("admin")
        page.get_by_label("密码").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="主导航")).to_be_visible()
        page.goto(f"{web}/admin/own")
        page.get_by_role("button", name="取一个管理员码").click()
        said = page.get_by_text(re.compile(r"^管理员 \w{4}-\w{4}$")).inner_text()
        expect(page.get_by_role("status")).to_contain_text("管理员码还没有收到")
        town.phone().says(said)
        expect(page.get_by_role("status")).to_have_text("已经绑定。")
        expect(page.get_by_role("button", name="解除绑定")).to_be_visible()
    page.close()


def test_the_first_page_says_that_nobody_is_reminded_until_there_is_one(town):  # noqa: F811
    before = town.client.get("/admin/").text
    town.phone().says(f"管理员 {code_of(town)}")

    assert "您还没有绑定" in before
    assert "您还没有绑定" not in town.client.get("/admin/").text


def test_a_code_is_good_once_and_for_ten_minutes(town):  # noqa: F811
    first, second = code_of(town), code_of(town)
    replaced = town.phone().says(f"管理员 {first}")
    taken = town.phone().says(f"管理员 {second}")
    again = town.phone().says(f"管理员 {second}")
    late = code_of(town)
    town.clock.forward(minutes=11)

    assert "没有找到" in replaced
    assert "测试的推送" in taken
    assert "没有找到" in again
    assert "没有找到" in town.phone().says(f"管理员 {late}")


def test_a_push_is_tried_out_on_the_admin_alone(town):  # noqa: F811
    presses(town, "/admin/broadcasts/daily/try")
    unlinked = presses(town, "/admin/broadcasts/daily/try").text
    phone, other = town.phone(), town.phone()
    other.says("订阅2")
    phone.says(f"管理员 {code_of(town)}")

    page = presses(town, "/admin/broadcasts/daily/try").text
    heard = phone.says("帮助")

    assert 'alert-warning" role="status">还不知道哪个是您的微信' in unlinked
    assert f'<a href="{SEND}">← 要发的推送</a>' in unlinked
    assert "发给您" in page
    assert "【测试，只发给您】" in heard
    assert "【测试" not in other.says("帮助")
    assert town.house.pushes.store.runs() == []
    assert "发给我看看" in town.client.get(SEND).text


def test_the_contact_is_forgotten_when_the_admin_says_so(town):  # noqa: F811
    town.phone().says(f"管理员 {code_of(town)}")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', town.client.get("/admin/own").text)[-1]

    page = town.client.post("/admin/own", data={"csrf_token": token, "forget": "1"}, follow_redirects=True).text

    assert "已经解除绑定" in page
    assert "还没有绑定" in page
    assert '<a href="/admin/account/">← 我的账号</a>' in page  # which every account may see


def test_it_is_no_word_of_the_members_help(town):  # noqa: F811
    assert "管理员" not in town.phone().says("帮助")


# -- what is kept ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(db):
    admins, contacts = Admins(db), AdminContacts(db, mark=Keys("a secret of these tests").mark("admin code"))
    admins.add(name="甲", password_hash="x")
    return World(db), admins, contacts


def test_a_contact_that_leaves_is_nobody_s_any_more(kept):
    world, _, contacts = kept
    who = world.person("o-1")
    contacts.link(contacts.give_code("甲", until=NOON), contact=who.contact, now=NOON)
    before = contacts.of("甲")

    world.leave("o-1")

    assert (before.person, before.openid) == (who.person, "o-1")
    assert "o-1" not in repr(before)
    assert contacts.of("甲") is None


def test_an_admin_who_is_removed_leaves_no_contact(kept, db):
    world, admins, contacts = kept
    contacts.link(contacts.give_code("甲", until=NOON), contact=world.person("o-1").contact, now=NOON)

    admins.remove(name="甲")

    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT * FROM admin_contacts").all() == []


def test_the_same_message_once_more_finds_it_done(kept):
    world, _, contacts = kept
    code, who = contacts.give_code("甲", until=NOON), world.person("o-1")

    assert [contacts.link(code, contact=who.contact, now=NOON) for _ in range(2)] == [True, True]
    assert not contacts.link(code, contact=world.person("o-2").contact, now=NOON)


def test_the_code_is_not_kept_as_it_is_said(kept, db):
    code = kept[2].give_code("甲", until=NOON)

    with db.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM admin_contacts").all()

    assert code not in str(rows)

"""What a signed-in admin sees and does."""

import asyncio
import re
from typing import Any

import pytest

from scheduler import reasons
from scheduler.outlook import Outlook
from storage.refusals import Way
from tests.content.builders import a_broadcast, a_pack, write
from tests.house import a_town
from tests.scheduler.world import World
from tests.street import OFFICIAL
from wechat.api.account import Quota


@pytest.fixture
def pack(tmp_path):
    return a_pack(tmp_path / "pack")


@pytest.fixture
def town(tmp_path, pack, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.signs_in("admin")
    yield town
    town.house.close()


def token(browser, page):
    return re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]


def presses(town, address):
    """Press a button and read the page that it leads to."""
    return town.client.post(address, data={"csrf_token": token(town.client, "/admin/")}, follow_redirects=True)


SEND = "/admin/broadcasts/daily/send"
WAITS = "1 次推送等您看一看，再同意"


def confirms(town):
    """Look at what would be sent, and send it."""
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))
    return town.client.post(SEND, data=form, follow_redirects=True)


def test_the_overview_counts_what_is_served(town):
    page = town.client.get("/admin/").text

    assert re.search(r"题目.*2", page, re.DOTALL)
    assert "还没有推送过" in page


def test_a_channel_that_the_platform_refused_is_shown_with_its_account(town):
    assert "48001" not in town.client.get("/admin/").text

    town.house.platform.refusals.add(Way("official", "customer_service"), now=town.house.clock())
    page = town.client.get("/admin/").text

    assert "账号“official”没有客服消息的权限（48001）" in page
    assert "11-24 12:00 以前" in page


def test_the_broadcast_files_are_listed_with_when_and_for_whom(town):
    page = town.client.get("/admin/broadcasts").text

    assert "每日摘要" in page
    assert "每天 08:30" in page
    assert "要闻" in page


def test_when_a_broadcast_goes_out_next_is_shown_with_what_is_not_sure_of_it(town, pack):
    write(pack / "broadcasts" / "daily.toml", a_broadcast(workdays=True, jitter="10m"))
    look(town)
    page = town.client.get("/admin/broadcasts").text
    town.clock.forward(days=60)
    later = town.client.get("/admin/broadcasts").text

    assert "每天 08:30（只在工作日），错开 10 分钟以内" in page
    assert re.search(r"下一次 <span[^>]*>11-24 08:[34]\d</span></div>", page)
    assert re.search(r"下一次 <span[^>]*>01-25 08:[34]\d</span>（暂定", later)


def test_who_is_meant_is_told_in_words(town, pack):
    groups = {"organisations": ["dangwei"], "any": [{"topics": ["yaowen"]}, {"roles": ["书记", "委员"]}]}
    groups["none"] = [{"received": ["first"]}, {"answered": "7d"}]
    write(pack / "broadcasts" / "daily.toml", a_broadcast(audience=groups))
    look(town)

    page = town.client.get("/admin/broadcasts").text

    anyone = "在“示例党委”，并且至少符合一条：（订阅了“要闻”）（职务是“书记”或“委员”）"
    said = f"{anyone}，不包括（收到过“一条要闻”）（7天内答过题）"
    assert said in page
    assert said in town.client.get(SEND).text


def test_a_look_ahead_names_some_and_tells_of_roles_that_nobody_has(town, pack):
    write(pack / "broadcasts" / "daily.toml", a_broadcast(audience={"any": [{"roles": ["书记"]}, {"roles": ["书计"]}]}))
    look(town)
    phone = town.phone()
    phone.says("帮助")
    who = town.house.people.find(account="official", openid=phone.openid)
    town.house.people.rename(who.person, name="王示例", verified=True, role="书记")

    page = town.client.get(SEND).text

    assert "例如：王示例" in page
    assert "职务或标签是“书计”" in page
    assert phone.openid not in page


def test_what_each_would_read_is_shown_with_whom_it_is_for(town, pack):
    variant = {"audience": {"roles": ["书记"]}, "channels": ["customer_service"], "template": "other"}
    text = a_broadcast(channels=["customer_service", "next_visit"], variant=[variant], link="https://example.org/a")
    write(pack / "templates" / "other.j2", "书记您好")
    write(pack / "broadcasts" / "daily.toml", text)
    look(town)
    town.phone().says("订阅2")

    page = town.client.get(SEND).text

    assert page.index("一条要闻") < page.index("职务是“书记”，走客服消息的，看到的是") < page.index("书记您好")
    assert "点开以后：https://example.org/a" in page


def test_a_notice_is_shown_with_what_its_fields_take(town, pack):
    fields = {"thing1": "一条要闻", "time2": "2026年11月23日 9:00", "phone_number3": "010-1"}
    broadcast = a_broadcast(channels=["notice", "next_visit"], notice_template_id="a-template", fields=fields)
    write(pack / "broadcasts" / "daily.toml", broadcast)
    look(town)

    page = town.client.get(SEND).text

    shown = [" ".join(re.sub("<[^>]*>", " ", each).split()) for each in re.findall(r"<dt[^>]*>(.*?)</dt>", page)]
    assert shown == ["文字 thing1", "时间 time2", "电话 phone_number3"]


def test_a_send_to_all_says_that_it_waits_for_who_has_had_enough_today(tmp_path, pack, database_url, redis, redis_url):
    write(
        pack / "broadcasts" / "daily.toml",
        a_broadcast(audience={"everyone": True}, channels=["mass", "next_visit"], fields={}),
    )
    content, official = {"folder": str(pack)}, {**OFFICIAL, "kind": "subscription"}
    tables: dict[str, Any] = {"content": content, "accounts": {"official": official}, "push": {"a_day": 1}}
    town = a_town(tmp_path, database=database_url, redis=redis_url, **tables)
    town.signs_in("admin")
    phone, world = town.phone(), World(town.house.db)
    phone.says("帮助")
    world.deliver(world.run("other:2026-11-23"), town.house.people.find(account="official", openid=phone.openid))
    page = town.client.get(SEND).text
    sent = confirms(town).text
    town.house.close()

    assert "有 1 人今天已经收够了，群发给所有人没法不发给他们：现在确认，会等到 11-24 07:30 再发" in page
    assert reasons.FULL in sent


def agrees(town, address):
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(address).text))
    return town.client.post(address, data=form, follow_redirects=True)


def test_one_admin_asks_and_another_one_agrees(town, pack):
    variant = {"audience": {"roles": ["书记"]}, "template": "other"}
    write(pack / "templates" / "other.j2", "书记您好")
    write(pack / "broadcasts" / "daily.toml", a_broadcast(four_eyes=True, variant=[variant]))
    look(town)
    town.phone().says("订阅2")

    asked = confirms(town).text
    (run,) = town.house.pushes.store.runs()
    town.house.pushes.store.allow_night(run.key)
    address = f"/admin/broadcasts/{run.key}/approve"
    mine = town.client.get(address).text
    before = town.house.pushes.store.run(run.key).state
    waits_for_me = WAITS in town.client.get("/admin/").text
    town.signs_in("第二位")
    waits_for_the_other = WAITS in town.client.get("/admin/").text
    shown = town.client.get(address).text
    agreed = agrees(town, address).text

    assert "已经提请，等另一位管理员同意" in asked
    assert "还差1位" in asked
    assert "看一看，再同意" in asked
    assert ("您已经同意了" in mine, "同意发送</button>" in mine) == (True, False)
    assert all(
        words in shown
        for words in (
            "admin（11-23 12:00）",
            "订阅了“要闻”",
            "一条要闻",
            "职务是“书记”",
            "书记您好",
            "免打扰的时段里也发",
        )
    )
    assert "已记下您的同意，马上开始发。" in agreed
    assert "看一看，再同意" not in agreed
    assert (waits_for_me, waits_for_the_other) == (False, True)
    assert WAITS not in town.client.get("/admin/").text
    assert "admin（11-23 12:00）、第二位（11-23 12:00）" in agreed
    assert (before, town.house.pushes.store.run(run.key).state) == ("planned", "sending")


def test_who_agrees_to_what_has_changed_is_shown_it_again(town, pack):
    write(pack / "broadcasts" / "daily.toml", a_broadcast(four_eyes=True))
    look(town)
    town.phone().says("订阅2")
    confirms(town)
    (run,) = town.house.pushes.store.runs()
    town.signs_in("第二位")
    form = {"csrf_token": token(town.client, "/admin/"), "seen": "something else"}

    page = town.client.post(f"/admin/broadcasts/{run.key}/approve", data=form, follow_redirects=True).text

    assert 'alert-warning" role="status">没有记下' in page
    assert town.house.pushes.store.run(run.key).state == "planned"


def test_what_needs_no_second_admin_has_no_such_page(town):
    town.phone().says("订阅2")
    confirms(town)
    (run,) = town.house.pushes.store.runs()

    assert town.client.get(f"/admin/broadcasts/{run.key}/approve").status_code == 404


def test_too_few_who_are_chosen_by_what_they_did_are_not_counted(town, pack):
    audience = {"topics": ["yaowen"], "none": [{"answered": "7d"}]}
    write(pack / "broadcasts" / "daily.toml", a_broadcast(audience=audience))
    look(town)
    town.phone().says("订阅2")

    page = town.client.get(SEND).text

    assert "不到 5 人" in page
    assert not re.search("1 人|没有新的人要发", page)
    assert "确认发送" in page


def test_a_broadcast_is_sent_now_and_stands_in_the_table(town):
    phone = town.phone()
    phone.says("订阅2")

    page = confirms(town).text
    (run,) = town.house.pushes.store.runs(limit=5)

    assert "已安排，马上开始发" in page
    assert run.key in page
    assert "还没有推送过" not in page


def test_a_second_look_says_that_everybody_has_it(town):
    town.phone().says("订阅2")
    confirms(town)
    (run,) = town.house.pushes.store.runs(limit=5)
    asyncio.run(town.house.pushes.pump.work(run.key))
    town.house.pushes.store.finish(run.key)

    page = town.client.get(SEND).text

    assert "他们都已经收到了" in page
    assert "没有可发" not in page


def test_a_push_that_nobody_subscribes_to_says_so_and_has_no_button(town):
    page = town.client.get(SEND).text

    assert "现在没有这样的人" in page
    assert "确认发送" not in page


def test_before_it_is_sent_the_words_and_the_number_of_people_by_channel_are_shown(town, pack):
    write(pack / "broadcasts" / "daily.toml", a_broadcast(channels=["customer_service", "next_visit"]))
    look(town)
    town.phone().says("订阅2")
    town.clock.forward(hours=49)  # the first one's window is over
    town.phone().says("订阅2")

    page = town.client.get(SEND).text

    assert re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", page)[:2] == [
        ("客服消息", "1 人"),
        ("留到下次来访时显示", "1 人"),
    ]
    assert town.house.shelf.current().digests["first"].title in page
    assert town.house.pushes.store.runs() == []


def test_before_it_is_sent_it_is_told_what_it_costs_and_leaves_and_why_some_are_not_reached(town, pack):
    write(pack / "broadcasts" / "daily.toml", a_broadcast(channels=["customer_service"]))
    look(town)
    town.phone().says("订阅2")
    town.clock.forward(hours=49)  # the first one's window is over
    town.phone().says("订阅2")
    town.house.pushes.desk._planner.outlook = Outlook({"official": Told()}, manners=town.house.settings.manners)
    page = " ".join(town.client.get(SEND).text.split())

    assert "<li>1 人：客服消息：没有开着的对话窗口</li>" in page
    assert "会用掉对话窗口里的消息 1 条" in page
    assert "账号“official”今天还能发客服消息 7 次，发完还剩 6 次" in page
    assert "最后一个人大约" in page


class Told:
    def quota(self, _path):
        return Quota(daily_limit=10, used=3, remain=7)


def groups_in(town, pack, **changed):
    """The broadcast with two groups that nobody configured."""
    write(pack / "broadcasts" / "daily.toml", a_broadcast(groups=["支部群", "党委群"], **changed))
    write(pack / "templates" / "qun.j2", "群里的话")
    look(town)


def test_groups_are_shown_before_a_push_and_what_became_of_them_afterwards(town, pack):
    groups_in(town, pack, channels=[], group_template="qun")
    asked, listed = town.client.get(SEND).text, town.client.get("/admin/broadcasts").text

    assert re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", asked)[0] == ("在群里说一遍", "支部群、党委群")
    assert "群里的话" in asked
    assert "群：支部群、党委群" in listed

    done = confirms(town).text
    (run,) = town.house.pushes.store.runs(limit=5)
    asyncio.run(town.house.pushes.pump.work(run.key))
    page = town.client.get("/admin/broadcasts").text

    assert "已安排，马上开始发" in done
    assert "群“支部群”没发成" in page
    assert "配置里已经没有群“党委群”" in page


def test_who_agrees_to_a_push_for_groups_alone_sees_which_and_what_they_are_told(town, pack):
    groups_in(town, pack, channels=[], group_template="qun", four_eyes=True)
    asked, listed = town.client.get(SEND).text, town.client.get("/admin/broadcasts").text
    confirms(town)
    (run,) = town.house.pushes.store.runs()
    address = f"/admin/broadcasts/{run.key}/approve"
    town.signs_in("第二位")
    shown, before = town.client.get(address).text, town.house.pushes.store.posts.of(run.key)
    agrees(town, address)
    after = town.house.pushes.store.posts.of(run.key)

    assert all(words in shown for words in ("支部群、党委群", "群里的话"))
    assert [page.count("订阅了“要闻”") for page in (asked, listed, shown)] == [0, 0, 0]
    assert (before, [post.name for post in after]) == ([], ["党委群", "支部群"])


def test_groups_are_shown_beside_too_few_to_be_counted(town, pack):
    groups_in(town, pack, audience={"topics": ["yaowen"], "none": [{"answered": "7d"}]})
    town.phone().says("订阅2")

    page = town.client.get(SEND).text

    assert all(words in page for words in ("不到 5 人", "在群里说一遍", "支部群、党委群"))
    assert "没有新的人要发" not in page


def test_words_for_groups_that_changed_after_the_look_are_not_sent(town, pack):
    groups_in(town, pack, channels=[], group_template="qun")
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))
    write(pack / "templates" / "qun.j2", "别的话")
    look(town)

    assert "没有发：要发的内容刚刚变了" in town.client.post(SEND, data=form).text


def test_a_press_without_a_look_sends_nothing_and_shows_what_would_be_sent(town):
    town.phone().says("订阅2")

    page = presses(town, SEND).text

    assert "确认发送" in page
    assert town.house.pushes.store.runs() == []


def test_what_changed_after_the_look_is_shown_again_and_not_sent(town, pack):
    town.phone().says("订阅2")
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))
    old = (pack / "broadcasts" / "daily.toml").read_text()
    write(pack / "broadcasts" / "daily.toml", old.replace("每日摘要", "今天的摘要"))
    look(town)

    page = town.client.post(SEND, data=form).text

    assert "没有发：要发的内容刚刚变了" in page
    assert town.house.pushes.store.runs() == []


def test_a_minute_between_the_look_and_the_press_changes_nothing(town):
    town.phone().says("订阅2")
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))
    town.clock.forward(minutes=1)

    assert "已安排，马上开始发" in town.client.post(SEND, data=form, follow_redirects=True).text


def test_in_quiet_hours_it_takes_a_tick_as_well(town):
    town.phone().says("订阅2")
    town.clock.forward(hours=10)
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))

    refused = town.client.post(SEND, data=form).text
    before = town.house.pushes.store.runs()
    sent = town.client.post(SEND, data={**form, "at_night": "on"}, follow_redirects=True).text

    assert "现在是免打扰的时段，到 07:30 为止" in refused
    assert "没有发：现在是免打扰的时段" in refused
    assert before == []
    assert "已安排，马上开始发" in sent


def test_a_double_press_sends_once(town):
    town.phone().says("订阅2")
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]+)"', town.client.get(SEND).text))
    for _ in range(2):
        town.client.post(SEND, data=form)

    (run,) = town.house.pushes.store.runs()
    assert sum(tally.count for tally in town.house.pushes.store.deliveries.tallies(run.key)) == 1


def test_a_narrow_screen_shows_what_was_not_sent(town):
    town.phone().says("订阅2")
    confirms(town)

    page = town.client.get("/admin/broadcasts").text

    assert re.findall(r'd-md-none">(.*?)</div>', page) == ["待发 1"]


def test_what_is_over_is_not_paused_and_that_is_said(town):
    town.house.pushes.desk.send_now("daily", now=town.clock())
    key = town.house.pushes.store.runs(limit=1)[0].key

    assert "没有改动" in presses(town, f"/admin/broadcasts/{key}/pause").text


def test_a_run_is_paused_and_goes_on(town):
    town.phone().says("订阅2")
    confirms(town)
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

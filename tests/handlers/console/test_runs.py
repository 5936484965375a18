"""A run's page, its correction, and the picture of the last thirty days."""

import re
from datetime import datetime, timedelta

import pytest

from scheduler import reasons
from storage.deliveries import deliveries
from storage.runs import Run
from storage.states import RunState, State
from storage.wording import Content
from tests.content.builders import a_broadcast, a_pack, write
from tests.house import a_town

KEY = "daily:2026-11-23"
PAGE = f"/admin/broadcasts/{KEY}"
WORDS = "日期应为 11 月 25 日。"


@pytest.fixture
def pack(tmp_path):
    return a_pack(tmp_path / "pack")


@pytest.fixture
def town(tmp_path, pack, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    town.signs_in("admin")
    yield town
    town.house.close()


def a_run(town, *ends, key=KEY, state=RunState.DONE, days_ago=0, four_eyes=False, **content):
    """A run whose deliveries ended so: pairs of state and error, by customer-service message, or a channel third."""
    house = town.house
    now = house.clock() - timedelta(days=days_ago)
    run = house.pushes.store.open_run(
        Run(
            key=key,
            broadcast="daily",
            title="每日摘要",
            content=Content(text="有误的话", line="有误的话", channels=("customer_service", "next_visit"), **content),
            due_at=now,
            expires_at=now + timedelta(hours=12),
            planned_at=now,
            state=state,
            four_eyes=four_eyes,
        )
    )
    whos = [house.people.meet(account="official", openid=f"o-{n}", today=now.date()) for n in range(len(ends))]
    rows = [
        {
            "key": run.key,
            "person": who.person,
            "contact": who.contact,
            "account": "official",
            "channel": channel,
            "state": end,
            "error": error,
            "wake_at": now,
            "settled_at": None if end == "due" else now,
        }
        for who, (end, error, channel) in zip(whos, (three(each) for each in ends), strict=True)
    ]
    with house.db.begin() as connection:
        connection.execute(house.db.insert(deliveries), rows)
    return whos


def three(end):
    state, error, channel = (*end, "customer_service")[:3]
    return state, error, channel


SENT = (State.SENT, "")
DUE = (State.DUE, "")


def table(page):
    """A run's rows: the name of the channel, and its numbers."""
    rows = re.findall(r'<tr><th scope="row" class="fw-normal">(.*?)</th>(.*?)</tr>', page)
    return {name: [int(number) for number in re.findall(r">(\d+)</td>", cells)] for name, cells in rows}


def test_a_run_that_waits_for_a_quota_says_when_it_goes_on(town):
    a_run(town, SENT, DUE, state=RunState.SENDING)
    in_the_night = datetime(2026, 11, 24, 0, 5, tzinfo=town.house.settings.zone)
    town.house.pushes.store.move(
        KEY, before=[RunState.SENDING], after=RunState.PAUSED, reason="用完了", goes_on_at=in_the_night
    )
    says = "到 11-24 07:30 自己接着发"  # when the quiet hours are over
    pages = [town.client.get(page).text for page in (PAGE, f"{PAGE}?part=1", "/admin/broadcasts")]
    town.client.post(f"{PAGE}/resume")

    assert [says in page for page in pages] == [True] * 3
    assert says not in town.client.get(PAGE).text


def test_a_run_that_would_go_on_is_held_back_until_somebody_says_so(town):
    a_run(town, SENT, DUE, state=RunState.SENDING)
    morning = datetime(2026, 11, 24, 7, 30, tzinfo=town.house.settings.zone)
    town.house.pushes.store.move(
        KEY, before=[RunState.SENDING], after=RunState.PAUSED, reason="用完了", goes_on_at=morning
    )
    offered = "不自己接着发" in town.client.get(PAGE).text
    town.client.post(f"{PAGE}/hold")
    page = town.client.get(PAGE).text
    run = town.house.pushes.store.run(KEY)

    assert offered
    assert (run.state, run.reason, run.goes_on_at) == (RunState.PAUSED, reasons.BY_HAND, None)
    assert "不自己接着发" not in page
    assert "继续发" in page


def test_a_run_is_shown_by_channel_and_by_reason_in_words(town):
    lost = (State.UNSURE, "unsure")
    none = (State.GONE, "no_channel", "")
    kept = (State.SENT, "", "next_visit")
    a_run(town, SENT, SENT, DUE, lost, none, none, kept, (State.FAILED, "47003"), state=RunState.SENDING)
    page = town.client.get(PAGE).text

    assert re.findall(r'<th scope="col" class="text-end text-nowrap">(.*?)</th>', page) == [
        "待发",
        "已发",
        "发不到",
        "没发成",
        "不确定",
    ]
    assert table(page) == {
        "客服消息": [1, 2, 0, 1, 1],
        "留到下次来访时显示": [0, 1, 0, 0, 0],
        "没有渠道能发到": [0, 0, 2, 0, 0],
    }
    causes = re.findall(r"<li>(\d+) 人：(.*?)</li>", page)
    assert [number for number, _ in causes] == ["2", "1", "1"]
    assert "没有订阅通知的次数" in causes[0][1]
    assert "47003" in causes[1][1] + causes[2][1]
    assert "已处理 7 人，共 8 人" in page
    assert '<progress class="w-100 mb-3" max="8" value="7"' in page
    assert "最近一分钟每秒 0.1 人，大约还要" in page


def test_who_failed_is_named_where_the_roster_knows_them_and_else_counted(town):
    bad = (State.FAILED, "47003")
    whos = a_run(town, bad, bad, bad, (State.FAILED, "cancelled"), SENT)
    for who, name, verified in zip(whos, ("王示例", "自称的", "", "李示例", "赵示例"), (1, 0, 0, 1, 1), strict=True):
        town.house.people.rename(who.person, name=name, verified=bool(verified))
    page = town.client.get(PAGE).text

    assert re.findall(r"<li>(..示例|.示例|自称的|赵示例)：", page) == ["王示例"]
    assert "还有 2 人不在名单里" in page
    assert not re.search("o-[0-9]|自称的|李示例", page)


def test_few_who_were_chosen_by_what_they_did_are_not_told_of_and_many_not_named(town):
    whos = a_run(town, *[(State.FAILED, "47003")] * 4, where={"answered": 86400})
    town.house.people.rename(whos[0].person, name="王示例", verified=True)
    few = town.client.get(PAGE).text
    a_run(town, *[(State.FAILED, "47003")] * 5, where={"answered": 86400}, key="daily:2026-11-22")
    many = town.client.get("/admin/broadcasts/daily:2026-11-22").text

    assert "不到 5 人" in few
    assert not re.search("没发成|47003|王示例", few)
    assert "5 人：" in many
    assert "王示例" not in many


def test_a_run_that_goes_on_looks_again_by_script_or_by_link_and_one_that_is_over_does_not(town):
    a_run(town, DUE, SENT, state=RunState.SENDING)
    goes, part = town.client.get(PAGE).text, town.client.get(f"{PAGE}?part=1").text
    town.house.pushes.desk.cancel(KEY, now=town.house.clock())
    over = town.client.get(PAGE).text

    assert ("live.js" in goes, f'data-again="{PAGE}?part=1"' in goes, ">刷新</a>" in goes) == (True, True, True)
    assert part.strip().startswith('<p class="mb-2"><span id="state"')
    assert "<html" not in part
    assert ("live.js" in over, "data-again" in over, ">刷新</a>" in over) == (False, False, False)
    assert "javascript" in town.client.get("/admin/live.js").content_type


def test_a_run_is_paused_resumed_and_cancelled_from_its_page(town):
    a_run(town, DUE, SENT, state=RunState.SENDING)
    said = [
        town.client.post(f"{PAGE}/{act}", data={"here": "1"}, follow_redirects=True)
        for act in ("pause", "resume", "cancel", "resume")
    ]

    assert [re.findall(r'role="status">(.*?)</div>', page.text)[0] for page in said] == [
        "已暂停，没发的都留着。",
        "继续发了。",
        "已取消：没发的不再发，还没看到的也收回来。",
        "这一次已经不在那个状态了，没有改动。",
    ]
    assert ["alert-warning" in page.text for page in said] == [False, False, False, True]
    assert {page.request.path for page in said} == {PAGE}
    assert "由管理员取消" in said[-1].text
    assert "1 人：这一次被取消，没有发" in said[-1].text
    assert "取消这一次" not in said[-1].text


def test_lines_that_nobody_has_read_are_counted_and_can_be_taken_back_after_the_end(town):
    (who,) = a_run(town, (State.SENT, "", "next_visit"))
    town.house.people.keep_line(who.person, key=KEY, line="有误的话", expires_at=town.house.clock() + timedelta(days=1))
    before = town.client.get(PAGE).text
    town.client.post(f"{PAGE}/cancel", data={"here": "1"})
    after = town.client.get(PAGE).text

    assert "其中 1 人的话还留着" in before
    assert "取消这一次" in before
    assert not re.search("话还留着|取消这一次", after)


def seen(page):
    return re.findall(r'name="seen" value="(.*?)"', page)[0]


def writes(town, words=WORDS, **more):
    return town.client.post(f"{PAGE}/correct", data={"seen": "", "words": words, **more}, follow_redirects=True)


def test_a_correction_is_written_looked_at_and_sent_to_who_heard_it(town):
    a_run(town, SENT, DUE, (State.GONE, "no_channel", ""), state=RunState.SENDING)
    form, empty = town.client.get(f"{PAGE}/correct").text, writes(town, " ").text
    looked = writes(town).text
    still = town.house.pushes.store.run(KEY).state
    sent = writes(town, seen=seen(looked))

    assert "正确的是什么" in form
    assert "有误的话" in form.partition("当时发的是什么")[2]
    assert "请写下正确的内容" in empty
    assert re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", looked) == [("留到下次来访时显示", "1 人")]
    assert f"【更正：每日摘要】\n{WORDS}" in looked
    assert still == "sending"
    assert sent.request.path == f"{PAGE}-corrected"
    assert "已停下有误的那一次" in sent.text
    assert f'这是对 <a class="text-break" href="{PAGE}">' in sent.text
    assert town.house.pushes.desk.status(f"{KEY}-corrected").people == 1
    assert "另有更正" in town.client.get(PAGE).text


def test_words_that_changed_after_the_look_are_looked_at_again(town):
    a_run(town, SENT)
    looked = writes(town).text
    other = writes(town, "还有一处。", seen=seen(looked))

    assert "还有一处。" in other.text
    assert other.request.path == f"{PAGE}/correct"
    assert len(town.house.pushes.store.runs()) == 1


def test_what_two_agreed_to_is_corrected_by_two(town):
    a_run(town, SENT, four_eyes=True)
    looked = writes(town).text
    asked = writes(town, seen=seen(looked)).text

    assert "还要另一位点同意" in looked
    assert "要两位管理员都同意才发，还差1位" in asked
    assert "看一看，再同意" in asked


def test_what_nobody_heard_is_not_corrected_and_no_run_has_no_page(town):
    a_run(town, DUE, state=RunState.PLANNED)

    assert "取消它就行" in writes(town).text
    assert "发更正" not in town.client.get(PAGE).text
    assert [town.client.get(f"/admin/broadcasts/none{more}").status_code for more in ("", "/correct")] == [404, 404]


def test_a_correction_in_a_file_says_whom_it_is_for_and_is_sent_by_hand(town, pack):
    text = a_broadcast(
        key="fix",
        title="更正",
        corrects=KEY,
        template="fix",
        without=["audience", "schedule"],
        fields={"thing1": "更正"},
    )
    write(pack / "templates" / "fix.j2", "正确的是这样。")
    write(pack / "broadcasts" / "fix.toml", text)
    for _ in range(2):  # the watcher takes a state that it sees twice
        town.house.shelf.look()
    address = "/admin/broadcasts/fix/send"
    refused = town.client.get(address, follow_redirects=True).text
    a_run(town, SENT)
    listed, asked = town.client.get("/admin/broadcasts").text, town.client.get(address).text
    sent = town.client.post(address, data={"seen": seen(asked)}, follow_redirects=True).text

    assert "没有这一次推送" in refused
    assert "由管理员手动发" in listed
    assert f"收到过（或者可能收到过）“{KEY}”的人" in listed
    assert f"收到过（或者可能收到过）“{KEY}”的人" in asked
    assert "正确的是这样。" in asked
    assert "fix:by-hand" in sent


def test_the_last_thirty_days_are_drawn_and_told_in_a_table(town):
    a_run(town, SENT, SENT, (State.SENT, "", "notice"), (State.UNSURE, ""), key="daily:a")
    a_run(town, SENT, key="daily:b", days_ago=29)
    a_run(town, *[SENT] * 9, key="daily:c", days_ago=30)
    a_run(town, *[SENT] * 4, key="daily:d", days_ago=3, where={"answered": 60})
    a_run(town, DUE, key="daily:e", state=RunState.PLANNED, days_ago=1)
    page = town.client.get("/admin/broadcasts").text
    rows = re.findall(r'<tr><th scope="row" class="fw-normal text-nowrap">(.*?)</th>(.*?)</tr>', page)

    assert [(day, re.findall(r">(\d+)[^<]*</td>", cells)) for day, cells in rows] == [
        ("11-23", ["1", "1", "2", "3"]),
        ("10-25", ["1", "0", "1", "1"]),
    ]
    assert page.count('<svg class="month') == 2
    assert page.count('<rect class="ch0" x=') == 2  # the notices of one day, drawn for two widths
    assert page.count('<rect class="ch1" x=') == 4
    assert not re.search(r' style="', page)


def test_where_nothing_was_sent_there_is_no_picture(town):
    assert "最近 30 天没有发过推送" in town.client.get("/admin/broadcasts").text

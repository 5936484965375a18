"""谈心谈话 from the chat to the host's own page: a person, a time, a line, and nobody else sees it."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from handlers.appointment import engine
from storage.appointment import appointments
from tests.content.builders import a_pack
from tests.house import a_town, hashed_at_no_cost

PASSWORD = "a password of the tests"
ZONE = ZoneInfo("Asia/Shanghai")
SECRET = "最近压力有点大，想聊聊轮岗的事"
TALKS = """
[[host]]
id = "shuji"
name = "石书记"
title = "支部书记"
place = "活动室"
admin = "shi"
times = ["周三 15:00", "周五 10:00"]

[[host]]
id = "weiyuan"
name = "林委员"
admin = "lin"
times = ["周四 9:00"]
"""


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"talks.toml": TALKS})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    for name in ("shi", "lin", "other"):
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD))
    yield town
    town.house.close()


def token(client, path: str) -> str:
    return str(re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)[0])


def console(town, name: str):
    """A browser in which this admin is signed in."""
    client = town.client.application.test_client()
    form = {"csrf_token": token(client, "/admin/login"), "name": name, "password": PASSWORD}
    assert client.post("/admin/login", data=form).status_code == 302
    return client


def asks(phone, *said: str) -> str:
    answer = ""
    for each in ("谈心", "1", "1", *(said or (SECRET,))):
        answer = phone.says(each)
    return answer


def answers(client, **said: str):
    page = client.get("/admin/appointment/").text
    (which,) = re.findall(r'action="(/admin/appointment/\w+/answer)"', page)
    return client.post(which, data={"csrf_token": token(client, "/admin/appointment/"), **said})


# -- the rules -------------------------------------------------------------------------------------------------------


def test_times_are_of_workdays_not_too_soon_and_free():
    """From a Wednesday morning: that day is too soon, the next Friday is off, one time is somebody's."""
    weekly = [(2, time(15)), (4, time(10)), (2, time(9))]
    now = datetime(2026, 11, 25, 8, tzinfo=ZONE)
    taken = datetime(2026, 12, 2, 15, tzinfo=ZONE)
    found = engine.times(
        weekly, now=now, is_workday=lambda day: day != date(2026, 11, 27), is_free=lambda at: at != taken
    )

    assert [each.strftime("%m-%d %H:%M") for each in found] == [
        "12-02 09:00",
        "12-04 10:00",
        "12-09 09:00",
        "12-09 15:00",
    ]


@pytest.mark.parametrize(("said", "at"), [("1", 0), ("选2", 1), ("3", None), ("0", None), ("王书记", None)])
def test_a_number_of_those_that_are_offered(said, at):
    assert engine.chosen(said, 2) == at


# -- from one to the other -------------------------------------------------------------------------------------------


def test_a_member_chooses_whom_and_when_and_the_host_alone_reads_it(town):
    phone = town.phone()
    whom, when = phone.says("谈心"), phone.says("1")
    words = phone.says("1")
    done = phone.says(SECRET)
    host, other = (
        console(town, "shi").get("/admin/appointment/").text,
        console(town, "lin").get("/admin/appointment/").text,
    )

    assert "1. 石书记（支部书记）\n2. 林委员" in whom
    assert re.search(r"1\. 11月\d+日（周[三五]）1[05]:00", when)
    assert "请带上怎么称呼您" in words
    assert re.match(r"约上了：11月\d+日（周[三五]）1[05]:00，和石书记谈，在活动室。", done)
    assert SECRET in host
    assert SECRET not in other
    assert "现在没有人约您谈心" in other
    assert "您还没有开放约谈" in console(town, "other").get("/admin/appointment/").text


def test_the_menu_leads_to_it_too(town):
    assert "1. 石书记（支部书记）" in town.phone().taps("appointment.start")


def test_a_number_that_is_none_is_said_so(town):
    phone = town.phone()
    phone.says("谈心")

    assert phone.says("9").startswith("没看懂选的是哪一个")
    assert phone.says("1").startswith("和石书记谈")
    assert phone.says("9").startswith("没看懂选的是哪一个")


def test_a_second_tap_is_asked_the_same_again_and_loses_no_step(town):
    phone = town.phone()
    phone.says("谈心")
    times, again = (phone.taps_send("1") for _ in range(2))
    town.clock.forward(seconds=2)
    about, once_more = (phone.taps_send("1") for _ in range(2))
    town.clock.forward(seconds=2)
    kept = phone.says(SECRET)

    assert times.startswith("和石书记谈")
    assert again == times
    assert about.startswith("想谈什么")
    assert once_more == about
    assert kept.startswith("约上了")
    assert rows(town) == 1


def test_a_picture_where_a_time_is_wanted_is_answered_with_the_times(town):
    phone = town.phone()
    phone.says("谈心")
    times = phone.says("1")

    assert phone.sends("image", MediaId="m", PicUrl="http://example.org/p") == f"这里只看得懂文字。\n{times}"


def test_whom_nobody_knows_says_how_they_are_called(town):
    phone = town.phone()

    assert asks(phone, "不写").startswith("还没有约上")
    assert phone.says("我姓王，有空聊聊").startswith("约上了")


def test_who_only_looks_and_goes_keeps_the_talk(town):
    phone = town.phone()
    asks(phone)
    phone.says("谈心")

    assert phone.says("退出").startswith("好的，约的还在")
    assert "等他定" in phone.says("谈心")


def test_the_first_page_of_the_console_tells_the_host_alone_until_they_answer(town):
    asks(town.phone())
    shi, lin = console(town, "shi"), console(town, "lin")
    before = [each.get("/admin/").text for each in (shi, lin)]
    answers(shi, agree="1")

    assert ["1 个人约您谈心，等您定时间" in each for each in before] == [True, False]
    assert "现在没有等您办的。" in before[1]
    assert "约您谈心" not in shi.get("/admin/").text


def test_nobody_answers_for_another_host(town):
    asks(town.phone())
    (which,) = re.findall(r'action="(/admin/\w+/\w+/answer)"', console(town, "shi").get("/admin/appointment/").text)
    other = console(town, "lin")

    assert other.post(which, data={"csrf_token": token(other, "/admin/appointment/"), "agree": "1"}).status_code == 404


def test_it_lies_sealed_and_is_gone_a_week_after(town):
    asks(town.phone())
    with town.house.db.read() as connection:
        (row,) = connection.execute(sa.select(appointments)).all()
    tidy = next(job for job in town.house.jobs if job.id == "appointment.tidy")
    tidy.run(town.clock() + timedelta(days=2))
    still = rows(town)
    tidy.run(town.clock() + timedelta(days=30))

    assert "shuji" not in repr(row)
    assert not any(each.encode() in row.sealed for each in (SECRET, "shuji", "15:00"))
    assert (still, rows(town)) == (1, 0)


def rows(town) -> int:
    with town.house.db.read() as connection:
        return len(connection.execute(sa.select(appointments)).all())


def test_the_host_agrees_and_the_member_reads_it(town):
    phone = town.phone()
    asks(phone)
    host = console(town, "shi")
    answers(host, agree="1", answer="带上轮岗申请")
    told = host.get("/admin/appointment/").text
    shown = phone.says("谈心")

    assert "约好了，对方看得到您的答复。" in told
    assert "约好了。" in shown
    assert "他说：带上轮岗申请" in shown


def test_who_can_t_says_why_and_the_time_is_free_again(town):
    phone, second = town.phone(), town.phone()
    asks(phone)
    host = console(town, "shi")
    refused = answers(host)
    answers(host, answer="那天去开会，周五行")

    assert "答复了：那时不行。" in host.get("/admin/appointment/").text
    assert refused.status_code == 422
    assert "请写一句为什么" in refused.text
    assert "他说：那天去开会，周五行" in phone.says("谈心")
    assert asks(second).startswith("约上了")


def test_two_don_t_have_one_time(town):
    first, second = town.phone(), town.phone()
    for phone in (first, second):
        for each in ("谈心", "1", "1"):
            phone.says(each)
    done, gone = first.says(SECRET), second.says("我也想聊聊近况")

    assert done.startswith("约上了")
    assert gone.startswith("刚才那个时间被别人约了。\n和石书记谈，什么时间？")
    assert rows(town) == 1


def test_who_thinks_better_of_it_takes_it_back(town):
    phone = town.phone()
    asks(phone)

    assert "不谈了，回复“取消”" in phone.says("谈心")
    assert phone.says("取消").startswith("好的，取消了")
    assert rows(town) == 0
    assert "想和谁谈" in phone.says("谈心")


def test_leaving_keeps_nothing_and_long_words_are_not_cut(town):
    phone = town.phone()

    assert asks(phone, "字" * 201).startswith("这一句超过 200 字了")
    assert phone.says("退出").startswith("好的，没有约")
    assert rows(town) == 0
    assert asks(phone, "我姓李").startswith("约上了")


def test_the_member_is_shown_that_something_is_kept_and_erasing_takes_it(town):
    phone = town.phone()
    asks(phone)

    assert "谈心：约了 1 次" in phone.says("我的数据")
    phone.says("删除我的数据")
    phone.says("确认删除")
    assert rows(town) == 0


# -- by the mini-program ---------------------------------------------------------------------------------------------


def wants(mini, *, at: str = "", words: str = SECRET, host: str = "shuji", key: str = ""):
    at = at or mini.get("/appointment").body["hosts"][0]["times"][0]
    return mini.post("/appointment", {"host": host, "at": at, "words": words}, key=key)


def test_the_mini_program_shows_whom_and_when_and_asks_once(town):
    mini, other = town.mini(), town.mini()
    shown = mini.get("/appointment").body
    at = shown["hosts"][0]["times"][0]
    first, again = (wants(mini, at=at, key="k" * 20) for _ in range(2))
    answers(console(town, "shi"), agree="1", answer="活动室见")
    mine, theirs = mini.get("/appointment").body, other.get("/appointment").body

    assert [each["name"] for each in shown["hosts"]] == ["石书记", "林委员"]
    assert (shown["talks"], shown["longest"], shown["name_needed"]) == ([], 200, True)
    assert (first.status, first.body) == (201, again.body)
    assert rows(town) == 1
    assert [(each["words"], each["state"], each["answer"]) for each in mine["talks"]] == [
        (SECRET, "agreed", "活动室见")
    ]
    assert theirs["talks"] == []
    assert at not in theirs["hosts"][0]["times"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"host": "nobody"}, 404, "no_such_host"),
        ({"at": "2026-11-25T03:33:00+08:00"}, 409, "gone"),
        ({"words": "字" * 201}, 422, "too_long"),
        ({"words": " "}, 422, "name_please"),
        ({"at": "2026-11-25T15:00:00"}, 422, "invalid"),
    ],
)
def test_what_can_t_be_asked_is_said_and_nothing_kept(town, said, status, code):
    refused = wants(town.mini(), **said)

    assert (refused.status, refused.code) == (status, code)
    assert rows(town) == 0


def test_one_at_a_time_and_nobody_takes_back_anothers(town):
    mini, other = town.mini(), town.mini()
    talk = wants(mini).body["id"]
    second, stranger = wants(mini), other.delete(f"/appointment/{talk}")
    still = rows(town)
    gone = mini.delete(f"/appointment/{talk}")

    assert (second.status, second.code) == (409, "has_one")
    assert (stranger.status, stranger.code, still) == (404, "no_such_talk", 1)
    assert (gone.status, rows(town)) == (200, 0)


# -- in a browser ----------------------------------------------------------------------------------------------------

PAGE = "/p/appointment"


def offered(reader) -> list[str]:
    return re.findall(r'name="time" value="([^"]+)"', reader.get(PAGE).text)


def test_the_page_offers_times_and_shows_ones_own_talk_to_nobody_else(town):
    reader, other = town.reader(), town.reader()
    times = offered(reader)
    done = reader.post(PAGE, {"time": times[0], "words": SECRET})
    mine = reader.get(PAGE).text

    assert done.status_code == 303
    assert "等对方定" in mine
    assert SECRET in mine
    assert 'name="time"' not in mine
    assert SECRET not in other.get(PAGE).text
    assert times[0] not in offered(other)
    assert SECRET in console(town, "shi").get("/admin/appointment/").text


def test_pressed_twice_is_asked_once_and_taken_back_is_gone(town):
    reader = town.reader()
    form = {"time": offered(reader)[0], "words": SECRET}
    again = [reader.post(PAGE, form).status_code for _ in range(2)]
    kept_once = rows(town)
    reader.get(PAGE)
    reader.post(f"{PAGE}/taken-back")

    assert (again, kept_once, rows(town)) == ([303, 303], 1, 0)
    assert offered(reader)


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"words": SECRET}, 422, "请选一个时间"),
        ({"words": SECRET, "time": "shuji 2026-11-25T03:33:00+08:00"}, 409, "请另选一个"),
        ({"words": SECRET, "time": "shuji yesterday"}, 422, "请选一个时间"),
        ({"words": SECRET, "time": "nobody 2026-11-25T15:00:00+08:00"}, 422, "不开放约谈"),
        ({"words": '"><script>' * 30}, 422, "超过 200 字"),
        ({"words": ""}, 422, "怎么称呼您"),
    ],
)
def test_what_the_page_does_not_take_is_said_and_what_was_written_stays(town, form, status, said):
    reader = town.reader()
    first = offered(reader)[0]
    page = reader.post(PAGE, {"time": first, **form} if "time" in form or form["words"] != SECRET else form)

    assert page.status_code == status
    assert said in page.text
    assert "<script>" not in page.text
    assert rows(town) == 0
    if form["words"] == SECRET:
        assert SECRET in page.text


def test_a_talk_of_one_door_is_seen_at_the_others(town):
    reader, phone = town.reader("o-same"), town.phone("o-same")
    asks(phone)

    assert SECRET in reader.get(PAGE).text
    reader.post(f"{PAGE}/taken-back")
    assert "想和谁谈" in phone.says("谈心")

"""What one agrees to and takes back, a copy of one's data, and what is wrong in it: by chat, page, console and API."""

import io
import json
import re
from datetime import timedelta

import openpyxl
import pytest
import sqlalchemy as sa

from content.privacy import shipped
from handlers.privacy import engine, periods
from storage.admins import Grant
from storage.people import kept_lines
from storage.privacy import consents, corrections
from storage.roster import Entry, join_tries
from tests.house import Clock, a_town
from tests.reader import Reader

SITE = "https://pages.example"
LINK = re.compile(rf"^{SITE}(/p/login/link/[0-9a-f]{{32}})$", re.MULTILINE)


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    """The program where phones reach its pages."""
    town = a_town(tmp_path, database=database_url, redis=redis_url, clock=Clock(redis=redis), web={"public_url": SITE})
    yield town
    town.house.close()


@pytest.fixture
def code(town):
    until = town.clock() + timedelta(days=30)
    entry = Entry(name="张三", organisation="zhibu-1", role="书记")
    return town.house.roster.take_in([entry], expires_at=until)[0].code


def agreed(town):
    with town.house.db.read() as connection:
        rows = connection.execute(sa.select(consents)).all()
    return [(row.purpose, row.version, row.withdrawn_on) for row in rows]


# -- consent -------------------------------------------------------------------------------------------------------


def test_before_a_name_is_bound_the_notice_is_shown_and_one_word_agrees(town, code):
    phone = town.phone()
    asked = phone.says(f"绑定{code}")
    before = (agreed(town), phone.says("我是谁"))
    phone.says(f"绑定{code}")
    unsure = phone.says("这是什么")
    answer = phone.says("同意")

    assert shipped().summary.strip().splitlines()[0] in asked
    assert "公开的内容照样能用" in asked
    assert before[0] == []
    assert "还没有绑定" in before[1]
    assert "还没有绑定" in unsure
    assert "绑定成功：张三" in answer
    assert agreed(town) == [("membership", 1, None)]


def test_who_leaves_instead_is_bound_to_nothing_and_the_rest_goes_on(town, code):
    phone = town.phone()
    phone.says(f"绑定{code}")
    phone.says("退出")

    assert agreed(town) == []
    assert "还没有绑定" in phone.says("我是谁")
    assert "1/" in phone.says("答题")


def test_taking_it_back_is_one_word_that_says_what_ends(town, code):
    phone = town.phone()
    phone.says(f"绑定{code}")
    phone.says("同意")
    answer = phone.says("撤回同意")

    assert "绑定已解除" in answer
    assert "还没有绑定" in phone.says("我是谁")
    assert agreed(town) == [("membership", 1, town.clock().date())]
    assert "没有同意过" in phone.says("撤回同意")


def test_a_newer_version_is_asked_again_and_the_same_one_is_not(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "解绑", "确认解绑"):
        phone.says(words)
    same = phone.says(f"绑定{again(town)}")
    with town.house.db.begin() as connection:
        connection.execute(consents.update().values(version=0))
    newer = phone.says(f"绑定{again(town)}")

    assert "绑定成功" in same
    assert "改过了" in newer
    assert "绑定成功" in phone.says("同意")
    assert agreed(town) == [("membership", 1, None)]


def again(town):
    """Another code for the same row."""
    until = town.clock() + timedelta(days=30)
    return town.house.roster.reissue(name="张三", organisation="zhibu-1", expires_at=until)


def test_an_opinion_under_a_name_notes_the_consent_and_one_without_notes_nothing(town):
    phone, other = town.phone(), town.phone()
    for words in ("提意见", "2", "张三", "1", "食堂的菜凉得太快了"):
        phone.says(words)
    asked = phone.says("好了")
    phone.says("1")
    for words in ("提意见", "1", "1", "食堂的菜凉得太快了", "好了", "1"):
        other.says(words)

    assert "提交即同意" in asked
    assert agreed(town) == [("opinion", 1, None)]


# -- a copy --------------------------------------------------------------------------------------------------------


def test_a_link_of_the_chat_opens_all_of_it_to_read_and_as_files(town, code):
    phone, browser = town.phone(), Reader(town.client.application, base=SITE)
    for words in (f"绑定{code}", "同意", "订阅1", "答题", "A", "退出", "更正 职务应该是组织委员"):
        phone.says(words)
    link = LINK.search(phone.says("导出我的数据"))
    assert link
    browser.get(link[1])
    came = browser.post(link[1])
    page = browser.get(came.location).text
    told = json.loads(browser.get("/p/privacy/data.json").text)
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/p/privacy/data.xlsx").data))

    assert came.location.endswith("/p/privacy/data")
    assert all(words in page for words in ("张三", "绑定的身份", "答题记录", "职务应该是组织委员"))
    assert told["绑定的身份"] == [{"姓名": "张三", "组织": "示例第一党支部", "职务": "书记", "来自名单": "是"}]
    assert [row["事项"] for row in told["同意"]] == ["绑定身份"]
    assert book.sheetnames == list(told)
    assert browser.get(link[1]).status_code == 410
    assert Reader(town.client.application, base=SITE).get("/p/privacy/data").status_code == 303


def test_the_copy_of_the_mini_program_has_the_same_tables(town):
    mini = town.mini("o-mini")
    mini.put("/subscription/topics/dangzhang")
    first = mini.get("/privacy").body
    refused = mini.put("/privacy/consents/opinion", {"version": 7})
    given = mini.put("/privacy/consents/opinion", {"version": first["version"]}).body["given"]
    tables = {each["name"]: each["rows"] for each in mini.get("/privacy/export").body["tables"]}
    ended = mini.delete("/privacy/consents").body["lines"]

    assert first["given"] == []
    assert (refused.status, refused.code) == (409, "old_version")
    assert [each["purpose"] for each in given] == ["opinion"]
    assert tables["订阅的主题"] == [["党章党规"]]
    assert [row[0] for row in tables["同意"]] == ["实名意见"]
    assert len(ended) == 1
    assert mini.get("/privacy").body["given"] == []


def test_everybody_may_read_the_notice(town):
    page = Reader(town.client.application, base=SITE).get("/p/privacy/notice")

    assert page.status_code == 200
    assert "第 1 版" in page.text
    assert "第四十七条" in page.text


# -- what is wrong -------------------------------------------------------------------------------------------------


def test_what_the_list_says_an_admin_puts_right_and_the_member_hears_of_it(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意"):
        phone.says(words)
    asked, kept = phone.says("更正"), phone.says("我的职务应该是组织委员")
    town.signs_in("admin")
    first, page = (town.client.get(address).text for address in ("/admin/", "/admin/privacy/"))
    which = re.search(r"/admin/privacy/([0-9a-f]{32})/settle", page)
    assert which
    empty = presses(town, f"/admin/privacy/{which[1]}/settle", answer="")
    settled = presses(town, f"/admin/privacy/{which[1]}/settle", answer="已改好")
    told = phone.says("我是谁")

    assert "哪里不对" in asked
    assert "负责名单的管理员" in kept
    assert "1 件更正等您核对" in first
    assert "张三" not in page
    assert "张**" in page
    assert "我的职务应该是组织委员" in page
    assert empty.status_code == 422
    assert settled.status_code == 303
    assert "管理员答复：已改好" in told
    assert "现在没有要核对的" in town.client.get("/admin/privacy/").text
    assert "件更正等您核对" not in town.client.get("/admin/").text


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("退出", "好的，没有记下什么。"),
        ("取消", "好的，没有记下什么。"),
        ("帮助", "可以这样对我说"),
        ("撤回同意", "已经撤回"),
        ("更正", "哪里不对？"),
        ("好的", "哪里不对？"),
    ],
)
def test_a_word_for_something_else_is_no_correction(town, code, said, answer):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正"):
        phone.says(words)

    assert phone.says(said).startswith(answer)
    assert rows(town, corrections) == 0


@pytest.mark.parametrize("said", ["职务错了", "要闻里我的职务不对", "政策不好"])
def test_words_like_another_features_are_a_correction(town, code, said):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正"):
        phone.says(words)

    assert phone.says(said).startswith("收到了")


def test_who_wrote_too_much_writes_less_at_once(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正"):
        phone.says(words)

    assert phone.says("我的职务不对" * 40).startswith("太长了")
    assert phone.says("我的职务应该是组织委员").startswith("收到了")


def test_an_admin_of_another_branch_neither_sees_nor_settles_it(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正 我的职务应该是组织委员"):
        phone.says(words)
    town.signs_in("admin")
    which = re.search(r"/admin/privacy/([0-9a-f]{32})/settle", town.client.get("/admin/privacy/").text)
    assert which
    town.signs_in("beside", Grant("organisation", "zhibu-2"))
    page = town.client.get("/admin/privacy/")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    form = {"csrf_token": token[1], "answer": "好了"}

    assert (page.status_code, "组织委员" in page.text) == (200, False)
    assert town.client.post(f"/admin/privacy/{which[1]}/settle", data=form).status_code == 404


def waits_for(town, name, *grants):
    """Whether a correction waits for this admin: on the first page, and on the page of them."""
    town.signs_in(name, *grants)
    first, page = (town.client.get(address).text for address in ("/admin/", "/admin/privacy/"))
    return "1 件更正等您核对" in first, "我不是这个支部的" in page


def test_what_somebody_of_no_organisation_says_waits_for_whoever_looks_after_members_furthest(town):
    """Where nobody had the whole house, it waited for nobody."""
    town.phone().says("更正 我不是这个支部的")

    assert waits_for(town, "branch", Grant("organisation", "zhibu-1")) == (True, True)
    assert waits_for(town, "above", Grant("organisation", "dangwei")) == (True, True)
    assert waits_for(town, "branch") == (False, False)
    assert waits_for(town, "admin") == (True, True)
    assert waits_for(town, "above") == (False, False)


def test_what_somebody_of_a_branch_says_that_has_nobody_is_shown_to_no_other_branch(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正 我不是这个支部的"):
        phone.says(words)

    assert waits_for(town, "beside", Grant("organisation", "zhibu-2")) == (False, False)
    assert waits_for(town, "own", Grant("organisation", "zhibu-1")) == (True, True)


def presses(town, address, **said):
    """Send the form of the page, with its token."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', town.client.get("/admin/privacy/").text)
    assert token
    return town.client.post(address, data={"csrf_token": token[1], **said})


def test_a_name_that_nobody_has_checked_is_changed_at_once(town):
    phone = town.phone()
    phone.says("我的数据")
    person = town.house.people.find(account="official", openid=phone.openid).person
    town.house.people.rename(person, name="张姗", verified=False)
    answer = phone.says("更正 名字应该是张珊")

    assert "已改成“张珊”" in answer
    assert town.house.people.find(account="official", openid=phone.openid).name == "张珊"


def test_what_was_settled_long_ago_is_forgotten_by_the_clock(town):
    phone = town.phone()
    phone.says("更正 我没有答过那道题")
    with town.house.db.begin() as connection:
        connection.execute(corrections.update().values(settled_on=town.clock().date()))
    (tidy,) = (job for job in town.house.jobs if job.id == "privacy.tidy")
    tidy.run(town.clock() + timedelta(days=365))
    before = rows(town, corrections)
    tidy.run(town.clock() + timedelta(days=367))

    assert (before, rows(town, corrections)) == (1, 0)


def rows(town, table):
    with town.house.db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_erasing_reaches_all_of_it(town, code):
    phone = town.phone()
    for words in (f"绑定{code}", "同意", "更正 我的职务不对", "删除我的数据", "确认删除"):
        phone.says(words)

    assert rows(town, consents) == rows(town, corrections) == 0


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("名字应该是张珊", "张珊"),
        ("姓名 张珊", "张珊"),
        ("我的名字改为阿依·古丽。", "阿依·古丽"),
        ("我的职务是书记", ""),
        ("张珊", ""),
    ],
)
def test_a_name_is_known_by_what_is_said_of_it(said, name):
    assert engine.name_in(said) == name


# -- for how long --------------------------------------------------------------------------------------------------


def test_what_nobody_came_for_and_old_tries_are_forgotten_in_the_night(town):
    phone = town.phone()
    phone.says("绑定 22223334")
    person = town.house.people.find(account="official", openid=phone.openid).person
    town.house.people.keep_line(person, key="k", line="等您来", expires_at=town.clock() + timedelta(days=3))
    (tidy,) = (job for job in town.house.jobs if job.id == "privacy.tidy")
    tidy.run(town.clock() + timedelta(days=2))
    before = (rows(town, kept_lines), rows(town, join_tries))
    tidy.run(town.clock() + timedelta(days=9))

    assert before == (1, 1)
    assert (rows(town, kept_lines), rows(town, join_tries)) == (0, 0)


def test_the_list_of_periods_says_what_the_configuration_says(town):
    page = Reader(town.client.application, base=SITE).get("/p/privacy/notice").text
    told = periods(town.settings.periods)

    assert {each.key for each in told} - {""} == town.settings.periods.keys()
    assert all(each.what in page and each.long in page for each in told)
    assert "推送结束后 90 天" in page

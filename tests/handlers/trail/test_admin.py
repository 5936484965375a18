"""The trail as those read it who audit."""

import io
import re
from datetime import timedelta

import pytest
import structlog
from openpyxl import load_workbook

from commands import operator
from storage.admins import Grant
from storage.audit import Act, Deed, audit_trail
from tests.house import NOON

LIST = "/admin/trail/"
CHAIN = "/admin/trail/chain"
AUDITOR = Grant("audit", "")


@pytest.fixture
def auditor(town):
    """The town with three deeds in its trail, of which one is about somebody, and an auditor in its browser."""
    town.phone("o-1").says("帮助")
    person = town.house.people.meet(account="official", openid="o-1", today=NOON.date()).person
    for deed in (
        Deed(act=Act.LOOK, kind="talks", account="li", role="general"),
        Deed(act=Act.REVEAL, kind="phone", account="li", role="general", person=person, reason="回电话约时间修灯"),
        Deed(act=Act.CHANGE, kind="send", account="wang", role="publicity", about="digest"),
    ):
        town.house.audit.note(deed, now=NOON + timedelta(days=1))
    town.signs_in("shenji", AUDITOR)
    return town


def rows(page: str) -> list[str]:
    return re.findall(r"第 (\d+) 条", page)


def test_the_newest_come_first_with_who_what_and_why(auditor):
    page = auditor.client.get(LIST).text

    assert rows(page)[-3:] == ["3", "2", "1"]
    assert "看完整的 · 手机号" in page
    assert "理由：回电话约时间修灯" in page
    assert "li（综合管理员）" in page
    assert "2026-11-24 12:00:00" in page
    assert "o-1" not in page


@pytest.mark.parametrize(
    ("kept", "door", "read"),
    [
        ("grant clerk wang zhibu-1", "/admin/grant/grant", "给 wang：信息员（示例第一党支部）"),
        ("grant clerk wang", "/admin/grant/grant", "给 wang：信息员（全单位）"),
        ("clerk wang", "zhibu admin grant", "给 wang：信息员（全单位）"),
        ("clerk wang zhibu-1", "zhibu admin revoke", "收回 wang 的：信息员（示例第一党支部）"),
        ("no member wang", "zhibu admin member", "把 wang 记为不是党员"),
        ("lend opinions bulletin to wang until 2026-12-05", "", "请 wang 代办：办理意见、简报，到 2026-12-05"),
        ("lend opinions to wang", "", "请 wang 代办：办理意见"),
        ("lend  to wang", "", "请 wang 代办，没有写哪些事"),
        ("end opinions lent to wang", "", "结束 wang 的代办：办理意见"),
        ("new=4 changed=1 off=2", "", "新增 4 人，改职务 1 人，去掉 2 人"),
        ("<b>grant</b> {role}", "", "&lt;b&gt;grant&lt;/b&gt; {role}"),
    ],
)
def test_what_a_deed_was_about_is_read_in_words(auditor, kept, door, read):
    deed = Deed(act=Act.GRANT, kind="grant", account="wang", role="security", about=kept, door=door)
    auditor.house.audit.note(deed, now=NOON + timedelta(days=1))

    assert f'<span class="text-break">{read}</span>' in auditor.client.get(f"{LIST}?act=grant").text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("account=li", ["2", "1"]),
        ("act=change", ["3"]),
        ("kind=phone", ["2"]),
        ("since=2026-11-24&until=2026-11-24", ["3", "2", "1"]),
        ("until=2026-11-22", []),
        ("account=li&before=2", ["1"]),
        ("since=nonsense&account=wang", ["3"]),
        ("until=9999-12-31&act=reveal", ["2"]),
        ("account=a%00b", []),
    ],
)
def test_what_is_meant_stands_in_the_address(auditor, asked, found):
    assert rows(auditor.client.get(f"{LIST}?{asked}").text) == found


def test_one_person_is_followed_by_their_pseudonym(auditor):
    link = re.search(r'href="(/admin/trail/\?pseudonym=\w+)"', auditor.client.get(LIST).text)
    assert link

    assert rows(auditor.client.get(link[1]).text) == ["2"]


def test_so_many_are_on_a_page_and_the_filter_goes_along(auditor):
    auditor.house.audit.note(*[Deed(act=Act.LOOK, kind="talks", account="li")] * 55, now=NOON)
    first = auditor.client.get(f"{LIST}?account=li").text
    older = re.search(r'href="([^"]+)">更早的', first)
    assert older
    second = auditor.client.get(older[1].replace("&amp;", "&")).text

    assert len(rows(first)) == 50
    assert rows(second)[-2:] == ["2", "1"]
    assert len(rows(first) + rows(second)) == 57


def by_the_clock(town, job: str = "trail.verify") -> None:
    next(each for each in town.house.jobs if each.id == job).run(town.clock())


def altered(town, entry: int) -> None:
    with town.house.db.begin() as connection:
        connection.execute(audit_trail.update().where(audit_trail.c.sequence == entry).values(account="nobody"))


def asks(town):
    token = re.findall(r'name="(csrf_token)" value="([^"]+)"', town.client.get(CHAIN).text)
    return town.client.post(CHAIN, data=dict(token), follow_redirects=True).text


def test_the_page_says_what_the_clock_found_and_until_when(auditor):
    before = auditor.client.get(CHAIN).text
    by_the_clock(auditor)
    auditor.house.audit.note(Deed(act=Act.LOOK, kind="talks"), Deed(act=Act.LOOK, kind="talks"), now=NOON)
    after = auditor.client.get(CHAIN).text

    assert "还没有核对过" in before
    assert "4 条都和当时记下的一样" in after
    assert "核对到 <span" in after
    assert "后来又记了 2 条" in after
    assert auditor.house.audit.entries(before=5, most=1)[0].hash in after


def test_who_audits_asks_for_a_whole_walk_and_sees_how_far_it_is(auditor):
    by_the_clock(auditor)
    altered(auditor, 2)
    by_the_clock(auditor)
    asked = asks(auditor)
    again = auditor.client.post(CHAIN, data=dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', asked)))
    part = auditor.client.get(f"{CHAIN}?part=1").text
    by_the_clock(auditor)
    bad = auditor.client.get(CHAIN).text
    noted = [(each.act, each.account) for each in auditor.house.audit.entries(most=9) if each.door == CHAIN]

    assert "已经请后台从第一条起核对" in asked
    assert "shenji 请的" in part
    assert "4 条都和当时记下的一样" in part, "what was found before stands there meanwhile"
    assert "从第一条起再核对一遍" not in asked
    assert again.status_code in {303, 400}
    assert "第 2 条和当时记下的不一样" in bad
    assert "前面 1 条是对的" in bad
    assert ("change", "shenji") in noted


def test_a_hash_that_was_kept_is_found_and_told_whether_it_was_verified(auditor):
    by_the_clock(auditor)
    kept = auditor.house.audit.entries(before=3, most=1)[0].hash
    auditor.house.audit.note(Deed(act=Act.LOOK, kind="talks"), now=NOON)
    newest = auditor.house.audit.head()[1]

    def said(head):
        return auditor.client.get(f"{CHAIN}?head={head}").text

    assert "您保存的指纹是第 2 条的，这一条核对过，是对的" in said(kept)
    assert "第 5 条的，后台还没有核对到这一条" in said(newest)
    assert "记录里没有您保存的指纹" in said("0" * 64)
    altered(auditor, 2)
    asks(auditor)
    by_the_clock(auditor)
    assert "可是记录从第 2 条起对不上" in said(kept)
    assert "从第 2 条起对不上" in said(auditor.house.audit.entries(before=2, most=1)[0].hash)


def test_what_was_changed_in_the_middle_is_found_when_the_night_is_over_and_shouted(auditor):
    """By the walk of the night, at the latest: on the page, the list, the overview, and in the logs."""
    auditor.house.audit.note(*[Deed(act=Act.LOOK, kind="talks")] * 20, now=NOON)
    by_the_clock(auditor)
    altered(auditor, 12)
    auditor.clock.forward(hours=12)
    by_the_clock(auditor)
    unseen = auditor.client.get(CHAIN).text
    auditor.clock.forward(hours=4)
    by_the_clock(auditor, "trail.whole")
    with structlog.testing.capture_logs() as logs:
        by_the_clock(auditor)
    page, listed, overview = (auditor.client.get(each).text for each in (CHAIN, LIST, "/admin/"))

    assert "第 12 条" not in unseen
    assert "每天夜里从第一条起核对一遍" in unseen, "the page says until when it can't be seen"
    assert "第 12 条和当时记下的不一样" in page
    assert "从第 12 条起对不上" in listed
    assert f'href="{CHAIN}">审计记录从第 12 条起对不上' in overview
    assert [(each["event"], each["entry"], each["entries"]) for each in logs] == [("trail broken", 12, 11)]


@pytest.mark.parametrize(
    ("grant", "hears"),
    [(Grant("security", ""), True), (Grant("general", ""), True), (Grant("clerk", "zhibu-yi"), False)],
)
def test_who_does_not_audit_hears_of_it_where_they_see_to_the_whole_house(auditor, grant, hears):
    by_the_clock(auditor)
    altered(auditor, 4)
    by_the_clock(auditor)
    auditor.signs_in("another", grant)
    page = auditor.client.get("/admin/").text

    assert ("审计记录从第 4 条起对不上" in page) is hears
    assert CHAIN not in page


def test_a_chain_that_nobody_walked_along_for_days_is_told_of(auditor):
    by_the_clock(auditor)
    auditor.clock.forward(days=2)
    by_the_clock(auditor)
    early = auditor.client.get(CHAIN).text
    auditor.clock.forward(days=1)
    by_the_clock(auditor)
    late, overview = auditor.client.get(CHAIN).text, auditor.client.get("/admin/").text

    assert "没有从第一条起核对过" not in early
    assert "已经 3 天没有从第一条起核对过" in late
    assert "审计记录已经 3 天没有从头核对过" in overview


def test_the_walks_that_were_are_listed(auditor):
    by_the_clock(auditor)
    asks(auditor)
    by_the_clock(auditor)

    assert re.search(r"以前的 1 遍.*5 条都对", auditor.client.get(CHAIN).text, re.DOTALL)


def test_the_workbook_has_what_is_meant_and_that_it_was_taken_is_noted(auditor):
    data = auditor.client.get(f"{LIST}trail.xlsx?account=li").data
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    taken = auditor.house.audit.entries(most=1)[0]

    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [2, 1]
    assert (taken.act, taken.kind, taken.account, taken.role) == ("export", "trail", "shenji", "audit")
    assert taken.about == "2"
    assert "共 2 条" in auditor.client.get(LIST).text


def test_who_has_the_shell_is_told_from_every_account(auditor):
    deed = operator.deed(Act.EXPORT, "backup", door="zhibu backup", about="7")
    auditor.house.audit.note(deed, now=auditor.clock())
    page = auditor.client.get(LIST).text

    assert all(words in page for words in ("命令行操作者", operator.user(), "备份", "共 7 条"))


def test_who_audits_changes_nothing_and_nobody_else_reads_it(auditor):
    others = [auditor.client.get(page).status_code for page in ("/admin/opinion/", "/admin/broadcasts")]
    auditor.signs_in("li")

    assert others == [403, 403]
    assert auditor.client.get(LIST).status_code == 403

"""The trail as those read it who audit."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from commands import operator
from storage.admins import Grant
from storage.audit import Act, Deed, audit_trail
from tests.house import NOON

LIST = "/admin/trail/"
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


def test_the_chain_is_verified_when_somebody_asks(auditor):
    head = auditor.house.audit.head()[1]
    good = auditor.client.get(f"{LIST}chain?head={head}").text
    unknown = auditor.client.get(f"{LIST}chain?head={'0' * 64}").text
    with auditor.house.db.begin() as connection:
        connection.execute(audit_trail.update().where(audit_trail.c.sequence == 2).values(account="nobody"))
    bad = auditor.client.get(f"{LIST}chain").text

    assert "您保存的指纹也在里面" in good
    assert "记录里没有您保存的指纹" in unknown
    assert "第 2 条和当时记下的不一样" in bad


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

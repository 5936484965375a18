"""The list of members in the console: masked, of one's own organisations, and in full for a reason that stays."""

import io
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from storage.admins import Grant
from storage.roster import Entry
from tests.content.builders import a_pack, write
from tests.house import a_town

LIST = "/admin/membership/"
ORGANISATIONS = """
[[organisation]]
id = "dangwei"
name = "示例党委"
type = "党委"

[[organisation]]
id = "yi"
name = "第一党支部"
type = "党支部"
parent = "dangwei"

[[organisation]]
id = "er"
name = "第二党支部"
type = "党支部"
parent = "dangwei"
"""
PEOPLE = (
    Entry(name="王小明", organisation="yi", role="组织委员", number="20190012"),
    Entry(name="李小红", organisation="yi"),
    Entry(name="王大力", organisation="er", role="书记"),
)


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    pack = a_pack(tmp_path / "pack")
    write(pack / "organisations.toml", ORGANISATIONS)
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    issued = town.house.roster.take_in(PEOPLE, expires_at=town.clock() + timedelta(days=30))
    town.phone("o-wang").joins(f"绑定 {next(each.code for each in issued if each.entry.name == '王小明')}")
    town.signs_in("li")
    yield town
    town.house.close()


def page_of(town, name):
    """The page of who has this name, by the list's own search."""
    found = town.client.post(f"{LIST}find", data={"who": name}, follow_redirects=True).text
    (link,) = set(re.findall(r'href="(/admin/membership/[0-9a-f]{32})"', found))
    return link


def noted(town) -> tuple[str, ...]:
    newest = town.house.audit.entries(most=1)[0]
    return newest.act, newest.kind, newest.account, newest.reason


def test_all_are_listed_masked(town):
    page = town.client.get(LIST).text

    assert [each for each in ("王小明", "李小红", "王大力", "20190012") if each in page] == []
    assert page.count("王**") == 2
    assert "编号 **12" in page
    assert "一共 3 人，已加入 1 人" in page


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"who": "小"}, 2),
        ({"organisation": "yi"}, 2),
        ({"organisation": "dangwei"}, 3),
        ({"role": "书记"}, 1),
        ({"state": "joined"}, 1),
        ({"state": "waiting", "who": "王"}, 1),
        ({"who": "nobody"}, 0),
    ],
)
def test_who_is_sought_is_found_and_no_address_has_a_name(town, asked, count):
    answer = town.client.post(f"{LIST}find", data=asked)
    page = town.client.get(answer.location).text

    assert asked.get("who", "没有名字") not in unquote(answer.location)
    assert (f"一共 {count} 人" in page) if count else ("没有这样的人" in page)


def test_a_role_sees_its_organisation_and_nobody_elses(town):
    others = page_of(town, "王大力")
    town.signs_in("zu", Grant("organisation", "yi"))

    assert "一共 2 人" in town.client.get(LIST).text
    assert town.client.get(others).status_code == 404
    assert town.client.post(f"{others}/reveal", data={"why": "家访"}).status_code == 404
    assert town.client.post(f"{others}/unbind", data={"sure": "1"}).status_code == 404
    assert "王大力" not in str(rows(town.client.post(f"{LIST}members.xlsx", data={"why": "上报"}).data))


def test_who_has_no_such_duty_sees_nobody(town):
    link = page_of(town, "王小明")
    town.signs_in("xin", Grant("clerk", ""), party_member=False)

    assert [town.client.get(each).status_code for each in (LIST, link, f"{LIST}members.xlsx")] == [403, 403, 403]


def test_one_is_shown_in_full_for_a_reason_that_stays(town):
    link = page_of(town, "王小明")
    masked = town.client.get(link).text
    without = town.client.post(f"{link}/reveal", data={"why": " "})
    shown = town.client.post(f"{link}/reveal", data={"why": "核对组织关系介绍信"})
    person = town.house.people.find(account="official", openid="o-wang").person

    assert ("王小明" in masked, "王小明" in without.text, without.status_code) == (False, False, 422)
    assert "王小明" in shown.text
    assert "20190012" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert noted(town) == ("reveal", "member", "li", "核对组织关系介绍信")
    assert [each.act for each in town.house.audit.of(person)] == ["reveal", "look"]
    assert "综合管理员 2 次" in town.phone("o-wang").says("我的数据")


def test_a_look_at_who_has_not_joined_is_noted_too(town):
    link = page_of(town, "李小红")
    town.client.get(link)
    newest = town.house.audit.entries(most=1)[0]

    assert (newest.kind, newest.pseudonym, newest.about) == ("member", "", link.rpartition("/")[2])


def test_a_new_code_is_shown_once_and_binds(town):
    link = page_of(town, "李小红")
    shown = town.client.post(f"{link}/code").text
    code = re.search(r"<strong[^>]*>(\w{4}-\w{4})</strong>", shown)
    assert code

    assert noted(town)[:2] == ("change", "member")
    assert code[1] not in town.client.get(link).text
    assert "绑定成功：李小红" in town.phone("o-li").joins(f"绑定 {code[1]}")


def test_a_binding_is_undone_by_who_is_sure(town):
    link = page_of(town, "王小明")
    unsure = town.client.post(f"{link}/unbind")
    still = town.phone("o-wang").says("我是谁")
    done = town.client.post(f"{link}/unbind", data={"sure": "1"}, follow_redirects=True).text

    assert unsure.status_code == 422
    assert "王小明" in still
    assert "已解除" in done
    assert "王小明" not in town.phone("o-wang").says("我是谁")


def rows(data: bytes) -> list[tuple[object, ...]]:
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    return [*sheet.iter_rows(min_row=2, values_only=True)]


def test_the_workbook_is_masked_unless_a_reason_is_given_and_each_is_noted(town):
    masked = rows(town.client.get(f"{LIST}members.xlsx?organisation=yi").data)
    first = noted(town)
    refused = town.client.post(f"{LIST}members.xlsx?organisation=yi", data={"why": ""})
    full = rows(town.client.post(f"{LIST}members.xlsx?organisation=yi", data={"why": "上报年度名册"}).data)

    assert {row[1] for row in masked} == {"王**", "李**"}
    assert refused.status_code == 303
    assert {row[1] for row in full} == {"王小明", "李小红"}
    assert (first, noted(town)) == (("export", "members", "li", ""), ("export", "members", "li", "上报年度名册"))
    assert [each.about for each in town.house.audit.entries(most=99) if each.act == "export"] == ["2", "2"]

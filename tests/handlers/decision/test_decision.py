"""A decision is written down, confirmed by somebody else, and corrected by another record: none is ever changed."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.admins import Grant
from storage.db import metadata
from storage.loans import Loans
from storage.roster import Entry
from tests.content.builders import a_pack, write
from tests.handlers.membership.test_admin import ORGANISATIONS
from tests.house import a_town

LIST = "/admin/decision/"
NEW = f"{LIST}new"
PEOPLE = (
    Entry(name="王小明", organisation="yi", number="20190012"),
    Entry(name="赵大力", organisation="er"),
)
MATTER = "接收一名预备党员"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    pack = a_pack(tmp_path / "pack")
    write(pack / "organisations.toml", ORGANISATIONS)
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    issued = town.house.roster.take_in(PEOPLE, expires_at=town.clock() + timedelta(days=30))
    town.phone("o-wang").joins(f"绑定 {next(each.code for each in issued if each.entry.name == '王小明')}")
    town.signs_in("wang", Grant("secretary", "yi"))
    town.signs_in("zhao", Grant("secretary", "er"))
    town.signs_in("li", Grant("organisation", "yi"))
    yield town
    town.house.close()


def row_of(town, name) -> str:
    return next(str(row.id) for row in town.house.roster.rows() if row.entry.name == name)


def a_form(town, **other: str) -> dict[str, str]:
    """20 have a vote, 15 came, 11 are for it."""
    return {
        "organisation": "yi",
        "kind": "admission",
        "meeting": "2026 年第 6 次支部党员大会",
        "day": "2026-06-20",
        "matter": MATTER,
        "about": row_of(town, "王小明"),
        "proposed_by": "committee",
        "entitled": "20",
        "present": "15",
        "written": "0",
        "approve": "11",
        "against": "3",
        "abstain": "1",
        **other,
    }


def recorded(town, **other: str) -> str:
    """The address of a new one."""
    answer = town.client.post(NEW, data=a_form(town, **other))
    assert (answer.status_code, answer.location[: len(LIST)]) == (303, LIST), answer.text
    return str(answer.location)


def test_what_is_written_down_says_what_came_of_it_and_waits_for_another(town):
    page = town.client.get(recorded(town)).text
    listed = town.client.get(LIST).text

    assert ">通过</span>" in page
    assert ">待核</span>" in page
    assert "第十九条、第二十条" in page
    assert "至少 11 票" in page
    assert "组织委员" in page
    assert ">通过</span>" in listed
    assert "王**" in listed
    assert "王小明" not in page + listed
    assert "0 件待核" not in listed


def test_ten_of_fifteen_who_came_are_not_half_of_twenty(town):
    assert ">没有通过</span>" in town.client.get(recorded(town, approve="10", against="5", abstain="0")).text


def test_who_wrote_it_does_not_confirm_it_and_another_does_once(town):
    one = recorded(town)
    own = town.client.post(f"{one}/confirm")
    waits_for_li = "决议等您" in town.client.get("/admin/").text
    town.signs_in("wang")
    waits_for_wang = "1 件决议等您" in town.client.get("/admin/").text
    answers = [town.client.post(f"{one}/confirm").status_code for _ in range(2)]

    assert own.status_code == 422
    assert "记录的人不能核对自己记的" in own.text
    assert (waits_for_li, waits_for_wang) == (False, True)
    assert answers == [303, 422]
    assert ">已核</span>" in town.client.get(one).text


def test_a_record_is_corrected_by_another_and_both_stay(town):
    first = recorded(town)
    which = first.rsplit("/", 1)[1]
    filled = town.client.get(f"{NEW}?corrects={which}", follow_redirects=True).text
    without_why = town.client.post(NEW, data=a_form(town, corrects=which, approve="10", abstain="2"))
    second = recorded(town, corrects=which, approve="10", abstain="2", why="计票时多数了一票")
    again = town.client.post(NEW, data=a_form(town, corrects=which, why="又一次"))
    old, new = town.client.get(first).text, town.client.get(second).text

    assert 'name="approve" min="0" max="9999" value="11"' in filled
    assert without_why.status_code == 422
    assert "为什么更正要写" in without_why.text
    assert ">已更正</span>" in old
    assert second in old
    assert ">通过</span>" in old
    assert ">没有通过</span>" in new
    assert first in new
    assert "计票时多数了一票" in new
    assert again.status_code == 422
    assert "已经有人更正过了" in again.text


def test_a_form_that_was_sent_twice_is_one_record_and_an_other_is_not_lost(town):
    same = {"id": "ab" * 16}
    first, second = recorded(town, **same), recorded(town, **same)
    changed = town.client.post(NEW, data=a_form(town, **same, approve="12", abstain="0"))

    assert first == second
    assert town.client.get(LIST).text.count('href="/admin/decision/abab') == 1
    assert changed.status_code == 422
    assert "和现在写的不一样" in changed.text


def opened(town, address: str) -> tuple[str, str]:
    """The address of an empty form, and the id that it gives to what is written into it."""
    page = town.client.get(address, follow_redirects=True)
    return page.request.full_path, re.findall(r'name="id" value="([0-9a-f]{32})"', page.text)[0]


def test_who_goes_back_to_a_form_that_was_sent_comes_to_what_it_became(town):
    address, id_ = opened(town, f"{NEW}?organisation=yi")
    one = recorded(town, id=id_)
    back = town.client.get(address)
    said = town.client.get(one).text
    other = opened(town, f"{NEW}?organisation=yi")

    assert (back.status_code, back.location) == (303, one)
    assert "已经记下了" in said
    assert other[1] != id_


def test_a_form_that_is_opened_is_noted_once(town):
    opened(town, f"{NEW}?organisation=yi")

    assert [(each.act, each.kind) for each in town.house.audit.entries(most=20)].count(("look", "decisions")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"present": "21"}, "到会 21 人，比应到的 20 人还多"),
        ({"against": "5"}, "一共 17 票，比能投票的 15 人还多"),
        ({"approve": "十一"}, "人数要写成 0 到 9999 的整数：赞成"),
        ({"day": "2026-11-24"}, "这一天还没有到"),
        ({"about": ""}, "这一类决议是关于一个人的"),
        ({"proposed_by": "clerk"}, "请选由谁提出"),
        ({"kind": "general", "written": "1"}, "这一类决议不计书面意见"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands_and_nothing_typed_is_lost(town, typed, said):
    answer = town.client.post(NEW, data=a_form(town, **typed))

    assert answer.status_code == 422
    assert said in answer.text
    assert MATTER in answer.text
    assert "还没有记过" in town.client.get(LIST).text


def test_a_sibling_branch_neither_sees_nor_writes_nor_names(town):
    one, theirs = recorded(town), row_of(town, "赵大力")
    named = town.client.post(NEW, data=a_form(town, about=theirs))
    town.signs_in("zhao")
    tried = [
        town.client.get(one),
        town.client.post(f"{one}/confirm"),
        town.client.get(f"{NEW}?corrects={one.rsplit('/', 1)[1]}"),
        town.client.get(f"{NEW}?organisation=yi"),
        town.client.post(NEW, data=a_form(town)),
    ]

    assert named.status_code == 422
    assert [each.status_code for each in tried] == [404] * 5
    assert "还没有记过" in town.client.get(LIST).text


def test_above_the_list_is_filtered_by_its_address(town):
    recorded(town)
    town.signs_in("chen", Grant("secretary", "dangwei"))
    town.client.post(NEW, data=a_form(town, organisation="er", kind="general", about="", matter="换一间活动室"))
    shown = {asked: town.client.get(f"{LIST}?{asked}").text for asked in ("organisation=yi", "kind=general", "")}
    found = {asked: [each for each in (MATTER, "换一间活动室") if each in page] for asked, page in shown.items()}

    assert found == {"organisation=yi": [MATTER], "kind=general": ["换一间活动室"], "": [MATTER, "换一间活动室"]}
    assert "没有这样的决议" in town.client.get(f"{LIST}?state=corrected").text


def test_it_lies_sealed_and_the_trail_has_who_it_is_about_by_a_pseudonym(town):
    one = recorded(town)
    town.client.get(one)
    acts = [(each.act, each.kind, each.account) for each in town.house.audit.entries(most=2)]
    with town.house.db.read() as connection:
        lies = str(connection.execute(sa.select(metadata.tables["decisions"])).all())

    assert acts == [("look", "decision", "li"), ("change", "decision", "li")]
    assert all(each.pseudonym and not each.about for each in town.house.audit.entries(most=2))
    assert not re.search(f"{MATTER}|{row_of(town, '王小明')}|第 6 次", lies)


def lends_wangs(town, to: str) -> None:
    today = town.clock().date()
    town.house.admins.say_member(to, party_member=True)
    Loans(town.house.db).add(giver="wang", taker=to, duty="decisions", since=today, until=today + timedelta(days=7))


def test_what_is_done_with_a_duty_that_is_lent_says_whose_it_is_and_what_is_ones_own_does_not(town):
    """In each organisation by itself: zhao has the duty next door by a role of their own."""
    lends_wangs(town, "zhao")
    town.signs_in("zhao")
    of_wang = recorded(town, organisation="yi")
    own = recorded(town, organisation="er", about=row_of(town, "赵大力"))
    pages = [town.client.get(each).text for each in (of_wang, own)]
    made = [each for each in town.house.audit.entries(most=20) if each.act == "change" and each.kind == "decision"]

    assert "zhao（代 wang（书记））" in pages[0]
    assert "zhao（书记）" in pages[1]
    assert [each.role for each in reversed(made)] == ["wang secretary", "secretary"]


def test_who_confirms_with_a_duty_that_is_lent_confirms_in_its_givers_place(town):
    one = recorded(town)
    lends_wangs(town, "zhao")
    town.signs_in("zhao")
    answer = town.client.post(f"{one}/confirm")
    town.clock.forward(days=30)
    town.signs_in("li")

    assert answer.status_code == 303
    assert "zhao（代 wang（书记））" in town.client.get(one).text, "also when the loan is long over"
    assert "li（组织委员）" in town.client.get(one).text

"""Roles that the security administrator gives, and duties that somebody lends: with what isn't possible and why."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from storage.admins import Grant
from storage.audit import Outcome, Wanted
from tests.house import PASSWORD, hashed_at_no_cost


@pytest.fixture
def town(town):
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    for name, *grants in (
        ("zhao", Grant("clerk")),
        ("qian", Grant("secretary", "zhibu-1")),
        ("audit", Grant("audit")),
        ("new",),
    ):
        party_member = name == "qian"
        word = hashed_at_no_cost(PASSWORD)
        town.house.admins.add(name=name, password_hash=word, party_member=party_member, grants=grants)
    town.signs_in("wang", Grant("security"))
    return town


def roles_of(town, name):
    return town.house.admins.named(name).roles


def asks(town, act, **said):
    return town.client.post(f"/admin/grant/{act}", data=said)


def noted(town):
    entries = town.house.audit.entries(Wanted(kind="grant"), most=50)
    return [(each.account, each.about, each.outcome) for each in reversed(entries)]


def test_a_role_is_given_in_an_organisation_and_taken_back(town):
    given = asks(town, "grant", name="new", role="clerk", organisation="zhibu-1")
    held, page = roles_of(town, "new"), town.client.get("/admin/grant/").text
    asks(town, "revoke", name="new", role="clerk", organisation="zhibu-1")

    assert given.status_code == 303
    assert held == [("clerk", "zhibu-1")]
    assert "已授权：new 是信息员（示例第一党支部）。" in page
    assert roles_of(town, "new") == []
    assert [about for _, about, _ in noted(town)][-2:] == ["grant clerk new zhibu-1", "revoke clerk new zhibu-1"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "zhao", "role": "secretary"}, "这个角色要由党员担任"),
        ({"name": "zhao", "role": "general"}, "这个角色要由党员担任"),
        ({"name": "zhao", "role": "system"}, "不兼任别的角色"),
        ({"name": "audit", "role": "clerk"}, "不兼任别的角色"),
        ({"name": "new", "role": "audit", "organisation": "zhibu-1"}, "管的是全单位"),
        ({"name": "new", "role": "baoan"}, "没有这个角色"),
        ({"name": "new", "role": "clerk", "organisation": "nowhere"}, "没有这个组织"),
        ({"name": "wang", "role": "clerk"}, "不能给自己授权"),
        ({"name": "nobody", "role": "clerk"}, "没有这个账号"),
    ],
)
def test_what_can_not_be_granted_is_told_why_and_noted(town, said, why):
    before = {each.name: each.roles for each in town.house.admins.all()}
    answer = asks(town, "grant", **said)

    assert answer.status_code == 422
    assert why in answer.text
    assert {each.name: each.roles for each in town.house.admins.all()} == before
    assert noted(town)[-1][2] == Outcome.REFUSED


def test_who_is_no_party_member_any_more_has_nothing_of_such_a_role(town):
    asks(town, "member", name="qian", member="no")
    page = town.client.get("/admin/grant/").text
    town.signs_in("qian")
    refused = town.client.get("/admin/opinion/").status_code
    town.signs_in("wang")
    asks(town, "member", name="qian", member="yes")
    town.signs_in("qian")

    assert "要由党员担任，现在不起作用" in page
    assert refused == 403
    assert town.client.get("/admin/opinion/").status_code == 200


# -- what is lent ------------------------------------------------------------------------------------------------------


def lends(town, to, *duties, days=7, since=0):
    today = town.clock().date()
    first, last = today + timedelta(days=since), today + timedelta(days=days)
    said = {"to": to, "duty": [*duties], "since": first.isoformat(), "until": last.isoformat()}
    return town.client.post("/admin/grant/lent", data=said)


def reach_of(town, name, duty):
    return town.house.staff.powers()[name].reach(duty)


def test_a_duty_is_lent_for_some_days_as_far_as_its_giver_has_it_and_ends_by_itself(town):
    town.signs_in("qian")
    lent = lends(town, "new", "opinions")
    told = town.client.get("/admin/grant/lent").text
    now = reach_of(town, "new", "opinions")
    town.clock.forward(days=8)

    assert lent.status_code == 303
    assert "已请 new 代办“办理意见”，到 2026-11-30 自己结束。" in told
    assert now.covers("zhibu-1")
    assert not now.covers("zhibu-2")
    assert not reach_of(town, "new", "opinions")
    assert noted(town)[-1][1].startswith("lend opinions to new until 2026-11-30")


def test_what_is_to_come_does_not_hold_yet_and_what_is_ended_holds_no_more(town):
    town.signs_in("qian")
    lends(town, "new", "opinions", since=2)
    early = reach_of(town, "new", "opinions")
    town.clock.forward(days=3)
    begun = reach_of(town, "new", "opinions")
    (end,) = re.findall(r'action="(/admin/grant/lent/\w+/end)"', town.client.get("/admin/grant/lent").text)
    town.signs_in("zhao")
    town.client.post(end)
    still = reach_of(town, "new", "opinions")
    town.signs_in("new")
    told = town.client.post(end, follow_redirects=True).text

    assert "new 不再替 qian 代办“办理意见”了。" in told
    assert (bool(early), bool(begun), bool(still)) == (False, True, True)
    assert not reach_of(town, "new", "opinions")


@pytest.mark.parametrize(
    ("to", "duty", "more", "why"),
    [
        ("new", "approve", {}, "“同意推送”要本人来做，不能代办"),
        ("new", "talks", {}, "“谈心谈话”要本人来做，不能代办"),
        ("new", "members", {}, "“党员名册”要由党员来做"),
        ("new", "grants", {}, "“授权”要本人来做，不能代办"),
        ("audit", "opinions", {}, "三个管理员不代办别的事"),
        ("qian", "opinions", {}, "请选别人的账号"),
        ("new", "opinions", {"days": 200}, "最多 92 天"),
        ("new", "opinions", {"since": -1}, "不早于今天"),
    ],
)
def test_what_can_not_be_lent_is_refused_and_noted(town, to, duty, more, why):
    town.signs_in("qian")
    answer = lends(town, to, duty, **more)

    assert answer.status_code == 422
    assert why in answer.text
    assert noted(town)[-1][::2] == ("qian", Outcome.REFUSED)
    assert not reach_of(town, "new", "opinions")


def test_what_is_lent_is_not_lent_on_and_ends_with_what_its_giver_had(town):
    town.signs_in("qian")
    lends(town, "new", "opinions")
    town.signs_in("new")
    on = lends(town, "zhao", "opinions")
    town.house.admins.revoke("qian", Grant("secretary", "zhibu-1"))

    assert on.status_code == 422
    assert "您自己没有“办理意见”" in on.text
    assert not reach_of(town, "new", "opinions")


def test_the_trail_says_whose_duty_it_was_that_somebody_did(town):
    """And of what they do as themselves that it was theirs."""
    town.house.admins.say_member("zhao", party_member=True)
    town.signs_in("qian")
    lends(town, "zhao", "members")
    town.signs_in("zhao")
    looked = town.client.get("/admin/membership/").status_code
    town.client.post("/admin/own")
    found = [(each.account, each.kind, each.role) for each in town.house.audit.entries(most=2)]
    town.signs_in("audit")
    shown = town.client.get("/admin/trail/?account=zhao").text
    cells = load_workbook(io.BytesIO(town.client.get("/admin/trail/trail.xlsx?account=zhao").data)).worksheets[0]

    assert looked == 200
    assert found == [("zhao", "own", "clerk"), ("zhao", "members", "qian secretary")]
    assert "zhao（代 qian（书记））" in shown
    assert "zhao（信息员）" in shown
    assert "代 qian（书记）" in [row[3] for row in cells.iter_rows(values_only=True)]

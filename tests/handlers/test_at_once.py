"""Two who press at the same moment: each was let in before the other was done, and what must not be is not."""

import re

import pytest

from storage.admin_factors import admin_factors, admin_recovery_codes
from storage.admins import Grant, admins
from storage.decision import decision_confirmations, decisions
from storage.loans import admin_loans
from tests import authenticator
from tests.handlers.browsers import Browser, at_once
from tests.house import Town


@pytest.fixture
def town(town: Town) -> Town:
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    return town


def id_of(town: Town, name: str) -> str:
    found = town.house.admins.named(name)
    assert found
    return found.id


def test_two_who_look_after_accounts_do_not_disable_each_other(town):
    one, other = Browser(town, "yi", Grant("system")), Browser(town, "er", Grant("system"))
    at_once(
        town,
        admins,
        one.presses(f"/admin/accounts/{id_of(town, 'er')}/disable"),
        other.presses(f"/admin/accounts/{id_of(town, 'yi')}/disable"),
    )

    assert sorted(each.disabled for each in town.house.admins.all()) == [False, True]


def test_two_who_grant_do_not_take_that_from_each_other(town):
    one, other = Browser(town, "yi", Grant("security")), Browser(town, "er", Grant("security"))
    at_once(
        town,
        admins,
        one.presses("/admin/grant/revoke", name="er", role="security", organisation=""),
        other.presses("/admin/grant/revoke", name="yi", role="security", organisation=""),
    )

    assert sorted(len(each.grants) for each in town.house.admins.all()) == [0, 1]


def test_what_nobody_may_hold_together_is_not_given_by_two(town):
    one, other = Browser(town, "yi", Grant("security")), Browser(town, "er", Grant("security"))
    town.house.admins.add(name="new", password_hash="-", party_member=True, grants=())
    answers = at_once(
        town,
        admins,
        one.presses("/admin/grant/grant", name="new", role="audit", organisation=""),
        other.presses("/admin/grant/grant", name="new", role="secretary", organisation=""),
    )

    assert len(town.house.admins.named("new").grants) == 1
    assert sorted(each.status_code for each in answers) == [303, 422]


@pytest.mark.parametrize("which", ["authenticator", "recovery"])
def test_a_code_lets_one_browser_in(town, which):
    factors, now = town.house.entrance.factors, town.house.entrance.clock()
    Browser(town, "yi", Grant("system"))
    factors.prepare(id_of(town, "yi"))
    typed = factors.prepared(id_of(town, "yi")).typed
    [first, *_] = factors.turn_on(id_of(town, "yi"), authenticator.code(typed, now), now=now)
    with town.house.db.begin() as connection:
        connection.execute(admin_factors.update().values(last_step=0))  # the code of this moment wasn't used yet
    code = first if which == "recovery" else authenticator.code(typed, town.house.entrance.clock())
    browsers = [Browser(town, "yi") for _ in range(3)]  # whose password was right
    table = admin_recovery_codes if which == "recovery" else admin_factors
    answers = at_once(town, table, *(each.presses("/admin/login/code", code=code) for each in browsers))

    assert sorted(each.status_code for each in answers) == [302, 401, 401]


def test_what_is_lent_by_two_presses_is_lent_once(town):
    one = Browser(town, "yi", Grant("general"))
    Browser(town, "er")
    today = str(town.clock().date())
    lends = one.presses("/admin/grant/lent", to="er", duty="measures", since=today, until=today)
    at_once(town, admin_loans, lends, lends)

    assert one.client.get("/admin/grant/lent").text.count("/admin/grant/lent/") == 1  # a button that ends it


def test_a_decision_is_recorded_confirmed_and_corrected_once(town):
    one, other, third = (Browser(town, name, Grant("general")) for name in ("yi", "er", "san"))
    new = {"organisation": "zhibu-1", "kind": "general", "meeting": "大会", "day": "2026-11-20", "matter": "买书"}
    votes = {"entitled": "3", "present": "3", "approve": "3", "against": "0", "abstain": "0", "written": "0"}
    said = {**new, **votes, "proposed_by": "committee", "about": "", "id": "a" * 32}
    recorded = at_once(town, decisions, *(each.presses("/admin/decision/new", **said) for each in (one, one)))
    confirm = f"/admin/decision/{'a' * 32}/confirm"
    confirmed = at_once(town, decision_confirmations, *(each.presses(confirm) for each in (other, third)))
    again = {**said, "corrects": "a" * 32, "why": "写错了"}
    both = (one.presses("/admin/decision/new", **{**again, "id": each * 32}) for each in "bc")
    corrected = at_once(town, decisions, *both)

    assert [each.status_code for each in recorded] == [303, 303]
    assert sorted(each.status_code for each in confirmed) == [303, 422]
    assert sorted(each.status_code for each in corrected) == [303, 422]
    assert len(re.findall(r'href="/admin/decision/[0-9a-f]{32}"', one.client.get("/admin/decision/").text)) == 2

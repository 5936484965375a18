"""Who has a duty opens its doors, and nobody else does."""

import re

import pytest

from handlers.guards import Unmarked, all_marked
from storage.admins import Grant

pytestmark = pytest.mark.alike


def doors(page):
    """The links of the console's navigation."""
    return re.findall(r'class="nav-link[^>]*?href="([^"]+)"', page, re.DOTALL)


def test_an_account_of_before_does_all_the_work_and_no_separated_administrators(town):
    town.signs_in("li")

    assert town.client.get("/admin/broadcasts").status_code == 200
    assert town.house.staff.powers()["li"].reaches.keys().isdisjoint({"accounts", "grants", "audit"})


def test_what_a_role_has_not_is_refused_and_told_whom_to_ask(town):
    town.signs_in("wang", Grant("security"))
    town.signs_in("zhao", Grant("clerk"), party_member=False)
    listed, refused = town.client.get("/admin/quiz/"), town.client.get("/admin/quiz/participation")

    assert listed.status_code == 200
    assert refused.status_code == 403
    assert "这里要有“学习情况”的授权" in refused.text
    assert "安全管理员（wang）" in refused.text
    assert "/admin/quiz/participation" not in listed.text


def test_the_navigation_has_no_door_that_does_not_open(town):
    town.signs_in("zhao", Grant("clerk"), party_member=False)
    shown = doors(town.client.get("/admin/").text)
    town.signs_in("wang", Grant("security"))

    assert "/admin/opinion/" in shown
    assert "/admin/survey/" not in shown
    assert not {"/admin/opinion/", "/admin/broadcasts", "/admin/content"} & {*doors(town.client.get("/admin/").text)}


def test_what_lies_behind_a_door_that_does_not_open_has_one_of_its_own(town):
    town.signs_in("sun", Grant("organisation"))
    apart = doors(town.client.get("/admin/").text)
    town.signs_in("li")
    behind = doors(town.client.get("/admin/").text)

    assert "/admin/quiz/participation" in apart
    assert "/admin/quiz/" not in apart
    assert "/admin/quiz/participation" not in behind


def test_a_role_for_party_members_gives_nobody_else_anything(town):
    town.signs_in("zhao", Grant("secretary"), party_member=False)

    assert town.client.get("/admin/").status_code == 200
    assert town.client.get("/admin/opinion/").status_code == 403


def test_what_is_taken_back_is_gone_with_the_next_click(town):
    town.signs_in("zhao", Grant("clerk"))
    before = town.client.get("/admin/opinion/").status_code
    taken = town.house.admins.revoke("zhao", Grant("clerk"))

    assert (before, taken) == (200, True)
    assert town.client.get("/admin/opinion/").status_code == 403
    assert not town.house.admins.revoke("zhao", Grant("clerk"))


def test_a_door_that_says_no_duty_stops_the_start(town):
    site = town.client.application
    site.view_functions["opinion_admin.listed"] = lambda: ""

    with pytest.raises(Unmarked, match=r"opinion_admin\.listed"):
        all_marked(site, "opinion_admin")

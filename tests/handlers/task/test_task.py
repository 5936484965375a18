"""What somebody does who is new in a role: it follows from the role, is due by a day, and is done with a note."""

from datetime import date, timedelta

import pytest

from handlers.task import engine
from storage.admins import Grant
from tests.house import PASSWORD, hashed_at_no_cost

TRAINING = "新任书记半年内任职培训"


@pytest.fixture
def town(town):
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    word, today = hashed_at_no_cost(PASSWORD), town.clock().date()
    for name, organisation in (("qian", "zhibu-1"), ("sun", "zhibu-2")):
        grants = (Grant("secretary", organisation, today),)
        town.house.admins.add(name=name, password_hash=word, party_member=True, grants=grants)
    return town


def says_done(town, note, *, role="secretary", organisation="zhibu-1"):
    said = {"role": role, "organisation": organisation, "task": "renzhi-peixun", "since": "2026-11-23", "note": note}
    return town.client.post("/admin/task/done", data=said)


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [
        (date(2026, 11, 23), 6, date(2027, 5, 23)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), 12, date(2027, 1, 31)),
    ],
)
def test_so_many_months_later_is_the_same_day_or_the_months_last(day, months, due):
    assert engine.in_months(day, months) == due


def test_a_new_secretary_has_a_task_with_its_day_and_where_it_is_from(town):
    town.signs_in("qian")
    page, first = town.client.get("/admin/task/").text, town.client.get("/admin/").text
    town.signs_in("li")

    assert TRAINING in page
    assert '<span class="text-nowrap">2027-05-23</span> 以前' in page
    assert "依据：党员教育培训的一般要求" in page
    assert "1 件任务还没有办好" in first
    assert "现在没有您的任务" in town.client.get("/admin/task/").text


def test_it_is_done_with_a_note_by_nobody_else_and_can_be_opened_again(town):
    town.signs_in("qian")
    empty, others = says_done(town, " "), says_done(town, "去过了", organisation="zhibu-2")
    done = says_done(town, "市委党校，11月培训")
    page = town.client.get("/admin/task/").text
    again = {"role": "secretary", "organisation": "zhibu-1", "task": "renzhi-peixun", "since": "2026-11-23"}
    town.client.post("/admin/task/again", data=again)

    assert (empty.status_code, others.status_code, done.status_code) == (422, 404, 303)
    assert "没有保存：请写几句" in empty.text
    assert "市委党校，11月培训" in page
    assert "怎么办的" in town.client.get("/admin/task/").text


def test_the_board_shows_all_branches_of_ones_reach(town):
    town.signs_in("qian")
    own = town.client.get("/admin/task/board").text
    town.signs_in("li")
    whole = town.client.get("/admin/task/board").text

    assert "书记 qian" in own
    assert "书记 sun" not in own
    assert whole.index("书记 qian") < whole.index("书记 sun")


def test_who_takes_a_role_again_begins_anew_and_without_it_there_is_nothing(town):
    town.signs_in("qian")
    says_done(town, "去过了")
    admins, later = town.house.admins, town.clock().date() + timedelta(days=400)
    admins.revoke("qian", Grant("secretary", "zhibu-1"))
    without = town.client.get("/admin/task/").text
    admins.grant("qian", Grant("secretary", "zhibu-1", later))

    assert TRAINING not in without
    assert "怎么办的" in town.client.get("/admin/task/").text


def test_who_has_it_is_reminded_and_once_it_is_late_the_organisation_above(town):
    word = hashed_at_no_cost(PASSWORD)
    boss = (Grant("secretary", "zongzhi-1"),)
    town.house.admins.add(name="zongzhi", password_hash=word, party_member=True, grants=boss)
    (board,) = [each for each in town.house.features if each.name == "task"]
    late = board.jobs[0]
    town.clock.forward(days=181 + 10)
    linked = {"qian": "p-1", "zongzhi": "p-2"}
    pending = [each for each in _pending(town) if each.by == "qian"]

    assert late.id == "task.reminder"
    assert [(each.due, each.organisation) for each in pending] == [(date(2027, 5, 23), "zhibu-1")]
    assert [name for name in linked if pending[0].known_to(name)] == ["qian", "zongzhi"]
    assert not pending[0].known_to("sun")
    assert town.house.staff.hear_of_late("qian", 3, step=3) == {"zongzhi"}


def _pending(town):
    """What the reminders are made of."""
    (rule,) = [each for each in town.client.application.url_map.iter_rules() if each.endpoint == "task_admin.mine"]
    view = town.client.application.view_functions[rule.endpoint]
    return view.__wrapped__.__self__.board.pending()

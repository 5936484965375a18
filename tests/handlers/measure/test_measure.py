"""A measure is closed by somebody else, who has seen that it is done; never without."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from handlers.measure import engine
from handlers.measure.engine import Fault, State
from storage.measure import measures
from tests.handlers.appointment.test_appointment import PASSWORD, console, token
from tests.house import hashed_at_no_cost

TODAY = date(2026, 11, 23)
PROBLEM, WHAT = "三号楼走廊的灯常坏", "换成节能灯，每月查一次"
PAGE = "/admin/measure/"


@pytest.fixture
def desks(town):
    """A browser of each admin."""
    names = ("zhang", "li", "wang")
    for name in names:
        town.house.admins.add(name=name, password_hash=hashed_at_no_cost(PASSWORD))
    return {name: console(town, name) for name in names}


def posts(client, path: str, **said: str):
    return client.post(path, data={"csrf_token": token(client, PAGE), **said})


def begun(desks, **other: str):
    until = (TODAY + timedelta(days=7)).isoformat()
    said = {"problem": PROBLEM, "measure": WHAT, "responsible": "zhang", "until": until, **other}
    return posts(desks["li"], PAGE, **said)


def door(desks, name: str, act: str) -> str:
    (found,) = re.findall(rf'action="(/admin/measure/\w+/{act})"', desks[name].get(PAGE).text)
    return str(found)


@pytest.mark.parametrize(
    ("now", "by", "fault"),
    [
        (State.OPEN, "wang", Fault.NOT_DONE),
        (State.VERIFIED, "wang", Fault.NOT_DONE),
        (State.DONE, "zhang", Fault.SAME_PERSON),
        (State.DONE, "li", Fault.SAME_PERSON),
        (State.DONE, "wang", None),
    ],
)
def test_nothing_is_closed_but_by_another_who_has_seen_what_was_done(now, by, fault):
    assert engine.verified_fault(now, "看过了", by=by, responsible="zhang", done_by="li") is fault


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"problem": " "}, "每一格都要写"),
        ({"measure": "字" * 301}, "每一格都要写"),
        ({"responsible": "谁"}, "请选一个后台账号"),
        ({"until": "2026-11-22"}, "今天或以后"),
        ({"until": "下周"}, "今天或以后"),
    ],
)
def test_what_lacks_something_is_not_begun_and_nothing_typed_is_lost(desks, other, why):
    refused = begun(desks, **other)

    assert refused.status_code == 422
    assert why in refused.text
    assert (WHAT if "measure" not in other else PROBLEM) in refused.text
    assert "还没有立过" in desks["li"].get(PAGE).text


def test_from_the_problem_to_what_another_saw(desks, town):
    begun(desks)
    done, verify = door(desks, "zhang", "done"), door(desks, "zhang", "done").replace("/done", "/verify")
    early = posts(desks["wang"], verify, words="看过了")
    posts(desks["zhang"], done, words="换了六盏")
    again = posts(desks["zhang"], done, words="又换了")
    own = posts(desks["zhang"], verify, words="我自己看过了")
    posts(desks["wang"], verify, words="晚上去看过，都亮")
    page = desks["li"].get(PAGE).text

    assert [each.status_code for each in (early, again, own)] == [422] * 3
    assert "还没有人报办好，不能核实" in early.text
    assert "请另一个人来核实" in own.text
    assert "已核实，办结" in page
    assert "核实（wang，2026-11-23）" in page
    assert "办好了（zhang，2026-11-23）" in page


def test_what_another_saw_undone_is_open_again(desks):
    begun(desks)
    posts(desks["zhang"], door(desks, "zhang", "done"), words="换了六盏")
    posts(desks["wang"], door(desks, "wang", "verify"), words="还有两盏不亮", again="1")
    page = desks["li"].get(PAGE).text

    assert '上次核实没通过：<span class="words">还有两盏不亮</span>' in page
    assert door(desks, "zhang", "done")


def test_what_is_late_is_marked_and_what_is_kept_lies_sealed(desks, town):
    begun(desks)
    early = desks["li"].get(PAGE).text
    town.clock.forward(days=8)
    late = {name: console(town, name) for name in ("li",)}["li"].get(PAGE).text
    with town.house.db.read() as connection:
        (row,) = connection.execute(sa.select(measures)).all()

    assert ("超期" in early, "超期" in late) == (False, True)
    assert PROBLEM.encode() not in row.sealed
    assert b"zhang" not in row.sealed


@pytest.mark.parametrize("act", ["done", "verify"])
def test_what_there_is_not_is_not_found(desks, act):
    assert posts(desks["li"], f"/admin/measure/{'0' * 32}/{act}", words="好了").status_code == 404

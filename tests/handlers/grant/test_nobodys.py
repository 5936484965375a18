"""What waits for a duty that nobody has is told to whoever grants, and to whoever runs the program."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

import app
from commands import doctor
from handlers.grant import nobodys
from storage.admins import GENERAL, Grant, admins
from storage.decision import Decision, Decisions
from storage.measure import Measure, Measures
from storage.pack import Changes
from storage.roster import Entry
from storage.states import RunState
from storage.vault import Vault
from tests.commands.test_doctor import account, patient
from tests.content.builders import a_pack
from tests.handlers.console.test_runs import a_run
from tests.handlers.console.test_walk import ORGANISATIONS, TALKS
from tests.house import a_town

__all__ = ["account", "patient"]

OVERVIEW = "/admin/"
AT = "zhibu-er"


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    """A house in which two do all the work, one grants, and all that can wait for somebody waits."""
    files = {"organisations.toml": ORGANISATIONS, "talks.toml": TALKS.replace("next-door", "li")}
    pack = a_pack(tmp_path / "pack", files)
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(pack)})
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    for name, *grants in (("li",), ("wang",), ("zhao", Grant("security"))):
        town.signs_in(name, *grants)
    yield town
    town.house.close()


def all_waits(town) -> None:
    """One of each: a correction, an opinion, a talk, a measure, a decision, a push and a change of the pack."""
    house, today = town.house, town.clock().date()
    soon = town.clock() + timedelta(days=9)
    (issued,) = house.roster.take_in([Entry(name="王小明", organisation=AT, number="1")], expires_at=soon)
    phone = town.phone("o-wang")
    for said in (f"绑定{issued.code}", "同意", "更正 职务应该是组织委员", "谈心", "1", "1", "想谈谈"):
        phone.says(said)
    for said in ("意见", "2", "王小明", "1", "三楼的灯坏了", "好了", "1"):
        phone.says(said)
    Measures(house.db, town.settings.keys).add(
        Measure(
            problem="灯坏了",
            measure="换灯",
            responsible="li",
            until=today + timedelta(days=9),
            made_by="wang",
            made_on=today,
            organisation=AT,
        )
    )
    votes: dict[str, Any] = {"entitled": 3, "present": 3, "written": 0, "approve": 3, "against": 0, "abstain": 0}
    Decisions(house.db, Vault(house.db, town.settings.keys)).add(
        Decision(
            organisation=AT,
            kind="general",
            meeting="大会",
            day=date(2026, 6, 20),
            matter="换灯",
            about="",
            **votes,
            proposed_by="committee",
            recorded_by="li",
            recorded_as="general",
            recorded_on=today,
        )
    )
    a_run(town, ("due", ""), state=RunState.PLANNED, four_eyes=True)
    changes = Changes(house.db)
    id_ = changes.begin("phrases.toml", before="", after=b"x", by="li", now=town.clock())
    found = changes.get(id_)
    assert found
    assert changes.ask(id_, after=found.after, by="li", now=town.clock())


def lose_all(town, *names: str) -> None:
    for name in names:
        town.house.admins.revoke(name, Grant(GENERAL))


def of_nobody(town) -> list[tuple[str, str, str]]:
    return [(each.duty, each.organisation, each.named) for each in nobodys(town.house.features)]


def overview(town, name: str) -> str:
    town.signs_in(name)
    return str(town.client.get(OVERVIEW).text)


def test_what_somebody_could_see_to_is_nobodys_news(town):
    all_waits(town)

    assert of_nobody(town) == []
    assert "没有人能办" not in overview(town, "zhao")


def test_every_queue_that_waits_for_nobody_is_told_with_how_it_is_mended(town):
    all_waits(town)
    lose_all(town, "li", "wang")
    page = overview(town, "zhao")

    assert of_nobody(town) == [
        ("approve", "", ""),
        ("approve_content", "", ""),
        ("decisions", AT, ""),
        ("measures", AT, ""),
        ("members", AT, ""),
        ("opinions", "", ""),
        ("talks", "", "li"),
    ]
    assert "“党员名册”有事在等（隔壁支部），可是没有人能办：请授权给一位能办的同志" in page
    assert "“谈心谈话”有事在等账号 li，可是这个账号不能办" in page
    assert page.count("list-group-item-danger") == 7
    assert 'href="/admin/grant/"' in page


def test_what_was_granted_or_is_lent_ends_it(town):
    all_waits(town)
    lose_all(town, "li", "wang")
    town.house.admins.grant("wang", Grant("organisation", AT, town.clock().date()))
    granted = {duty for duty, _, _ in of_nobody(town)}
    town.signs_in("wang")
    until = (town.clock().date() + timedelta(days=5)).isoformat()
    said = {"to": "li", "duty": ["members"], "since": town.clock().date().isoformat(), "until": until}
    lent = town.client.post("/admin/grant/lent", data=said).status_code

    assert granted.isdisjoint({"members", "decisions", "measures"})
    assert {"approve", "opinions", "talks"} <= granted
    assert lent == 303
    assert "members" not in {duty for duty, _, _ in of_nobody(town)}


def test_who_wrote_it_or_agreed_already_is_nobody_else(town):
    all_waits(town)
    lose_all(town, "wang")

    assert of_nobody(town) == [("approve_content", "", ""), ("decisions", AT, "")]


def test_a_member_who_is_disabled_sees_to_nothing(town):
    all_waits(town)
    with town.house.db.begin() as connection:
        connection.execute(update(admins).where(admins.c.name.in_(["li", "wang"])).values(disabled=True))

    assert len(of_nobody(town)) == 7


def test_where_nobody_grants_whoever_works_for_the_house_is_told_and_nobody_else(town):
    all_waits(town)
    lose_all(town, "wang")
    town.signs_in("xu", Grant("clerk", AT))
    with_one = overview(town, "li")
    town.house.admins.revoke("zhao", Grant("security"))
    without, of_a_branch = overview(town, "li"), overview(town, "xu")

    assert "没有人能办" not in with_one
    assert "“同意内容”有事在等（全单位），可是没有人能办" in without
    assert "没有人能办" not in of_a_branch


def test_the_doctor_tells_of_it_by_the_name_of_the_duty(town, patient):
    """It puts the program together by itself, and asks no Redis."""
    all_waits(town)
    asks = replace(patient, nobodys=lambda: app.offices().nobodys(town.settings))
    before = [each.level for each in doctor.examine(asks) if each.about == "waiting"]
    lose_all(town, "li", "wang")
    found = [each for each in doctor.examine(asks) if each.about == "waiting"]

    assert before == ["ok"]
    assert {each.level for each in found} == {"warning"}
    said = next(each.text for each in found if "`members`" in each.text)
    assert f"({AT})" in said
    assert "zhibu admin grant" in said

"""What the console's doors put into the trail, and what they don't."""

import re

import pytest
import sqlalchemy as sa

from storage.admins import Grant
from tests.house import Town
from tests.mini import Mini

TALKS = "/admin/appointment/"
NAMED, BARE = "食堂的窗口排队太久了", "走廊的灯坏了三天"


def entries(town: Town) -> list[tuple[str, ...]]:
    """Act, kind, account, roles, whether allowed; the oldest first."""
    return [
        (each.act, each.kind, each.account, each.role, each.outcome)
        for each in reversed(town.house.audit.entries(most=99))
    ]


def since(town: Town, before: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return entries(town)[len(before) :]


@pytest.fixture
def li(town):
    """The town with an admin who does all the work."""
    town.signs_in("li")
    return town


def presses(town: Town, page: str, address: str, **said: str):
    token = re.findall(r'name="(csrf_token)" value="([^"]+)"', town.client.get(page).text)
    return town.client.post(address, data={**dict(token), **said})


def test_who_signs_in_and_who_may_not_is_noted(town):
    town.signs_in("li")
    presses(town, "/admin/login", "/admin/login", name="li", password="a wrong one, and long")
    presses(town, "/admin/login", "/admin/login", name="my password, typed here", password="a wrong one, and long")

    assert entries(town) == [
        ("sign_in", "account", "li", "", "allowed"),
        ("sign_in", "account", "li", "", "refused"),
        ("sign_in", "account", "", "", "refused"),
    ]


def test_a_look_at_what_is_personal_is_noted_and_one_at_what_is_nobodys_is_not(li):
    before = entries(li)
    assert li.client.get(TALKS).status_code == 200
    assert li.client.get("/admin/broadcasts").status_code == 200
    assert li.client.get("/admin/").status_code == 200

    assert since(li, before) == [("look", "talks", "li", "general", "allowed")]


def test_what_is_changed_is_noted_with_its_name(li):
    before = entries(li)
    presses(li, "/admin/own", "/admin/own")
    presses(li, "/admin/own", "/admin/broadcasts/digest/send")
    newest = li.house.audit.entries(most=1)[0]

    assert since(li, before) == [
        ("change", "own", "li", "general", "allowed"),
        ("change", "send", "li", "general", "allowed"),
    ]
    assert (newest.about, newest.door) == ("digest", "/admin/broadcasts/<key>/send")


def test_who_was_not_let_in_is_noted(town):
    town.signs_in("xu", Grant("publicity", ""))
    before = entries(town)
    assert town.client.get("/admin/opinion/").status_code == 403

    assert since(town, before) == [("look", "opinions", "xu", "publicity", "refused")]


def test_a_look_that_can_not_be_noted_is_not_shown(li):
    rename = "ALTER TABLE {} RENAME TO {}"
    with li.house.db.begin() as connection:
        connection.execute(sa.text(rename.format("audit_trail", "elsewhere")))
    try:
        answer = li.client.get(TALKS)
        others = li.client.get("/admin/broadcasts")
    finally:
        with li.house.db.begin() as connection:
            connection.execute(sa.text(rename.format("elsewhere", "audit_trail")))

    assert answer.status_code == 503
    assert "现在记不下来" in answer.text
    assert "谈过一周就删" not in answer.text
    assert others.status_code == 200


# -- opinions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def said(li) -> dict[str, str]:
    """An opinion with a name and one without; their pages."""
    mini: Mini = li.mini("o-sender")
    for way, name, words in (("named", "张三", NAMED), ("anonymous", "", BARE)):
        answer = mini.post("/opinion", {"way": way, "name": name, "category": "生活困难", "words": words})
        assert answer.status in {200, 201}, answer.body
    listed = li.client.get("/admin/opinion/").text
    rows = re.findall(r'href="(/admin/opinion/[\w-]{40,})">(.+?)</a>', listed, re.DOTALL)
    return {words: link for link, row in rows for words in (NAMED, BARE) if words in row} | {"list": listed}


def test_of_what_has_no_name_nothing_is_noted_whatever_is_done(li, said):
    before = entries(li)
    page = li.client.get(said[BARE])
    presses(li, said[BARE], f"{said[BARE]}/note", note="先问问后勤")
    presses(li, said[BARE], f"{said[BARE]}/answer", reply="灯已经换了")
    li.client.get("/admin/opinion/")
    li.client.get("/admin/measure/")

    assert BARE in page.text
    assert since(li, before) == []


def test_a_look_at_what_was_said_under_a_name_is_noted_with_whose_it_is(li, said):
    before = entries(li)
    assert "张三" in li.client.get(said[NAMED]).text
    person = li.house.people.find(account="mini", openid="o-sender").person

    assert since(li, before) == [("look", "opinion", "li", "general", "allowed")]
    assert [each.kind for each in li.house.audit.of(person)] == ["opinion"]


def test_a_list_shows_no_whole_name(said):
    assert "张**" in said["list"]
    assert "张三" not in said["list"]

"""A member has the ids of all that is another one's: by no method, at no door of the API or the pages, are they of use.

The walk takes the doors from the program and the ids from the database and from what the other is told.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from storage.roster import Entry
from tests.handlers.console.test_walk import all_kept
from tests.handlers.opinion.test_jobs import a_photo
from tests.house import Town, a_town
from tests.mini import PREFIX, Mini
from tests.reader import Reader

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
NAMED = ("id", "talk", "question", "picture", "voice", "form", "code", "key", "ticket")  # fields of the pages' forms
MARK = "石榴花"  # in all that the other member said
ID = re.compile(r"\b[0-9a-f]{32}\b")
ENDS_ONES_OWN = {("DELETE", f"{PREFIX}/login"), ("POST", f"{PREFIX}/login/refresh"), ("POST", "/p/login/out")}


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url) -> Iterator[Town]:
    """Its members may ask as often as they like."""
    often = {"login": {"requests_a_minute": 100_000}}
    town = a_town(tmp_path, database=database_url, redis=redis_url, handlers=often)
    town.client.application.config["WTF_CSRF_ENABLED"] = False
    yield town
    town.house.close()


def has_all_there_is(town: Town) -> set[str]:
    """Let a member have something of each kind; gives every id of it."""
    mini = town.mini("o-theirs")
    until = town.clock() + timedelta(days=1)
    (issued,) = town.house.roster.take_in([Entry(name=f"王{MARK}", organisation="zhibu-1")], expires_at=until)
    host = mini.get("/appointment").body["hosts"][0]
    picture, round_ = mini.sends_picture(a_photo()), mini.post("/quiz/rounds", {"of": "today"})
    named = {"way": "named", "category": "其他", "words": f"{MARK}边的路灯坏了三天", "pictures": [picture.body["id"]]}
    answers = [
        picture,
        mini.post("/membership", {"code": issued.code, "consent": True}),
        mini.post("/appointment", {"host": host["id"], "at": host["times"][0], "words": f"想谈谈{MARK}"}),
        mini.post("/opinion", named),
        mini.post("/privacy/corrections", {"said": f"职务写错了，{MARK}"}),
        round_,
        mini.put("/subscription/topics/zhengce"),
        mini.get("/login/devices"),
        mini.get("/appointment"),
    ]
    assert [each.status for each in answers if each.status not in {200, 201, 204}] == []
    town.reader("o-theirs", account="mini")
    told = json.dumps([each.body for each in answers])
    return {
        round_.body["id"],
        *ID.findall(told),
        *(id_ for rows in all_kept(town).values() for row in rows for id_ in ID.findall(row)),
    }


def fields_of(api: Any) -> dict[tuple[str, str], list[str]]:
    """What each door of the API is told in a body, by its description."""
    return {
        (method.upper(), path): [*api["components"]["schemas"][kind["schema"]["$ref"].rpartition("/")[2]]["properties"]]
        for path, doors in api["paths"].items()
        for method, door in doors.items()
        for kind in door.get("requestBody", {}).get("content", {}).values()
        if "$ref" in kind["schema"]
    }


def asked(town: Town, id_: str, mini: Mini, reader: Reader) -> Iterator[tuple[str, int, str]]:
    """Every door with this id in each gap and field, by each method, be it there or not: its status and its words."""
    api = mini.get("/api/openapi.json").body
    fields = fields_of(api)
    pages = [rule.rule for rule in town.client.application.url_map.iter_rules() if rule.rule.startswith("/p/")]
    for method, path in product(METHODS, [*api["paths"], *pages]):
        at = re.sub(r"\{\w+\}|<\w+>", id_, path).replace("<int:position>", "0")
        if (method, path) in ENDS_ONES_OWN:
            continue
        if path.startswith(PREFIX):
            said = dict.fromkeys(fields.get((method, path), ()), id_)
            answer = mini.asks(method, at, json=said, headers={"Idempotency-Key": "k" * 20})
            yield f"{method} {path}", answer.status, json.dumps(answer.body, ensure_ascii=False)
            continue
        form = dict.fromkeys(NAMED, id_)
        page = reader.client.open(at, method=method, query_string=form, data=None if method == "GET" else form)
        yield f"{method} {path}", page.status_code, page.data.decode("utf-8", "replace")
        page.close()


@pytest.mark.timeout(300)
def test_no_id_of_another_member_changes_or_tells_anything_at_any_door(town):
    ids = has_all_there_is(town)
    mini, reader = town.mini("o-mine"), town.reader("o-mine", account="mini")
    before = all_kept(town)
    answers = [(id_, *each) for id_ in sorted(ids) for each in asked(town, id_, mini, reader)]
    after = all_kept(town)

    assert len(ids) >= 10
    assert {door for _, door, status, _ in answers if status >= 500} == set()
    assert {door for _, door, _, words in answers if MARK in words} == set()
    assert {table: rows - after[table] for table, rows in before.items() if not rows <= after[table]} == {}
    assert mini.get("/login/devices").status == 200
    assert reader.is_in

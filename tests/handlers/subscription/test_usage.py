"""How far what is offered is used: whole fives of nobody, and nowhere how long or when last somebody was there."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from storage.people import persons
from storage.subscription import Subscriptions
from tests.content.builders import a_pack
from tests.handlers.subscription.test_chat import ACCOUNT
from tests.house import a_town

OF_BEING_THERE = re.compile(
    "online|dwell|presence|idle|time_?spent|spent_?time|last_?(seen|active|activity|login|visit|used|opened)"
    "|(seen|active|visited)_?(at|on|since|until)|active_?(time|days|minutes|seconds)|(session|reading)_?(time|seconds)",
    re.IGNORECASE,
)


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    folder = a_pack(tmp_path / "pack", {"account.toml": ACCOUNT})
    town = a_town(tmp_path, database=database_url, redis=redis_url, content={"folder": str(folder)})
    yield town
    town.house.close()


def test_what_is_subscribed_to_and_left_is_told_in_fives_of_whole_months(town):
    town.signs_in("admin")
    begun = town.client.get("/admin/subscription/").text
    phones = [town.phone() for _ in range(16)]
    for phone in phones:
        phone.says("订阅 1")
    for phone in phones[:4]:
        phone.says("订阅 2")
    phones[0].leaves()
    for phone in phones[1:5]:
        phone.says("退订")
    town.clock.forward(days=10)
    for phone in phones[5:10]:
        phone.says("退订")
    town.signs_in("admin")
    page = re.sub(r"\s*<[^>]+>\s*", " ", town.client.get("/admin/subscription/").text)
    book = load_workbook(io.BytesIO(town.client.get("/admin/subscription/usage.xlsx").data)).worksheets[0]

    assert "还没有记满一个月" in begun
    assert re.search(r"党章党规\s+10\s+15\s+5\s+33%", page)  # 11 were left at the end of the month
    assert re.search(r"组织生活(\s+–\s+不到 5){4}\s", page)
    rows = [[cell.value for cell in row] for row in book.iter_rows()]
    assert rows[0] == ["主题", "上月底订阅人数", "2026-11 新订阅", "2026-11 退订", "退订率（%）"]
    assert rows[1:3] == [["党章党规", 10, 15, 5, 33], ["组织生活", None, None, None, None]]


def test_a_number_does_not_move_with_who_comes_or_goes_between_two_looks(town):
    before = town.clock() - timedelta(days=30)
    store, people = Subscriptions(town.house.db, before.date), [f"{number:032d}" for number in range(15)]
    with town.house.db.begin() as connection:
        connection.execute(persons.insert(), [{"id": each, "since": before.date()} for each in people])
    for each in people:
        store.add(each, ["yaowen"])
    town.signs_in("admin")
    before = town.client.get("/admin/subscription/usage.xlsx").data
    for each in people[:9]:
        Subscriptions(town.house.db, town.clock().date).drop(each, ["yaowen"])
    after = town.client.get("/admin/subscription/usage.xlsx").data

    seen = [[cell.value for cell in load_workbook(io.BytesIO(each)).worksheets[0][4]] for each in (before, after)]
    assert seen == [["要闻", 15, 15, None, None]] * 2


def names_in(schema: Any) -> Iterator[str]:
    """Every field, parameter and model of a description."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from schema.get("schemas", {})
        yield from (schema[key] for key in ("name", "operationId") if isinstance(schema.get(key), str))
        for each in schema.values():
            yield from names_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from names_in(each)


def test_no_door_tells_how_long_somebody_was_there_or_when_last(town):
    rules = [*town.client.application.url_map.iter_rules()]
    doors = {name for rule in rules for name in (rule.rule, rule.endpoint, *rule.arguments)}
    fields = {*names_in(town.client.get("/api/openapi.json").get_json())}

    assert {"/admin/subscription/", "subscribed"} <= doors | fields
    assert {name for name in doors | fields if OF_BEING_THERE.search(name)} == set()

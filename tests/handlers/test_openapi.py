"""What holds for every door of the API: who comes in, how faults are told, and that the description is whole."""

import json
import re

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from storage.db import metadata
from tests.house import Clock, a_town
from tests.mini import Mini

pytestmark = pytest.mark.variant

FOR_ANYONE = {("/api/v1/login", "post")}


@pytest.fixture
def document(town):
    return town.client.get("/api/openapi.json").get_json()


def operations(document):
    return [(path, method, each) for path, of in document["paths"].items() for method, each in of.items()]


def filled(path):
    return re.sub(r"{\w+}", "0" * 32, path)


def test_a_stranger_gets_through_no_door_but_the_login(town, document):
    stranger = Mini(town.client)
    opened = {
        (path, method)
        for path, method, _ in operations(document)
        if stranger.asks(method.upper(), filled(path), json={}).status != 401
    }

    assert len(document["paths"]) > 15
    assert opened == FOR_ANYONE


def test_the_description_says_which_doors_want_a_token(document):
    unlocked = {(path, method) for path, method, operation in operations(document) if not operation["security"]}

    assert unlocked == FOR_ANYONE


def test_every_operation_has_a_summary_a_name_of_its_own_and_says_what_may_go_wrong(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert {"400", "500", "503"} <= set(operation["responses"]), (path, method)
        for status, said in operation["responses"].items():
            if status >= "400":
                (body,) = said["content"].values()
                assert body["schema"] == {"$ref": "#/components/schemas/Fault"}
                assert body["examples"], (path, method, status)


def test_every_body_that_goes_in_has_an_example(document):
    for path, method, operation in operations(document):
        for kind, body in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                name = body["schema"]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][name]["examples"], (path, method)


def test_every_model_has_a_name_of_its_own():
    """The description knows models by name: of two that share one it describes the second as the first."""
    homes: dict[str, set[str]] = {}
    for model in models(BaseModel):
        if model.__module__.startswith("handlers.") and model.__module__.endswith(".api"):
            homes.setdefault(model.__name__, set()).add(model.__module__)

    assert len(homes) > 30
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def models(of):
    for model in of.__subclasses__():
        yield model
        yield from models(model)


def test_every_reference_leads_somewhere(document):
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert names <= set(document["components"]["schemas"])


@pytest.mark.parametrize(
    ("token", "why"),
    [("", "none"), ("x" * 43, "never given"), ("short", "no token at all"), ("不是令牌", "not even letters")],
    ids=lambda value: value if value.isascii() else "words",
)
def test_a_token_that_is_not_good_opens_nothing(town, token, why):
    refused = town.client.get(
        "/api/v1/login/devices", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    )

    assert (refused.status_code, refused.get_json()["code"]) == (401, "not_signed_in")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


class Interrupting(Clock):
    """A clock that lets something happen as it is asked the third time: behind the guard, which asks twice."""

    asked: int = 3

    def set_off(self, happens):
        self.asked, self.happens = 0, happens

    def __call__(self):
        self.asked += 1
        if self.asked == 3:
            self.happens()
        return super().__call__()


def test_whoever_is_erased_between_guard_and_door_is_signed_in_no_more(tmp_path, database_url, redis, redis_url):
    clock = Interrupting(redis=redis)
    town = a_town(tmp_path, database=database_url, redis=redis_url, clock=clock)
    member = town.mini()
    who = town.house.people.find(account="mini", openid=member.openid)
    clock.set_off(lambda: town.house.own_data.erase(who.person))
    answer = member.post("/privacy/corrections", {"said": "我的组织写错了"})
    town.house.close()

    assert (answer.status, answer.code) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("likes", "language", "message"),
    [
        ("", "zh", "请先登录。"),
        ("zh-CN,zh;q=0.9", "zh", "请先登录。"),
        ("en-GB,en;q=0.8,zh;q=0.1", "en", "Sign in first."),
        ("fr", "zh", "请先登录。"),
    ],
)
def test_a_problem_is_told_in_the_readers_language(town, likes, language, message):
    refused = Mini(town.client).get("/quiz", headers={"Accept-Language": likes})

    assert refused.body == {"code": "not_signed_in", "message": message}
    assert refused.headers["Content-Language"] == language
    assert refused.headers["Content-Type"] == "application/problem+json"


@pytest.mark.on_servers
@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("PATCH", "/login", {}, 405, "wrong_method"),
        ("POST", "/login", {"data": "{"}, 400, "bad_request"),
        ("POST", "/login", {"data": "[" * 60_000}, 400, "bad_request"),
        ("POST", "/login", {"data": "[1]"}, 422, "invalid"),
        ("POST", "/login", {"data": '{"account": "\\ud800", "code": "1"}'}, 422, "invalid"),
        ("POST", "/login", {"data": " " * 70_000}, 413, "too_large"),
    ],
    ids=["no such path", "method", "broken JSON", "nested JSON", "a list", "half a character", "too much"],
)
def test_whatever_is_wrong_with_a_request_is_told_in_one_form(town, method, path, sent, status, code):
    refused = Mini(town.client).asks(method, path, **sent)

    assert (refused.status, refused.body["code"]) == (status, code)
    assert set(refused.body) <= {"code", "message", "field"}
    assert refused.headers["Cache-Control"] == "no-store"


def test_faults_outside_of_the_api_stay_as_they_were(town):
    assert not town.client.get("/admin/nothing").is_json
    assert not town.client.get("/p/nothing").is_json


def test_a_fault_that_nobody_foresaw_says_nothing_of_itself(town):
    mini = town.mini()
    with town.house.db.begin() as connection:
        connection.execute(sa.text("DROP TABLE subscriptions"))
    try:
        fault = mini.get("/subscription/topics")
    finally:
        with town.house.db.begin() as connection:
            metadata.tables["subscriptions"].create(connection)

    assert (fault.status, fault.code) == (500, "trouble")
    assert "subscriptions" not in str(fault.body)


@pytest.mark.on_servers
@pytest.mark.parametrize("key", [None, "short", "k" * 65, "有汉字的一个键有汉字的一个键"])
def test_a_write_without_a_good_key_is_refused_by_its_name(town, key):
    headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
    refused = town.mini().asks("POST", "/quiz/rounds", json={"of": "today"}, headers=headers)

    assert (refused.status, refused.code, refused.body["field"]) == (422, "invalid", "Idempotency-Key")


def test_who_asks_too_often_is_told_to_wait_and_nobody_else(tmp_path, database_url, redis, redis_url):
    town = a_town(tmp_path, database=database_url, redis=redis_url, handlers={"login": {"requests_a_minute": 10}})
    mini, other = town.mini("o-hasty"), town.mini("o-calm")
    again = town.mini("o-hasty")
    answers = [each.get("/quiz") for each in [mini, again] * 6]
    town.clock.forward(seconds=61)
    later = mini.get("/quiz")

    assert [each.status for each in answers] == [200] * 10 + [429] * 2
    assert answers[-1].code == "too_fast"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert (other.get("/quiz").status, later.status) == (200, 200)
    town.house.close()


def test_the_description_loads_nothing_from_elsewhere(town):
    assert town.client.get("/api/docs").status_code == 404
    assert town.client.get("/docs").status_code == 404

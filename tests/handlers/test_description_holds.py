"""What the API's description promises is what its doors do: schemathesis draws requests from it, good ones and bad.

The draw is the same in every run, so that a red one can be looked at again.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from tests.house import Clock, Town, a_town
from tests.wechat.sandbox.stage import a_stage, an_account, served

MINI = {"kind": "miniprogram", "appid": "wxfedcba9876543210", "secret": "s" * 32, "token": "minitoken", "mode": "plain"}
TOKEN = "a-token-that-is-good-whatever-the-last-one-did"  # every request is signed in: the doors end sessions too
DRAWN = {
    "seed": 20261125,
    "continue-on-failure": True,
    "headers": {"Authorization": f"Bearer {TOKEN}"},
    "generation": {"max-examples": 8, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
    # What the pack, the settings or somebody's code decide is refused with a 422 too, and no schema can say it.
    "checks": {"positive_data_acceptance": {"enabled": False}},
}


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url) -> Iterator[Town]:
    """The program, with the stand-in for the platform; its member may ask as often as they like."""
    folder = tmp_path / "platform"
    folder.mkdir()
    platform = an_account(name="mini", appid=MINI["appid"], kind="miniprogram")
    with a_stage(folder, platform) as stage, served(stage.app) as address:
        accounts, often = {"mini": {**MINI, "api_base": address}}, {"login": {"requests_a_minute": 100_000}}
        town = a_town(
            tmp_path, database=database_url, redis=redis_url, clock=Clock(), accounts=accounts, handlers=often
        )
        yield town
        town.house.close()


def signed_in(town: Town) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The program, where a member's session never ends."""
    program = town.client.application

    def entrance(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION") == f"Bearer {TOKEN}":
            environ["HTTP_AUTHORIZATION"] = f"Bearer {town.mini('o-drawn').token}"
        return program(environ, start_response)

    return entrance


def faults(scenario: events.ScenarioFinished) -> Iterator[str]:
    """What didn't hold, with the request that shows it and what was answered."""
    record = scenario.recorder
    for case, checks in record.checks.items():
        for check in checks:
            if check.failure_info is not None:
                asked = record.cases[case].value.as_curl_command()
                answer = record.interactions[case].response
                said = (answer.status_code, answer.content) if answer else None
                yield f"{record.label}: {check.failure_info.failure}\n{asked}\n{said}"


@pytest.mark.timeout(180)
def test_schemathesis_finds_nothing(town):
    found: list[str] = []
    tried: dict[str, int] = {}
    with served(signed_in(town)) as address:  # type: ignore[arg-type] # any WSGI application
        config = SchemathesisConfig.from_dict(DRAWN)
        schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config)
        for event in engine.from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                label = event.recorder.label
                tried[label] = tried.get(label, 0) + len(event.recorder.cases)
                found.extend(faults(event))
            elif isinstance(event, events.NonFatalError | events.FatalError):
                found.append(str(vars(event)))

    assert found == [], "\n\n".join(dict.fromkeys(found))
    assert tried.keys() >= names(town)
    assert min(tried.values()) > 3


def names(town: Town) -> set[str]:
    """Every door of the description."""
    paths: dict[str, Any] = town.client.get("/api/openapi.json").get_json()["paths"]
    return {f"{method.upper()} {path}" for path, of in paths.items() for method in of}

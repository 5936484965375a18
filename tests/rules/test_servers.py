"""A run's servers are come to by the fixture `servers` alone: who is left out by `--on-servers` can't tell of them."""

import json
import os
from pathlib import Path

import pytest

from tests.given import ALIKE, VARIANT
from tests.servers import VARIABLES
from tests.spoken import unsaid

TESTS = Path(__file__).parents[1]
BEHIND = ".getfixture" + "value("  # what asks for a fixture that pytest doesn't see in the test's arguments


@pytest.mark.usefixtures("servers")
def test_no_test_finds_a_server_in_the_environment():
    assert set(VARIABLES.values()) & set(os.environ) == set()


def test_nobody_asks_for_a_fixture_behind_pytests_back():
    files = {path.relative_to(TESTS): path.read_text("utf-8") for path in TESTS.rglob("*.py")}

    assert len(files) > 100
    assert [str(path) for path, text in files.items() if BEHIND in text] == []


def test_what_hands_out_a_store_leads_to_the_servers(request):
    """Each of these fixtures asks for `servers`, itself or by another one."""
    ways = {"redis", "redis_url", "postgres_url", "database_url", "db", "town", "street", "broker"}
    manager = request.session._fixturemanager
    lost = [way for way in ways if "servers" not in manager.getfixtureclosure(request.node, [way], set())[0]]

    assert lost == []


def test_what_stores_do_is_shown_on_all_of_them():
    """The marks that keep a test from the servers are for pages, files of the pack, and one feature's many ways."""
    files = [
        path for folder in ("storage", "scheduler", "commands", "dialogs") for path in (TESTS / folder).rglob("*.py")
    ]
    marks = {f"mark.{ALIKE}", f"mark.{VARIANT}"}

    assert len(files) > 50
    assert [str(path) for path in files if any(mark in path.read_text("utf-8") for mark in marks)] == []


def test_a_statement_that_only_sqlite_was_told_is_named(tmp_path):
    first, second = tmp_path / "embedded", tmp_path / "servers"
    first.write_text(json.dumps(["storage/people.py:1 People.meet", "storage/people.py:2 People.part"]))
    second.write_text(json.dumps(["storage/people.py:1 People.meet", "storage/hands.py:1 Hands.take"]))

    assert unsaid(first, second) == ["storage/people.py:2 People.part"]

"""The list of members comes from a table that somebody keeps in an office program."""

import csv
import json
from datetime import UTC, datetime

import pytest

from commands import roster
from content.models import Organisation
from storage.roster import Entry, Roster
from tests.commands.calls import call

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ORGANISATIONS = {"first": Organisation(id="first", name="第一支部", type="branch")}


@pytest.fixture
def members(db, keys):
    return Roster(db, mark=keys.mark("join code"))


@pytest.fixture
def take_in(members, tmp_path):
    def run(table, *options):
        (tmp_path / "list.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
        register = roster.Register(roster=members, organisations=ORGANISATIONS, now=NOW)
        group = roster.group(lambda _config: register)
        return call(None, [group], "roster", "import", tmp_path / "list.csv", *options)

    return run


def everyone(members: Roster) -> set[Entry]:
    return {entry for entry, _bound in members.entries()}


def test_members_are_taken_in_and_each_gets_a_code(take_in, members):
    result = take_in("姓名,组织,职务\n甲,第一支部,书记\n乙,first,\n")
    rows = list(csv.reader(result.stdout.splitlines()))

    assert result.exit_code == 0, result.output
    assert everyone(members) == {
        Entry(name="甲", organisation="first", role="书记"),
        Entry(name="乙", organisation="first"),
    }
    assert [row[1] for row in rows] == ["姓名", "甲", "乙"]
    assert all(len(row[3]) == 8 for row in rows[1:])
    assert result.stderr == "2 members, 2 new\n"


def test_one_who_is_known_gets_no_second_code(take_in):
    take_in("姓名,组织\n甲,first\n")
    result = take_in("姓名,组织,职务\n甲,first,书记\n乙,first,\n", "--json")

    assert [each["name"] for each in json.loads(result.stdout)] == ["乙"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_as_office_programs_save_it_is_read(take_in, members, encoding):
    result = take_in("姓名,组织\r\n甲乙丙,第一支部\r\n".encode(encoding))

    assert result.exit_code == 0, result.output
    assert everyone(members) == {Entry(name="甲乙丙", organisation="first")}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("姓名,组织,身份证号\n甲,first,1\n", "line 1"),
        ("姓名\n甲\n", "line 1"),
        ("", "line 1"),
        ("姓名,组织,编号\n甲,first,11010519491231002X\n", "line 2: the number looks like"),
        ("姓名,组织\n甲,second\n", "line 2: there is no organisation second"),
        ("姓名,组织\n,first\n", "line 2: the name is missing"),
        ("姓名,组织\n甲,first\n甲,first\n", "甲 of first is there twice"),
        (f"姓名,组织\n{'甲' * 65},first\n", "line 2: the name is longer than 64"),
        (b"\xff\xfe\x00", "can't be read"),
    ],
    ids=[
        "identity column",
        "no organisation",
        "empty",
        "identity number",
        "unknown",
        "no name",
        "twice",
        "long",
        "bytes",
    ],
)
def test_a_fault_is_named_and_nothing_is_taken_in(take_in, members, table, said):
    result = take_in(table)

    assert result.exit_code == 1
    assert said in result.output
    assert everyone(members) == set()


def test_every_fault_is_named_at_once(take_in):
    result = take_in("姓名,组织\n甲,second\n,first\n")

    assert "line 2" in result.output
    assert "line 3" in result.output

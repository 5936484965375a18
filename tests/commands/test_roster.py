"""The list of members comes from a table that somebody keeps in an office program."""

import csv
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from commands import roster
from content.models import Organisation
from storage.people import People, persons
from storage.roster import Entry, Refusal, Roster
from tests.commands.calls import call

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ORGANISATIONS = {"first": Organisation(id="first", name="第一支部", type="branch")}


@pytest.fixture
def members(db, keys):
    return Roster(db, mark=keys.mark("join code"))


@pytest.fixture
def zhibu(members):
    def run(*arguments, now=NOW, typed=None):
        register = roster.Register(roster=members, organisations=ORGANISATIONS, now=now, zone=ZoneInfo("Asia/Shanghai"))
        return call(None, [roster.group(lambda _config: register)], "roster", *arguments, typed=typed)

    return run


@pytest.fixture
def take_in(zhibu, tmp_path):
    def run(table, *options):
        (tmp_path / "list.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
        return zhibu("import", tmp_path / "list.csv", *options)

    return run


def everyone(members: Roster) -> set[Entry]:
    return {row.entry for row in members.rows()}


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


# -- afterwards ------------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody(db, keys):
    return People(db, former=keys.mark("former")).meet(account="official", openid="o-1", today=NOW.date())


@pytest.fixture
def say(members, somebody):
    """Say a code in the chat; its message has the code's name."""

    def bind(code, *, now=NOW):
        return members.bind(code=code, person=somebody.person, contact=somebody.contact, message=code, now=now)

    return bind


def code_in(result) -> str:
    assert result.exit_code == 0, result.output
    return str(json.loads(result.stdout)[0]["code"])


def states(zhibu) -> dict[str, tuple[str, str]]:
    rows = csv.DictReader(zhibu("list").stdout.splitlines())
    return {row["姓名"]: (row["状态"], row["加入码有效至"]) for row in rows}


def test_the_list_says_who_has_joined_and_whose_code_is_good(zhibu, take_in, say):
    codes = {
        each["name"]: each["code"] for each in json.loads(take_in("姓名,组织\n甲,first\n乙,first\n", "--json").stdout)
    }
    say(codes["甲"])

    assert states(zhibu) == {"甲": ("已加入", ""), "乙": ("未加入", "2026-12-23")}
    assert [(row["name"], row["bound"]) for row in json.loads(zhibu("list", "--json").stdout)] == [
        ("乙", False),
        ("甲", True),
    ]
    assert not any(code in zhibu("list").output for code in codes.values())


def test_one_organisation_can_be_listed(zhibu, take_in):
    take_in("姓名,组织\n甲,first\n")

    assert len(json.loads(zhibu("list", "--organisation", "第一支部", "--json").stdout)) == 1
    assert json.loads(zhibu("list", "--organisation", "second", "--json").stdout) == []


def test_a_lost_or_expired_code_is_replaced_by_a_new_one(zhibu, take_in, say):
    lost = code_in(take_in("姓名,组织\n甲,first\n", "--json"))
    later = NOW + timedelta(days=31)
    new = code_in(zhibu("reissue", "甲", "--json", now=later))

    assert say(lost, now=later) is Refusal.UNKNOWN
    assert say(new, now=later) == Entry(name="甲", organisation="first")


def test_who_was_unbound_can_join_again_with_a_new_code(zhibu, take_in, say):
    say(code_in(take_in("姓名,组织\n甲,first\n", "--json")))

    undone = zhibu("unbind", "甲", "--json")
    state = states(zhibu)

    assert json.loads(undone.stdout)["name"] == "甲"
    assert state == {"甲": ("未加入", "")}
    assert say(code_in(zhibu("reissue", "甲", "--json"))) == Entry(name="甲", organisation="first")
    assert states(zhibu) == {"甲": ("已加入", "")}


def test_unbinding_who_has_not_joined_is_1_and_ends_their_code(zhibu, take_in, say):
    code = code_in(take_in("姓名,组织\n甲,first\n", "--json"))

    assert zhibu("unbind", "甲").exit_code == 1
    assert say(code) is Refusal.UNKNOWN


def test_a_removed_member_is_a_guest_and_off_the_list(zhibu, take_in, say, db, somebody):
    say(code_in(take_in("姓名,组织\n甲,first\n乙,first\n", "--json")))
    kept = zhibu("remove", "甲", typed="n\n")
    names = set(states(zhibu))
    removed = zhibu("remove", "甲", typed="y\n")

    assert (kept.exit_code, names) == (1, {"甲", "乙"})
    assert removed.exit_code == 0
    assert set(states(zhibu)) == {"乙"}
    with db.read() as connection:
        known = sa.select(persons.c.name, persons.c.verified).where(persons.c.id == somebody.person)
        assert tuple(connection.execute(known).one()) == ("", False)


def test_of_several_of_a_name_one_must_be_named(zhibu, take_in):
    take_in("姓名,组织,编号\n甲,first,1\n甲,first,2\n")

    several = zhibu("remove", "甲", "--yes")
    one = zhibu("remove", "甲", "--number", "2", "--yes")

    assert several.exit_code == 2
    assert "first 1, first 2" in several.output
    assert one.exit_code == 0
    assert [row["number"] for row in json.loads(zhibu("list", "--json").stdout)] == ["1"]


@pytest.mark.parametrize("command", ["reissue", "unbind", "remove"])
def test_a_name_that_is_not_there_is_1(zhibu, command):
    result = zhibu(command, "丙")

    assert result.exit_code == 1
    assert "zhibu roster list" in result.output


def test_a_second_import_says_how_a_new_code_is_made(take_in):
    take_in("姓名,组织\n甲,first\n")

    assert "zhibu roster reissue" in take_in("姓名,组织\n甲,first\n").stderr

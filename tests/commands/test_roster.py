"""The list of members comes from a table that somebody keeps in an office program."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from commands import operator, roster
from content.organisations import Organisation
from storage.audit import BY_COMMAND, Audit
from storage.people import People, persons
from storage.roster import Entry, Refusal, Roster
from tests.commands.calls import call

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ORGANISATIONS = {"first": Organisation(id="first", name="第一支部", type="branch")}


@pytest.fixture
def members(db, vault, keys):
    return Roster(db, vault, mark=keys.mark("join code"), former=keys.mark("former"))


@pytest.fixture
def audit(db, keys):
    return Audit(db, keys)


@pytest.fixture
def zhibu(members, audit):
    def run(*arguments, now=NOW, typed=None):
        zone = ZoneInfo("Asia/Shanghai")
        register = roster.Register(roster=members, organisations=ORGANISATIONS, now=now, zone=zone, audit=audit)
        return call(None, [roster.group(lambda _config: register)], "roster", *arguments, typed=typed)

    return run


@pytest.fixture
def take_in(zhibu, tmp_path):
    def run(table, *options):
        (tmp_path / "list").write_bytes(table if isinstance(table, bytes) else table.encode())
        return zhibu("import", tmp_path / "list", *options)

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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_table_as_office_programs_save_it_is_read(take_in, members, encoding, between):
    text = "姓名,组织,职务\r\n仝婷喆,第一支部,书记\r\n".replace(",", between)  # no hanzi of everyday texts
    result = take_in(text.encode(encoding))

    assert result.exit_code == 0, result.output
    assert everyone(members) == {Entry(name="仝婷喆", organisation="first", role="书记")}


@pytest.mark.parametrize(
    "head",
    [
        "编号,职务,组织,姓名",
        "工号,角色,所在支部,名字",
        "number,Role,Organisation,NAME",
        "编号（选填）,职　务,*支部*,姓  名：",
    ],
)
def test_columns_stand_in_any_order_and_have_the_names_that_people_give_them(take_in, members, head):
    result = take_in(f"{head}\n7,书记,first,甲\n")

    assert result.exit_code == 0, result.output
    assert everyone(members) == {Entry(name="甲", organisation="first", role="书记", number="7")}


def test_a_title_above_and_space_within_names_do_no_harm(take_in, members):
    result = take_in("第一支部党员名册,,\n,,\n姓名,所在支部\n\n 张　三 ,第一 支部\nLi Na,first\n")

    assert result.exit_code == 0, result.output
    assert everyone(members) == {
        Entry(name="张三", organisation="first"),
        Entry(name="Li Na", organisation="first"),
    }


def test_a_column_that_is_not_ours_is_not_taken_and_that_is_said(take_in, members):
    result = take_in("序号,姓名,组织,电话\n1,甲,first,13800000000\n")

    assert result.exit_code == 0
    assert "Not taken: the column 序号, the column 电话." in result.stderr
    assert everyone(members) == {Entry(name="甲", organisation="first")}


# -- workbooks -------------------------------------------------------------------------------------------------------


def a_workbook(*sheets: tuple[str, list[list[str | float]]], state: str = "visible") -> bytes:
    """An .xlsx with these sheets; the last of them may be hidden."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def cell(value):
        return f"<c><v>{value}</v></c>" if isinstance(value, float) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    }
    listed, related = "", ""
    for number, (name, rows) in enumerate(sheets, start=1):
        shown = state if number == len(sheets) else "visible"
        listed += f'<sheet name="{name}" sheetId="{number}" state="{shown}" r:id="r{number}"/>'
        related += f'<Relationship Id="r{number}" Type="{relations}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        cells = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )
    files["xl/workbook.xml"] = f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>'
    files["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{package}/relationships">{related}</Relationships>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


HEAD: list[str | float] = ["姓名", "支部", "编号"]


def test_a_workbook_is_read_sheet_by_sheet(take_in, members):
    book = a_workbook(
        ("说明", [["请不要改列名"]]),
        ("一支部", [["名册"], HEAD, ["甲", "第一支部", 12.0]]),
        ("二组", [HEAD, ["乙", "first", ""]]),
        ("旧", [HEAD, ["丙", "first", ""]]),
        state="hidden",
    )
    result = take_in(book)

    assert result.exit_code == 0, result.output
    assert everyone(members) == {
        Entry(name="甲", organisation="first", number="12"),
        Entry(name="乙", organisation="first"),
    }
    assert "Not taken: the sheet 说明." in result.stderr


def test_every_fault_of_a_workbook_is_named_with_its_sheet_and_line(take_in, members):
    book = a_workbook(
        ("一支部", [["名册"], HEAD, ["甲", "nowhere", ""], ["", "first", ""]]),
        ("二组", [HEAD, ["乙", "first", 110105194912310016.0]]),
    )
    lines = take_in(book).stderr.splitlines()

    assert [line.partition(": ")[0] for line in lines] == [
        "sheet 一支部, line 3",
        "sheet 一支部, line 4",
        "sheet 二组, line 2",
    ]
    assert "identity card" in lines[2]
    assert everyone(members) == set()


def test_a_workbook_that_is_broken_or_locked_is_said_to_be(take_in):
    for data in (b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0 and no more"):
        result = take_in(data)

        assert result.exit_code == 1
        assert "without a password" in result.stderr


# -- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("姓名,组织,身份证号\n甲,first,1\n", "line 1: the column 身份证号: Zhibu needs no numbers"),
        ("姓名,组织,公民身份号码\n甲,first,\n", "line 1: the column 公民身份号码: Zhibu needs no numbers"),
        ("姓名,组织,备注\n甲,first,证 11010519491231002x\n", "line 2: the column 备注 looks like"),
        ("姓名,组织,备注\n甲,first,１１０１０５４９１２３１００２\n", "line 2: the column 备注 looks like"),
        ("姓名,组织\n甲,first,书记\n", "line 2: there are more cells"),
        ("姓名,名字,组织\n甲,甲,first\n", "line 1: there are two columns for 姓名"),
        ("姓名,组织\n甲\x00,first\n", "line 2: the name has a character"),
        ("姓名,组织\n,\n", "nobody in the table"),
        ("姓名\n甲\n", "line 1"),
        ("", "line 1"),
        ("姓名,组织,编号\n甲,first,11010519491231002X\n", "line 2: the number looks like"),
        ("姓名,组织\n甲,second\n", "line 2: there is no organisation second"),
        ("姓名,组织\n,first\n", "line 2: the name is missing"),
        ("姓名,组织\n甲,first\n甲,first\n", "甲 of first is there twice"),
        (f"姓名,组织\n{'甲' * 65},first\n", "line 2: the name is longer than 64"),
        ("姓名,组织\n=HYPERLINK(1),first\n", "line 2: the name begins with =: an office program"),
        ("姓名,组织\n＝HYPERLINK(1),first\n", "line 2: the name begins with ＝: an office program"),
        (b"\xff\xfe\x00", "can't be read"),
    ],
    ids=[
        "identity column",
        "empty identity column",
        "identity number in a remark",
        "older identity number, full width",
        "a cell too many",
        "two columns of names",
        "NUL",
        "nobody",
        "no organisation",
        "empty",
        "identity number",
        "unknown",
        "no name",
        "twice",
        "long",
        "formula",
        "formula, full width",
        "bytes",
    ],
)
def test_a_fault_is_named_and_nothing_is_taken_in(take_in, members, table, said):
    result = take_in(table)

    assert result.exit_code == 1
    assert said in result.output
    assert everyone(members) == set()


def test_every_fault_is_named_at_once(take_in):
    result = take_in("姓名,组织,身份证\n甲,second,\n,first,\n乙,first,\n乙,first,11010519491231002X\n乙,first\n")

    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == [f"line {n}" for n in (1, 2, 3, 5, 6)]
    assert "see line 4" in result.stderr


# -- afterwards ------------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody(db, vault, keys):
    return People(db, vault, former=keys.mark("former")).meet(account="official", openid="o-1", today=NOW.date())


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


def test_what_is_done_is_noted_and_what_can_not_be_is_not_done(zhibu, take_in, members, audit, db):
    take_in("姓名,组织\n甲,first\n")
    zhibu("list")
    zhibu("reissue", "甲")
    (row,) = members.rows()
    with db.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_trail RENAME TO elsewhere"))
    try:
        refused = zhibu("remove", "甲", "--yes")
    finally:
        with db.begin() as connection:
            connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO audit_trail"))

    assert [(each.act, each.door, each.about) for each in reversed(audit.entries(most=9))] == [
        ("change", "zhibu roster import", "1"),
        ("export", "zhibu roster list", "1"),
        ("change", "zhibu roster reissue", row.id),
    ]
    assert {(each.account, each.role) for each in audit.entries(most=9)} == {(operator.user(), BY_COMMAND)}
    assert refused.exit_code == 1
    assert "takes no entry" in refused.stderr
    assert len(members.rows()) == 1

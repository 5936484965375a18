"""The table of members that somebody keeps in an office program: its columns, and what is wrong in it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from content import sheets
from content.importers import bounded
from content.importers.sentences import Refused
from content.importers.telling import Tell
from content.organisations import Organisation
from content.sheets import Line, Sheet

NAMES: Mapping[str, Sequence[str]] = {
    "name": ("姓名", "名字", "党员姓名", "成员姓名", "name"),
    "organisation": (
        *("组织", "支部", "党支部", "党组织", "组织名称", "支部名称"),
        *("所在组织", "所在支部", "所在党支部", "所在党组织", "所属组织", "所属支部", "所属党支部", "所属党组织"),
        *("organisation", "organization", "branch"),
    ),
    "role": ("职务", "角色", "党内职务", "职位", "role", "position"),
    "number": ("编号", "工号", "学号", "员工号", "number"),
}
COLUMNS: Mapping[str, str] = {name: column for column, names in NAMES.items() for name in names}
NEEDED = ("name", "organisation")
LONGEST: Mapping[str, int] = {"name": 64, "organisation": 64, "role": 32, "number": 32}
FORMULA = (*"=+-@", *"＝＋－＠")  # and the list of join codes would have them too
HEAD_WITHIN = 10  # lines: a title and a remark may stand above the columns' names
IDENTITY_HEAD = re.compile("身份证|证件号|公民身份|identitycard|idcard|idnumber")
IDENTITY = re.compile(r"(?<!\d)(?:\d{15}|\d{17}[\dXx])(?!\d)")
_REMARK = re.compile(r"[(（].*?[)）]|[\s*:：]")
_PADDING = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")  # 张　三, as wide as a name of three


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a sheet, as the office program counts it; a text's sheet has no name."""

    sheet: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong: its `kind` is a word for whoever says it to a reader, with these values.

    `at` is None for the file as a whole. Of a number of an identity card only the column is told.
    """

    kind: str
    at: Place | None = None
    column: str = ""  # a key of NAMES, or what a column of somebody else's is called
    said: str = ""  # what stands there
    name: str = ""
    longest: int = 0
    before: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One line: `organisation` is an id of organisations.toml."""

    at: Place
    name: str
    organisation: str
    role: str = ""
    number: str = ""


@dataclass
class Table:
    """What a file says: its members, every fault of it, and which columns and sheets were not taken.

    Nothing may be imported when there is a fault.
    """

    members: list[Member] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    columns_left_out: list[str] = field(default_factory=list)
    sheets_left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Head:
    """The columns of a sheet, "" for one that is not ours, and what they are called."""

    columns: Sequence[str]
    called: Sequence[str]
    at: int

    @property
    def strange(self) -> list[str]:
        return [name for name, column in zip(self.called, self.columns, strict=True) if name and not column]


def read(data: bytes, organisations: Mapping[str, Organisation]) -> Table:
    """The members in a workbook or a text table, of these organisations. What can't be read is a fault."""
    try:
        return bounded.read(partial(_read, ids(organisations)), data)
    except Refused:
        return Table(faults=[Fault(kind="unreadable")])


def _read(known: Mapping[str, str], data: bytes, _tell: Tell) -> Table:
    readings = [*sheets.readings(data)]
    chosen = next((found for found in readings if any(map(_head, found))), readings[0] if readings else None)
    table = Table()
    if chosen is None:
        table.faults.append(Fault(kind="unreadable"))
    elif not any(map(_head, chosen)):
        table.faults.append(Fault(kind="no_head", at=Place("", 1)))
    else:
        _take(table, chosen, known)
    return table


def ids(organisations: Mapping[str, Organisation]) -> dict[str, str]:
    """The id of each organisation, by its name and by its id."""
    return {each.name: each.id for each in organisations.values()} | {each: each for each in organisations}


def _take(table: Table, found: Sequence[Sheet], known: Mapping[str, str]) -> None:
    first_seen: dict[tuple[str, str, str], Place] = {}
    for sheet in found:
        head = _head(sheet)
        if head is None:
            table.sheets_left_out += [sheet.name] if sheet.lines else []
            continue
        table.columns_left_out += head.strange
        table.faults += _head_faults(head, Place(sheet.name, head.at))
        for line in sheet.lines:
            if line.number > head.at:
                _take_line(table, head, line, Place(sheet.name, line.number), known, first_seen)
    if not table.members and not table.faults:
        table.faults.append(Fault(kind="nobody"))


def _take_line(
    table: Table,
    head: _Head,
    line: Line,
    at: Place,
    known: Mapping[str, str],
    first_seen: dict[tuple[str, str, str], Place],
) -> None:
    row = {column: _plain(cell) for column, cell in zip(head.columns, line.cells, strict=False) if column}
    found = [*_identities(head, line, at), *_faults(row, known, at)]
    if any(line.cells[len(head.columns) :]):
        found.append(Fault(kind="too_many", at=at))
    if not found:
        member = Member(at=at, **{**row, "organisation": known[row["organisation"]]})
        who = (member.organisation, member.name, member.number)
        if before := first_seen.get(who):
            found.append(Fault(kind="twice", at=at, name=member.name, said=member.organisation, before=before))
        first_seen.setdefault(who, at)
        table.members.append(member)
    table.faults += found


def _head(sheet: Sheet) -> _Head | None:
    """The first line that names the columns we need."""
    for line in sheet.lines[:HEAD_WITHIN]:
        columns = [COLUMNS.get(_bare(cell), "") for cell in line.cells]
        if set(NEEDED) <= set(columns):
            return _Head(columns, line.cells, line.number)
    return None


def _head_faults(head: _Head, at: Place) -> Iterator[Fault]:
    for column in NAMES:
        if head.columns.count(column) > 1:
            yield Fault(kind="two_columns", at=at, column=column)
    for name in head.called:
        if IDENTITY_HEAD.search(_bare(name)):
            yield Fault(kind="identity_column", at=at, column=name)


def _has_identity(cell: str) -> bool:
    return bool(IDENTITY.search(unicodedata.normalize("NFKC", cell)))


def _identities(head: _Head, line: Line, at: Place) -> Iterator[Fault]:
    """Wherever such a number stands; of a column that is refused as a whole nothing more is said."""
    for name, column, cell in zip(head.called, head.columns, line.cells, strict=False):
        if _has_identity(cell) and not IDENTITY_HEAD.search(_bare(name)):
            yield Fault(kind="identity", at=at, column=column or name)


def _faults(row: Mapping[str, str], known: Mapping[str, str], at: Place) -> Iterator[Fault]:
    for column in NEEDED:
        if not row.get(column):
            yield Fault(kind="missing", at=at, column=column)
    for column, cell in row.items():
        if len(cell) > LONGEST[column]:
            yield Fault(kind="long", at=at, column=column, longest=LONGEST[column])
        if not cell.isprintable():
            yield Fault(kind="unseen", at=at, column=column)
        if cell.startswith(FORMULA):
            yield Fault(kind="formula", at=at, column=column, said=cell[0])
    organisation = row.get("organisation", "")
    if organisation and organisation not in known and not _has_identity(organisation):  # which nobody may read
        yield Fault(kind="unknown", at=at, said=organisation)


def _bare(head: str) -> str:
    """A column's name without the spaces, stars and remarks that people add: 姓　名*（必填） is 姓名."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", head)).lower()


def _plain(cell: str) -> str:
    return _PADDING.sub("", cell)

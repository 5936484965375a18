"""The table of members that somebody keeps in an office program: its columns, and what is wrong in it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from content import sheets
from content.organisations import Organisation
from content.sheets import Line, Sheet
from storage.roster import Entry

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
FORMULA = ("=", "+", "-", "@")  # and the list of join codes would have them too
HEAD_WITHIN = 10  # lines: a title and a remark may stand above the columns' names
IDENTITY_HEAD = re.compile("身份证|证件号|公民身份|identitycard|idcard|idnumber")
IDENTITY = re.compile(r"(?<!\d)(?:\d{15}|\d{17}[\dXx])(?!\d)")
NO_IDENTITY = (
    "Zhibu needs no numbers of identity cards, and a list with them is a danger to everybody on it: delete them"
)
UNREADABLE = "The file can't be read: save it as .xlsx without a password, or as CSV in UTF-8."
NO_HEAD = (
    "the columns 姓名 (name) and 组织 (organisation) are not there; 职务 (role) and 编号 (number) may stand beside them"
)
_REMARK = re.compile(r"[(（].*?[)）]|[\s*:：]")
_PADDING = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")  # 张　三, as wide as a name of three


@dataclass
class Table:
    """What a file says: its members, every fault of it with its line, and which columns and sheets were not taken.

    Nothing may be imported when there is a fault.
    """

    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


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
    """The members in a workbook or a text table. Raises nothing: what can't be read is a fault."""
    readings = list(sheets.readings(data))
    chosen = next((found for found in readings if any(map(_head, found))), readings[0] if readings else None)
    table = Table()
    if chosen is None:
        table.faults.append(UNREADABLE)
    elif not any(map(_head, chosen)):
        table.faults.append(f"line 1: {NO_HEAD}")
    else:
        _take(table, chosen, ids(organisations))
    return table


def ids(organisations: Mapping[str, Organisation]) -> dict[str, str]:
    """The id of each organisation, by its name and by its id."""
    return {each.name: each.id for each in organisations.values()} | {each: each for each in organisations}


def _take(table: Table, found: Sequence[Sheet], known: Mapping[str, str]) -> None:
    first_seen: dict[tuple[str, str, str], str] = {}
    for sheet in found:
        head = _head(sheet)
        if head is None:
            table.left_out += [f"the sheet {sheet.name}"] if sheet.lines else []
            continue
        table.left_out += [f"the column {name}" for name in head.strange]
        table.faults += [f"{_place(sheet, head.at)}: {fault}" for fault in _head_faults(head)]
        for line in sheet.lines:
            if line.number > head.at:
                _take_line(table, head, line, _place(sheet, line.number), known, first_seen)
    if not table.entries and not table.faults:
        table.faults.append("There is nobody in the table.")


def _take_line(
    table: Table,
    head: _Head,
    line: Line,
    place: str,
    known: Mapping[str, str],
    first_seen: dict[tuple[str, str, str], str],
) -> None:
    row = {column: _plain(cell) for column, cell in zip(head.columns, line.cells, strict=False) if column}
    found = [*_identities(head, line), *_faults(row, known)]
    if any(line.cells[len(head.columns) :]):
        found.append("there are more cells than columns")
    if not found:
        entry = Entry(**{**row, "organisation": known[row["organisation"]]})
        who = (entry.organisation, entry.name, entry.number)
        if before := first_seen.get(who):
            found.append(f"{entry.name} of {entry.organisation} is there twice, see {before}: tell them apart by 编号")
        first_seen.setdefault(who, place)
        table.entries.append(entry)
    table.faults += [f"{place}: {fault}" for fault in found]


def _head(sheet: Sheet) -> _Head | None:
    """The first line that names the columns we need."""
    for line in sheet.lines[:HEAD_WITHIN]:
        columns = [COLUMNS.get(_bare(cell), "") for cell in line.cells]
        if set(NEEDED) <= set(columns):
            return _Head(columns, line.cells, line.number)
    return None


def _head_faults(head: _Head) -> Iterator[str]:
    for column, names in NAMES.items():
        if head.columns.count(column) > 1:
            yield f"there are two columns for {names[0]} ({column}): keep one"
    for name in head.called:
        if IDENTITY_HEAD.search(_bare(name)):
            yield f"the column {name}: {NO_IDENTITY}"


def _identities(head: _Head, line: Line) -> Iterator[str]:
    """Wherever such a number stands; of a column that is refused as a whole nothing more is said."""
    for name, column, cell in zip(head.called, head.columns, line.cells, strict=False):
        if IDENTITY.search(unicodedata.normalize("NFKC", cell)) and not IDENTITY_HEAD.search(_bare(name)):
            yield f"the {column or f'column {name}'} looks like the number of an identity card. {NO_IDENTITY}"


def _faults(row: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    for column in NEEDED:
        if not row.get(column):
            yield f"the {column} is missing"
    for column, cell in row.items():
        if len(cell) > LONGEST[column]:
            yield f"the {column} is longer than {LONGEST[column]} letters"
        if not cell.isprintable():
            yield f"the {column} has a character that can't be seen"
        if cell.startswith(FORMULA):
            yield f"the {column} begins with {cell[0]}: an office program would reckon it as a formula"
    if row.get("organisation") and row["organisation"] not in known:
        yield f"there is no organisation {row['organisation']} in organisations.toml"


def _bare(head: str) -> str:
    """A column's name without the spaces, stars and remarks that people add: 姓　名*（必填） is 姓名."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", head)).lower()


def _plain(cell: str) -> str:
    return _PADDING.sub("", cell)


def _place(sheet: Sheet, number: int) -> str:
    return f"sheet {sheet.name}, line {number}" if sheet.name else f"line {number}"

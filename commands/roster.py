"""`zhibu roster`: the list of members, and the codes by which they join."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from commands.cli import Here, fail
from content.faults import Unreadable
from content.models import Organisation
from content.reading import text_of
from storage.roster import Entry, Issued, Roster

COLUMNS: Mapping[str, str] = {
    "姓名": "name",
    "name": "name",
    "组织": "organisation",
    "支部": "organisation",
    "organisation": "organisation",
    "职务": "role",
    "role": "role",
    "编号": "number",
    "number": "number",
}
NEEDED = ("name", "organisation")
LONGEST: Mapping[str, int] = {"name": 64, "organisation": 64, "role": 32, "number": 32}
ID_NUMBER = re.compile(r"\d{15}|\d{17}[\dXx]")


@dataclass(frozen=True, kw_only=True)
class Register:
    """What an import works on; `now` is aware."""

    roster: Roster
    organisations: Mapping[str, Organisation]
    now: datetime


def group(open_register: Callable[[Path], Register]) -> click.Group:
    """The group. `open_register` makes the register that a configuration file describes."""

    @click.group()
    def roster() -> None:
        """Look after the list of members."""

    @roster.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365), help="How long a code is good.")
    @click.option("--json", "as_json", is_flag=True, help="Print the codes as JSON.")
    @click.pass_obj
    def import_command(here: Here, file: Path, days: int, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Take in the members of FILE, a CSV table, and print a join code for each new one: they are not shown again.

        Columns: 姓名 (name), 组织 (organisation: its id or name), and if you like 职务 (role) and 编号 (number), which
        tells people of one name apart. Other columns are refused, numbers of identity cards above all.
        """
        register = here.open(open_register)
        entries, faults = read(file.read_bytes(), register.organisations)
        if faults:
            fail(*faults)
        issued = register.roster.take_in(entries, expires_at=register.now + timedelta(days=days))
        click.echo(_as_json(issued) if as_json else _as_table(issued), nl=as_json)
        click.echo(f"{len(entries)} members, {len(issued)} new", err=True)

    return roster


def read(data: bytes, organisations: Mapping[str, Organisation]) -> tuple[list[Entry], list[str]]:
    """The members of a CSV table, and every fault of it with its line; nothing may be imported when there is one."""
    try:
        rows = csv.reader(io.StringIO(text_of(data)))
        heads = [COLUMNS.get(head.strip().lower(), "") for head in next(rows, [])]
    except (Unreadable, csv.Error):
        return [], ["The file can't be read: save it as CSV in UTF-8."]
    if "" in heads or not set(NEEDED) <= set(heads) or len(set(heads)) != len(heads):
        return [], ["line 1: the columns are 姓名 and 组织, and if you like 职务 and 编号; no other is taken"]
    ids = {each.name: each.id for each in organisations.values()} | {each: each for each in organisations}
    entries: list[Entry] = []
    faults: list[str] = []
    for cells in rows:
        row = dict(zip(heads, (cell.strip() for cell in cells), strict=False))
        if not any(row.values()):
            continue
        found = list(_faults(row, ids))
        faults += [f"line {rows.line_num}: {fault}" for fault in found]
        if not found:
            entries.append(Entry(**{**row, "organisation": ids[row["organisation"]]}))
    return entries, faults + list(_twice(entries))


def _faults(row: Mapping[str, str], ids: Mapping[str, str]) -> Iterator[str]:
    for column in NEEDED:
        if not row.get(column):
            yield f"the {column} is missing"
    for column, cell in row.items():
        if ID_NUMBER.fullmatch(cell):
            yield f"the {column} looks like the number of an identity card: leave those out"
        elif len(cell) > LONGEST[column]:
            yield f"the {column} is longer than {LONGEST[column]} letters"
    if row.get("organisation") and row["organisation"] not in ids:
        yield f"there is no organisation {row['organisation']} in organisations.toml"


def _twice(entries: list[Entry]) -> Iterator[str]:
    seen = set()
    for entry in entries:
        who = (entry.organisation, entry.name, entry.number)
        if who in seen:
            yield f"{entry.name} of {entry.organisation} is there twice: tell them apart by 编号"
        seen.add(who)


def _as_table(issued: list[Issued]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["组织", "姓名", "编号", "加入码"])
    writer.writerows([each.entry.organisation, each.entry.name, each.entry.number, each.code] for each in issued)
    return table.getvalue()


def _as_json(issued: list[Issued]) -> str:
    return json.dumps([{**asdict(each.entry), "code": each.code} for each in issued], ensure_ascii=False)

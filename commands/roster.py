"""`zhibu roster`: the list of members, and the codes by which they join."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import click

from commands import operator
from commands.cli import Here, fail
from content.importers import members
from content.importers.members import NAMES, Fault, Place
from content.organisations import Organisation
from handlers.membership.service import entry_of
from storage.audit import Act, Audit
from storage.roster import Entry, Issued, Roster, Row

F = TypeVar("F", bound=Callable[..., Any])
_days = click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 365), help="How long a code is good."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
_organisation = click.option("--organisation", default="", help="Its id or name.")
NO_IDENTITY = (
    "Zhibu needs no numbers of identity cards, and a list with them is a danger to everybody on it: delete them"
)
FAULTS = {
    "unreadable": "The file can't be read: save it as .xlsx without a password, or as CSV in UTF-8.",
    "no_head": "the columns 姓名 (name) and 组织 (organisation) are not there; 职务 (role) and 编号 (number) may stand "
    "beside them",
    "nobody": "There is nobody in the table.",
    "two_columns": "there are two columns for {chinese} ({column}): keep one",
    "identity_column": f"the column {{column}}: {NO_IDENTITY}",
    "identity": f"the {{which}} looks like the number of an identity card. {NO_IDENTITY}",
    "too_many": "there are more cells than columns",
    "twice": "{name} of {said} is there twice, see {before}: tell them apart by 编号",
    "missing": "the {column} is missing",
    "long": "the {column} is longer than {longest} letters",
    "unseen": "the {column} has a character that can't be seen",
    "formula": "the {column} begins with {said}: an office program would reckon it as a formula",
    "unknown": "there is no organisation {said} in organisations.toml",
}


@dataclass(frozen=True, kw_only=True)
class Register:
    """What the commands work on; `now` is aware, and days are in `zone`."""

    roster: Roster
    organisations: Mapping[str, Organisation]
    now: datetime
    zone: ZoneInfo
    audit: Audit

    def note(self, command: str, *rows: Row, act: Act = Act.CHANGE, count: int = 0) -> None:
        """Put into the trail what is about to be done: with these rows, or with so many of the list."""
        door = f"zhibu roster {command}"
        deeds = [
            operator.deed(act, "member", door=door, person=row.person, about="" if row.person else row.id)
            for row in rows
        ]
        self.audit.note(*(deeds or [operator.deed(act, "members", door=door, about=str(count))]), now=self.now)


class House(Protocol):
    """What keeps the list, as far as the commands ask."""

    @property
    def audit(self) -> Audit:
        """The trail."""

    @property
    def roster(self) -> Roster:
        """The list."""


def group(open_register: Callable[[Path], Register]) -> click.Group:
    """The group. `open_register` makes the register that a configuration file describes."""

    @click.group()
    def roster() -> None:
        """Look after the list of members."""

    for make in (_import, _list, _reissue, _unbind, _remove):
        roster.add_command(make(open_register))
    return roster


def _import(open_register: Callable[[Path], Register]) -> click.Command:
    @click.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @_days
    @_json
    @click.pass_obj
    def import_command(here: Here, file: Path, days: int, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Take in the members of FILE, and print a join code for each new one: they are not shown again.

        FILE is a workbook (.xlsx, .xls, .ods), or text (CSV in UTF-8 or GB18030) with commas, semicolons or tabs.
        Columns, in any order: 姓名 (name), 组织 or 支部 (organisation: its id or name), and if you like 职务 (role) and
        编号 (number), which tells people of one name apart. Other columns are not taken; a table with numbers of
        identity cards is refused.
        """
        register = here.open(open_register)
        table = members.read(file.read_bytes(), register.organisations)
        if table.faults:
            fail(*map(_said, table.faults))
        entries = [*map(entry_of, table.members)]
        register.note("import", count=len(entries))
        issued = register.roster.take_in(entries, expires_at=register.now + timedelta(days=days))
        click.echo(_as_json(issued) if as_json else _as_table(issued), nl=as_json)
        click.echo(f"{len(entries)} members, {len(issued)} new", err=True)
        left_out = [f"the sheet {name}" for name in table.sheets_left_out]
        left_out += [f"the column {name}" for name in table.columns_left_out]
        if left_out:
            click.echo(f"Not taken: {', '.join(left_out)}.", err=True)
        if len(issued) < len(entries):
            click.echo(
                "Who was there already keeps the code they had; `zhibu roster reissue` makes a new one.", err=True
            )

    return import_command


def _list(open_register: Callable[[Path], Register]) -> click.Command:
    @click.command("list")
    @_organisation
    @_json
    @click.pass_obj
    def list_command(here: Here, organisation: str, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Print the list: who has joined, and until when the codes of the others are good."""
        register = here.open(open_register)
        rows = _rows(register, organisation)
        register.note("list", act=Act.EXPORT, count=len(rows))
        if as_json:
            click.echo(json.dumps([_row_as_json(row) for row in rows], ensure_ascii=False))
        else:
            heads = ("组织", "姓名", "编号", "职务", "状态", "加入码有效至")
            click.echo(
                _csv(heads, [(*_who(row.entry), row.entry.role, *_state(row, register)) for row in rows]), nl=False
            )

    return list_command


def _reissue(open_register: Callable[[Path], Register]) -> click.Command:
    @click.command()
    @_one
    @_days
    @_json
    @click.pass_obj
    def reissue(here: Here, name: str, organisation: str, number: str, days: int, as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
        """Make a new join code for NAME, where the one before is lost, used or expired: that one is good no longer.

        Who has joined already may use it on another account; what they have there becomes one with what they had.
        """
        register = here.open(open_register)
        row = _chosen(register, name, organisation, number)
        entry = row.entry
        register.note("reissue", row)
        code = register.roster.reissue(
            name=entry.name,
            organisation=entry.organisation,
            number=entry.number,
            expires_at=register.now + timedelta(days=days),
        )
        if code is None:
            fail(f"{entry.name} has just been taken off the list.")
        issued = [Issued(entry, code)]
        click.echo(_as_json(issued) if as_json else _as_table(issued), nl=as_json)

    return reissue


def _unbind(open_register: Callable[[Path], Register]) -> click.Command:
    @click.command()
    @_one
    @_json
    @click.pass_obj
    def unbind(here: Here, name: str, organisation: str, number: str, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Undo that NAME has joined: they are a guest again, and the row waits for a new code."""
        register = here.open(open_register)
        row = _chosen(register, name, organisation, number)
        entry = row.entry
        register.note("unbind", row)
        if not register.roster.unbind_row(entry):
            fail(f"{entry.name} of {entry.organisation} has not joined. A code they had is good no longer.")
        click.echo(_entry_as_json(entry) if as_json else f"{entry.name} of {entry.organisation} is a guest again.")

    return unbind


def _remove(open_register: Callable[[Path], Register]) -> click.Command:
    @click.command()
    @_one
    @click.option("--yes", is_flag=True, help="Don't ask first.")
    @_json
    @click.pass_obj
    def remove(here: Here, name: str, organisation: str, number: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
        """Take NAME off the list; if they have joined, they are a guest again and keep what they did."""
        register = here.open(open_register)
        row = _chosen(register, name, organisation, number)
        entry = row.entry
        if not yes:
            click.confirm(f"Take {entry.name} of {entry.organisation} off the list?", abort=True, err=True)
        register.note("remove", row)
        register.roster.remove(entry)
        click.echo(_entry_as_json(entry) if as_json else f"{entry.name} of {entry.organisation} is off the list.")

    return remove


def _one(command: F) -> F:
    """NAME, and what tells people of one name apart."""
    command = click.option("--number", default="", help="Their 编号, where several have the name.")(command)
    return click.argument("name")(_organisation(command))


def _said(fault: Fault) -> str:
    """A fault of a table, where it is and what to do."""
    column = fault.column
    what = FAULTS[fault.kind].format(
        column=column,
        which=column if column in NAMES else f"column {column}",
        chinese=NAMES[column][0] if column in NAMES else column,
        said=fault.said,
        name=fault.name,
        longest=fault.longest,
        before=_place(fault.before),
    )
    return f"{_place(fault.at)}: {what}" if fault.at else what


def _place(at: Place | None) -> str:
    line = f"line {at.line}" if at else ""
    return f"sheet {at.sheet}, {line}" if at and at.sheet else line


def _rows(register: Register, organisation: str) -> list[Row]:
    wanted = members.ids(register.organisations).get(organisation, organisation)
    return [row for row in register.roster.rows() if wanted in ("", row.entry.organisation)]


def _chosen(register: Register, name: str, organisation: str, number: str) -> Row:
    """The one row that is meant; exit 1 where there is none, 2 where there are several."""
    found = [
        row for row in _rows(register, organisation) if row.entry.name == name and number in ("", row.entry.number)
    ]
    if not found:
        fail(f"There is no {name} on the list that fits: see `zhibu roster list`.")
    if len(found) > 1:
        which = ", ".join(f"{row.entry.organisation} {row.entry.number}".rstrip() for row in found)
        raise click.UsageError(
            f"There are several {name}: name one with --organisation and --number. They are: {which}"
        )
    return found[0]


def _csv(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(heads)
    writer.writerows(rows)
    return table.getvalue()


def _who(entry: Entry) -> tuple[str, str, str]:
    return entry.organisation, entry.name, entry.number


def _as_table(issued: list[Issued]) -> str:
    return _csv(("组织", "姓名", "编号", "加入码"), [(*_who(each.entry), each.code) for each in issued])


def _as_json(issued: list[Issued]) -> str:
    return json.dumps([{**asdict(each.entry), "code": each.code} for each in issued], ensure_ascii=False)


def _state(row: Row, register: Register) -> tuple[str, str]:
    until = f"{row.code_until.astimezone(register.zone):%Y-%m-%d}" if row.code_until else ""
    return "已加入" if row.bound else "未加入", until


def _row_as_json(row: Row) -> dict[str, Any]:
    until = row.code_until.isoformat() if row.code_until else None
    return {**asdict(row.entry), "bound": row.bound, "code_until": until}


def _entry_as_json(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False)

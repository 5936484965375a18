"""What names a person is sealed: names, numbers and phones, lines kept for one person, what a device calls itself.

It is done in this step's one transaction, with the configuration's key at hand. Whatever of the rows doesn't open with
that key (phones) was lost before, and goes.
"""

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from storage.sealing import Box, CannotOpen, Keys

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_FIRST = 1
_AT_ONCE = 1000
_LEAN = {"sqlite_with_rowid": False}
_WORDS = {"persons": ("name",), "roster": ("name", "number"), "sessions": ("device",)}


class NoKeys(ValueError):
    """There is something to seal, or to open, and nothing to do it with."""


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_data_keys")),
    )
    _change_types(to_text=True)
    with op.batch_alter_table("kept_lines", table_kwargs=_LEAN) as batch:
        batch.alter_column("line", existing_type=sa.Text(), existing_nullable=False, server_default="")
        batch.add_column(sa.Column("own", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("roster", table_kwargs=_LEAN) as batch:
        batch.drop_constraint(op.f("uq_roster_organisation_name_number"), type_="unique")
        batch.add_column(sa.Column("same", sa.String(length=64), server_default="", nullable=False))
        batch.add_column(sa.Column("called", sa.String(length=64), server_default="", nullable=False))
    with op.batch_alter_table("phones", table_kwargs=_LEAN) as batch:
        batch.add_column(sa.Column("number", sa.Text(), server_default="", nullable=False))
    _seal_all()
    with op.batch_alter_table("roster", table_kwargs=_LEAN) as batch:
        batch.alter_column("same", existing_type=sa.String(64), existing_nullable=False, server_default=None)
        batch.alter_column("called", existing_type=sa.String(64), existing_nullable=False, server_default=None)
        batch.create_unique_constraint(op.f("uq_roster_same"), ["same"])
        batch.create_index(op.f("ix_roster_called"), ["called"])
    with op.batch_alter_table("phones", table_kwargs=_LEAN) as batch:
        batch.alter_column("number", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        batch.drop_column("sealed")


def _seal_all() -> None:
    if not any(_some(table) for table in (*_WORDS, "phones", "kept_lines")):
        return
    keys, key = _keys(), os.urandom(32)
    wrapped = keys.box("data keys").seal(key, bound_to=f"data key {_FIRST}".encode())
    op.get_bind().execute(_table("data_keys", "number", "sealed").insert().values(number=_FIRST, sealed=wrapped))
    box, mark = Box(key), Keys(key.hex()).mark("marks")

    def seal(place: str, row: str, said: str) -> str:
        sealed = box.seal(said.encode(), bound_to=f"{place}:{row}".encode())
        return f"{_FIRST}:{base64.b64encode(sealed).decode()}" if said else ""

    for table, columns in _WORDS.items():

        def changed(row: Any, table: str = table, columns: tuple[str, ...] = columns) -> dict[str, str]:
            found = {name: seal(f"{table}.{name}", row.id, getattr(row, name)) for name in columns}
            if table == "roster":
                found["same"] = mark("roster.same", row.organisation, row.name, row.number)
                found["called"] = mark("roster.called", row.name)
            return found

        beside = ("organisation",) if table == "roster" else ()
        _change(table, "id", (*columns, *beside), ("same", "called") if table == "roster" else (), changed)
    _change(
        "kept_lines",
        "id",
        ("line",),
        ("own",),
        lambda row: {"line": "", "own": seal("kept_lines.own", row.id, row.line)},
    )
    phone = keys.box("phone")

    def number(row: Any) -> dict[str, str] | None:
        try:
            return {"number": seal("phones.number", row.person, phone.open(row.sealed).decode())}
        except CannotOpen:
            return None

    _change("phones", "person", ("sealed",), ("number",), number)


def downgrade() -> None:
    with op.batch_alter_table("phones", table_kwargs=_LEAN) as batch:
        batch.add_column(sa.Column("sealed", sa.LargeBinary(), server_default=sa.text("''"), nullable=False))
    _open_all()
    with op.batch_alter_table("phones", table_kwargs=_LEAN) as batch:
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), existing_nullable=False, server_default=None)
        batch.drop_column("number")
    with op.batch_alter_table("roster", table_kwargs=_LEAN) as batch:
        batch.drop_index(op.f("ix_roster_called"))
        batch.drop_constraint(op.f("uq_roster_same"), type_="unique")
        batch.drop_column("called")
        batch.drop_column("same")
        batch.create_unique_constraint(op.f("uq_roster_organisation_name_number"), ["organisation", "name", "number"])
    with op.batch_alter_table("kept_lines", table_kwargs=_LEAN) as batch:
        batch.drop_column("own")
        batch.alter_column("line", existing_type=sa.Text(), existing_nullable=False, server_default=None)
    _change_types(to_text=False)
    op.drop_table("data_keys")


def _open_all() -> None:
    if not any(_some(table) for table in (*_WORDS, "phones", "kept_lines")):
        return
    keys, boxes = _keys(), {}
    for row in op.get_bind().execute(sa.select(_table("data_keys", "number", "sealed"))).all():
        wrapping = keys.box("data keys")
        boxes[str(row.number)] = Box(wrapping.open(row.sealed, bound_to=f"data key {row.number}".encode()))

    def opened(place: str, row: str, sealed: str) -> str:
        number, _, rest = sealed.partition(":")
        return boxes[number].open(base64.b64decode(rest), bound_to=f"{place}:{row}".encode()).decode() if sealed else ""

    for table, columns in _WORDS.items():

        def changed(row: Any, table: str = table, columns: tuple[str, ...] = columns) -> dict[str, str]:
            return {name: opened(f"{table}.{name}", row.id, getattr(row, name)) for name in columns}

        _change(table, "id", columns, (), changed)
    _change(
        "kept_lines",
        "id",
        ("line", "own"),
        (),
        lambda row: {"line": row.line or opened("kept_lines.own", row.id, row.own), "own": ""},
    )
    phone = keys.box("phone")
    _change(
        "phones",
        "person",
        ("number",),
        ("sealed",),
        lambda row: {"sealed": phone.seal(opened("phones.number", row.person, row.number).encode())},
    )


def _change_types(*, to_text: bool) -> None:
    """Make the columns as long as sealed words need, or as they were."""
    for table, column, letters, default in (
        ("roster", "name", 64, None),
        ("roster", "number", 32, ""),
        ("sessions", "device", 40, ""),
    ):
        was, becomes = (sa.String(letters), sa.Text()) if to_text else (sa.Text(), sa.String(letters))
        with op.batch_alter_table(table, table_kwargs=_LEAN) as batch:
            batch.alter_column(
                column, existing_type=was, type_=becomes, existing_nullable=False, existing_server_default=default
            )
    was, becomes = (sa.String(64), sa.Text()) if to_text else (sa.Text(), sa.String(64))
    if op.get_bind().dialect.name == "sqlite":  # where half of all tables point to persons, it can't be made anew
        op.add_column("persons", sa.Column("changed", becomes, server_default="", nullable=False))
        op.execute("UPDATE persons SET changed = name")
        op.execute("ALTER TABLE persons DROP COLUMN name")
        op.execute("ALTER TABLE persons RENAME COLUMN changed TO name")
    else:
        op.alter_column("persons", "name", existing_type=was, type_=becomes, existing_nullable=False)


def _change(
    name: str,
    key: str,
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    changed: Callable[[Any], dict[str, Any] | None],
) -> None:
    """Write every row of a table anew; where `changed` gives None the row goes."""
    table = _table(name, key, *reads, *writes)
    here = table.c[key]
    for rows in _pieces(table, key):
        values = [(getattr(row, key), changed(row)) for row in rows]
        for gone in [row for row, found in values if found is None]:
            op.get_bind().execute(table.delete().where(here == gone))
        new = [{"of_row": row, **found} for row, found in values if found is not None]
        if new:
            names = [each for each in new[0] if each != "of_row"]
            writing = table.update().where(here == sa.bindparam("of_row"))
            op.get_bind().execute(writing.values({each: sa.bindparam(each) for each in names}), new)


def _pieces(table: sa.TableClause, key: str) -> Iterator[Any]:
    last = ""
    while (
        rows := op.get_bind()
        .execute(sa.select(table).where(table.c[key] > last).order_by(table.c[key]).limit(_AT_ONCE))
        .all()
    ):
        last = getattr(rows[-1], key)
        yield rows


def _some(name: str) -> bool:
    return op.get_bind().execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first() is not None


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(each) for each in columns))


def _keys() -> Keys:
    keys: Keys | None = context.config.attributes.get("keys")
    if keys is None:
        raise NoKeys("0047 seals what names a person, and was given no key to do it with")
    return keys

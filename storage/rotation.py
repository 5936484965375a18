"""Everything that is sealed is sealed anew under another data key, piece by piece, while the program goes on.

Whoever seals meanwhile does it with the new key already, and readers find either. When all is done the old key is
destroyed. Killed at any moment it has lost nothing: the next one goes on, to the same key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.sealing import CannotOpen
from storage.vault import Seal, Vault, begins, data_keys, marked, sealed

PIECE = 200  # rows that one transaction seals anew: some milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A data key: since when it is there, how many rows have something under it, and whose secret opens it."""

    number: int
    since: date
    rows: int
    under_previous: bool


class Rotation:
    """Every method is safe to repeat, and to be done by two at once."""

    def __init__(self, db: Database, vault: Vault, *, piece: int = PIECE) -> None:
        self._db = db
        self._vault = vault
        self._piece_rows = piece

    def stock(self) -> list[Stock]:
        """The keys there are, the newest first."""
        with self._db.bulk(writes=False) as connection:
            return [
                Stock(
                    number=row.number,
                    since=row.since,
                    rows=sum(self._count(connection, table, [row.number]) for table in _tables()),
                    under_previous=not self._vault.is_own(row),
                )
                for row in connection.execute(sa.select(data_keys).order_by(data_keys.c.number.desc())).all()
            ]

    def begin(self) -> int:
        """The key that everything goes to: a new one, or that of a change that was broken off.

        All keys are sealed with `secret_key` from here on, and not with the previous one. Nobody is sealing anything
        with an old data key any more when this returns.
        """
        with self._db.by_turns(data_keys) as connection:
            rows = connection.execute(sa.select(data_keys)).all()
            for row in rows:
                self._vault.wrap(connection, row)
            return max(row.number for row in rows) if len(rows) > 1 else self._vault.add(connection)

    def left(self, to: int) -> int:
        """How many rows have something under another key."""
        with self._db.bulk(writes=False) as connection:
            old = self._but(connection, to)
            return sum(self._count(connection, table, old) for table in _tables())

    def reseal(self, to: int) -> Iterator[int]:
        """Seal them anew; gives the number of rows of each piece. What opens with no key stays as it is."""
        for table in _tables():
            last = ""
            while True:
                with self._db.begin() as connection:
                    rows = self._piece(connection, table, self._but(connection, to), last)
                    self._seal(connection, table, rows)
                if not rows:
                    break
                last = _row(table, rows[-1])
                yield len(rows)

    def end(self, to: int) -> Sequence[int]:
        """Destroy every other key; their numbers. Nothing is sealed with them, once all that `reseal` gives is done."""
        others = data_keys.c.number != to
        with self._db.by_turns(data_keys) as connection:
            gone = data_keys.delete().where(others).returning(data_keys.c.number)
            numbers = connection.execute(gone).scalars().all()
        self._db.rewrite(data_keys.name)
        return sorted(numbers)

    def close(self) -> None:
        """Let go of every connection to the database."""
        self._db.close()

    def _but(self, connection: Connection, to: int) -> Sequence[int]:
        return connection.execute(sa.select(data_keys.c.number).where(data_keys.c.number != to)).scalars().all()

    def _count(self, connection: Connection, table: sa.Table, numbers: Sequence[int]) -> int:
        chosen = sa.select(sa.func.count()).select_from(table).where(_under(table, numbers))
        return connection.execute(chosen).scalar_one()

    def _piece(self, connection: Connection, table: sa.Table, old: Sequence[int], last: str) -> Sequence[Any]:
        (key,) = table.primary_key.columns
        chosen = sa.select(table).where(_under(table, old), key > last).order_by(key).limit(self._piece_rows)
        # No key is changed: whoever writes a row that points here need not wait.
        return connection.execute(chosen.with_for_update(key_share=True)).all()

    def _seal(self, connection: Connection, table: sa.Table, rows: Sequence[Any]) -> None:
        (key,) = table.primary_key.columns
        seal = self._vault.looking(connection)
        new = [{"of_row": _row(table, row), **found} for row in rows if (found := self._anew(seal, table, row))]
        if new:
            names = [name for name in new[0] if name != "of_row"]
            change = table.update().where(key == sa.bindparam("of_row"))
            connection.execute(change.values({name: sa.bindparam(name) for name in names}), new)

    def _anew(self, seal: Seal, table: sa.Table, row: Any) -> dict[str, Any]:
        in_clear = dict(row._mapping)  # noqa: SLF001 - public in spite of its name
        columns = sealed(table)
        try:
            for column in columns:
                in_clear[column.name] = self._vault.open(column, _row(table, row), in_clear[column.name])
        except CannotOpen:
            return {}
        written = seal.row(table, in_clear)
        return {column.name: written[column.name] for column in (*columns, *marked(table))}


def _tables() -> Sequence[sa.Table]:
    return [table for table in metadata.sorted_tables if sealed(table)]


def _row(table: sa.Table, row: Any) -> str:
    (key,) = table.primary_key.columns
    return str(row._mapping[key.name])  # noqa: SLF001 - as above


def _under(table: sa.Table, numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether anything of a row is sealed with one of these keys."""
    return sa.or_(sa.false(), *(column.startswith(begins(number)) for column in sealed(table) for number in numbers))

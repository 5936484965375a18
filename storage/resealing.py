"""Everything that lies sealed under `secret_key` itself is sealed anew, when that has changed: piece by piece.

Opinions, pictures and voices, ballots, the letterbox, notes, talks, measures, second factors, and the keys of persons
in the trail. What names a person lies under data keys (storage.rotation). Readers find either secret's while
`previous_secret_key` stands in the configuration. Killed at any moment it has lost nothing: the next one goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from storage import lasting
from storage.boxed import boxed, place
from storage.db import Database, metadata
from storage.sealing import Keys, Secret, Under

PIECE = 200  # rows that one transaction seals anew


class Heap(Protocol):
    """A table of things that are sealed."""

    @property
    def name(self) -> str:
        """What it is called."""

    def under_former(self) -> Under:
        """How many rows only a former `secret_key` opens, and how many none that is known."""

    def reseal(self) -> Iterator[int]:
        """Seal anew what only a former one opens; gives the number of rows of each transaction."""


class Resealing:
    """Every method is safe to repeat, and to be done by two at once. `heaps` lay their rows themselves."""

    def __init__(self, db: Database, keys: Keys, *, heaps: Sequence[Heap], piece: int = PIECE) -> None:
        self._db = db
        self._keys = keys
        columns = [column for table in metadata.sorted_tables for column in boxed(table)]
        self._heaps = [*heaps, *(_Column(db, keys, column, piece) for column in columns)]

    def left(self) -> Mapping[str, Under]:
        """How much of each table only a former `secret_key` opens, or none: everything is read for it."""
        found = {heap.name: heap.under_former() for heap in self._heaps}
        return {name: under for name, under in found.items() if any(under)}

    def reseal(self) -> Iterator[int]:
        """Seal it anew; gives the number of rows of each piece. What opens with no key stays as it is.

        What must be found, or proven, by a key of its time is found by that key from here on (storage.lasting).
        """
        with self._db.by_turns(lasting.lasting_keys) as connection:
            lasting.keep(connection, self._keys)
        for heap in self._heaps:
            yield from heap.reseal()
        # SQLite's journal alone: to write whole tables anew would hold everybody up, and PostgreSQL stumbles over long
        # rows whose old versions it still has to keep for somebody ("missing chunk", its bug 18351).
        self._db.rewrite()


class _Column:
    """A column whose rows are sealed anew where they lie, in the order of their keys, which are random or hashes."""

    def __init__(self, db: Database, keys: Keys, column: sa.Column[Any], piece: int) -> None:
        self._db = db
        self._column = column
        self._table: sa.Table = column.table
        self._key = [*self._table.primary_key.columns]
        self._box = keys.box(column.type.purpose)  # type: ignore[attr-defined] # it is Boxed
        self._piece = piece

    @property
    def name(self) -> str:
        return self._table.name

    def under_former(self) -> Under:
        return Under.of(self._whose(row) for rows in self._pieces() for row in rows)

    def reseal(self) -> Iterator[int]:
        for rows in self._pieces():
            if done := self._seal([row for row in rows if self._whose(row) is Secret.FORMER]):
                yield done

    def _pieces(self) -> Iterator[Sequence[Any]]:
        chosen = sa.select(*self._key, self._column.label("sealed")).order_by(*self._key).limit(self._piece)
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        while rows:
            yield rows
            after = sa.tuple_(*self._key) > sa.tuple_(*rows[-1][:-1])
            with self._db.read() as connection:
                rows = connection.execute(chosen.where(after)).all()

    def _seal(self, found: Sequence[Any]) -> int:
        """Those of them that are as they were; whoever changed one meanwhile has sealed it with `secret_key`."""
        same = sa.and_(*(each == sa.bindparam(f"of_{each.name}") for each in self._key))
        change = self._table.update().where(same, self._column == sa.bindparam("was"))
        rows = [
            {
                **{f"of_{each.name}": value for each, value in zip(self._key, row[:-1], strict=True)},
                "was": row.sealed,
                "anew": self._box.seal(self._opened(row), bound_to=place(*row[:-1])),
            }
            for row in found
        ]
        with self._db.begin() as connection:
            if rows:
                connection.execute(change.values({self._column.name: sa.bindparam("anew")}), rows)
        return len(rows)

    def _opened(self, row: Any) -> bytes:
        return self._box.open(row.sealed, bound_to=place(*row[:-1]))

    def _whose(self, row: Any) -> Secret:
        return self._box.whose(row.sealed, bound_to=place(*row[:-1]))

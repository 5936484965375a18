"""Rows that tell nothing of whom, when or in which order: sealed, padded, and laid anew with every change.

A leaf is found by its id, but the table holds neither the id nor anything that stays the same: whenever a leaf is added
or changed, the others of its day are taken up, sealed again under fresh names and put back in random order in the same
transaction. So row ids, row order, transaction numbers, indexes and an old journal show how many leaves a day has, and
never which of them came last or was touched last (docs/anonymity.md).
"""

import random
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.sealing import CannotOpen, Keys, Secret, Under

ID_LETTERS = 24  # of hex: 96 bits
_LENGTH_BYTES = 4
_AT_ONCE = 10_000  # rows that one statement names: a database takes only so many values
OPENED_AT_ONCE = 500  # rows that one statement brings: of eight kilobytes each, 10 000 took longer than it may
NO_DAY = date(2000, 1, 1)  # of leaves that tell none


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one row holds; `id` is `ID_LETTERS` letters long and lies inside the seal."""

    id: str
    day: date
    content: bytes


T = TypeVar("T")
Beside = Callable[[Connection, Leaf], None]


def nothing(connection: Connection, leaf: Leaf) -> None:
    """Write nothing beside a leaf."""


def nothing_of_them(connection: Connection, leaves: Sequence[Leaf]) -> None:
    """Write nothing beside leaves."""


def leaf_table(name: str) -> sa.Table:
    """A table of leaves. Only the day can be read; `generation` names the transaction that laid the row."""
    return sa.Table(
        name,
        metadata,
        sa.Column("mark", sa.String(64), primary_key=True),  # keyed hash of the generation and the id
        sa.Column("generation", sa.String(32), nullable=False, index=True),
        sa.Column("day", sa.Date, nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


class Leaves:
    """One table of leaves, each padded to a multiple of `size` bytes; `stirred` others are laid anew with a change.

    Where it keeps no day, all that are taken in are one heap, as if they had come on one day.
    """

    def __init__(
        self, db: Database, table: sa.Table, keys: Keys, *, size: int, stirred: int, keeps_day: bool = True
    ) -> None:
        self._db = db
        self._table = table
        self._box = keys.box(f"{table.name}:box")
        self._mark, *self._former = reversed(keys.marks(f"{table.name}:mark"))
        self._size = size
        self._stirred = stirred
        self._keeps_day = keeps_day

    def add(self, leaf: Leaf) -> bool:
        """Keep a leaf; False when its id is there already, and then nothing is written."""
        with self._db.by_turns(self._table) as connection:
            if self._find(connection, leaf.id, self._generations(connection)):
                return False
            self._lay(connection, leaf.day, leaf)
        return True

    def take_in(self, connection: Connection, leaves: Iterable[Leaf]) -> None:
        """Keep these leaves in a transaction that does more; those whose id is there already stay as they are."""
        self._db.take_turn(connection, self._table)
        generations = self._generations(connection)
        dated = leaves if self._keeps_day else (replace(leaf, day=NO_DAY) for leaf in leaves)
        new = [leaf for leaf in dated if not self._find(connection, leaf.id, generations)]
        for day in {leaf.day for leaf in new}:
            self._lay(connection, day, *(leaf for leaf in new if leaf.day == day))

    def change(self, leaf_id: str, changed: Callable[[Leaf], Leaf], *, beside: Beside = nothing) -> Leaf | None:
        """Put `changed(leaf)` in the leaf's place and return it; None when there is no such leaf.

        `beside` is written in the same transaction, of the changed leaf.
        """
        with self._db.by_turns(self._table) as connection:
            found = self._find(connection, leaf_id, self._generations(connection))
            if found is None:
                return None
            mark, leaf = found
            connection.execute(self._table.delete().where(self._table.c.mark == mark))
            after = changed(leaf)
            self._lay(connection, after.day, after)
            beside(connection, after)
        return after

    def drop(self, day: date, *, but: Collection[str]) -> None:
        """Let go of all leaves of a day but these; those that stay are laid anew."""
        self.take_out(day, lambda leaf: leaf.id not in but)

    def take_out(
        self,
        day: date,
        wanted: Callable[[Leaf], bool],
        *,
        beside: Callable[[Connection, Sequence[Leaf]], None] = nothing_of_them,
    ) -> None:
        """Let go of the leaves of a day that are wanted; those that stay are laid anew.

        `beside` is written in the same transaction, of those that go, also where there are none.
        """
        with self._db.by_turns(self._table) as connection:
            rows = connection.execute(sa.select(self._table).where(self._table.c.day == day)).all()
            gone = {row.mark: leaf for row in rows if (leaf := self._opened(row)) and wanted(leaf)}
            marks = list(gone)
            for at in range(0, len(marks), _AT_ONCE):
                connection.execute(self._table.delete().where(self._table.c.mark.in_(marks[at : at + _AT_ONCE])))
            if gone:
                self._lay(connection, day)
            beside(connection, list(gone.values()))

    def let_go(self, connection: Connection, ids: Iterable[str]) -> None:
        """Let go of these leaves in a transaction that does more; those of their days that stay are laid anew."""
        self._db.take_turn(connection, self._table)
        for leaf_id in ids:
            found = self._find(connection, leaf_id, self._generations(connection))
            if found:
                mark, leaf = found
                connection.execute(self._table.delete().where(self._table.c.mark == mark))
                self._lay(connection, leaf.day)

    def stir(self, day: date) -> None:
        """Lay the day's leaves anew with nothing changed, so that the table forgets when the last one came."""
        with self._db.by_turns(self._table) as connection:
            self._lay(connection, day)

    def get(self, leaf_id: str) -> Leaf | None:
        """The leaf of this id.

        It may be laid anew between two looks: only two looks at the same generations prove that it is not there.
        """
        with self._db.read() as connection:
            looked_at: frozenset[str] | None = None
            while (generations := self._generations(connection)) != looked_at:
                found = self._find(connection, leaf_id, generations)
                if found:
                    return found[1]
                looked_at = generations
        return None

    def of_days(self, days: Collection[date]) -> list[Leaf]:
        """Every leaf of these days that opens with our key, in the order of ids."""
        table = self._table
        with self._db.read() as connection:
            rows = connection.execute(sa.select(table).where(table.c.day.in_(days))).all()
        return sorted((leaf for row in rows if (leaf := self._opened(row))), key=lambda leaf: leaf.id)

    def glimpsed(
        self, days: Sequence[date], known: MutableMapping[str, T], read: Callable[[Leaf], T], *, most: int
    ) -> dict[str, T]:
        """What `read` makes of the leaves of these days, by their marks: of what `known` has, nothing is opened.

        The first days are opened first, and at most so many leaves: the others at another look.
        """
        table, order = self._table, {day: at for at, day in enumerate(days)}
        with self._db.read() as connection:
            lie = connection.execute(sa.select(table.c.mark, table.c.day).where(table.c.day.in_(days))).all()
            new = sorted((row for row in lie if row.mark not in known), key=lambda row: order[row.day])[:most]
            for at in range(0, len(new), OPENED_AT_ONCE):
                marks = [row.mark for row in new[at : at + OPENED_AT_ONCE]]
                rows = connection.execute(sa.select(table).where(table.c.mark.in_(marks))).all()
                known.update({row.mark: read(leaf) for row in rows if (leaf := self._opened(row))})
        return {row.mark: known[row.mark] for row in lie if row.mark in known}

    def laid_by(self) -> frozenset[str]:
        """The names of the transactions that laid all leaves: while they are the same, so are the leaves.

        One that is changed or goes takes its transaction's name along, or others of its day get another one.
        """
        with self._db.read() as connection:
            return self._generations(connection)

    def since(self, day: date) -> list[Leaf]:
        """Every leaf of this day and of those after it, in no order."""
        table = self._table
        with self._db.read() as connection:
            rows = connection.execute(sa.select(table).where(table.c.day >= day)).all()
        return [leaf for row in rows if (leaf := self._opened(row))]

    # -- one change ----------------------------------------------------------------------------------------------

    def _lay(self, connection: Connection, day: date, *new: Leaf) -> None:
        table = self._table
        some = sa.select(table.c.mark).where(table.c.day == day).order_by(sa.func.random()).limit(self._stirred)
        self._relay(connection, table.c.mark.in_(some), *new)

    def _relay(self, connection: Connection, which: sa.ColumnElement[bool], *new: Leaf) -> int:
        """Lay those of them that open anew, with others; gives how many rows that makes."""
        table = self._table
        rows = connection.execute(sa.select(table).where(which)).all()
        taken = {row.mark: leaf for row in rows if (leaf := self._opened(row))}  # what doesn't open stays where it is
        connection.execute(table.delete().where(table.c.mark.in_(taken)))
        leaves = [*taken.values(), *new]
        random.SystemRandom().shuffle(leaves)
        generation = secrets.token_hex(16)
        if leaves:
            connection.execute(table.insert(), [self._row(generation, leaf) for leaf in leaves])
        return len(leaves)

    def _row(self, generation: str, leaf: Leaf) -> dict[str, object]:
        mark = self._mark(generation, leaf.id)
        framed = leaf.id.encode("ascii") + len(leaf.content).to_bytes(_LENGTH_BYTES) + leaf.content
        padded = framed.ljust(-(-len(framed) // self._size) * self._size, b"\0")
        sealed = self._box.seal(padded, bound_to=_place(mark, leaf.day))
        return {"mark": mark, "generation": generation, "day": leaf.day, "sealed": sealed}

    # -- another secret ------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What its table is called."""
        return self._table.name

    def under_former(self) -> Under:
        """How many leaves only a former `secret_key` opens, and how many none that is known."""
        return Under.of(place for day in self._days() for _, place in self._by_secret(day))

    def reseal(self) -> Iterator[int]:
        """Lay what only a former `secret_key` opens anew; gives the number of leaves of each transaction.

        Within a day in the order of their marks, which is one drawn by lot, as many at once as a change stirs: that
        they were laid together tells no more of them than a change of another one does.
        """
        for day in self._days():
            marks = [mark for mark, place in self._by_secret(day) if place is Secret.FORMER]
            for at in range(0, len(marks), self._piece):
                with self._db.by_turns(self._table) as connection:
                    laid = self._relay(connection, self._table.c.mark.in_(marks[at : at + self._piece]))
                yield laid

    @property
    def _piece(self) -> int:
        return max(self._stirred, 1)

    def _days(self) -> Sequence[date]:
        with self._db.read() as connection:
            return sorted(connection.execute(sa.select(self._table.c.day).distinct()).scalars())

    def _by_secret(self, day: date) -> Iterator[tuple[str, Secret]]:
        """Every mark of a day, and whose secret opens its leaf; a few rows are held at a time."""
        table, last = self._table, ""
        chosen = sa.select(table).where(table.c.day == day).order_by(table.c.mark).limit(self._piece)
        while True:
            with self._db.read() as connection:
                rows = connection.execute(chosen.where(table.c.mark > last)).all()
            for row in rows:
                yield row.mark, self._box.whose(row.sealed, bound_to=_place(row.mark, row.day))
            if not rows:
                return
            last = rows[-1].mark

    # -- looking -------------------------------------------------------------------------------------------------

    def _generations(self, connection: Connection) -> frozenset[str]:
        return frozenset(connection.execute(sa.select(self._table.c.generation).distinct()).scalars())

    def _find(self, connection: Connection, leaf_id: str, generations: frozenset[str]) -> tuple[str, Leaf] | None:
        marks = [mark(generation, leaf_id) for generation in generations for mark in (self._mark, *self._former)]
        row = connection.execute(sa.select(self._table).where(self._table.c.mark.in_(marks))).first()
        leaf = row and self._opened(row)
        return (row.mark, leaf) if row and leaf else None

    def _opened(self, row: sa.Row[tuple[object, ...]]) -> Leaf | None:
        try:
            framed = self._box.open(row.sealed, bound_to=_place(row.mark, row.day))
        except CannotOpen:
            return None
        head, begins = framed[:ID_LETTERS], ID_LETTERS + _LENGTH_BYTES
        if not head.isascii():
            return None  # no leaf of ours
        length = int.from_bytes(framed[ID_LETTERS:begins])
        return Leaf(head.decode("ascii"), row.day, framed[begins : begins + length])


def _place(mark: str, day: date) -> bytes:
    return f"{mark}:{day.isoformat()}".encode()

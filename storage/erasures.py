"""Whom we have erased, so that no backup brings them back: keyed marks, in a table and in a file beside the database.

A mark tells nobody who it was: it is only found again where the person is (docs/decisions/0091).
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.lasting import Lasting
from storage.people import Id, persons

FILE = "erased"
_MARK = re.compile("^[0-9a-f]{64}$", re.MULTILINE)
_AT_ONCE = 1_000  # rows that one statement brings

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("mark", sa.String(64), primary_key=True),
    sqlite_with_rowid=False,
)

united = sa.Table(
    "united",
    metadata,
    sa.Column("mark", sa.String(64), primary_key=True),  # of one who has become the person, and is in older backups
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)


class Erasures:
    """Every method is safe to repeat."""

    def __init__(self, db: Database, *, mark: Lasting, file: Path) -> None:
        self._db = db
        self._mark = mark
        self._file = file
        self._log = structlog.get_logger("erasures")

    # -- erasing -------------------------------------------------------------------------------------------------

    def erase(self, connection: Connection, person: str) -> None:
        """Note the person, and whoever became them, in the transaction that erases them everywhere."""
        theirs = united.c.person == person
        before = connection.execute(sa.select(united.c.mark).where(theirs)).scalars().all()
        connection.execute(united.delete().where(theirs))
        self.add(connection, [self._mark(person), *before])

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Remember that one has become the other: when that one is erased, both are."""
        connection.execute(united.update().where(united.c.person == gone).values(person=into))
        row = self._db.insert(united).values(mark=self._mark(gone), person=into)
        connection.execute(row.on_conflict_do_nothing())

    def add(self, connection: Connection, marks: Collection[str]) -> None:
        """Note these too."""
        row, new = self._db.insert(erasures).on_conflict_do_nothing(), sorted(marks)
        for at in range(0, len(new), _AT_ONCE):
            connection.execute(row, [{"mark": mark} for mark in new[at : at + _AT_ONCE]])

    # -- who comes back ------------------------------------------------------------------------------------------

    def noted(self, connection: Connection) -> set[str]:
        """Every mark of the table, which may be of any of the keys that stand beside it."""
        self._mark.learn(connection)
        return set(connection.execute(sa.select(erasures.c.mark)).scalars())

    def returned(self, connection: Connection, marks: Collection[str]) -> list[str]:
        """The persons that are there and have one of these marks."""
        there, known = connection.execute(sa.select(persons.c.id)).scalars(), frozenset(marks)
        return [person for person in there if not known.isdisjoint(self._mark.all(person))]

    # -- the file ------------------------------------------------------------------------------------------------

    def written(self) -> set[str]:
        """Every mark of the file."""
        return set(read(self._file))

    def write(self) -> None:
        """Bring the file up to what the table has. Where it can't be written now it is tried again in the night."""
        with self._db.read() as connection:
            noted = self.noted(connection)
        try:
            if new := noted - self.written():
                _append(self._file, sorted(new))
        except OSError as error:
            self._log.error("erasures not written down", error=type(error).__name__, errno=error.errno)


def read(file: Path) -> Iterator[str]:
    """The marks that a file holds, none where there is no file; what is half a line is passed over."""
    if file.exists():
        yield from _MARK.findall(file.read_text("ascii", "replace"))


def _append(file: Path, marks: Iterable[str]) -> None:
    """In one write, which no other process comes into. Each begins a line of its own, whatever half a line is there."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, "".join(f"\n{mark}" for mark in marks).encode())
    finally:
        os.close(descriptor)

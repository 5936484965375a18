"""What those who handle an opinion say: to its sender, and among themselves. Sealed, and padded to one length.

A row leads to its opinion by a keyed hash only. It tells when we said something, which is no secret of the sender's:
what a sender says lies in the letterbox and among the leaves, and never here (docs/decisions/0039).
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.boxed import Boxed, place
from storage.db import Beside, Database, metadata
from storage.lasting import Lasting, Purpose
from storage.sealing import CannotOpen, Keys

NOTE_BYTES = 3072  # 500 characters of four bytes, with all that goes with them

opinion_notes = sa.Table(
    "opinion_notes",
    metadata,
    sa.Column("opinion", sa.String(64), primary_key=True),  # keyed hash of its id
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sealed", Boxed("opinion:notes"), nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something we said. `turn` is which of our words to the sender it is, or which of them came last before it.

    `kind` is the state that the words brought about, or one of `UNSEEN`, which is never shown outside. `author` is an
    admin's name. Of one that is `GARBLED` nothing else is known.
    """

    turn: int
    kind: str
    words: str
    day: date
    author: str


INTERNAL = "internal"  # a word among those who handle it
ASSIGNED = "assigned"  # to the admin whom the words name; to nobody where they are empty
MERGED, PARTED = "merged", "parted"  # the opinion whose id is the words was merged into this one, or is no longer
READ = "read"  # somebody opened what only few may read
MEASURE = "measure"  # the measure whose id is the words was begun for it
GARBLED = "garbled"  # the seal holds, and what was sealed can't be read
UNSEEN = frozenset({INTERNAL, ASSIGNED, MERGED, PARTED, READ, MEASURE, GARBLED})


class OpinionNotes:
    """The notes of every opinion, in the order in which they were written."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("opinion:notes")
        self._mark = Lasting(db, keys, Purpose.NOTES)

    def of(self, opinion: str) -> list[Note]:
        """All notes of the opinion of this id, what is internal too."""
        theirs = opinion_notes.c.opinion.in_(self._mark.all(opinion))
        chosen = sa.select(opinion_notes).where(theirs).order_by(opinion_notes.c.number)
        with self._db.read() as connection:
            return list(self._read(connection.execute(chosen).all()))

    def add(self, opinion: str, note: Note) -> None:
        """Keep a note by itself."""
        with self._db.begin() as connection:
            self.put(connection, opinion, note)

    def beside(self, opinion: str, note: Note) -> Beside:
        """What keeps a note in the transaction of another store."""
        return lambda connection: self.put(connection, opinion, note)

    def put(self, connection: Connection, opinion: str, note: Note) -> None:
        """Keep a note in a transaction that does more."""
        self._db.take_turn(connection, opinion_notes)
        theirs = sa.select(opinion_notes).where(opinion_notes.c.opinion.in_(self._mark.all(opinion)))
        last = connection.execute(theirs.order_by(opinion_notes.c.number.desc()).limit(1)).first()
        mark, number = (last.opinion, last.number + 1) if last else (self._mark(opinion), 1)  # one mark for all of them
        content = json.dumps(asdict(note), ensure_ascii=False, separators=(",", ":"), default=date.isoformat).encode()
        padded = content.ljust(-(-len(content) // NOTE_BYTES) * NOTE_BYTES)
        sealed = self._box.seal(padded, bound_to=place(mark, number))
        connection.execute(opinion_notes.insert().values(opinion=mark, number=number, sealed=sealed))

    def _read(self, rows: Iterable[sa.Row[tuple[str, int, bytes]]]) -> Iterable[Note]:
        for row in rows:
            with suppress(CannotOpen):
                yield _note(self._box.open(row.sealed, bound_to=place(row.opinion, row.number)))


def _note(content: bytes) -> Note:
    try:
        read = json.loads(content)
        return Note(**{**read, "day": date.fromisoformat(read["day"])})
    except (ValueError, TypeError, KeyError):
        return Note(turn=0, kind=GARBLED, words="", day=date.min, author="")

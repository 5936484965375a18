"""Keys that outlast `secret_key`: what they mark or seal can't be made anew by anybody but who has the words.

A receipt lies here as a keyed hash, and only who holds it could say it again. So when secret_key changes, the keys of
such hashes, each good for one purpose and nothing else, are kept, sealed with the new one (docs/decisions/0105).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.sealing import Box, CannotOpen, Keys, Mark

_SEALED_FOR = "lasting keys"

lasting_keys = sa.Table(
    "lasting_keys",
    metadata,
    sa.Column("purpose", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # the higher, the later
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


class Purpose(StrEnum):
    """What is found, or proven, by a key of its time for as long as it is kept."""

    RECEIPT = "opinion:id"
    HEARD = "opinion:heard"
    NOTES = "opinion:notes"
    TRACE = "opinion:trace"
    SLOT = "appointment:slot"
    TOOK_PART = "survey:mark"
    ERASED = "erased"
    TRAIL = "audit"
    REASON = "audit:reason"  # sealed, and part of what the trail's hashes prove


class Lasting:
    """The keys of one purpose: that of now, and those before, which are asked for where they are first needed."""

    def __init__(self, db: Database, keys: Keys, purpose: Purpose) -> None:
        self._db = db
        self._keys = keys
        self._purpose = purpose
        self._own = keys.mark(purpose)
        self._learnt: list[bytes] | None = None

    def __call__(self, *parts: str) -> str:
        """The keyed hash that is written now."""
        return self._own(*parts)

    def all(self, *parts: str) -> list[str]:
        """Every hash that the same may lie under, that of now first."""
        return [mark(*parts) for mark in self.marks]

    @property
    def marks(self) -> list[Mark]:
        """What makes them, that of now first."""
        return [self._own, *map(Mark, self._former())]

    @property
    def box(self) -> Box:
        """Seals with the key of now, and opens what any of them sealed."""
        return Box(self._keys.key(self._purpose), *self._former())

    def learn(self, connection: Connection) -> None:
        """Know the keys that stand in this database now, besides those that are known: a backup is just put back."""
        found = [key for _, key in _read(connection, self._box, self._purpose)]
        self._learnt = [*dict.fromkeys([*found, *(self._learnt or ())])]

    @cached_property
    def _box(self) -> Box:
        return self._keys.box(_SEALED_FOR)

    def _former(self) -> Sequence[bytes]:
        if self._learnt is None:
            with self._db.read() as connection:
                self.learn(connection)
        own, *previous = self._keys.each(self._purpose)
        return [key for key in dict.fromkeys([*previous, *(self._learnt or ())]) if key != own]


def kept(connection: Connection, keys: Keys) -> dict[Purpose, list[bytes]]:
    """All that are kept and open, of each purpose the oldest first."""
    box = keys.box(_SEALED_FOR)
    return {purpose: [key for _, key in _read(connection, box, purpose)][::-1] for purpose in Purpose}


def keep(connection: Connection, keys: Keys, *, also: Mapping[Purpose, Sequence[bytes]] | None = None) -> None:
    """Keep what `previous_secret_key` makes, and these; all is sealed with `secret_key` then. Safe to repeat."""
    box, own = keys.box(_SEALED_FOR), Box(keys.key(_SEALED_FOR))
    for purpose in Purpose:
        known, now = dict(_read(connection, box, purpose)), keys.key(purpose)
        found = dict.fromkeys([*keys.each(purpose)[:0:-1], *(also or {}).get(purpose, ())])
        new = [key for key in found if key != now and key not in known.values()]
        first = connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(lasting_keys.c.number), 0)).where(lasting_keys.c.purpose == purpose)
        ).scalar_one()
        for number, key in enumerate(new, start=first + 1):
            sealed = own.seal(key, bound_to=_place(purpose, number))
            connection.execute(lasting_keys.insert().values(purpose=purpose, number=number, sealed=sealed))
        for number, key in known.items():
            sealed = own.seal(key, bound_to=_place(purpose, number))
            here = (lasting_keys.c.purpose == purpose) & (lasting_keys.c.number == number)
            connection.execute(lasting_keys.update().where(here).values(sealed=sealed))


def drop_strange(connection: Connection, keys: Keys) -> None:
    """Let go of those that this configuration doesn't open."""
    box = keys.box(_SEALED_FOR)
    for purpose in Purpose:
        known = [number for number, _ in _read(connection, box, purpose)]
        theirs = lasting_keys.c.purpose == purpose
        connection.execute(lasting_keys.delete().where(theirs, lasting_keys.c.number.not_in(known)))


def _read(connection: Connection, box: Box, purpose: Purpose) -> Iterator[tuple[int, bytes]]:
    """Those that open, the newest first."""
    chosen = sa.select(lasting_keys).where(lasting_keys.c.purpose == purpose).order_by(lasting_keys.c.number.desc())
    for row in connection.execute(chosen).all():
        with suppress(CannotOpen):
            yield row.number, box.open(row.sealed, bound_to=_place(purpose, row.number))


def _place(purpose: Purpose, number: int) -> bytes:
    return f"{purpose}:{number}".encode()

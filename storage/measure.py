"""What is done about a problem: by whom, until when, and who saw that it was done. Sealed, for problems name people."""

import json
import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date

import sqlalchemy as sa

from storage.boxed import Boxed, place
from storage.db import Beside, Database, metadata
from storage.sealing import CannotOpen, Keys

measures = sa.Table(
    "measures",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("sealed", Boxed("measure"), nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A problem with what is done about it; `responsible`, `done_by` and `verified_by` are accounts of the console.

    `opinion` is the id of the one that it was begun for, "" where it was none, and `organisation` is where something is
    done, "" for the whole house. `handed_by` gave it on, from
    `handed_from` to who is responsible now.
    """

    problem: str = field(repr=False)
    measure: str = field(repr=False)
    responsible: str
    until: date
    made_by: str
    made_on: date
    opinion: str = ""
    organisation: str = ""
    handed_from: str = ""
    handed_by: str = ""
    handed_on: date | None = None
    done: str = field(default="", repr=False)
    done_by: str = ""
    done_on: date | None = None
    verified: str = field(default="", repr=False)
    verified_by: str = ""
    verified_on: date | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))


_DAYS = ("until", "made_on", "handed_on", "done_on", "verified_on")


class Measures:
    """All of them."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("measure")

    def add(self, new: Measure, *, beside: Beside | None = None) -> bool:
        """Keep one; `beside` is written in the same transaction. False, and nothing written, where its id is taken."""
        row = self._db.insert(measures).values(id=new.id, sealed=self._sealed(new))
        with self._db.begin() as connection:
            is_new = connection.execute(row.on_conflict_do_nothing().returning(measures.c.id)).first() is not None
            if is_new and beside:
                beside(connection)
        return is_new

    def all(self) -> list[Measure]:
        """Every one that opens with our key, the next to be done first."""
        return self._found(sa.select(measures))

    def of(self, ids: Collection[str]) -> list[Measure]:
        """Those of these ids, the next to be done first."""
        return self._found(sa.select(measures).where(measures.c.id.in_(ids))) if ids else []

    def get(self, which: str) -> Measure | None:
        """The one of this id."""
        return next(iter(self.of([which])), None)

    def _found(self, chosen: sa.Select[tuple[str, bytes]]) -> list[Measure]:
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return sorted(self._opened(rows), key=lambda each: (each.until, each.id))

    def _opened(self, rows: Iterable[sa.Row[tuple[str, bytes]]]) -> Iterable[Measure]:
        for row in rows:
            with suppress(CannotOpen):
                yield self._read(row)

    def change(self, which: str, changed: Callable[[Measure], Measure]) -> Measure | None:
        """Put `changed` in the place of the one with this id, one change after the other."""
        same = measures.c.id == which
        with self._db.begin() as connection:
            row = connection.execute(sa.select(measures).where(same).with_for_update()).first()
            if row is None:
                return None
            after = changed(self._read(row))
            connection.execute(measures.update().where(same).values(sealed=self._sealed(after)))
        return after

    def _sealed(self, each: Measure) -> bytes:
        told = json.dumps(asdict(replace(each, id="")), ensure_ascii=False, default=date.isoformat)
        return self._box.seal(told.encode(), bound_to=place(each.id))

    def _read(self, row: sa.Row[tuple[str, bytes]]) -> Measure:
        told = json.loads(self._box.open(row.sealed, bound_to=place(row.id)))
        days = {name: date.fromisoformat(told[name]) for name in _DAYS if told.get(name)}
        return Measure(**{**told, **days, "id": row.id})

"""What is done about a problem: by whom, until when, and who saw that it was done. Sealed, for problems name people."""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date

import sqlalchemy as sa

from storage.db import Database, metadata
from storage.sealing import CannotOpen, Keys

measures = sa.Table(
    "measures",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A problem with what is done about it; `responsible`, `done_by` and `verified_by` are accounts of the console."""

    problem: str = field(repr=False)
    measure: str = field(repr=False)
    responsible: str
    until: date
    made_by: str
    made_on: date
    done: str = field(default="", repr=False)
    done_by: str = ""
    done_on: date | None = None
    verified: str = field(default="", repr=False)
    verified_by: str = ""
    verified_on: date | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))


_DAYS = ("until", "made_on", "done_on", "verified_on")


class Measures:
    """All of them."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("measure")

    def add(self, new: Measure) -> None:
        """Keep one."""
        with self._db.begin() as connection:
            connection.execute(measures.insert().values(id=new.id, sealed=self._sealed(new)))

    def all(self) -> list[Measure]:
        """Every one that opens with our key, the next to be done first."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(measures)).all()
        found = []
        for row in rows:
            with suppress(CannotOpen):
                found.append(self._read(row))
        return sorted(found, key=lambda each: (each.until, each.id))

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
        return self._box.seal(told.encode(), bound_to=each.id.encode())

    def _read(self, row: sa.Row[tuple[str, bytes]]) -> Measure:
        told = json.loads(self._box.open(row.sealed, bound_to=row.id.encode()))
        days = {name: date.fromisoformat(told[name]) for name in _DAYS if told[name]}
        return Measure(**{**told, **days, "id": row.id})

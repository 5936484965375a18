"""What organisations have decided. A record is never changed: another one corrects it. Somebody else confirms it."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id
from storage.sealing import CannotOpen
from storage.vault import Sealed, Vault

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("corrects", Id, sa.ForeignKey("decisions.id"), unique=True),  # so that none is corrected in two ways
    sa.Column("told", Sealed, nullable=False),
    sqlite_with_rowid=False,
)

decision_confirmations = sa.Table(
    "decision_confirmations",
    metadata,
    sa.Column("decision", Id, sa.ForeignKey("decisions.id"), primary_key=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A record: how many were for it, never who. `about` is a row of the roster, "" where it is about nobody.

    `proposed_by` is an office, `recorded_as` are the roles of the account that wrote it down. One that corrects another
    names it and says `why`.
    """

    organisation: str
    kind: str
    meeting: str
    day: date
    matter: str = field(repr=False)
    about: str
    entitled: int
    present: int
    written: int
    approve: int
    against: int
    abstain: int
    proposed_by: str
    recorded_by: str
    recorded_as: str
    recorded_on: date
    why: str = field(default="", repr=False)
    corrects: str = ""
    confirmed_by: str = ""
    confirmed_on: date | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))


_IN_COLUMNS = ("id", "corrects", "confirmed_by", "confirmed_on")
_DAYS = ("day", "recorded_on")


class Decisions:
    """All of them. Nothing here changes a record or takes one away."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def add(self, new: Decision) -> bool:
        """Keep it; False where its id, or what it corrects, was taken before."""
        told = {name: value for name, value in asdict(new).items() if name not in _IN_COLUMNS}
        row = {
            "id": new.id,
            "corrects": new.corrects or None,
            "told": json.dumps(told, ensure_ascii=False, default=date.isoformat),
        }
        with self._db.begin() as connection:
            sealed = self._vault.sealing(connection).row(decisions, row)
            return _is_written(connection, self._db.insert(decisions).values(sealed))

    def confirm(self, which: str, *, by: str, on: date) -> bool:
        """Keep that somebody confirms it; False where somebody has."""
        row = {"decision": which, "account": by, "day": on}
        with self._db.begin() as connection:
            return _is_written(connection, self._db.insert(decision_confirmations).values(row))

    def all(self) -> list[Decision]:
        """Every one that opens with our key, the newest meeting first."""
        seen = decision_confirmations
        with self._db.read() as connection:
            joined = decisions.outerjoin(seen, seen.c.decision == decisions.c.id)
            rows = connection.execute(sa.select(decisions, seen.c.account, seen.c.day).select_from(joined)).all()
        newest_first = sorted(self._opened(rows), key=lambda each: each.id)
        return sorted(newest_first, key=lambda each: (each.day, each.recorded_on), reverse=True)

    def _opened(self, rows: Sequence[Any]) -> Iterator[Decision]:
        for row in rows:
            with suppress(CannotOpen):  # under a key that is no more
                told = json.loads(self._vault.open(decisions.c.told, row.id, row.told))
                days = {name: date.fromisoformat(told[name]) for name in _DAYS}
                kept = Decision(**{**told, **days}, id=row.id, corrects=row.corrects or "")
                yield replace(kept, confirmed_by=row.account or "", confirmed_on=row.day)


def _is_written(connection: Connection, row: Any) -> bool:
    return connection.execute(row.on_conflict_do_nothing().returning(sa.literal(1))).first() is not None

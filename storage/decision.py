"""What organisations have decided. A record is never changed: another one corrects it. Somebody else confirms it.

What a list is chosen and ordered by stands in columns of its own, and names nobody it is about; all else is sealed
(docs/decisions/0107).
"""

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
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
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("recorded_by", sa.String(64), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("recorded_on", sa.Date, nullable=False),
    sa.Index("ix_decisions_day", "day", "recorded_on", "id"),
    sqlite_with_rowid=False,
)

decision_confirmations = sa.Table(
    "decision_confirmations",
    metadata,
    sa.Column("decision", Id, sa.ForeignKey("decisions.id"), primary_key=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("capacity", sa.String(128), nullable=False, server_default=""),  # "" of what was confirmed before 0059
    sa.Column("day", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A record: how many were for it, never who. `about` is a row of the roster, "" where it is about nobody.

    `proposed_by` is an office; `recorded_as` and `confirmed_as` say as what the accounts acted, as `Capacity` of
    content.roles writes it. One that corrects another names it and says `why`; one that was corrected is told by
    `corrected_by`.
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
    corrected_by: str = ""
    confirmed_by: str = ""
    confirmed_as: str = ""
    confirmed_on: date | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))


_LISTED_BY = ("organisation", "kind", "recorded_by", "day", "recorded_on")
_ELSEWHERE = ("id", "corrects", "corrected_by", "confirmed_by", "confirmed_as", "confirmed_on")

_seen, _later = decision_confirmations, decisions.alias("later")
_JOINED = decisions.outerjoin(_seen, _seen.c.decision == decisions.c.id).outerjoin(
    _later, _later.c.corrects == decisions.c.id
)
_CONFIRMED, _CORRECTED = _seen.c.decision.is_not(None), _later.c.id.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records are meant. `within`: those of some organisations, or None for all; "" and None are all else."""

    within: Collection[str] | None = None
    organisation: str = ""
    kind: str = ""
    confirmed: bool | None = None
    corrected: bool | None = None
    not_by: str = ""  # who wrote it down

    def clauses(self) -> Iterator[sa.ColumnElement[bool]]:
        """The same for SQL."""
        if self.within is not None:
            yield decisions.c.organisation.in_(sorted(self.within))
        if self.organisation:
            yield decisions.c.organisation == self.organisation
        if self.kind:
            yield decisions.c.kind == self.kind
        if self.confirmed is not None:
            yield _CONFIRMED if self.confirmed else ~_CONFIRMED
        if self.corrected is not None:
            yield _CORRECTED if self.corrected else ~_CORRECTED
        if self.not_by:
            yield decisions.c.recorded_by != self.not_by


class Decisions:
    """All of them. Nothing here changes a record or takes one away."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def add(self, new: Decision) -> bool:
        """Keep it; False where its id, or what it corrects, was taken before."""
        every = asdict(new)
        told = {name: value for name, value in every.items() if name not in {*_ELSEWHERE, *_LISTED_BY}}
        row = {
            "id": new.id,
            "corrects": new.corrects or None,
            "told": json.dumps(told, ensure_ascii=False),
            **{name: every[name] for name in _LISTED_BY},
        }
        with self._db.begin() as connection:
            sealed = self._vault.sealing(connection).row(decisions, row)
            return _is_written(connection, self._db.insert(decisions).values(sealed))

    def confirm(self, which: str, *, by: str, on: date, capacity: str = "") -> bool:
        """Keep that somebody confirms it; False where somebody has."""
        row = {"decision": which, "account": by, "capacity": capacity[:128], "day": on}
        with self._db.begin() as connection:
            return _is_written(connection, self._db.insert(decision_confirmations).values(row))

    def page(self, wanted: Wanted, *, after: int = 0, most: int) -> list[Decision]:
        """Those that are meant, the newest meeting first, so many after the first ones; what opens with our key."""
        newest = (decisions.c.day.desc(), decisions.c.recorded_on.desc(), decisions.c.id.desc())
        return self._found(_ALL.where(*wanted.clauses()).order_by(*newest).offset(after).limit(most))

    def get(self, which: str) -> Decision | None:
        """A record."""
        return next(iter(self._found(_ALL.where(decisions.c.id == which))), None)

    def count(self, wanted: Wanted) -> tuple[int, int]:
        """How many are meant, and how many of them wait for somebody to confirm them."""
        pending = sa.func.count().filter(~_CONFIRMED, ~_CORRECTED)
        with self._db.read() as connection:
            chosen = sa.select(sa.func.count(), pending).select_from(_JOINED).where(*wanted.clauses())
            every, waiting = connection.execute(chosen).one()
        return every, waiting

    def organisations(self, wanted: Wanted) -> list[str]:
        """Whose they are."""
        with self._db.read() as connection:
            chosen = sa.select(decisions.c.organisation).select_from(_JOINED).where(*wanted.clauses()).distinct()
            return sorted(connection.execute(chosen).scalars())

    def _found(self, chosen: sa.Select[Any]) -> list[Decision]:
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [*self._opened(rows)]

    def _opened(self, rows: Sequence[Any]) -> Iterator[Decision]:
        for row in rows:
            with suppress(CannotOpen):  # under a key that is no more
                told = json.loads(self._vault.open(decisions.c.told, row.id, row.told))
                beside: dict[str, Any] = {
                    name: getattr(row, name) or "" for name in _ELSEWHERE if name != "confirmed_on"
                }
                listed = {name: getattr(row, name) for name in _LISTED_BY}
                yield Decision(**told, **listed, **beside, confirmed_on=row.confirmed_on)


_ALL = sa.select(
    decisions,
    _seen.c.account.label("confirmed_by"),
    _seen.c.capacity.label("confirmed_as"),
    _seen.c.day.label("confirmed_on"),
    _later.c.id.label("corrected_by"),
).select_from(_JOINED)


def _is_written(connection: Connection, row: Any) -> bool:
    return connection.execute(row.on_conflict_do_nothing().returning(sa.literal(1))).first() is not None

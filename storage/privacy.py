"""What members agreed to, each thing by itself, and what they say is wrong in what is kept of them."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id, stays
from storage.sealing import CannotOpen
from storage.vault import Sealed, Vault

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("person", Id, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("purpose", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),  # of the notice
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("withdrawn_on", sa.Date),
    sqlite_with_rowid=False,
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("message", sa.String(80), unique=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("said", Sealed, nullable=False),
    sa.Column("asked_on", sa.Date, nullable=False),
    sa.Column("answer", Sealed, nullable=False, server_default=""),
    sa.Column("settled_on", sa.Date, index=True),
    sa.Column("settled_by", sa.String(64), nullable=False, server_default=""),  # an account's name
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody agreed to: the purpose, the notice's version, the day, and the day they took it back."""

    purpose: str
    version: int
    since: date
    withdrawn_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What somebody says is wrong, and what became of it."""

    id: str
    person: str
    organisation: str
    said: str = field(repr=False)
    asked_on: date
    answer: str = field(repr=False)
    settled_on: date | None


class Consents:
    """Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, person: str) -> Sequence[Consent]:
        """All that the person agreed to, what was taken back too."""
        chosen = sa.select(consents).where(consents.c.person == person).order_by(consents.c.purpose)
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [
            Consent(purpose=row.purpose, version=row.version, since=row.since, withdrawn_on=row.withdrawn_on)
            for row in rows
        ]

    def has(self, person: str, purpose: str, *, version: int) -> bool:
        """Whether the person agrees to this version of the notice, or a newer one."""
        mine = (consents.c.person == person) & (consents.c.purpose == purpose) & consents.c.withdrawn_on.is_(None)
        with self._db.read() as connection:
            return (
                connection.execute(sa.select(consents.c.version).where(mine, consents.c.version >= version)).first()
                is not None
            )

    def give(self, person: str, purpose: str, *, version: int, today: date) -> None:
        """The person agrees; the day of the first time stays, as long as the version does."""
        row = self._db.insert(consents).values(person=person, purpose=purpose, version=version, since=today)
        change = {"version": version, "since": today, "withdrawn_on": None}
        is_new = (consents.c.version != version) | consents.c.withdrawn_on.is_not(None)
        with self._db.begin() as connection:
            if stays(connection, person):
                agreed = row.on_conflict_do_update(index_elements=["person", "purpose"], set_=change, where=is_new)
                connection.execute(agreed)

    def withdraw(self, person: str, *, today: date) -> Sequence[str]:
        """The person agrees to nothing any more; what that was."""
        mine = (consents.c.person == person) & consents.c.withdrawn_on.is_(None)
        change = consents.update().where(mine).values(withdrawn_on=today).returning(consents.c.purpose)
        with self._db.begin() as connection:
            return sorted(connection.execute(change).scalars())

    def erase(self, connection: Connection, person: str) -> None:
        """Forget it, in the transaction that erases the person."""
        connection.execute(consents.delete().where(consents.c.person == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's to another, who keeps what they have said themselves."""
        both = sa.select(consents.c.purpose).where(consents.c.person == into)
        connection.execute(consents.delete().where(consents.c.person == gone, consents.c.purpose.in_(both)))
        connection.execute(consents.update().where(consents.c.person == gone).values(person=into))


class Corrections:
    """What members say is wrong, until it is settled and for a while after."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def ask(self, person: str, said: str, *, organisation: str, message: str, today: date) -> None:
        """Keep it, once for a message."""
        row = {"id": secrets.token_hex(16), "message": message, "person": person, "organisation": organisation}
        with self._db.begin() as connection:
            seal = self._vault.sealing(connection)
            kept = self._db.insert(corrections).values(seal.row(corrections, {**row, "said": said, "asked_on": today}))
            connection.execute(kept.on_conflict_do_nothing())

    def waiting(self) -> Sequence[Correction]:
        """Those that nobody has settled, the oldest first."""
        return self._some(corrections.c.settled_on.is_(None))

    def of(self, person: str) -> Sequence[Correction]:
        """The person's own."""
        return self._some(corrections.c.person == person)

    def settle(self, correction: str, *, answer: str, by: str, today: date) -> Correction | None:
        """Say what became of it, once; None where somebody did, or its person is gone."""
        same = (corrections.c.id == correction) & corrections.c.settled_on.is_(None)
        with self._db.begin() as connection:
            said = self._vault.sealing(connection).words(corrections.c.answer, correction, answer)
            change = corrections.update().where(same).values(answer=said, settled_on=today, settled_by=by)
            if connection.execute(change.returning(corrections.c.id)).first() is None:
                return None
        return next(iter(self._some(corrections.c.id == correction)), None)

    def drop_settled(self, before: date) -> int:
        """Forget those that were settled before a day."""
        old = corrections.delete().where(corrections.c.settled_on < before)
        with self._db.begin() as connection:
            return len(connection.execute(old.returning(corrections.c.id)).all())

    def erase(self, connection: Connection, person: str) -> None:
        """Forget it, in the transaction that erases the person."""
        connection.execute(corrections.delete().where(corrections.c.person == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's to another."""
        connection.execute(corrections.update().where(corrections.c.person == gone).values(person=into))

    def _some(self, which: sa.ColumnElement[bool]) -> Sequence[Correction]:
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(corrections).where(which).order_by(corrections.c.asked_on, corrections.c.id)
            ).all()
        found = []
        for row in rows:
            with suppress(CannotOpen):
                found.append(self._read(row))
        return found

    def _read(self, row: Any) -> Correction:
        return Correction(
            id=row.id,
            person=row.person,
            organisation=row.organisation,
            said=self._vault.open(corrections.c.said, row.id, row.said),
            asked_on=row.asked_on,
            answer=self._vault.open(corrections.c.answer, row.id, row.answer),
            settled_on=row.settled_on,
        )

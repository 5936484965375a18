"""Phone numbers that members let us have: one a person, sealed, with the day of the consent."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id
from storage.sealing import CannotOpen
from storage.vault import Sealed, Vault

phones = sa.Table(
    "phones",
    metadata,
    sa.Column("person", Id, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("number", Sealed, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number without its country's code, and the day on which its owner agreed."""

    number: str = field(repr=False)
    since: date


class Phones:
    """Every method is safe to repeat."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def of(self, person: str) -> Phone | None:
        """The person's number."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(phones).where(phones.c.person == person)).first()
        try:
            return Phone(self._vault.open(phones.c.number, person, row.number), row.since) if row else None
        except CannotOpen:  # under a key that is no more
            return None

    def keep(self, person: str, number: str, *, today: date) -> None:
        """Keep it in the place of another."""
        kept = {"person": person, "since": today, "number": number}
        with self._db.begin() as connection:
            row = self._db.insert(phones).values(self._vault.sealing(connection).row(phones, kept))
            change = {"since": row.excluded.since, "number": row.excluded.number}
            connection.execute(row.on_conflict_do_update(index_elements=["person"], set_=change))

    def drop(self, person: str) -> None:
        """Forget it."""
        with self._db.begin() as connection:
            self.erase(connection, person)

    def erase(self, connection: Connection, person: str) -> None:
        """Forget it, in the transaction that erases the person."""
        connection.execute(phones.delete().where(phones.c.person == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's number to another who has none."""
        theirs = connection.execute(sa.select(phones).where(phones.c.person == gone)).first()
        has_one = connection.execute(sa.select(phones.c.person).where(phones.c.person == into)).first()
        self.erase(connection, gone)
        with suppress(CannotOpen):
            if theirs and not has_one:  # it opens in its own row alone
                number = self._vault.open(phones.c.number, gone, theirs.number)
                kept = {"person": into, "since": theirs.since, "number": number}
                connection.execute(phones.insert().values(self._vault.sealing(connection).row(phones, kept)))

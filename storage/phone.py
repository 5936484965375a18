"""Phone numbers that members let us have: one a person, sealed, with the day of the consent."""

from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id
from storage.sealing import CannotOpen, Keys

phones = sa.Table(
    "phones",
    metadata,
    sa.Column("person", Id, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number without its country's code, and the day on which its owner agreed."""

    number: str = field(repr=False)
    since: date


class Phones:
    """Every method is safe to repeat."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("phone")

    def of(self, person: str) -> Phone | None:
        """The person's number."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(phones).where(phones.c.person == person)).first()
        try:
            return Phone(self._box.open(row.sealed).decode(), row.since) if row else None
        except CannotOpen:  # sealed with a key of the past
            return None

    def keep(self, person: str, number: str, *, today: date) -> None:
        """Keep it in the place of another."""
        row = self._db.insert(phones).values(person=person, since=today, sealed=self._box.seal(number.encode()))
        change = {"since": row.excluded.since, "sealed": row.excluded.sealed}
        with self._db.begin() as connection:
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
        if connection.execute(sa.select(phones.c.person).where(phones.c.person == into)).first():
            self.erase(connection, gone)
        connection.execute(phones.update().where(phones.c.person == gone).values(person=into))

"""What a run looks like from outside: whom it didn't reach, by name, and how fast deliveries end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.db import Database, Moment
from storage.people import name_in, persons
from storage.vault import Vault

deliveries = sa.table(
    "deliveries",
    *(sa.column(name) for name in ("key", "person", "state", "error")),
    sa.column("settled_at", Moment),
)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the roster whom a run didn't reach."""

    name: str
    error: str


class RunReports:
    """Reads only."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def named(self, key: str, *, state: str, but: Collection[str], most: int) -> Sequence[Named]:
        """Whom of those in a state the roster knows by name, `but` for some errors."""
        known = (persons.c.id == deliveries.c.person) & persons.c.verified & (persons.c.name != "")
        here = (deliveries.c.key == key) & (deliveries.c.state == state) & deliveries.c.error.not_in(but)
        chosen = sa.select(persons.c.id, persons.c.name, deliveries.c.error)
        chosen = chosen.select_from(deliveries.join(persons, known)).where(here).order_by(persons.c.id).limit(most)
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        named = [Named(name_in(self._vault, row.id, row.name), row.error) for row in rows]
        return sorted(named, key=lambda each: each.name)

    def ended_since(self, key: str, moment: datetime) -> int:
        """How many deliveries of a run have ended since then."""
        lately = sa.select(sa.func.count()).where(deliveries.c.key == key, deliveries.c.settled_at > moment)
        with self._db.read() as connection:
            return connection.execute(lately).scalar_one()

"""Duties that an account lends to another for some days."""

import secrets
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from storage.admins import admins
from storage.db import Database, metadata
from storage.people import Id

admin_loans = sa.Table(
    "admin_loans",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("giver", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), nullable=False),
    sa.Column("taker", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), nullable=False),
    sa.Column("duty", sa.String(32), nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),  # the last day
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A duty that one account does for another, from a day to a day: both are counted."""

    id: str
    giver: str
    taker: str
    duty: str
    since: date
    until: date

    def runs(self, today: date) -> bool:
        """Whether it holds on a day."""
        return self.since <= today <= self.until


class Loans:
    """All that aren't over; one that is over ends by itself."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, *, giver: str, taker: str, duty: str, since: date, until: date) -> None:
        """Lend a duty; both are names of accounts. What is lent so already isn't lent twice."""
        ids = {
            side: sa.select(admins.c.id).where(admins.c.name == name).scalar_subquery()
            for side, name in (("giver", giver), ("taker", taker))
        }
        new = {**ids, "duty": duty, "since": since, "until": until}
        same = sa.select(admin_loans.c.id).where(*(admin_loans.c[name] == value for name, value in new.items()))
        with self._db.by_turns(admin_loans) as connection:
            if connection.execute(same).first() is None:
                connection.execute(admin_loans.insert().values(id=secrets.token_hex(16), **new))

    def end(self, loan: str) -> None:
        """End one before its last day."""
        with self._db.begin() as connection:
            connection.execute(admin_loans.delete().where(admin_loans.c.id == loan))

    def current(self, today: date) -> list[Loan]:
        """Those that hold or are to come, the first to end first, and what one account is lent together."""
        giver, taker = admins.alias("giver"), admins.alias("taker")
        chosen = (
            sa.select(admin_loans, giver.c.name.label("by"), taker.c.name.label("to"))
            .join(giver, giver.c.id == admin_loans.c.giver)
            .join(taker, taker.c.id == admin_loans.c.taker)
            .where(admin_loans.c.until >= today)
            .order_by(admin_loans.c.until, taker.c.name, admin_loans.c.duty, admin_loans.c.id)
        )
        with self._db.read() as connection:
            return [
                Loan(id=row.id, giver=row.by, taker=row.to, duty=row.duty, since=row.since, until=row.until)
                for row in connection.execute(chosen)
            ]

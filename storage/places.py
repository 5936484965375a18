"""How far somebody has come in a bank of questions that they go through in order."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id

places = sa.Table(
    "quiz_places",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("bank", sa.String(64), primary_key=True),
    sa.Column("round", Id, nullable=False),
    sqlite_with_rowid=False,
)

_OF = sa.select(places.c.bank, places.c.round).where(places.c.person == sa.bindparam("person"))


class Places:
    """One place a person and bank: the round of it that was begun last. How far that is, its answers say."""

    def __init__(self, db: Database) -> None:
        added = db.insert(places)
        newest = {"round": added.excluded.round}
        self._put = db.hot(added.on_conflict_do_update(index_elements=["person", "bank"], set_=newest))
        self._of = db.hot(_OF)

    def of(self, person: str) -> dict[str, str]:
        """The ids of the person's newest rounds, by bank."""
        return {row[0]: row[1] for row in self._of(person=person)}

    def put(self, person: str, *, bank: str, round: str) -> None:  # noqa: A002 - its name
        """Say which round of the bank was begun last."""
        self._put(person=person, bank=bank, round=round)

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's places to another, who keeps their own where both have one."""
        both = sa.select(places.c.bank).where(places.c.person == into)
        theirs = places.c.person == gone
        connection.execute(places.delete().where(theirs & places.c.bank.in_(both)))
        connection.execute(places.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete the person's places."""
        connection.execute(places.delete().where(places.c.person == person))

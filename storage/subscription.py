"""Which topics a person wants to hear of."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True, index=True),
    sqlite_with_rowid=False,
)


class Subscriptions:
    """Adding and dropping are safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, person: str) -> frozenset[str]:
        """The topics of a person."""
        with self._db.read() as connection:
            chosen = sa.select(subscriptions.c.topic).where(subscriptions.c.person == person)
            return frozenset(connection.execute(chosen).scalars())

    def who_want(self, topic: str) -> list[str]:
        """The persons who subscribe to it."""
        with self._db.read() as connection:
            chosen = sa.select(subscriptions.c.person).where(subscriptions.c.topic == topic)
            return list(connection.execute(chosen).scalars())

    def add(self, person: str, topics: Iterable[str]) -> None:
        """Subscribe."""
        rows = [{"person": person, "topic": topic} for topic in topics]
        if rows:
            with self._db.begin() as connection:
                connection.execute(self._db.insert(subscriptions).on_conflict_do_nothing(), rows)

    def drop(self, person: str, topics: Iterable[str]) -> None:
        """Unsubscribe."""
        with self._db.begin() as connection:
            mine = subscriptions.c.person == person
            connection.execute(subscriptions.delete().where(mine & subscriptions.c.topic.in_(list(topics))))

    @staticmethod
    def wants(person: sa.ColumnElement[str], topics: Collection[str]) -> sa.ColumnElement[bool]:
        """Whether a person of a statement subscribes to any of `topics`."""
        return sa.exists().where(subscriptions.c.person == person, subscriptions.c.topic.in_(topics))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's topics to another."""
        both = sa.select(subscriptions.c.topic).where(subscriptions.c.person == into)
        theirs = subscriptions.c.person == gone
        connection.execute(subscriptions.delete().where(theirs & subscriptions.c.topic.in_(both)))
        connection.execute(subscriptions.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete all of a person's."""
        connection.execute(subscriptions.delete().where(subscriptions.c.person == person))

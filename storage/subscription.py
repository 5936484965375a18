"""Which topics a person wants to hear of, and how often each was subscribed to and left."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.people import Id, stays

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

topic_changes = sa.Table(  # of nobody: a month is all that is known of when
    "topic_changes",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("subscribed", sa.Integer, nullable=False),
    sa.Column("dropped", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)


class Changes(NamedTuple):
    """How often a topic was subscribed to, and how often it was left; an erasure leaves what was subscribed to."""

    subscribed: int = 0
    dropped: int = 0


class Subscriptions:
    """Adding and dropping are safe to repeat. What changes is counted in the month of `today`."""

    def __init__(self, db: Database, today: Callable[[], date]) -> None:
        self._db = db
        self._today = today

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
        """Subscribe; whoever has just been erased stays so."""
        rows = [{"person": person, "topic": topic} for topic in topics]
        if not rows:
            return
        new = self._db.insert(subscriptions).values(rows).on_conflict_do_nothing()
        with self._db.begin() as connection:
            if stays(connection, person):
                added = connection.execute(new.returning(subscriptions.c.topic)).scalars()
                self._count(connection, added, Changes(subscribed=1))

    def drop(self, person: str, topics: Iterable[str]) -> None:
        """Unsubscribe."""
        with self._db.begin() as connection:
            mine = subscriptions.c.person == person
            self._drop(connection, mine & subscriptions.c.topic.in_(list(topics)))

    def counts(self) -> dict[str, int]:
        """How many subscribe to each topic now."""
        counted = sa.select(subscriptions.c.topic, sa.func.count().label("many")).group_by(subscriptions.c.topic)
        with self._db.read() as connection:
            return {row.topic: row.many for row in connection.execute(counted)}

    def changes(self) -> dict[tuple[str, str], Changes]:
        """What was counted, by months ("2026-11") and topics."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(topic_changes))
            return {(row.month, row.topic): Changes(row.subscribed, row.dropped) for row in rows}

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
        self._drop(connection, subscriptions.c.person == person)

    def _drop(self, connection: Connection, which: sa.ColumnElement[bool]) -> None:
        gone = connection.execute(subscriptions.delete().where(which).returning(subscriptions.c.topic)).scalars()
        self._count(connection, gone, Changes(dropped=1))

    def _count(self, connection: Connection, topics: Iterable[str], change: Changes) -> None:
        """In the order of the topics: two who change the same ones would else wait for each other."""
        month = f"{self._today():%Y-%m}"
        rows = [{"month": month, "topic": topic, **change._asdict()} for topic in sorted(topics)]
        if rows:
            added = self._db.insert(topic_changes)
            more = {name: topic_changes.c[name] + added.excluded[name] for name in change._fields}
            connection.execute(added.on_conflict_do_update(index_elements=["month", "topic"], set_=more), rows)

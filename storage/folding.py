"""Runs that are long over keep their numbers and no people: how many ended how, by which channel and why.

What is lost with the rows is who was in the run. So it can't be sent again or corrected, and nobody can be chosen by
having received it; what is known of it besides stays.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment
from storage.deliveries import deliveries, tallies
from storage.runs import broadcasts
from storage.states import RunState

PIECE = 2000  # rows that one transaction folds


class Folding:
    """Safe to repeat, to do twice at once, and to die in: a row is counted in the transaction that deletes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fold(self, *, before: datetime, but: Collection[str], now: datetime) -> int:
        """Fold the runs that were over `before` then, a run at a time, and give the number of rows.

        Those stay that brought one of the digests `but`, by which people are still chosen, and those whose own
        broadcast still counts them, so that nobody has it more often than it says.
        """
        return sum(self._fold(key, now) for key in self._ready(before, but, now))

    def _ready(self, before: datetime, but: Collection[str], now: datetime) -> Iterator[str]:
        """Runs that are done and have rows, the oldest first."""
        rows = sa.exists().where(deliveries.c.key == broadcasts.c.key)
        over = (broadcasts.c.state == RunState.DONE) & (broadcasts.c.expires_at <= before) & rows
        runs = sa.select(broadcasts.c.key, broadcasts.c.content, broadcasts.c.planned_at).where(over)
        with self._db.read() as connection:
            found = connection.execute(runs.order_by(broadcasts.c.expires_at, broadcasts.c.key)).all()
        for run in found:
            content = json.loads(run.content)
            counts_until = run.planned_at + timedelta(seconds=content.get("within_seconds", 0))
            if counts_until <= now and not set(but) & set(content.get("digests", ())):
                yield run.key

    def _fold(self, key: str, now: datetime) -> int:
        """Mark a run, so that it isn't planned again, and fold its rows piece by piece."""
        here = (broadcasts.c.key == key) & (broadcasts.c.state == RunState.DONE)
        mark = (
            broadcasts.update()
            .where(here)
            .values(folded_at=sa.func.coalesce(broadcasts.c.folded_at, sa.literal(now, Moment)))
        )
        with self._db.begin() as connection:
            if connection.execute(mark.returning(broadcasts.c.key)).first() is None:
                return 0
        folded, last = 0, ""
        while found := self._piece(key, last):
            last = found
            folded += self._fold_until(key, last)
        return folded

    def _piece(self, key: str, after: str) -> str | None:
        """The last person of the next rows; None when there are none."""
        mine = sa.select(deliveries.c.person).where(deliveries.c.key == key, deliveries.c.person > after)
        some = mine.order_by(deliveries.c.person).limit(PIECE).subquery()
        with self._db.read() as connection:
            found: str | None = connection.execute(sa.select(sa.func.max(some.c.person))).scalar()
            return found

    def _fold_until(self, key: str, last: str) -> int:
        these = deliveries.delete().where(deliveries.c.key == key, deliveries.c.person <= last)
        with self._db.begin() as connection:
            gone = these.returning(deliveries.c.channel, deliveries.c.state, deliveries.c.error)
            counted = Counter((row.channel, row.state, row.error) for row in connection.execute(gone))
            self._add(connection, key, counted)
        return counted.total()

    def _add(self, connection: Connection, key: str, counted: Counter[tuple[str, str, str]]) -> None:
        rows = [
            {"key": key, "channel": channel, "state": state, "error": error, "number": number}
            for (channel, state, error), number in sorted(counted.items())
        ]
        if rows:
            row = self._db.insert(tallies)
            more = {"number": tallies.c.number + row.excluded.number}
            adding = row.on_conflict_do_update(index_elements=["key", "channel", "state", "error"], set_=more)
            connection.execute(adding, rows)

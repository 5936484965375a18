"""What the points of a month that is over came to for all together: written down once, and never reckoned again.

Nobody's points are kept: they are reckoned from answers when somebody looks at their own.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.db import Database, metadata
from storage.quiz import answers, rounds

AT_ONCE = 5000  # rows that are held while all of a month is gone through

months = sa.Table(
    "quiz_points",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("points", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)


class Right(NamedTuple):
    """A right answer: whose, when, and to which question."""

    person: str
    at: datetime
    question: str


class Sum(NamedTuple):
    """So many people had so many points together."""

    people: int
    points: int


class Points:
    """Right answers outside exams, which tell nothing before they are over, and the sums of months."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, person: str, *, since: datetime) -> list[Right]:
        """A person's right answers since then."""
        with self._db.read() as connection:
            found = connection.execute(_right(since).where(answers.c.person == person))
            return [Right(*row) for row in found]

    def month(self, month: str, *, begins: datetime, ends: datetime, reckon: Callable[[Iterator[Right]], Sum]) -> Sum:
        """What a month came to that was over at `ends`; `reckon` is asked the first time only."""
        chosen = sa.select(months.c.people, months.c.points).where(months.c.month == month)
        with self._db.read() as connection:
            kept = connection.execute(chosen).first()
        if kept:
            return Sum(*kept)
        in_turn = _right(begins).where(answers.c.at < ends).order_by(answers.c.person)
        with self._db.bulk(writes=False) as connection:
            found = connection.execution_options(yield_per=AT_ONCE).execute(in_turn)
            made = reckon(Right(*row) for row in found)
        add = self._db.insert(months).values(month=month, people=made.people, points=made.points)
        with self._db.begin() as connection:
            connection.execute(add.on_conflict_do_nothing())
            return Sum(*connection.execute(chosen).one())


def _right(since: datetime) -> sa.Select[Any]:
    return (
        sa.select(answers.c.person, answers.c.at, answers.c.question)
        .select_from(answers.join(rounds, rounds.c.id == answers.c.round))
        .where(answers.c.right, answers.c.at >= since, rounds.c.name.not_like("exam:%"))
    )

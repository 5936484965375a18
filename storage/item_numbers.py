"""What the first answers to questions came to, all members together, five people at a time and nobody by themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.db import Database
from storage.quiz import answers

TOGETHER = 5  # people who come into the numbers at once: what two looks differ by is never about fewer


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one question: how many `people` answered it, and how many of them right.

    `others`, `x`, `y`, `yy` and `xy` are sums over those of them who answered something else too: their number, their
    answers to this question (0 or 1), the shares of their other first answers that were right, and the products.
    """

    question: str
    people: int
    right: int
    others: int
    x: float
    y: float
    yy: float
    xy: float


@dataclass(frozen=True, slots=True)
class Again:
    """Of one question: how many people answered it twice, how many of them right at first, and at the second time."""

    question: str
    people: int
    first: int
    second: int


class ItemNumbers:
    """Whoever answered is counted once a question, by their first answer, and by it alone.

    The newest one to four people are left out, until they are five.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def sums(self) -> list[Sums]:
        """Of every question that five have answered."""
        whole = _whole(_times().subquery(), time=1).subquery()
        kept = sa.select(
            whole.c.question,
            whole.c.x,
            sa.func.count().over(partition_by=whole.c.person).label("given"),
            sa.func.sum(whole.c.x).over(partition_by=whole.c.person).label("right"),
        ).subquery()  # no join with what each person gave: SQLite looked through all people for every answer
        other = kept.c.given > 1
        share = sa.cast(kept.c.right - kept.c.x, sa.Float) / sa.func.nullif(kept.c.given - 1, 0)
        counted = sa.select(
            kept.c.question,
            sa.func.count(),
            sa.func.sum(kept.c.x),
            sa.func.count().filter(other),
            *(
                sa.func.coalesce(sa.func.sum(each).filter(other), 0.0)
                for each in (kept.c.x, share, share * share, share * kept.c.x)
            ),
        ).group_by(kept.c.question)
        with self._db.bulk(writes=False) as connection:
            return [
                Sums(row[0], *map(int, row[1:4]), *map(float, row[4:])) for row in connection.execute(counted).all()
            ]

    def again(self) -> list[Again]:
        """Of every question that five have answered twice: whether it went better the second time."""
        kept = _whole(_times().subquery(), time=2, more=("first",)).subquery()
        counted = sa.select(
            kept.c.question, sa.func.count(), sa.func.sum(kept.c.first), sa.func.sum(kept.c.x)
        ).group_by(kept.c.question)
        with self._db.bulk(writes=False) as connection:
            return [Again(row[0], *map(int, row[1:])) for row in connection.execute(counted).all()]

    def wrong(self, questions: Collection[str]) -> dict[str, dict[tuple[str, str | None], int]]:
        """How many people answered these questions with what, where that was wrong: by what is kept of an answer."""
        kept = _whole(
            _times(answers.c.said, answers.c.written).where(answers.c.question.in_(questions)).subquery(),
            time=1,
            more=("said", "written"),
        ).subquery()
        counted = (
            sa.select(kept.c.question, kept.c.said, kept.c.written, sa.func.count())
            .where(kept.c.x == 0)
            .group_by(kept.c.question, kept.c.said, kept.c.written)
        )
        found: dict[str, dict[tuple[str, str | None], int]] = {}
        with self._db.bulk(writes=False) as connection:
            for question, said, written, count in connection.execute(counted):
                found.setdefault(question, {})[said, written] = count
        return found


def _times(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Every answer, and the how many-th of the person to its question it is.

    `x` is 1 where it is right, and `first` where the first one was.
    """
    own = (answers.c.person, answers.c.question)
    order = (answers.c.at, answers.c.round, answers.c.position)
    x = sa.case((answers.c.right, 1), else_=0)
    return sa.select(
        answers.c.person,
        answers.c.question,
        answers.c.at,
        x.label("x"),
        sa.func.first_value(x).over(partition_by=own, order_by=order).label("first"),
        sa.func.row_number().over(partition_by=own, order_by=order).label("time"),
        *more,
    )


def _whole(of: Any, *, time: int, more: Collection[str] = ()) -> sa.Select[Any]:
    """Those answers of a time that whole fives of people gave to a question, in the order in which they came."""
    seated = (
        sa.select(
            of.c.person,
            of.c.question,
            of.c.x,
            *(of.c[name] for name in more),
            sa.func.row_number().over(partition_by=of.c.question, order_by=(of.c.at, of.c.person)).label("seat"),
            sa.func.count().over(partition_by=of.c.question).label("people"),
        )
        .where(of.c.time == time)
        .subquery()
    )
    return sa.select(seated).where(seated.c.seat <= seated.c.people - seated.c.people % TOGETHER)

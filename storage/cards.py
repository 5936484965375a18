"""What a person has to review: a card a question that they got wrong at some time, reckoned from their answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.people import Id
from storage.quiz import answers

cards = sa.Table(
    "quiz_cards",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("question", sa.String(64), primary_key=True),
    sa.Column("answers", sa.Integer, nullable=False),
    sa.Column("wrong", sa.Boolean, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Card:
    """When a question is to be reviewed: reckoned from so many `answers`, the newest of which was `wrong` or not."""

    question: str
    answers: int
    wrong: bool
    due: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a question was answered, and how often wrong."""

    answers: int
    wrong: int


_TALLIES = (
    sa.select(answers.c.question, sa.func.count(), sa.func.count().filter(answers.c.right.is_(False)))
    .where(answers.c.person == sa.bindparam("person"))
    .group_by(answers.c.question)
)
_OF = sa.select(cards.c.question, cards.c.answers, cards.c.wrong, cards.c.due).where(
    cards.c.person == sa.bindparam("person")
)


class Cards:
    """Answers are the truth and cards what follows from them: one that has counted fewer answers is made anew.

    So nothing is written of a card while somebody answers, and what was answered before there were cards has one too.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tallies = db.hot(_TALLIES)
        self._of = db.hot(_OF)

    def tallies(self, person: str) -> dict[str, Tally]:
        """Of each question that the person ever answered."""
        return {question: Tally(given, wrong) for question, given, wrong in self._tallies(person=person)}

    def of(self, person: str) -> dict[str, Card]:
        """The person's cards as they were reckoned last, by question."""
        return {
            question: Card(question, counted, bool(wrong), datetime.fromtimestamp(due, UTC))
            for question, counted, wrong, due in self._of(person=person)
        }

    def history(self, person: str, questions: Sequence[str]) -> dict[str, list[tuple[datetime, bool]]]:
        """When each of these questions was answered, and whether right, the oldest first."""
        chosen = (
            sa.select(answers.c.question, answers.c.at, answers.c.right)
            .where(answers.c.person == person, answers.c.question.in_(questions))
            .order_by(answers.c.question, answers.c.at, answers.c.round, answers.c.position)
        )
        with self._db.read() as connection:
            rows = connection.execute(chosen).all() if questions else []
        return {
            question: [(row.at, row.right) for row in given]
            for question, given in groupby(rows, key=lambda row: row.question)
        }

    def keep(self, person: str, reckoned: Iterable[Card]) -> None:
        """Put these cards in the place of those that the person had of their questions."""
        rows = [
            {"person": person, "question": each.question, "answers": each.answers, "wrong": each.wrong, "due": each.due}
            for each in reckoned
        ]
        if not rows:
            return
        added = self._db.insert(cards)
        changed: Mapping[str, sa.ColumnElement[object]] = {
            name: added.excluded[name] for name in ("answers", "wrong", "due")
        }
        with self._db.begin() as connection:
            connection.execute(added.on_conflict_do_update(index_elements=["person", "question"], set_=changed), rows)

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's cards to another; where both have one it is made anew, from the answers of both."""
        both = sa.select(cards.c.question).where(cards.c.person == into)
        theirs = cards.c.person == gone
        connection.execute(cards.delete().where(theirs & cards.c.question.in_(both)))
        connection.execute(cards.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete what the person had to review."""
        connection.execute(cards.delete().where(cards.c.person == person))

"""Rounds of questions and what was answered: one row an answer, none twice."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.hot import Rows
from storage.people import Id
from storage.sittings import sittings

OF_MISTAKES, OF_EXAMS = "wrong:", "exam:"  # how the names of their rounds begin

rounds = sa.Table(
    "quiz_rounds",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Id, nullable=False),
    sa.Column("name", sa.String(64), nullable=False),  # what makes it one: "daily:2026-11-23"
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("questions", sa.Text, nullable=False),
    sa.Column("scores", sa.Text),  # what each of them counts for, where they differ
    sa.UniqueConstraint("person", "name"),
    sqlite_with_rowid=False,
)

answers = sa.Table(
    "quiz_answers",
    metadata,
    sa.Column("round", Id, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("person", Id, nullable=False),
    sa.Column("question", sa.String(64), nullable=False),
    sa.Column("said", sa.String(64), nullable=False),
    sa.Column("written", sa.Text),  # into blanks: a list, as JSON; what was chosen is `said`
    sa.Column("right", sa.Boolean, nullable=False),
    sa.Column("credit", sa.SmallInteger),  # of a hundred, where it is partly right
    sa.Column("at", Moment, nullable=False),
    sa.Column("message", sa.String(80), nullable=False, unique=True),
    sa.Index("ix_quiz_answers_person_question", "person", "question"),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Round:
    """A round: its questions' ids in order, how far it is answered, and how many answers were right and wrong.

    `credit` is that of all answers together, of a hundred each: what is wrong may be partly right. `scores` says what
    each question counts for; where it is empty, all count alike.
    """

    id: str
    name: str
    questions: tuple[str, ...]
    answered: int
    right: int
    wrong: int
    credit: int
    scores: tuple[int, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether every question was answered."""
        return self.answered >= len(self.questions)


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered, and by which message."""

    said: str
    written: str | None
    message: str


CREDIT = sa.func.coalesce(answers.c.credit, sa.case((answers.c.right, 100), else_=0))

_MINE = rounds.c.person == sa.bindparam("person")
_COUNTED = (
    sa.select(
        rounds.c.id,
        rounds.c.name,
        rounds.c.questions,
        rounds.c.scores,
        (sa.func.coalesce(sa.func.max(answers.c.position), -1) + 1).label("answered"),
        sa.func.count(answers.c.position).filter(answers.c.right).label("right"),
        sa.func.count(answers.c.position).filter(answers.c.right.is_(False)).label("wrong"),
        sa.func.coalesce(sa.func.sum(CREDIT).filter(answers.c.position.is_not(None)), 0).label("credit"),
    )
    .select_from(rounds.outerjoin(answers, answers.c.round == rounds.c.id))
    .group_by(rounds.c.id, rounds.c.name, rounds.c.questions, rounds.c.scores)
)

_GIVEN = sa.select(answers.c.said, answers.c.written, answers.c.message).where(
    answers.c.round == sa.bindparam("round"), answers.c.position == sa.bindparam("position")
)
_REVIEWED = (
    sa.select(sa.func.count())
    .select_from(rounds.join(answers, answers.c.round == rounds.c.id))
    .where(_MINE, rounds.c.day == sa.bindparam("day"), rounds.c.name.startswith(OF_MISTAKES))
)
# What was answered in an exam that isn't over: nothing tells what of it was right.
_IN_A_SITTING = answers.c.round.in_(
    sa.select(rounds.c.id).where(
        _MINE, sittings.c.person == rounds.c.person, sittings.c.name == rounds.c.name, sittings.c.mark.is_(None)
    )
)


class QuizStore:
    """Answers are kept once: a message can't count twice, and neither can a question of a round."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._add_round = db.hot(db.insert(rounds).on_conflict_do_nothing())
        self._add_answer = db.hot(db.insert(answers).on_conflict_do_nothing())
        self._by_id = db.hot(_COUNTED.where(rounds.c.id == sa.bindparam("id")))
        self._by_name = db.hot(_COUNTED.where(_MINE, rounds.c.name == sa.bindparam("name")))
        self._by_day = db.hot(_COUNTED.where(_MINE, rounds.c.day == sa.bindparam("day")))
        self._own = db.hot(_COUNTED.where(_MINE, rounds.c.id == sa.bindparam("id")))
        self._given = db.hot(_GIVEN)
        self._reviewed = db.hot(_REVIEWED)

    def begin(
        self, *, person: str, name: str, day: date, questions: Sequence[str], scores: Sequence[int] = ()
    ) -> Round:
        """The round of that name, made with these questions if the person has none yet."""
        new = os.urandom(16).hex()
        added = self._add_round(
            id=new,
            person=person,
            name=name,
            day=day.isoformat(),
            questions=json.dumps([*questions]),
            scores=json.dumps([*scores]) if scores else None,
        )
        if added:
            return Round(new, name, tuple(questions), answered=0, right=0, wrong=0, credit=0, scores=tuple(scores))
        return _there(self._by_name(person=person, name=name))

    def find(self, *, person: str, name: str) -> Round | None:
        """The person's round of that name."""
        return _first(self._by_name(person=person, name=name))

    def own(self, found: str, *, person: str) -> Round | None:
        """The round with that id, if it is this person's."""
        return _first(self._own(person=person, id=found))

    def unfinished(self, *, person: str, day: date) -> list[Round]:
        """The person's rounds of that day that aren't over."""
        begun = map(_round, self._by_day(person=person, day=day.isoformat()))
        return [each for each in begun if not each.is_over]

    def round(self, found: str) -> Round:
        """The round with that id, as far as it is answered."""
        return _there(self._by_id(id=found))

    def record(
        self,
        *,
        round: str,  # noqa: A002 - its name
        position: int,
        person: str,
        question: str,
        given: Given,
        right: bool,
        now: datetime,
        credit: int | None = None,
    ) -> bool:
        """Keep an answer, with its `credit` where it is partly right.

        False when that question of the round was answered by another message already.
        """
        added = self._add_answer(
            round=round,
            position=position,
            person=person,
            question=question,
            said=given.said,
            written=given.written,
            right=right,
            credit=credit,
            at=int(now.timestamp()),
            message=given.message,
        )
        if added:
            return True
        kept = self.given(round=round, position=position)
        return kept is not None and kept.message == given.message

    def given(self, *, round: str, position: int) -> Given | None:  # noqa: A002 - its name
        """What was answered at a position of a round."""
        rows = self._given(round=round, position=position)
        return Given(*rows[0]) if rows else None

    def marks(self, round: str) -> dict[int, bool]:  # noqa: A002 - its name
        """Which positions of a round are answered, and whether right."""
        chosen = sa.select(answers.c.position, answers.c.right).where(answers.c.round == round)
        with self._db.read() as connection:
            return {row.position: row.right for row in connection.execute(chosen).all()}

    def credits(self, round: str) -> dict[int, int]:  # noqa: A002 - its name
        """The credit of each position of a round that is answered, of a hundred."""
        chosen = sa.select(answers.c.position, CREDIT).where(answers.c.round == round)
        with self._db.read() as connection:
            return {position: int(credit) for position, credit in connection.execute(chosen).all()}

    def reviewed(self, *, person: str, day: date) -> int:
        """How many questions the person answered in that day's rounds of mistakes."""
        ((counted,),) = self._reviewed(person=person, day=day.isoformat())
        return int(counted)

    def tally(self, person: str) -> tuple[int, int]:
        """How many answers a person gave, and how many were right; those of an exam count once it is over."""
        told = (answers.c.person == person) & ~_IN_A_SITTING
        counted = sa.select(sa.func.count(), sa.func.count().filter(answers.c.right)).where(told)
        with self._db.read() as connection:
            given, right = connection.execute(counted, {"person": person}).one()
        return given, right

    def all_of(self, person: str) -> Sequence[tuple[datetime, str, str, bool | None]]:
        """Every answer of a person: when, to which question, what was said and whether it was right.

        Of an exam that isn't over that is None.
        """
        right = sa.case((_IN_A_SITTING, None), else_=answers.c.right).label("right")
        chosen = sa.select(answers.c.at, answers.c.question, answers.c.said, answers.c.written, right)
        theirs = chosen.where(answers.c.person == person).order_by(answers.c.at)
        with self._db.read() as connection:
            rows = connection.execute(theirs, {"person": person}).all()
        return [(row.at, row.question, row.written or row.said, row.right) for row in rows]

    def newest(self, person: str, *, since: datetime) -> str | None:
        """The question that a person answered last, if they answered any since then; an exam's is not told of."""
        chosen = (
            sa.select(answers.c.question)
            .select_from(answers.join(rounds, rounds.c.id == answers.c.round))
            .where(answers.c.person == person, answers.c.at >= since, rounds.c.name.not_like(f"{OF_EXAMS}%"))
            .order_by(answers.c.at.desc(), answers.c.position.desc())
            .limit(1)
        )
        with self._db.read() as connection:
            return connection.execute(chosen).scalar()

    @staticmethod
    def has_answered(person: sa.ColumnElement[str], since: datetime) -> sa.ColumnElement[bool]:
        """Whether a person of a statement has answered anything since then."""
        return sa.exists().where(answers.c.person == person, answers.c.at >= since)

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's rounds and answers to another; a round that both have, such as today's, stays twice."""
        both = sa.select(rounds.c.name).where(rounds.c.person == into)
        theirs = rounds.c.person == gone
        other = sa.func.substr(rounds.c.name, 1, 31) + ":" + rounds.c.id
        connection.execute(rounds.update().where(theirs & rounds.c.name.in_(both)).values(name=other))
        connection.execute(rounds.update().where(theirs).values(person=into))
        connection.execute(answers.update().where(answers.c.person == gone).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete what the person answered."""
        connection.execute(answers.delete().where(answers.c.person == person))
        connection.execute(rounds.delete().where(rounds.c.person == person))


def _first(rows: Rows) -> Round | None:
    return _round(rows[0]) if rows else None


def _there(rows: Rows) -> Round:
    if not rows:
        raise sa.exc.NoResultFound
    return _round(rows[0])


def _round(row: Sequence[Any]) -> Round:
    id_, name, questions, scores, answered, right, wrong, credit = row
    return Round(
        id=id_,
        name=name,
        questions=tuple(json.loads(questions)),
        answered=answered,
        right=right,
        wrong=wrong,
        credit=int(credit),
        scores=tuple(json.loads(scores)) if scores else (),
    )

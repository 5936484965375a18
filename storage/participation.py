"""How many of an organisation took part in a month that is over: written down once, and never counted again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.db import Database, metadata
from storage.people import BELONGS, persons
from storage.quiz import answers

participation = sa.Table(
    "quiz_participation",
    metadata,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("organisation", sa.String(64), primary_key=True),  # "" once a month: that it was counted
    sa.Column("members", sa.Integer, nullable=False),
    sa.Column("took_part", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of an organisation's own members took part."""

    organisation: str
    members: int
    took_part: int


class Participation:
    """A month's numbers stay as they were first counted: who moves or leaves later changes nothing that is told."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, month: str, *, begins: datetime, ends: datetime) -> list[Share]:
        """What a month came to that was over at `ends`."""
        found = self._kept(month)
        if not found:
            self._count(month, begins, ends)
            found = self._kept(month)
        return [each for each in found if each.organisation]

    def _kept(self, month: str) -> list[Share]:
        chosen = sa.select(participation.c.organisation, participation.c.members, participation.c.took_part)
        with self._db.read() as connection:
            rows = connection.execute(
                chosen.where(participation.c.month == month).order_by(participation.c.organisation)
            )
            return [Share(*row) for row in rows]

    def _count(self, month: str, begins: datetime, ends: datetime) -> None:
        did = sa.exists().where(answers.c.person == persons.c.id, answers.c.at >= begins, answers.c.at < ends)
        counted = (
            sa.select(persons.c.organisation, sa.func.count(), sa.func.count().filter(did))
            .where(BELONGS, persons.c.left_on.is_(None))
            .group_by(persons.c.organisation)
        )
        add = self._db.insert(participation).on_conflict_do_nothing()
        with self._db.bulk() as connection:
            rows = [("", 0, 0), *map(tuple, connection.execute(counted))]
            connection.execute(
                add,
                [
                    {"month": month, "organisation": each, "members": members, "took_part": took_part}
                    for each, members, took_part in rows
                ],
            )

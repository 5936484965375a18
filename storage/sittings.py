"""Who sat which exam, from when until when; and the certificate of who passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.codes import drawn
from storage.db import Database, Moment, metadata
from storage.people import Id

sittings = sa.Table(
    "quiz_sittings",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),  # of its round
    sa.Column("exam", sa.String(64), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("seed", Id, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("pass_mark", sa.Integer, nullable=False),
    sa.Column("mark", sa.Integer),  # of a hundred, once it is over
    sa.Column("certificate", sa.String(16), unique=True),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Once through an exam, as it was when it began: `mark` is of a hundred, and None until it is over.

    Its questions were drawn by `seed`. Who passed has a `certificate`, but not for a practice.
    """

    exam: str
    title: str
    seed: str
    begun_at: datetime
    ends_at: datetime
    pass_mark: int
    mark: int | None = None
    certificate: str | None = None

    @property
    def has_passed(self) -> bool:
        """Whether it is over and was a pass."""
        return self.mark is not None and self.mark >= self.pass_mark


class Sittings:
    """One sitting a person and name, from its first moment on: a second beginning finds the first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, person: str, *, name: str, sitting: Sitting) -> Sitting:
        """The sitting of that name; this one if the person has none yet."""
        row = {key: getattr(sitting, key) for key in ("exam", "title", "seed", "begun_at", "ends_at", "pass_mark")}
        added = self._db.insert(sittings).values(person=person, name=name, **row).on_conflict_do_nothing()
        with self._db.begin() as connection:
            connection.execute(added)
        found = self.find(person, name=name)
        if found is None:
            raise LookupError("a sitting was erased while it began")
        return found

    def find(self, person: str, *, name: str) -> Sitting | None:
        """The person's sitting of that name."""
        return self._one((sittings.c.person == person) & (sittings.c.name == name))

    def of(self, person: str) -> dict[str, tuple[str, Sitting]]:
        """The person's newest sitting of each exam, by the exam, with its name."""
        chosen = sa.select(sittings).where(sittings.c.person == person).order_by(sittings.c.begun_at)
        with self._db.read() as connection:
            rows = connection.execute(chosen).mappings().all()
        return {row["exam"]: (row["name"], _sitting(row)) for row in rows}

    def certified(self, certificate: str) -> Sitting | None:
        """The sitting that a certificate is of, whoever's it is."""
        return self._one(sittings.c.certificate == certificate)

    def came_to(self, exam: str) -> list[tuple[int, bool]]:
        """The marks of an exam's sittings, and whether each was a pass, in the order of their ends.

        Only those before the first that isn't over yet: what was told once is told again, whoever comes after it.
        """
        chosen = (
            sa.select(sittings.c.mark, sittings.c.mark >= sittings.c.pass_mark)
            .where(sittings.c.exam == exam)
            .order_by(sittings.c.ends_at, sittings.c.person)
        )
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [(mark, bool(passed)) for mark, passed in takewhile(lambda row: row[0] is not None, rows)]

    def ran_out(self, *, now: datetime, most: int) -> list[tuple[str, str]]:
        """The persons and names of sittings whose time is over and that nobody has looked at since."""
        chosen = (
            sa.select(sittings.c.person, sittings.c.name)
            .where(sittings.c.mark.is_(None), sittings.c.ends_at <= now)
            .order_by(sittings.c.ends_at)
            .limit(most)
        )
        with self._db.read() as connection:
            return [(person, name) for person, name in connection.execute(chosen)]

    def close(self, person: str, *, name: str, mark: int, certified: bool) -> Sitting | None:
        """Write down what it came to, once: a certificate has the number that it was given first."""
        number = drawn() if certified else None
        mine = (sittings.c.person == person) & (sittings.c.name == name)
        closed = sittings.update().where(mine, sittings.c.mark.is_(None)).values(mark=mark, certificate=number)
        with self._db.begin() as connection:
            connection.execute(closed)
        return self.find(person, name=name)

    def _one(self, chosen: sa.ColumnElement[bool]) -> Sitting | None:
        with self._db.read() as connection:
            row = connection.execute(sa.select(sittings).where(chosen)).mappings().first()
        return _sitting(row) if row else None

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's sittings to another; of an exam that both sat, the other's own counts."""
        both = sa.select(sittings.c.name).where(sittings.c.person == into)
        theirs = sittings.c.person == gone
        connection.execute(sittings.delete().where(theirs & sittings.c.name.in_(both)))
        connection.execute(sittings.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete the person's sittings, and with them their certificates."""
        connection.execute(sittings.delete().where(sittings.c.person == person))


def _sitting(row: Mapping[str, Any] | sa.RowMapping) -> Sitting:
    return Sitting(**{key: value for key, value in row.items() if key not in {"person", "name"}})

"""What somebody thinks of a question: that they keep it to come back to, that it was of use to them or was not."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.people import Id

regards = sa.Table(
    "quiz_regards",
    metadata,
    sa.Column("person", Id, primary_key=True),
    sa.Column("question", sa.String(64), primary_key=True),
    sa.Column("kept", sa.Boolean, nullable=False),
    sa.Column("useful", sa.Boolean),  # null: nothing was said of it
    sa.Column("at", Moment, nullable=False),  # when it was kept
    sqlite_with_rowid=False,
)


class Regard(NamedTuple):
    """Whether a question is kept, and what its use was said to be; None where nothing was said."""

    kept: bool = False
    useful: bool | None = None


class Votes(NamedTuple):
    """How many people found a question of use, and how many didn't."""

    useful: int
    useless: int


_OF = (
    sa.select(regards.c.question, regards.c.kept, regards.c.useful)
    .where(regards.c.person == sa.bindparam("person"))
    .order_by(regards.c.at.desc(), regards.c.question)
)
_TO = sa.select(regards.c.kept, regards.c.useful).where(
    regards.c.person == sa.bindparam("person"), regards.c.question == sa.bindparam("question")
)


class Regards:
    """One row a person and question."""

    def __init__(self, db: Database) -> None:
        self._db = db
        added = db.insert(regards)
        both = ["person", "question"]
        kept = {"kept": added.excluded.kept, "at": added.excluded.at}
        self._keep = db.hot(added.on_conflict_do_update(index_elements=both, set_=kept))
        said = {"useful": added.excluded.useful}
        self._rate = db.hot(added.on_conflict_do_update(index_elements=both, set_=said))
        self._of = db.hot(_OF)
        self._to = db.hot(_TO)

    def of(self, person: str) -> dict[str, Regard]:
        """Of each question that the person thinks anything of, what was kept last first."""
        return {question: _regard(kept, useful) for question, kept, useful in self._of(person=person)}

    def to(self, person: str, question: str) -> Regard:
        """What the person thinks of a question."""
        rows = self._to(person=person, question=question)
        return _regard(*rows[0]) if rows else Regard()

    def keep(self, person: str, question: str, *, kept: bool, now: datetime) -> None:
        """Keep a question, or keep it no longer."""
        self._keep(person=person, question=question, kept=kept, useful=None, at=int(now.timestamp()))

    def rate(self, person: str, question: str, *, useful: bool | None, now: datetime) -> None:
        """Say whether a question was of use; None takes back what was said."""
        self._rate(person=person, question=question, kept=False, useful=useful, at=int(now.timestamp()))

    def votes(self) -> dict[str, Votes]:
        """What all people said of questions' use."""
        counted = (
            sa.select(
                regards.c.question,
                sa.func.count().filter(regards.c.useful),
                sa.func.count().filter(regards.c.useful.is_(False)),
            )
            .where(regards.c.useful.is_not(None))
            .group_by(regards.c.question)
        )
        with self._db.read() as connection:
            return {question: Votes(useful, useless) for question, useful, useless in connection.execute(counted)}

    def voters(self) -> Votes:
        """How many people found any question of use, and how many found any that wasn't; one may be among both."""
        people = sa.func.count(regards.c.person.distinct())
        counted = sa.select(people.filter(regards.c.useful), people.filter(regards.c.useful.is_(False)))
        with self._db.read() as connection:
            return Votes(*connection.execute(counted).one())

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's to another: what either kept is kept, and what the other said of its use stands."""
        theirs, own = regards.c.person == gone, regards.c.person == into
        kept_by_gone = sa.select(regards.c.question).where(theirs, regards.c.kept)
        known = sa.select(regards.c.question).where(own)
        connection.execute(regards.update().where(own & regards.c.question.in_(kept_by_gone)).values(kept=True))
        connection.execute(regards.delete().where(theirs & regards.c.question.in_(known)))
        connection.execute(regards.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete what the person thinks of questions."""
        connection.execute(regards.delete().where(regards.c.person == person))


def _regard(kept: object, useful: object) -> Regard:
    return Regard(bool(kept), None if useful is None else bool(useful))

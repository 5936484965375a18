"""Duels: two people answer the same questions, each when they like, and each learns what both came to."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.codes import drawn
from storage.db import Database, Moment, metadata
from storage.people import Id, name_in, persons
from storage.vault import Vault

duels = sa.Table(
    "quiz_duels",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("code", sa.String(8), nullable=False, unique=True),
    sa.Column("questions", sa.Text, nullable=False),
    sa.Column("taken", sa.Boolean, nullable=False),  # for good, even where who took it up is erased
    sa.Column("ends_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

sides = sa.Table(
    "quiz_duel_sides",
    metadata,
    sa.Column("duel", Id, sa.ForeignKey("quiz_duels.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", Id, primary_key=True, index=True),
    sa.Column("hosts", sa.Boolean, nullable=False),
    sa.Column("named", sa.Boolean, nullable=False),  # whether the other may know who it is
    sa.Column("right", sa.Integer),  # once this one is done
    sa.Column("theirs", sa.Integer),  # once the other is: a side's row is whole without the other's
    sa.Column("told", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """A duel as one of the two sees it: `right` and `theirs` are numbers of right answers, None until they are done.

    `name` is the other's, "" unless they are named. `told`: this one knows how it ended.
    """

    id: str
    code: str = field(repr=False)
    questions: tuple[str, ...] = field(repr=False)
    taken: bool
    ends_at: datetime
    hosts: bool
    named: bool
    right: int | None = None
    theirs: int | None = None
    told: bool = False
    name: str = field(default="", repr=False)

    @property
    def ahead(self) -> int | None:
        """By how many right answers this one has more, below zero where it has fewer; None until both are done."""
        return None if self.right is None or self.theirs is None else self.right - self.theirs

    @property
    def is_unsettled(self) -> bool:
        """Whether there is something to write down once this one is done."""
        return self.right is None or (self.theirs is not None and not self.told)


class Duels:
    """Who is in a duel is known until it ends; then it is deleted with its code, and its answers stay with each."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def open(self, person: str, *, questions: Sequence[str], letters: int, named: bool, ends_at: datetime) -> Duel:
        """A new duel that waits for who has its code, of so many `letters`."""
        row = {"id": secrets.token_hex(16), "questions": json.dumps([*questions]), "taken": False, "ends_at": ends_at}
        with self._db.begin() as connection:
            code = drawn(letters)
            while not self._is_added(connection, {**row, "code": code}):
                code = drawn(letters)
            self._join(connection, row["id"], person, hosts=True, named=named)
        return Duel(
            id=str(row["id"]),
            code=code,
            questions=tuple(questions),
            taken=False,
            ends_at=ends_at,
            hosts=True,
            named=named,
        )

    def take(self, code: str, person: str, *, named: bool, ends_at: datetime, now: datetime) -> Duel | None:
        """Make this person the other one, and end it at `ends_at`; None where no duel waits under the code."""
        waits = (duels.c.code == code) & duels.c.taken.is_(False) & (duels.c.ends_at > now)
        with self._db.begin() as connection:
            take = duels.update().where(waits).values(taken=True, ends_at=ends_at).returning(duels.c.id)
            found = connection.execute(take).scalar()
            if found is None:
                return None
            host = sa.select(sides.c.right).where(sides.c.duel == found)
            self._join(connection, found, person, named=named, theirs=connection.execute(host).scalar())
        return self.find(person, duel=found, now=now)

    def _is_added(self, connection: Connection, row: dict[str, object]) -> bool:
        added = self._db.insert(duels).values(row).on_conflict_do_nothing().returning(duels.c.id)
        return connection.execute(added).first() is not None

    @staticmethod
    def _join(
        connection: Connection,
        duel: object,
        person: str,
        *,
        named: bool,
        hosts: bool = False,
        theirs: int | None = None,
    ) -> None:
        row = {"duel": duel, "person": person, "hosts": hosts, "named": named, "theirs": theirs, "told": False}
        connection.execute(sides.insert().values(row))

    def find(self, person: str, *, duel: str, now: datetime) -> Duel | None:
        """The person's duel of that id, until it ends."""
        return next((each for each in self.of(person, now=now) if each.id == duel), None)

    def of(self, person: str, *, now: datetime) -> list[Duel]:
        """The duels that the person is in, those that end last first."""
        mine = (sides.c.person == person) & (duels.c.ends_at > now)
        with self._db.read() as connection:
            return [duel for _, duel in self._seen(connection, mine)]

    def show_name(self, person: str, *, duel: str) -> None:
        """Let the other know who this is."""
        with self._db.begin() as connection:
            connection.execute(sides.update().where(_side(duel, person)).values(named=True))

    def close(self, person: str, *, duel: str, right: int, ends_at: datetime, now: datetime) -> Duel | None:
        """Write down what this one came to, once; where both are done, it can be read until `ends_at`.

        Who is told of the end by this needn't be told again. None where the duel has ended before.
        """
        going = (duels.c.id == duel) & (duels.c.ends_at > now)
        mine, other = _side(duel, person), (sides.c.duel == duel) & (sides.c.person != person)
        is_news = mine & sides.c.theirs.is_not(None) & sides.c.told.is_(False)
        with self._db.begin() as connection:
            # The duel is locked first: two who end at once would wait for each other's rows.
            if connection.execute(sa.select(duels.c.id).where(going).with_for_update()).first() is None:
                return None
            connection.execute(sides.update().where(mine, sides.c.right.is_(None)).values(right=right))
            connection.execute(sides.update().where(other, sides.c.theirs.is_(None)).values(theirs=right))
            if connection.execute(sides.update().where(is_news).values(told=True).returning(sides.c.duel)).first():
                connection.execute(duels.update().where(duels.c.id == duel).values(ends_at=ends_at))
        return self.find(person, duel=duel, now=now)

    def to_tell(self, *, now: datetime) -> list[tuple[str, Duel]]:
        """Whom the other one has ended a duel for, and who hasn't seen it yet."""
        news = sides.c.told.is_(False) & sides.c.right.is_not(None) & sides.c.theirs.is_not(None)
        with self._db.read() as connection:
            return self._seen(connection, news & (duels.c.ends_at > now))

    def told(self, person: str, *, duel: str) -> None:
        """This one knows how it ended."""
        with self._db.begin() as connection:
            connection.execute(sides.update().where(_side(duel, person)).values(told=True))

    def drop_ended(self, *, now: datetime) -> None:
        """Forget the duels that are over."""
        with self._db.begin() as connection:
            connection.execute(duels.delete().where(duels.c.ends_at <= now))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's duels to another; of one that the two had with each other, the other's own side stays."""
        both = sa.select(sides.c.duel).where(sides.c.person == into)
        theirs = sides.c.person == gone
        connection.execute(sides.delete().where(theirs & sides.c.duel.in_(both)))
        connection.execute(sides.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Delete the person's side of every duel: the other one's knows by itself what both came to."""
        connection.execute(sides.delete().where(sides.c.person == person))
        connection.execute(duels.delete().where(duels.c.id.not_in(sa.select(sides.c.duel))))

    def _seen(self, connection: Connection, chosen: sa.ColumnElement[bool]) -> list[tuple[str, Duel]]:
        other = sides.alias("other")
        is_named = (other.c.duel == sides.c.duel) & (other.c.person != sides.c.person) & other.c.named
        asked = (
            sa.select(
                sides.c.person,
                *(duels.c[name] for name in ("id", "code", "questions", "taken", "ends_at")),
                *(sides.c[name] for name in ("hosts", "named", "right", "theirs", "told")),
                persons.c.id.label("other"),
                sa.func.coalesce(persons.c.name, "").label("name"),
            )
            .select_from(
                sides.join(duels, duels.c.id == sides.c.duel)
                .outerjoin(other, is_named)
                .outerjoin(persons, persons.c.id == other.c.person)
            )
            .where(chosen)
            .order_by(duels.c.ends_at.desc(), duels.c.id)
        )
        found = []
        for row in connection.execute(asked).mappings():
            known = {key: value for key, value in row.items() if key not in {"person", "questions", "other", "name"}}
            name = name_in(self._vault, row["other"], row["name"])
            found.append((row["person"], Duel(**known, name=name, questions=tuple(json.loads(row["questions"])))))
        return found


def _side(duel: str, person: str) -> sa.ColumnElement[bool]:
    return (sides.c.duel == duel) & (sides.c.person == person)

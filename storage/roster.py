"""Who belongs: the list an admin imported, and the one-time codes that tie a row of it to a person."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import codes
from storage.db import Database, Moment, metadata
from storage.people import Id, contacts, persons
from storage.sealing import CannotOpen, Mark
from storage.vault import Marked, Seal, Sealed, Vault

roster = sa.Table(
    "roster",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", Sealed, nullable=False),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("number", Sealed, nullable=False, server_default=""),  # tells people of one name apart
    sa.Column("same", Marked("organisation", "name", "number"), nullable=False, unique=True),
    sa.Column("called", Marked("name"), nullable=False, index=True),
    sa.Column("role", sa.String(32), nullable=False, server_default=""),
    sa.Column("code", sa.String(64), unique=True),  # keyed hash; None once used
    sa.Column("code_expires_at", Moment),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), unique=True),
    sa.Column("message", sa.String(80), unique=True),  # the message that bound it
    sa.Column("joined_with", sa.String(64)),  # keyed hash of the code that bound it, as long as it is bound
    sqlite_with_rowid=False,
)

join_tries = sa.Table(
    "join_tries",
    metadata,
    sa.Column("person", Id, primary_key=True),  # or, of who is gone, the keyed hash of a contact, until the day is over
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("message", sa.String(80), nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the imported list. `organisation` is an id of organisations.toml."""

    name: str
    organisation: str
    role: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new row and the code its member says once."""

    entry: Entry
    code: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands: whether a person is bound to it, and until when its code is good; None once used."""

    entry: Entry
    bound: bool
    code_until: datetime | None
    id: str = ""
    person: str = ""


class Refusal(StrEnum):
    """Why a code did not bind."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"


class Roster:
    """Codes are kept as keyed hashes: the database can't say them again. `former` hashes contacts, as in People."""

    def __init__(self, db: Database, vault: Vault, *, mark: Mark, former: Mark) -> None:
        self._db = db
        self._vault = vault
        self._mark = mark
        self._former = former

    def take_in(
        self, entries: Iterable[Entry], *, expires_at: datetime, taken_off: Iterable[Entry] = ()
    ) -> list[Issued]:
        """Add new rows with a code each, update the role of known ones; a binding stays as it is. All or nothing.

        Those that are `taken_off` go, as with `remove`.
        """
        with self._db.by_turns(roster) as connection:  # while keys are changed the marks of one entry may differ
            for entry in taken_off:
                self._remove(connection, entry)
            seal = self._vault.sealing(connection)
            return [issued for entry in entries if (issued := self._take(connection, seal, entry, expires_at))]

    def _take(self, connection: Connection, seal: Seal, entry: Entry, expires_at: datetime) -> Issued | None:
        change = roster.update().where(_is(seal, entry)).values(role=entry.role).returning(roster.c.person)
        known = connection.execute(change).first()
        if known:
            connection.execute(persons.update().where(persons.c.id == known.person).values(role=entry.role))
            return None
        code = codes.drawn()
        row = {"id": secrets.token_hex(16), **asdict(entry), "code": self._mark(code), "code_expires_at": expires_at}
        connection.execute(roster.insert().values(seal.row(roster, row)))
        return Issued(entry, code)

    def reissue(self, *, name: str, organisation: str, number: str = "", expires_at: datetime) -> str | None:
        """A new code for a row, so that another contact of the same person can join; None without such a row."""
        code, entry = codes.drawn(), Entry(name=name, organisation=organisation, number=number)
        with self._db.begin() as connection:
            same = _is(self._vault.looking(connection), entry)
            change = roster.update().where(same).values(code=self._mark(code), code_expires_at=expires_at)
            found = connection.execute(change.returning(roster.c.id)).first()
        return code if found else None

    def bound_by(self, message: str) -> Entry | None:
        """What a message has bound its sender to; a repeat of it asks."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(roster).where(roster.c.message == message)).first()
        return self._entry(row) if row else None

    def joined_with(self, person: str, code: str, *, message: str) -> bool:
        """Whether the person is bound by this very code; by this very message doesn't count, which is its repeat."""
        own = (roster.c.person == person) & (roster.c.joined_with == self._mark(code)) & (roster.c.message != message)
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(own))).scalar())

    def knows(self, code: str, *, now: datetime) -> bool:
        """Whether a code would bind somebody now."""
        good = (roster.c.code == self._mark(code)) & (roster.c.code_expires_at >= now)
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(good))).scalar())

    def bind(self, *, code: str, person: str, contact: str, message: str, now: datetime) -> Entry | Refusal:
        """Tie the code's row to the person who says it; the code is used up. A repeat of `message` finds it done."""
        with self._db.begin() as connection:
            asked = (roster.c.code == self._mark(code)) | (roster.c.message == message)
            # Locked, so that of two who say one code at once on PostgreSQL the second finds it used up.
            row = connection.execute(sa.select(roster).where(asked).with_for_update()).first()
            if row is None:
                return Refusal.UNKNOWN
            if row.message != message and row.code_expires_at < now:
                return Refusal.EXPIRED
            owner = row.person or person
            change = {"person": owner, "message": message, "code": None, "joined_with": row.code or row.joined_with}
            self._let_go(connection, owner, but=row.id)
            connection.execute(roster.update().where(roster.c.id == row.id).values(**change))
            self._move(connection, contact, person, owner, now.date())
            entry = self._entry(row)
            named = self._vault.sealing(connection).words(persons.c.name, owner, entry.name)
            known = {"name": named, "verified": True, "organisation": entry.organisation, "role": entry.role}
            connection.execute(persons.update().where(persons.c.id == owner).values(**known))
        return entry

    def _let_go(self, connection: Connection, person: str, *, but: str) -> None:
        """A person is one row: who says the code of another one has moved there."""
        former = (roster.c.person == person) & (roster.c.id != but)
        connection.execute(roster.update().where(former).values(_NOBODYS))

    def _move(self, connection: Connection, contact: str, person: str, owner: str, today: date) -> None:
        """A second contact of a known member joins that person; the empty one it leaves is erased in its time."""
        if person == owner:
            return
        connection.execute(contacts.update().where(contacts.c.id == contact).values(person=owner))
        connection.execute(persons.update().where(persons.c.id == owner).values(left_on=None, former=None))
        others = sa.select(sa.exists().where(contacts.c.person == person))
        if not connection.execute(others).scalar():
            connection.execute(persons.update().where(persons.c.id == person).values(left_on=today))

    def unbind(self, person: str) -> None:
        """Undo a binding: the row waits for a new code, the person is nobody in particular again."""
        with self._db.begin() as connection:
            self._unbind(connection, person)

    def unbind_row(self, entry: Entry) -> bool:
        """Undo the binding of a row; False where nobody is bound to it. Its code, if it has one, is good no longer."""
        with self._db.begin() as connection:
            person = self._person_of(connection, entry)
            if person:
                self._unbind(connection, person)
            same = _is(self._vault.looking(connection), entry)
            connection.execute(roster.update().where(same).values(code=None, code_expires_at=None))
        return person is not None

    def remove(self, entry: Entry) -> bool:
        """Take a row off the list, its binding first; False without such a row."""
        with self._db.begin() as connection:
            return self._remove(connection, entry)

    def _remove(self, connection: Connection, entry: Entry) -> bool:
        person = self._person_of(connection, entry)
        if person:
            self._unbind(connection, person)
        same = _is(self._vault.looking(connection), entry)
        return connection.execute(roster.delete().where(same).returning(roster.c.id)).first() is not None

    def _person_of(self, connection: Connection, entry: Entry) -> str | None:
        same = _is(self._vault.looking(connection), entry)
        person: str | None = connection.execute(sa.select(roster.c.person).where(same).with_for_update()).scalar()
        return person

    def _unbind(self, connection: Connection, person: str) -> None:
        self._untie(connection, person)
        nobody = {"name": "", "verified": False, "organisation": "", "role": ""}
        connection.execute(persons.update().where(persons.c.id == person).values(**nobody))

    def count_try(self, person: str, *, day: date, message: str) -> int:
        """How many codes the person has tried that day, this message counted once.

        With those of one who was here as the same contact, and had what is kept of them erased.
        """
        change = {"tries": join_tries.c.tries + 1, "message": message}
        of_day = sa.select(sa.func.coalesce(sa.func.max(join_tries.c.tries), 0)).where(join_tries.c.day == day)
        with self._db.begin() as connection:
            before = of_day.where(join_tries.c.person.in_(self._contacts(connection, person)))
            tried = {"tries": connection.execute(before).scalar_one() + 1, "message": message}
            row = self._db.insert(join_tries).values(person=person, day=day, **tried)
            counted = row.on_conflict_do_update(
                index_elements=["person", "day"], set_=change, where=join_tries.c.message != message
            )
            connection.execute(counted)
            return int(connection.execute(of_day.where(join_tries.c.person == person)).scalar_one())

    def _contacts(self, connection: Connection, person: str) -> list[str]:
        """Keyed hashes of the person's contacts, as long as an id; of the last one too, where it has left."""
        chosen = sa.select(contacts.c.account, contacts.c.openid).where(contacts.c.person == person)
        here = [self._former(row.account, row.openid) for row in connection.execute(chosen)]
        left = connection.execute(sa.select(persons.c.former).where(persons.c.id == person)).scalar()
        return [mark[: Id.length] for mark in (*here, *([left] if left else ()))]

    def drop_tries(self, before: date) -> None:
        """Forget the tries of the days before this one."""
        self._drop_tries(join_tries.c.day < before)

    def drop_tries_of_the_gone(self, before: date) -> None:
        """The same, where nobody is there any more who made them."""
        here = sa.exists().where(persons.c.id == join_tries.c.person)
        self._drop_tries((join_tries.c.day < before) & ~here)

    def _drop_tries(self, which: sa.ColumnElement[bool]) -> None:
        with self._db.begin() as connection:
            connection.execute(join_tries.delete().where(which))

    def rows(self, *, only: Collection[str] | None = None) -> Sequence[Row]:
        """The whole list, or the rows of these ids."""
        chosen = sa.select(roster) if only is None else sa.select(roster).where(roster.c.id.in_(sorted(only)))
        with self._db.read() as connection:
            return self._rows(connection.execute(chosen).all())

    def called(self, name: str) -> Sequence[Row]:
        """Those of this name."""
        with self._db.read() as connection:
            marks = self._vault.looking(connection).marks(roster.c.called, {"name": name})
            return self._rows(connection.execute(sa.select(roster).where(roster.c.called.in_(marks))).all())

    def _rows(self, found: Sequence[Any]) -> list[Row]:
        rows = []
        for each in found:
            with suppress(CannotOpen):  # under a key that is no more
                bound, until = each.person is not None, each.code_expires_at if each.code else None
                rows.append(Row(self._entry(each), bound, until, each.id, each.person or ""))
        return sorted(rows, key=lambda row: (row.entry.organisation, row.entry.name, row.entry.number))

    def _entry(self, row: Any) -> Entry:
        name = self._vault.open(roster.c.name, row.id, row.name)
        number = self._vault.open(roster.c.number, row.id, row.number)
        return Entry(name=name, organisation=row.organisation, role=row.role, number=number)

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's row to another, who has none; of a day on which both tried the other's tries count."""
        connection.execute(roster.update().where(roster.c.person == gone).values(person=into))
        both = sa.select(join_tries.c.day).where(join_tries.c.person == into)
        theirs = join_tries.c.person == gone
        connection.execute(join_tries.delete().where(theirs & join_tries.c.day.in_(both)))
        connection.execute(join_tries.update().where(theirs).values(person=into))

    def erase(self, connection: Connection, person: str) -> None:
        """Untie the person; the row itself is the admin's and stays.

        That somebody tried codes today is not forgotten before the day is over: else erasing would give new tries.
        """
        self._untie(connection, person)
        gone = join_tries.delete().where(join_tries.c.person == person).returning(join_tries.c.day, join_tries.c.tries)
        tried = [row._asdict() for row in connection.execute(gone)]
        marks = self._contacts(connection, person)
        rows = [{"person": mark, "message": "", **of_day} for mark in marks for of_day in tried]
        if rows:
            row = self._db.insert(join_tries).values(rows)
            change = {"tries": row.excluded.tries}
            connection.execute(row.on_conflict_do_update(index_elements=["person", "day"], set_=change))

    @staticmethod
    def _untie(connection: Connection, person: str) -> None:
        connection.execute(roster.update().where(roster.c.person == person).values(_NOBODYS))


_NOBODYS = {"person": None, "message": None, "joined_with": None}


def _is(seal: Seal, entry: Entry) -> sa.ColumnElement[bool]:
    return roster.c.same.in_(seal.marks(roster.c.same, asdict(entry)))

"""Talks that members asked for: whom, when and about what is sealed, and gone a week after the day."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.boxed import Boxed, place
from storage.db import Database, metadata
from storage.lasting import Lasting, Purpose
from storage.people import Id, persons
from storage.sealing import CannotOpen, Keys

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("message", sa.String(80), unique=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),
    sa.Column("slot", sa.String(64), unique=True),  # keyed hash of who and when; None once it is free again
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("sealed", Boxed("appointment"), nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A talk with the `host` (content.talks) of this id, and what became of it (handlers.appointment.engine.State)."""

    host: str
    at: datetime
    name: str = field(repr=False)
    words: str = field(repr=False)
    state: str
    answer: str = field(default="", repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    person: str = ""


class HasOne(Exception):
    """Another talk of the same member stands in the way."""


class Appointments:
    """Every talk that is to come, or was within a week."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("appointment")
        self._slot = Lasting(db, keys, Purpose.SLOT)

    def ask(self, wanted: Appointment, *, message: str, beside: Callable[[Appointment], bool] = lambda _: True) -> bool:
        """Keep it, once for a message; False where somebody else has that time.

        Raises `HasOne` where the member has another which may not be `beside` it, be it asked for in the same moment.
        """
        row = self._db.insert(appointments).values(
            id=wanted.id,
            message=message,
            person=wanted.person,
            slot=self._slot(wanted.host, wanted.at.isoformat()),
            day=wanted.at.date(),
            sealed=self._sealed(wanted),
        )
        same = sa.select(appointments.c.id).where(appointments.c.message == message)
        theirs = sa.select(appointments).where(appointments.c.person == wanted.person)
        with self._db.begin() as connection:
            connection.execute(sa.select(persons.c.id).where(persons.c.id == wanted.person).with_for_update())
            if connection.execute(same).first():
                return True
            if not all(map(beside, self._readable(connection.execute(theirs).all()))):
                raise HasOne
            if connection.execute(self._at(wanted.host, wanted.at)).first():
                return False
            return connection.execute(row.on_conflict_do_nothing().returning(appointments.c.id)).first() is not None

    def of_message(self, message: str) -> Appointment | None:
        """The one that was asked for with this message."""
        return next(self._opened(appointments.c.message == message), None)

    def is_free(self, host: str, at: datetime) -> bool:
        """Whether nobody has that time."""
        with self._db.read() as connection:
            return connection.execute(self._at(host, at)).first() is None

    def _at(self, host: str, at: datetime) -> sa.Select[tuple[str]]:
        return sa.select(appointments.c.id).where(appointments.c.slot.in_(self._slot.all(host, at.isoformat())))

    def of_person(self, person: str) -> list[Appointment]:
        """Those of a member, the next first."""
        return sorted(self._opened(appointments.c.person == person), key=lambda each: each.at)

    def of_hosts(self, hosts: frozenset[str]) -> list[Appointment]:
        """Those with these hosts, the next first."""
        return sorted((each for each in self._opened(sa.true()) if each.host in hosts), key=lambda each: each.at)

    def change(self, wanted: str, changed: Callable[[Appointment], Appointment], *, frees: bool = False) -> None:
        """Put `changed` in the place of the one with this id; `frees`: somebody else may have its time."""
        same = appointments.c.id == wanted
        with self._db.begin() as connection:
            row = connection.execute(sa.select(appointments).where(same).with_for_update()).first()
            if row is None:
                return
            values: dict[str, object] = {"sealed": self._sealed(changed(self._read(row)))}
            connection.execute(appointments.update().where(same).values(**values, **({"slot": None} if frees else {})))

    def drop(self, wanted: str) -> None:
        """Forget it."""
        with self._db.begin() as connection:
            connection.execute(appointments.delete().where(appointments.c.id == wanted))

    def drop_before(self, day: date) -> None:
        """Forget those of the days before."""
        with self._db.begin() as connection:
            connection.execute(appointments.delete().where(appointments.c.day < day))

    def erase(self, connection: Connection, person: str) -> None:
        """Forget a person's, in the transaction that erases the person."""
        connection.execute(appointments.delete().where(appointments.c.person == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's to another."""
        connection.execute(appointments.update().where(appointments.c.person == gone).values(person=into))

    def _opened(self, chosen: sa.ColumnElement[bool]) -> Iterator[Appointment]:
        with self._db.read() as connection:
            rows = connection.execute(sa.select(appointments).where(chosen)).all()
        return self._readable(rows)

    def _readable(self, rows: Iterable[sa.Row[Any]]) -> Iterator[Appointment]:
        for row in rows:
            with suppress(CannotOpen):
                yield self._read(row)

    def _sealed(self, wanted: Appointment) -> bytes:
        told = asdict(replace(wanted, id="", person="")) | {"at": wanted.at.isoformat()}
        return self._box.seal(json.dumps(told, ensure_ascii=False).encode(), bound_to=place(wanted.id))

    def _read(self, row: sa.Row[tuple[object, ...]]) -> Appointment:
        told = json.loads(self._box.open(row.sealed, bound_to=place(row.id)))
        return Appointment(**{**told, "at": datetime.fromisoformat(told["at"]), "id": row.id, "person": row.person})

"""Who is signed in: a device's token is kept as a keyed hash, hangs on its contact and goes with it.

Looking a token up writes nothing, and a session ends with a day, so that no row tells at what time somebody was here.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.people import Id, Who, called, contacts, persons
from storage.sealing import CannotOpen, Mark
from storage.vault import Sealed, Vault

DEVICES = 10  # of one contact; whoever signs in once more loses the one that would have ended first
DEVICE_LETTERS = 40
_TOKEN_BYTES = 32

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("token", sa.String(64), nullable=False, unique=True),  # keyed hash
    sa.Column("device", Sealed, nullable=False, server_default=""),  # which may well be called after its owner
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)


class NoContact(Exception):
    """Whoever was to be signed in has left meanwhile."""


@dataclass(frozen=True, slots=True)
class Session:
    """A device that is signed in, and whose it is."""

    id: str
    who: Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as its owner sees it; `name` is what it called itself."""

    id: str
    account: str
    name: str
    since: date
    expires_at: datetime


_FIND = (
    sa.select(
        sessions.c.id,
        sessions.c.contact,
        contacts.c.person,
        contacts.c.account,
        contacts.c.openid,
        persons.c.name,
        persons.c.verified,
        persons.c.organisation,
        persons.c.role,
    )
    .select_from(
        sessions.join(contacts, contacts.c.id == sessions.c.contact).join(persons, persons.c.id == contacts.c.person)
    )
    .where(sessions.c.token == sa.bindparam("token"), sessions.c.expires_at > sa.bindparam("now"))
)


class Sessions:
    """Tokens are shown once, when they are made: the database can't say them again.

    Tokens of another `mark` lie in the same table, are listed and end with these, and open nothing here.
    """

    def __init__(self, db: Database, vault: Vault, *, mark: Mark) -> None:
        self._db = db
        self._vault = vault
        self._mark = mark
        self._find = db.hot(_FIND)

    def begin(self, contact: str, *, device: str, today: date, until: datetime, now: datetime) -> str:
        """Sign a device in and give its token; what has ended meanwhile is dropped. Raises `NoContact`."""
        token, new = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_hex(16)
        row = {
            "id": new,
            "contact": contact,
            "token": self._mark(token),
            "device": device[:DEVICE_LETTERS],
            "since": today,
            "expires_at": until,
        }
        others = (sessions.c.contact == contact) & (sessions.c.id != new)
        kept = sa.select(sessions.c.id).where(others).order_by(sessions.c.expires_at.desc(), sessions.c.id)
        with self._db.begin() as connection:
            try:
                connection.execute(sessions.insert().values(self._vault.sealing(connection).row(sessions, row)))
            except sa.exc.IntegrityError:
                raise NoContact from None
            connection.execute(sa.select(contacts.c.id).where(contacts.c.id == contact).with_for_update(key_share=True))
            connection.execute(sessions.delete().where(others & (sessions.c.expires_at <= now)))
            connection.execute(sessions.delete().where(others & sessions.c.id.not_in(kept.limit(DEVICES - 1))))
        return token

    def find(self, token: str, *, now: datetime) -> Session | None:
        """Whose token this is. One statement: this is in the path of every request."""
        rows = self._find(token=self._mark(token), now=int(now.timestamp()))
        return self._session(rows[0]) if rows else None

    def _session(self, row: Sequence[Any]) -> Session:
        session, contact, person, account, openid, name, verified, organisation, role = row
        who = Who(
            account=account,
            openid=openid,
            person=person,
            contact=contact,
            called=called(self._vault, person, name),
            verified=bool(verified),
            organisation=organisation,
            role=role,
        )
        return Session(session, who)

    def renew(self, token: str, *, until: datetime, now: datetime) -> str | None:
        """Put a new token in the place of one that is good; None where somebody else was quicker."""
        new = secrets.token_urlsafe(_TOKEN_BYTES)
        same = (sessions.c.token == self._mark(token)) & (sessions.c.expires_at > now)
        change = sessions.update().where(same).values(token=self._mark(new), expires_at=until)
        with self._db.begin() as connection:
            changed = connection.execute(change.returning(sessions.c.id)).first()
        return new if changed else None

    def of(self, person: str, *, now: datetime) -> Sequence[Device]:
        """The devices of a person that are signed in, the newest first."""
        chosen = (
            sa.select(sessions.c.id, contacts.c.account, sessions.c.device, sessions.c.since, sessions.c.expires_at)
            .select_from(sessions.join(contacts, contacts.c.id == sessions.c.contact))
            .where(contacts.c.person == person, sessions.c.expires_at > now)
            .order_by(sessions.c.expires_at.desc(), sessions.c.id)
        )
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [
            Device(id=row.id, account=row.account, name=self._device(row), since=row.since, expires_at=row.expires_at)
            for row in rows
        ]

    def _device(self, row: Any) -> str:
        try:
            return self._vault.open(sessions.c.device, row.id, row.device)
        except CannotOpen:  # under a key that is no more
            return ""

    def end(self, session: str, *, person: str) -> bool:
        """Sign one of a person's devices out; False where it is not theirs."""
        with self._db.begin() as connection:
            gone = sessions.delete().where((sessions.c.id == session) & _of(person)).returning(sessions.c.id)
            return connection.execute(gone).first() is not None

    def drop_ended(self, *, now: datetime) -> None:
        """Forget the devices whose time is over."""
        with self._db.begin() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires_at <= now))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Nothing is to be done: a session hangs on its contact, whoever that is of."""

    def erase(self, connection: Connection, person: str) -> None:
        """Sign all of a person's devices out."""
        connection.execute(sessions.delete().where(_of(person)))


def _of(person: str) -> sa.ColumnElement[bool]:
    return sessions.c.contact.in_(sa.select(contacts.c.id).where(contacts.c.person == person))

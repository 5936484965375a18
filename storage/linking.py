"""One person on several accounts: known by the platform's unionid, or by a one-time code said on the other account."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import codes
from storage.db import Database, Moment, metadata
from storage.people import Id, People, Who, contacts, persons
from storage.sealing import Mark

link_codes = sa.Table(
    "link_codes",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code", sa.String(64), unique=True),  # keyed hash; None once used
    sa.Column("message", sa.String(80), unique=True),  # the message that used it
    sa.Column("expires_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)


class Linked(StrEnum):
    """What came of a code, or of a unionid."""

    LINKED = "linked"
    ALREADY = "already"  # they are one person as it is
    UNKNOWN = "unknown"  # no such code, or it is over
    TWO_MEMBERS = "two_members"  # both are bound, to two rows of the roster


class Unite(Protocol):
    """Gives all that is kept of one person to another, in an open transaction."""

    def __call__(self, connection: Connection, *, gone: str, into: str) -> None:
        """After it nothing names `gone`."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A contact that is to be tied to another, and its person."""

    contact: str
    person: str
    verified: bool
    since: Any


class Linking:
    """Ties contacts to one person and takes them apart again. Every method is safe to repeat."""

    def __init__(self, db: Database, people: People, *, mark: Mark, unite: Unite) -> None:
        self._db = db
        self._people = people
        self._mark = mark
        self._unite = unite

    def meet(self, *, account: str, openid: str, unionid: str, today: date) -> Who:
        """The person behind a contact, made where there was none, and tied by the unionid where there is one."""
        who = self._people.meet(account=account, openid=openid, unionid=unionid, today=today)
        if unionid:
            self.by_unionid(who.contact, unionid)
        return who

    def code(self, contact: str, *, until: datetime) -> str:
        """A new one-time code for a contact; the one before is over."""
        said = codes.drawn()
        row = self._db.insert(link_codes).values(contact=contact, code=self._mark(said), expires_at=until)
        change = {"code": row.excluded.code, "expires_at": row.excluded.expires_at, "message": None}
        with self._db.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["contact"], set_=change))
        return said

    def by_code(self, said: str, *, contact: str, message: str, now: datetime) -> Linked:
        """Tie `contact` to whoever was given this code, which is used up. A repeat of `message` finds it done."""
        good = (link_codes.c.code == self._mark(said)) & (link_codes.c.expires_at > now)
        used = {"code": None, "message": message}
        with self._db.begin() as connection:
            asked = sa.select(link_codes).where(good | (link_codes.c.message == message)).with_for_update()
            row = connection.execute(asked).first()
            if row is None:
                return Linked.UNKNOWN
            connection.execute(link_codes.update().where(link_codes.c.contact == row.contact).values(used))
            tied = self._tie(connection, contact, row.contact)
            return Linked.LINKED if row.message == message and tied is Linked.ALREADY else tied

    def by_unionid(self, contact: str, unionid: str) -> Linked:
        """Note what the platform says of a contact, and tie it to the contact of another account that has the same.

        One that was taken apart by hand stays apart.
        """
        same = (contacts.c.unionid == unionid) & (contacts.c.id != contact) & contacts.c.apart.is_(False)
        with self._db.begin() as connection:
            note = contacts.update().where(contacts.c.id == contact, contacts.c.apart.is_(False))
            noted = connection.execute(note.values(unionid=unionid).returning(contacts.c.id)).first()
            other = connection.execute(sa.select(contacts.c.id).where(same).order_by(contacts.c.id)).scalar()
            if noted is None or other is None or not unionid:
                return Linked.UNKNOWN
            return self._tie(connection, contact, other)

    def _tie(self, connection: Connection, contact: str, other: str) -> Linked:
        sides = [self._side(connection, each) for each in sorted((contact, other))]  # locked in one order by all
        here, there = sides[0], sides[-1]
        if here is None or there is None:
            return Linked.UNKNOWN
        connection.execute(contacts.update().where(contacts.c.id.in_([contact, other])).values(apart=False))
        if here.person == there.person:
            return Linked.ALREADY
        if here.verified and there.verified:
            return Linked.TWO_MEMBERS
        into, gone = sorted((here, there), key=lambda side: (not side.verified, side.since, side.person))
        self._unite(connection, gone=gone.person, into=into.person)
        return Linked.LINKED

    @staticmethod
    def _side(connection: Connection, contact: str) -> _Side | None:
        chosen = (
            sa.select(contacts.c.id, contacts.c.person, persons.c.verified, persons.c.since)
            .select_from(contacts.join(persons, persons.c.id == contacts.c.person))
            .where(contacts.c.id == contact)
        )
        row = connection.execute(chosen.with_for_update()).first()
        return None if row is None else _Side(*row)

    def accounts(self, person: str) -> Sequence[str]:
        """The accounts on which a person is known."""
        chosen = sa.select(contacts.c.account).where(contacts.c.person == person).order_by(contacts.c.account)
        with self._db.read() as connection:
            return connection.execute(chosen).scalars().all()

    def part(self, contact: str) -> bool:
        """Make a contact a person of its own again, without anything; False where it is alone already.

        All that is kept stays with the others: nobody can tell any more which of it came from where.
        """
        with self._db.begin() as connection:
            side = self._side(connection, contact)
            others = sa.select(contacts.c.id).where(contacts.c.person == (side.person if side else ""))
            if side is None or len(connection.execute(others.limit(2)).all()) == 1:
                return False
            new = secrets.token_hex(16)
            connection.execute(persons.insert().values(id=new, since=side.since))
            connection.execute(contacts.update().where(contacts.c.id == contact).values(person=new, apart=True))
            return True

    def unasked(self, account: str, *, most: int) -> Sequence[tuple[str, str]]:
        """Contacts on an account of which nobody asked the platform yet: id and openid."""
        chosen = (
            sa.select(contacts.c.id, contacts.c.openid)
            .where(contacts.c.account == account, contacts.c.unionid.is_(None), contacts.c.apart.is_(False))
            .order_by(contacts.c.id)
            .limit(most)
        )
        with self._db.read() as connection:
            return [(row.id, row.openid) for row in connection.execute(chosen).all()]

    def drop_ended(self, *, now: datetime) -> None:
        """Forget the codes that are over."""
        with self._db.begin() as connection:
            connection.execute(link_codes.delete().where(link_codes.c.expires_at <= now))

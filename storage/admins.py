"""Who may sign in to the console. Passwords are kept as argon2 hashes made elsewhere."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import codes
from storage.db import Database, Moment, metadata
from storage.people import Id, contacts
from storage.sealing import Mark

admins = sa.Table(
    "admins",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("stamp", sa.String(32), nullable=False),  # changes with the password: older sessions end
    sa.Column("party_member", sa.Boolean, nullable=False, server_default=sa.text("true")),  # as who made it said
    sa.Column("first_password", sa.Boolean, nullable=False, server_default=sa.text("false")),  # to be changed first
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
)

admin_grants = sa.Table(
    "admin_grants",
    metadata,
    sa.Column("admin", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.String(64), primary_key=True),
    sa.Column("organisation", sa.String(64), primary_key=True),  # "" is the whole house
    sa.Column("since", sa.Date),  # None: since before that was noted
    sqlite_with_rowid=False,
)

admin_contacts = sa.Table(
    "admin_contacts",
    metadata,
    sa.Column("admin", Id, primary_key=True),
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), index=True),
    sa.Column("code", sa.String(64), unique=True),  # keyed hash; None once said
    sa.Column("code_until", Moment),
    sqlite_with_rowid=False,
)


GENERAL = "general"  # all the work of the whole house, as content.roles has it


class Grant(NamedTuple):
    """A role in an organisation, or in the whole house where that is "", held since a day."""

    role: str
    organisation: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Admin:
    """One account of the console, with what was granted to it."""

    id: str
    name: str
    password_hash: str = field(repr=False)
    stamp: str = field(repr=False)
    party_member: bool = True
    grants: tuple[Grant, ...] = ()
    first_password: bool = False
    disabled: bool = False

    @property
    def roles(self) -> list[tuple[str, str]]:
        """Its roles, each with its organisation."""
        return [(each.role, each.organisation) for each in self.grants]


class AdminExists(Exception):
    """There is an admin of that name."""


While = Callable[[Mapping[str, Admin]], bool]  # what must hold of all accounts, by their names


def _always(_: Mapping[str, Admin]) -> bool:
    return True


class Admins:
    """The console's accounts.

    Where two act at the same moment, each was let in before the other was done: `while_` is asked when nobody changes
    any account or grant beside, and what it doesn't hold for isn't done.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        *,
        name: str,
        password_hash: str,
        is_first: bool = False,
        party_member: bool | None = None,
        grants: Sequence[Grant] = (Grant(GENERAL),),
    ) -> None:
        """Add an account, which does all the work of the whole house where nothing else is said.

        That one is taken for a party member's, any other isn't until somebody says so. A first password is to be
        changed before anything else. Raises `AdminExists`.
        """
        if party_member is None:
            party_member = GENERAL in {each.role for each in grants}
        row = self._db.insert(admins).values(
            id=secrets.token_hex(16),
            name=name,
            password_hash=password_hash,
            stamp=secrets.token_hex(16),
            first_password=is_first,
            party_member=party_member,
        )
        with self._db.begin() as connection:
            added = connection.execute(row.on_conflict_do_nothing().returning(admins.c.id)).scalar()
            if added is None:
                raise AdminExists
            for grant in grants:
                connection.execute(admin_grants.insert().values(admin=added, **grant._asdict()))

    def change_password(self, *, name: str, password_hash: str, is_first: bool = False) -> bool:
        """Set a new password, ending every session of that account; False where there is no such account."""
        return self._change(name, password_hash=password_hash, first_password=is_first, stamp=secrets.token_hex(16))

    def renew(self, admin: Admin, **changed: str | bool) -> Admin | None:
        """The account with what is `changed` of it, ending every session; None where it isn't as it was any more.

        Of two who change it at once, one is out before they have done it.
        """
        new: dict[str, Any] = {**changed, "stamp": secrets.token_hex(16)}
        same = (admins.c.id == admin.id) & (admins.c.stamp == admin.stamp)
        with self._db.begin() as connection:
            done = connection.execute(admins.update().where(same).values(new).returning(admins.c.id)).first()
        return replace(admin, **new) if done else None

    def disable(self, *, name: str, while_: While = _always) -> bool:
        """Let an account sign in no more until it is enabled, ending every session of it; False where there is none."""
        with self._db.by_turns(admins) as connection:
            changed = admins.update().where(admins.c.name == name).values(disabled=True, stamp=secrets.token_hex(16))
            done = _holds(connection, while_) and connection.execute(changed.returning(admins.c.id)).first()
        return bool(done)

    def enable(self, *, name: str) -> bool:
        """Let an account sign in again; False where there is no such account."""
        return self._change(name, disabled=False)

    def end_sessions(self, *, name: str) -> bool:
        """End every session of an account; False where there is no such account."""
        return self._change(name, stamp=secrets.token_hex(16))

    def _change(self, name: str, **values: str | bool) -> bool:
        changed = admins.update().where(admins.c.name == name).values(values).returning(admins.c.id)
        with self._db.begin() as connection:
            return connection.execute(changed).first() is not None

    def remove(self, *, name: str) -> bool:
        """Remove an account, ending every session of it; False where there is no such account."""
        gone = admins.delete().where(admins.c.name == name).returning(admins.c.id)
        with self._db.begin() as connection:
            admin = connection.execute(gone).scalar()
            connection.execute(admin_contacts.delete().where(admin_contacts.c.admin == admin))
        return admin is not None

    def names(self) -> list[str]:
        """Who may sign in, in the order of their names."""
        return [each.name for each in self.all() if not each.disabled]

    def all(self) -> list[Admin]:
        """Every account, in the order of their names."""
        with self._db.read() as connection:
            return sorted(_read(connection), key=lambda each: each.name)

    def grant(self, name: str, grant: Grant, *, while_: While = _always) -> bool:
        """Give an account a role; a repeat changes nothing. False where it might not be."""
        admin = sa.select(admins.c.id).where(admins.c.name == name).scalar_subquery()
        row = self._db.insert(admin_grants).values(admin=admin, **grant._asdict())
        with self._db.by_turns(admins) as connection:
            if not _holds(connection, while_):
                return False
            connection.execute(row.on_conflict_do_nothing())
        return True

    def revoke(self, name: str, grant: Grant, *, while_: While = _always) -> bool:
        """Take a role from an account; False where it hadn't that."""
        admin = sa.select(admins.c.id).where(admins.c.name == name).scalar_subquery()
        same = (admin_grants.c.role == grant.role) & (admin_grants.c.organisation == grant.organisation)
        gone = admin_grants.delete().where(admin_grants.c.admin == admin, same)
        with self._db.by_turns(admins) as connection:
            done = _holds(connection, while_) and connection.execute(gone.returning(admin_grants.c.admin)).first()
        return bool(done)

    def say_member(self, name: str, *, party_member: bool) -> None:
        """Note whether an account is a party member's."""
        with self._db.begin() as connection:
            connection.execute(admins.update().where(admins.c.name == name).values(party_member=party_member))

    def named(self, name: str) -> Admin | None:
        """The account of that name."""
        return None if "\0" in name else self._one(admins.c.name == name)  # PostgreSQL refuses to be asked for that

    def found(self, admin: str) -> Admin | None:
        """The account with that id."""
        return self._one(admins.c.id == admin)

    def _one(self, chosen: sa.ColumnElement[bool]) -> Admin | None:
        with self._db.read() as connection:
            return next(iter(_read(connection, chosen)), None)


def _holds(connection: Connection, while_: While) -> bool:
    return while_ is _always or while_({each.name: each for each in _read(connection)})


def _read(connection: Connection, *chosen: sa.ColumnElement[bool]) -> list[Admin]:
    """Accounts with their grants: one statement."""
    rows = connection.execute(
        sa.select(admins, admin_grants.c.role, admin_grants.c.organisation, admin_grants.c.since)
        .select_from(admins.outerjoin(admin_grants, admin_grants.c.admin == admins.c.id))
        .where(*chosen)
        .order_by(admins.c.id, admin_grants.c.role, admin_grants.c.organisation)
    ).all()
    grants: dict[str, list[Grant]] = {row.id: [] for row in rows}
    for row in rows:
        if row.role is not None:
            grants[row.id].append(Grant(row.role, row.organisation, row.since))
    found = {row.id: row for row in rows}
    return [
        Admin(
            row.id,
            row.name,
            row.password_hash,
            row.stamp,
            row.party_member,
            tuple(grants[row.id]),
            first_password=row.first_password,
            disabled=row.disabled,
        )
        for row in found.values()
    ]


@dataclass(frozen=True, slots=True)
class AdminContact:
    """The contact that an admin said to be their own."""

    person: str
    account: str
    openid: str = field(repr=False)


class AdminContacts:
    """Which contact is an admin's own: they take a code in the console, and say it where they chat."""

    def __init__(self, db: Database, *, mark: Mark) -> None:
        self._db = db
        self._mark = mark

    def give_code(self, name: str, *, until: datetime) -> str:
        """A code for the admin of that name; the one before is good no longer, the contact stays until it is said."""
        code = codes.drawn()
        new = {"code": self._mark(code), "code_until": until}
        admin = sa.select(admins.c.id).where(admins.c.name == name).scalar_subquery()
        row = self._db.insert(admin_contacts).values(admin=admin, **new)
        with self._db.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["admin"], set_=new))
        return code

    def link(self, code: str, *, contact: str, now: datetime) -> bool:
        """Make the contact that of the admin to whom the code was given. A repeat finds it done."""
        fits = (admin_contacts.c.code == self._mark(code)) & (admin_contacts.c.code_until >= now)
        change = admin_contacts.update().where(fits).values(contact=contact, code=None, code_until=None)
        linked = sa.select(sa.exists().where(admin_contacts.c.contact == contact))
        with self._db.begin() as connection:
            if connection.execute(change.returning(admin_contacts.c.admin)).first() is not None:
                return True
            return bool(connection.execute(linked).scalar())

    def standing(self, name: str, *, now: datetime) -> tuple[bool, bool]:
        """Whether the admin of that name has a contact, and whether they have a code that may still be said."""
        known = admin_contacts.outerjoin(contacts, contacts.c.id == admin_contacts.c.contact)
        chosen = (
            sa.select(contacts.c.id.is_not(None), sa.func.coalesce(admin_contacts.c.code_until >= now, sa.false()))
            .select_from(admins.join(known, admin_contacts.c.admin == admins.c.id))
            .where(admins.c.name == name)
        )
        with self._db.read() as connection:
            row = connection.execute(chosen).first()
        return (bool(row[0]), bool(row[1])) if row else (False, False)

    def unlink(self, name: str) -> None:
        """Forget the contact of an admin."""
        admin = sa.select(admins.c.id).where(admins.c.name == name).scalar_subquery()
        with self._db.begin() as connection:
            connection.execute(admin_contacts.delete().where(admin_contacts.c.admin == admin))

    def of(self, name: str) -> AdminContact | None:
        """The contact of the admin of that name."""
        known = sa.select(contacts.c.person, contacts.c.account, contacts.c.openid).where(
            contacts.c.id == admin_contacts.c.contact,
            admin_contacts.c.admin == admins.c.id,
            admins.c.name == name,
        )
        with self._db.read() as connection:
            row = connection.execute(known).first()
        return None if row is None else AdminContact(row.person, row.account, row.openid)

    def persons(self) -> dict[str, str]:
        """The persons of the admins who said which contact is theirs, by the admin's name."""
        theirs = sa.select(admins.c.name, contacts.c.person).where(
            contacts.c.id == admin_contacts.c.contact, admin_contacts.c.admin == admins.c.id
        )
        with self._db.read() as connection:
            return {row.name: row.person for row in connection.execute(theirs.order_by(admins.c.name))}

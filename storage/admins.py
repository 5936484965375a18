"""Who may sign in to the console. Passwords are kept as argon2 hashes made elsewhere."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from storage.db import Database, metadata
from storage.people import Id

admins = sa.Table(
    "admins",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("stamp", sa.String(32), nullable=False),  # changes with the password: older sessions end
)


@dataclass(frozen=True, slots=True)
class Admin:
    """One account of the console."""

    id: str
    name: str
    password_hash: str
    stamp: str


class AdminExists(Exception):
    """There is an admin of that name."""


class Admins:
    """The console's accounts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, *, name: str, password_hash: str) -> None:
        """Add an account; raises `AdminExists`."""
        row = self._db.insert(admins).values(
            id=secrets.token_hex(16), name=name, password_hash=password_hash, stamp=secrets.token_hex(16)
        )
        with self._db.begin() as connection:
            added = connection.execute(row.on_conflict_do_nothing().returning(admins.c.id)).first()
        if added is None:
            raise AdminExists

    def change_password(self, *, name: str, password_hash: str) -> bool:
        """Set a new password, ending every session of that account; False where there is no such account."""
        change = admins.update().where(admins.c.name == name)
        with self._db.begin() as connection:
            changed = change.values(password_hash=password_hash, stamp=secrets.token_hex(16)).returning(admins.c.id)
            return connection.execute(changed).first() is not None

    def remove(self, *, name: str) -> bool:
        """Remove an account, ending every session of it; False where there is no such account."""
        gone = admins.delete().where(admins.c.name == name).returning(admins.c.id)
        with self._db.begin() as connection:
            return connection.execute(gone).first() is not None

    def names(self) -> list[str]:
        """Who has an account, in the order of their names."""
        with self._db.read() as connection:
            return sorted(connection.scalars(sa.select(admins.c.name)))

    def named(self, name: str) -> Admin | None:
        """The account of that name."""
        return None if "\0" in name else self._one(admins.c.name == name)  # PostgreSQL refuses to be asked for that

    def found(self, admin: str) -> Admin | None:
        """The account with that id."""
        return self._one(admins.c.id == admin)

    def _one(self, chosen: sa.ColumnElement[bool]) -> Admin | None:
        with self._db.read() as connection:
            row = connection.execute(sa.select(admins).where(chosen)).first()
        return None if row is None else Admin(row.id, row.name, row.password_hash, row.stamp)

"""The database's shape: which one it has, which one this program wants, and the way there."""

import importlib
from pathlib import Path

import sqlalchemy as sa

from storage.db import Database

_STEPS = Path(__file__).parent / "migrations" / "versions"
_AT = sa.table("alembic_version", sa.column("version_num"))


def wanted() -> str:
    """The revision this program is written for: its steps are numbered, and their files are called by it."""
    return max(step.name.partition("_")[0] for step in _STEPS.glob("[0-9]*_*.py"))


def found(db: Database) -> str:
    """The revision the database has; "" when it is empty."""
    with db.read() as connection:
        if not connection.dialect.has_table(connection, _AT.name):
            return ""
        return connection.scalar(sa.select(_AT.c.version_num)) or ""


def upgrade(db: Database) -> None:
    """Bring the database to the wanted shape in one transaction. Safe to repeat.

    Alembic is loaded by who needs it alone: a start that finds all as it should be would wait for it longer than for
    all that it asks of the database.
    """
    if found(db) != wanted():
        importlib.import_module("storage.migrating").migrate(db)

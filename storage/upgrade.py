"""The database's shape: which one it has, which one this program wants, and the way there."""

import importlib
import re
from pathlib import Path

import sqlalchemy as sa

from storage.db import Database
from storage.sealing import Keys
from storage.vault import data_keys

_STEPS = Path(__file__).parent / "migrations" / "versions"
_LINK = re.compile(r'^(down_)?revision = "(\d+)"$', re.MULTILINE)
_SEALED = ("persons", "roster", "phones", "kept_lines", "sessions")  # by the step that made the table of keys
_AT = sa.table("alembic_version", sa.column("version_num"))


def wanted() -> str:
    """The revision this program is written for: the step that no other one comes after."""
    links: list[tuple[str, str]] = [
        link for step in _STEPS.glob("[0-9]*_*.py") for link in _LINK.findall(step.read_text("utf-8"))
    ]
    (last,) = {number for down, number in links if not down} - {number for down, number in links if down}
    return last


def found(db: Database) -> str:
    """The revision the database has; "" when it is empty."""
    with db.read() as connection:
        if not connection.dialect.has_table(connection, _AT.name):
            return ""
        return connection.scalar(sa.select(_AT.c.version_num)) or ""


def upgrade(db: Database, keys: Keys | None = None) -> None:
    """Bring the database to the wanted shape in one transaction. Safe to repeat.

    One with rows in it may need its `keys`, to seal what lay in clear. What lay there is then nowhere in its files.

    Alembic is loaded by who needs it alone: a start that finds all as it should be would wait for it longer than for
    all that it asks of the database.
    """
    before = found(db)
    if before == wanted():
        return
    with db.read() as connection:
        was_in_clear = before and not connection.dialect.has_table(connection, data_keys.name)
    importlib.import_module("storage.migrating").migrate(db, keys)
    if was_in_clear:
        db.rewrite(*_SEALED)

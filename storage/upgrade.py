"""The database's shape: which one it has, which one this program wants, and the way there.

Alembic is loaded by whoever goes the way: a start that finds all as it should be would wait for it longer than for all
else that it asks of the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage.db import Database

_FOLDER = Path(__file__).parent / "migrations"
_AT = sa.table("alembic_version", sa.column("version_num"))


def wanted() -> str:
    """The revision this program is written for: its steps are numbered, and their files are called by it."""
    return max(step.name.partition("_")[0] for step in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def found(db: Database) -> str:
    """The revision the database has; "" when it is empty."""
    with db.read() as connection:
        if not connection.dialect.has_table(connection, _AT.name):
            return ""
        return connection.scalar(sa.select(_AT.c.version_num)) or ""


def upgrade(db: Database) -> None:
    """Bring the database to the wanted shape in one transaction. Safe to repeat."""
    if found(db) == wanted():
        return
    from alembic import command  # noqa: PLC0415 (see above)

    with _connected(db) as config:
        command.upgrade(config, "head")


@contextmanager
def _connected(db: Database) -> Iterator[Any]:
    """Alembic's configuration for this database, in a transaction."""
    config = _config()
    with db.begin() as connection:
        config.attributes["connection"] = connection
        yield config


def _config() -> Any:
    from alembic.config import Config  # noqa: PLC0415 (see above)

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config

"""The database's shape: which one it has, which one this program wants, and the way there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.db import Database

_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def wanted() -> str:
    """The revision this program is written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def found(db: Database) -> str:
    """The revision the database has; "" when it is empty."""
    with db.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(db: Database) -> None:
    """Bring the database to the wanted shape in one transaction. Safe to repeat."""
    with _connected(db) as config:
        command.upgrade(config, "head")


@contextmanager
def _connected(db: Database) -> Iterator[Config]:
    config = _config()
    with db.begin() as connection:
        config.attributes["connection"] = connection
        yield config

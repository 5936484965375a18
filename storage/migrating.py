"""The way from the shape that a database has to the one that this program wants: Alembic goes it, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config

from storage.db import Database
from storage.sealing import Keys

FOLDER = Path(__file__).parent / "migrations"


def migrate(db: Database, keys: Keys | None) -> None:
    """Take every step that is left, in one transaction. Safe to repeat."""
    with connected(db, keys) as config:
        command.upgrade(config, "head")


@contextmanager
def connected(db: Database, keys: Keys | None = None) -> Iterator[Config]:
    """Alembic's configuration for this database, in a transaction; some steps of one with rows need its keys."""
    made = config()
    made.attributes["keys"] = keys
    with db.begin() as connection:
        made.attributes["connection"] = connection
        yield made


def config() -> Config:
    """Alembic's configuration: where the steps are."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    return made

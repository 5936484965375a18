"""The pack's pictures at the platform: under what each account knows them, so that each is put there once.

A cover is material, for good, and known by its id; a picture inside an article is no material, and has an address.
"""

from typing import Any

import sqlalchemy as sa

from storage.db import Database, metadata


def _known_as(table: str, column: str, longest: int) -> sa.Table:
    return sa.Table(
        table,
        metadata,
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),  # SHA-256 of the file
        sa.Column(column, sa.String(longest), nullable=False),
        sqlite_with_rowid=False,
    )


materials = _known_as("materials", "media_id", 128)
article_pictures = _known_as("article_pictures", "address", 512)


class Materials:
    """Under what the platform knows a file, as material or else `in_articles`. Every method is safe to repeat."""

    def __init__(self, db: Database, *, in_articles: bool = False) -> None:
        self._db = db
        self._table = article_pictures if in_articles else materials
        *_, self._known = self._table.c

    def find(self, account: str, digest: str) -> str:
        """The file's id or address, "" where it isn't there."""
        with self._db.read() as connection:
            found: str | None = connection.execute(sa.select(self._known).where(self._is(account, digest))).scalar()
            return found or ""

    def keep(self, account: str, digest: str, known: str) -> None:
        """Note under what it lies there; the first one stays."""
        values: dict[str, Any] = {"account": account, "digest": digest, self._known.name: known}
        with self._db.begin() as connection:
            connection.execute(self._db.insert(self._table).values(values).on_conflict_do_nothing())

    def forget(self, account: str, digest: str, known: str) -> None:
        """Drop what the platform doesn't know any more."""
        with self._db.begin() as connection:
            connection.execute(self._table.delete().where(self._is(account, digest), self._known == known))

    def _is(self, account: str, digest: str) -> sa.ColumnElement[bool]:
        return (self._table.c.account == account) & (self._table.c.digest == digest)

"""Pictures that lie in an account's library for good: by what is in them, so that each is put there once."""

import sqlalchemy as sa

from storage.db import Database, metadata

materials = sa.Table(
    "materials",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),  # SHA-256 of the file
    sa.Column("media_id", sa.String(128), nullable=False),
    sqlite_with_rowid=False,
)


class Materials:
    """Under which id the platform knows a file. Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, account: str, digest: str) -> str:
        """The file's id, "" where it isn't there."""
        with self._db.read() as connection:
            found: str | None = connection.execute(sa.select(materials.c.media_id).where(_is(account, digest))).scalar()
            return found or ""

    def keep(self, account: str, digest: str, media_id: str) -> None:
        """Note under which id it lies there; the first one stays."""
        row = self._db.insert(materials).values(account=account, digest=digest, media_id=media_id)
        with self._db.begin() as connection:
            connection.execute(row.on_conflict_do_nothing())

    def forget(self, account: str, digest: str, media_id: str) -> None:
        """Drop an id that the platform doesn't know any more."""
        with self._db.begin() as connection:
            connection.execute(materials.delete().where(_is(account, digest), materials.c.media_id == media_id))


def _is(account: str, digest: str) -> sa.ColumnElement[bool]:
    return (materials.c.account == account) & (materials.c.digest == digest)

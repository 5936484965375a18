"""A database without room for another page, or one that takes no changes; and one that has room again."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

PLENTY = 2**30


class Disk:
    """Where the databases of a test lie: for SQLite all of them, for PostgreSQL the one at `url`.

    SQLite's limit is each connection's own. PostgreSQL's disk can't be filled in a test: it becomes read-only, as one
    does that has no room left or is a copy by now, and every session ends with the change.
    """

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url)
        self._connections: list[Any] = []
        self._pages = PLENTY

    @contextlib.contextmanager
    def watched(self) -> Iterator["Disk"]:
        """What connects meanwhile is on this disk, which has room in the end."""
        sa.event.listen(sa.pool.Pool, "connect", self._connected)
        try:
            yield self
            self.has_room()
        finally:
            sa.event.remove(sa.pool.Pool, "connect", self._connected)

    def is_full(self) -> None:
        """Not one page more, and the free ones inside are used up."""
        if self._is_sqlite:
            file = sqlite3.connect(str(self._url.database), isolation_level=None, timeout=10)
            with contextlib.closing(file):
                file.execute("VACUUM")
            self._limit(1)  # SQLite makes it as many as there are
        else:
            self._switch("on")

    def has_room(self) -> None:
        """As before."""
        if self._is_sqlite:
            self._limit(PLENTY)
        else:
            self._switch("off")

    @property
    def _is_sqlite(self) -> bool:
        return self._url.drivername == "sqlite"

    def _connected(self, connection: Any, _: Any) -> None:
        if self._is_sqlite:
            self._connections.append(connection)
            connection.execute(f"PRAGMA max_page_count = {self._pages}")

    def _limit(self, pages: int) -> None:
        self._pages = pages
        for connection in self._connections:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed by now
                connection.execute(f"PRAGMA max_page_count = {pages}")

    def _switch(self, read_only: str) -> None:
        may_write = {"options": "-c default_transaction_read_only=off"}
        admin = sa.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args=may_write)
        with admin.connect() as connection:
            change = f'ALTER DATABASE "{self._url.database}" SET default_transaction_read_only = {read_only}'
            connection.exec_driver_sql(change)
            here = sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(here)

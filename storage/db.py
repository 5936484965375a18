"""One way to the database: SQLite where nothing is configured, PostgreSQL beyond."""

import fcntl
import os
import shutil
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

from storage import trouble
from storage.batching import undisturbed
from storage.hot import Asked, Direct, Hot, OnPostgres, OnSqlite, Rows, Statements, is_cut
from storage.spares import Spares

Gone = sa.exc.OperationalError  # refused, away, locked, or slower than its bound

ROOM = 65536  # bytes: a file that has no more takes nothing that is worth keeping
LONG_JOURNAL = 4000  # SQLite's pages: from there on writers are held up to begin it anew
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
    f"wal_autocheckpoint={5 * LONG_JOURNAL}",  # by a commit, and all writers wait for it: where there is no clock
    f"journal_size_limit={4096 * LONG_JOURNAL}",
)

_IN_BULK = (
    "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; "
    "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '60s'"
)
DRIVERS = ("postgresql+psycopg", "sqlite")

Beside = Callable[[Connection], None]  # what one store writes in the transaction of another

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as whole seconds since 1970: equal on both databases, and a naive one is refused."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a naive time: nobody knows which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Give the time back in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Queue:
    """Writers of one SQLite file, one at a time and in the order they came, over all processes.

    SQLite itself lets them try again at growing intervals: with two busy processes some never got their turn.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._here = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        self._here.acquire()
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:
            self._here.release()
            raise

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._here.release()


def is_address(url: str) -> bool:
    """Whether `url` names a database that this program can speak to: PostgreSQL through psycopg, or an SQLite file."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return parsed.drivername in DRIVERS and bool(parsed.database)


def embedded_url(folder: Path) -> str:
    """Where the embedded database lives in the storage folder."""
    return f"sqlite:///{folder / 'zhibu.sqlite3'}"


class Database:
    """Short transactions, each statement bounded: `begin` to write, `read` to look."""

    def __init__(self, url: str, *, statement_seconds: float = 2.0, pool: int = 12) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        make = _sqlite if self.is_sqlite else _postgres
        self._engine = make(url, statement_seconds, pool)
        # An engine of its own, since switching a connection to autocommit and back costs more than a look-up.
        self._alone = make(
            url,
            statement_seconds,
            pool,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        self._turn = Queue(Path(f"{sa.make_url(url).database}.writers")) if self.is_sqlite else nullcontext()
        self._cursors: Spares[Any] = Spares(make=self._cursor, end=lambda cursor: cursor.connection.close())
        self._directs = Spares(
            make=lambda: Direct(self._own(), seconds=1.25 * statement_seconds), end=Direct.close, cut=Direct.is_cut
        )
        self._hot: Statements = OnSqlite(self._cursors, self._turn) if self.is_sqlite else OnPostgres(self._directs)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. SQLite takes its write lock at once, so it can't fail half-way."""
        with undisturbed(), self._turn, self._engine.begin() as connection:
            yield connection

    @contextmanager
    def bulk(self, *, writes: bool = True) -> Iterator[Connection]:
        """For statements over thousands of rows, by somebody who does something else meanwhile than answer a member.

        PostgreSQL plans each for the values that it has, doesn't compile it, and bounds it later. (By `plan_cache_mode`
        it would plan the look at a foreign key anew for every row, too.) On SQLite a look takes no turn.
        """
        if self.is_sqlite:
            with self.begin() if writes else self.read() as connection:
                yield connection
            return
        with self.begin() as connection, _unprepared(connection):
            connection.exec_driver_sql(_IN_BULK)
            yield connection

    @contextmanager
    def by_turns(self, table: sa.Table) -> Iterator[Connection]:
        """A transaction that no other change of this table by turns runs beside; SQLite has only such ones."""
        with self.begin() as connection:
            self.take_turn(connection, table)
            yield connection

    def take_turn(self, connection: Connection, table: sa.Table, *, shared: bool = False) -> None:
        """Wait for one's turn at a table, in a transaction that has begun. Unlike a lock of rows, it writes nothing.

        Any number of transactions may have a `shared` turn at once, and nobody else a whole one meanwhile.
        """
        if not self.is_sqlite:
            lock = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
            connection.execute(sa.select(lock(zlib.crc32(table.name.encode()))))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A look without a transaction: each statement sees what is committed when it runs."""
        with undisturbed(), self._alone.connect() as connection:
            yield connection

    def hot(self, *statements: sa.ClauseElement) -> Hot:
        """Statements of the path of every message, compiled once."""
        return Hot(self._hot, self._alone, statements)

    def together(self, asked: Sequence[Asked]) -> list[Rows]:
        """The rows of each hot statement, all of them in one transaction, or none."""
        return self._hot.in_one(asked)

    def _cursor(self) -> Any:
        return self._own().cursor()

    def _own(self) -> Any:
        """A driver's connection that is no pool's, commits every statement, and is new: one at rest may be cut."""
        pooled = self._alone.pool.recreate().connect()
        pooled.detach()
        return pooled.dbapi_connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update` on either database."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def count(self, tables: Iterable[sa.Table]) -> int:
        """How many rows these tables have."""
        with self.bulk(writes=False) as connection:
            counted = (sa.select(sa.func.count()).select_from(table) for table in tables)
            return sum(connection.execute(each).scalar_one() for each in counted)

    def answers(self) -> bool:
        """Whether the database answers now."""
        try:
            with self.read() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def takes_changes(self) -> bool:
        """Whether a change would be kept now: SQLite has room for some, PostgreSQL isn't read-only."""
        try:
            return self._has_room() if self.is_sqlite else self._may_write()
        except sa.exc.SQLAlchemyError as error:
            return trouble.named(error) not in trouble.LASTING and self.answers()

    def _has_room(self) -> bool:
        """Past the queue, since whoever has the file now will give it back; what is tried is undone."""
        path = Path(str(sa.make_url(self.url).database))
        with undisturbed(), self._engine.connect() as connection, connection.begin() as trying:
            connection.exec_driver_sql("CREATE TABLE room (filler BLOB)")
            connection.exec_driver_sql("INSERT INTO room VALUES (zeroblob(?))", (ROOM,))
            trying.rollback()
        return shutil.disk_usage(path.parent).free > ROOM

    def _may_write(self) -> bool:
        with self.read() as connection:
            return connection.execute(sa.text("SHOW transaction_read_only")).scalar() == "off"

    def write_back(self) -> int:
        """Bring SQLite's journal into its file, beside whoever writes; gives the pages that it had.

        It begins anew when all of it is there while nobody writes: a long one holds writers up for what came meanwhile.
        """
        with self.read() as connection:
            pages = _checkpointed(connection)
            if pages >= LONG_JOURNAL:
                with self._turn:
                    _checkpointed(connection)
        return pages

    def rewrite(self, *tables: str) -> None:
        """Let what was deleted or changed in these tables lie in no file of theirs: nobody else has them meanwhile.

        SQLite has overwritten it (`secure_delete`) but in its journal. A backup or an archive of the log keeps it.
        """
        with undisturbed(), self._turn, self._alone.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                return
            connection.exec_driver_sql("SET statement_timeout = 0; SET lock_timeout = '60s'")
            for table in tables:
                connection.exec_driver_sql(f"VACUUM FULL {table}")
            connection.exec_driver_sql("RESET statement_timeout; RESET lock_timeout")

    def close(self) -> None:
        """Let go of every connection."""
        self._cursors.close()
        self._directs.close()
        self._engine.dispose()
        self._alone.dispose()


def _checkpointed(connection: Connection) -> int:
    """How many pages the journal has; what others still look at stays in it."""
    _busy, pages, _written = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    return int(pages)


@contextmanager
def _unprepared(connection: Connection) -> Iterator[None]:
    """Inside, psycopg prepares no statement: a prepared one may be planned for whatever values come."""
    driver: Any = connection.connection.dbapi_connection
    before, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = before


def _sqlite(url: str, seconds: float, pool: int, **more: Any) -> sa.Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        poolclass=sa.pool.QueuePool,
        pool_size=pool,
        max_overflow=0,
        connect_args={"timeout": seconds, "check_same_thread": False, "isolation_level": None},
        **more,
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    if not more:

        @sa.event.listens_for(engine, "begin")
        def _take_the_write_lock(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres(url: str, seconds: float, pool: int, **more: Any) -> sa.Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=seconds,
        **more,
        connect_args={
            "connect_timeout": 3,
            "tcp_user_timeout": int(2 * seconds * 1000),
            "options": f"-c statement_timeout={int(seconds * 1000)} -c lock_timeout={int(seconds * 1000)}",
        },
    )

    @sa.event.listens_for(engine, "checkout")
    def _was_cut(connection: Any, record: Any, proxy: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
        if is_cut(connection):  # what else is at rest was cut with it
            raise sa.exc.InvalidatePoolError

    return engine

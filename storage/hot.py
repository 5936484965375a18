"""The statements of the path of every message: straight to the driver, and on PostgreSQL past that to libpq.

Measured there, a statement costs SQLAlchemy more than the database, and psycopg's own way (conversions by type, sending
and waiting by turns) twice the time and processor of one call to a statement that libpq has prepared.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from psycopg import Connection, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

from storage.spares import Spares

_DONE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
_WORDS: Mapping[object, bytes | None] = {None: None, True: b"t", False: b"f"}


def dialect_of(engine: sa.Engine) -> sa.Dialect:
    """The engine's dialect, as hot statements are written: their values by position."""
    style = "qmark" if engine.dialect.name == "sqlite" else "numeric_dollar"
    written: sa.Dialect = engine.dialect.__class__(paramstyle=style)  # type: ignore[call-arg] # each dialect takes it
    return written


class _Written(NamedTuple):
    """A statement in the driver's language."""

    sql: str
    names: Sequence[str]
    gives_rows: bool

    @classmethod
    def of(cls, statement: sa.ClauseElement, dialect: sa.Dialect) -> Self:
        compiled: Any = statement.compile(dialect=dialect)
        return cls(
            str(compiled), tuple(compiled.positiontup), not statement.is_dml or bool(compiled.effective_returning)
        )


class Hot:
    """A statement of the path of every message, or a few in one transaction, straight to the driver.

    SQLAlchemy's way through a statement costs more than the database itself. Values and rows are the driver's: times
    are seconds since 1970, and SQLite's booleans 0 and 1. A change gives an empty row for each row that it made: to
    have them back takes SQLite a step more, and that under the writers' lock. Of several each has to give a row, or all
    are undone.
    """

    def __init__(
        self,
        dialect: sa.Dialect,
        spares: Spares[Any],
        turn: AbstractContextManager[object],
        statements: Sequence[sa.ClauseElement],
    ) -> None:
        self._spares = spares
        self._turn = turn
        self._statements = [_Written.of(statement, dialect) for statement in statements]
        self._begin = "BEGIN IMMEDIATE" if dialect.name == "sqlite" else "BEGIN"

    def __call__(self, **values: Any) -> list[Any]:
        """The rows of the last statement; a connection that failed is not used again."""
        cursor = self._spares.take()
        try:
            with self._turn:
                rows = self._run(cursor, values)
        except BaseException:
            self._spares.drop(cursor)
            raise
        self._spares.give_back(cursor)
        return rows

    def _run(self, cursor: Any, values: Mapping[str, Any]) -> list[Any]:
        if len(self._statements) == 1:
            return _executed(cursor, self._statements[0], values)
        cursor.execute(self._begin)
        rows: list[Any] = []
        for statement in self._statements:
            rows = _executed(cursor, statement, values)
            if not rows:
                break
        cursor.execute("COMMIT" if rows else "ROLLBACK")
        return rows


def _executed(cursor: Any, statement: _Written, values: Mapping[str, Any]) -> list[Any]:
    cursor.execute(statement.sql, [values[name] for name in statement.names])
    return list(cursor.fetchall()) if statement.gives_rows else [()] * cursor.rowcount


class Direct:
    """A PostgreSQL connection that runs each statement by one call to libpq, prepared at the first.

    It stands in for a driver's cursor. What bounds a statement is the server's own `statement_timeout`.
    """

    def __init__(self, connection: Any) -> None:
        self.connection: Connection[Any] = connection
        self._pq = connection.pgconn
        self._names: dict[str, bytes] = {}
        self._result: PGresult | None = None

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Self:
        """Run a statement with values for $1, $2, ...; raises psycopg's errors."""
        name = self._names.get(sql)
        if name is None:
            name = b"hot_%d" % len(self._names)
            _done(self._pq.prepare(name, sql.encode()))
            self._names[sql] = name
        written: list[Any] = [_written(value) for value in values]
        self._result = _done(self._pq.exec_prepared(name, written))
        return self

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        return (self._result.command_tuples or 0) if self._result else 0

    def fetchall(self) -> list[Any]:
        """The rows of the last statement, in Python's types."""
        if self._result is None:
            return []
        read = Transformer(self.connection)
        read.set_pgresult(self._result)
        return read.load_rows(0, self._result.ntuples, tuple)


def _written(value: Any) -> bytes | None:
    """A value in PostgreSQL's own letters; which type it has, the statement says."""
    return _WORDS[value] if value is None or isinstance(value, bool) else str(value).encode()


def _done(result: PGresult) -> PGresult:
    if result.status not in _DONE:
        raise error_from_result(result)
    return result

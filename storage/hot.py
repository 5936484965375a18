"""The statements of the path of every message: straight to the driver, and those of many turns in one transaction.

Measured there, a statement costs SQLAlchemy more than the database, psycopg's own way (conversions by type, sending and
waiting by turns) twice the time and processor of libpq's prepared statements, and PostgreSQL's commit of one row six
times what a row of eight costs.
"""

import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol, Self

import sqlalchemy as sa
from psycopg import Connection, OperationalError, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

from storage.batching import Store, ask
from storage.spares import Spares

ALONE_SECONDS = 2.0  # how long it is tried to find out whose fault it was that a common transaction failed

_DONE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
_WORDS: Mapping[object, bytes | None] = {None: None, True: b"t", False: b"f"}

Rows = Sequence[Sequence[Any]]


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
    changes: bool

    @classmethod
    def of(cls, statement: sa.ClauseElement, dialect: sa.Dialect) -> Self:
        compiled: Any = statement.compile(dialect=dialect)
        changes = bool(statement.is_dml)
        return cls(
            str(compiled), tuple(compiled.positiontup), not changes or bool(compiled.effective_returning), changes
        )

    def values(self, named: Mapping[str, Any]) -> list[Any]:
        return [named[name] for name in self.names]


class _Call(NamedTuple):
    """Statements, one or a few of which all have to give a row, with their values."""

    statements: Sequence[_Written]
    values: Mapping[str, Any]

    @property
    def changes(self) -> bool:
        return any(statement.changes for statement in self.statements)


class Statements(Store, Protocol):
    """Where hot statements run."""

    def answer(self, call: Any) -> Rows:
        """The rows of a call's last statement."""


class Hot:
    """A statement of the path of every message, or a few in one transaction, straight to the driver.

    Values and rows are the driver's: times are seconds since 1970, and SQLite's booleans 0 and 1. A change gives an
    empty row for each row that it made: to have them back takes SQLite a step more, and that under the writers' lock.
    Of several each has to give a row, or all are undone. What other turns change meanwhile shares the transaction
    (`storage.batching`); where that fails, each is tried alone.
    """

    def __init__(self, store: Statements, dialect: sa.Dialect, statements: Sequence[sa.ClauseElement]) -> None:
        self._store = store
        self._statements = [_Written.of(statement, dialect) for statement in statements]

    def __call__(self, **values: Any) -> Rows:
        """The rows of the last statement; a connection that failed is not used again."""
        return self._store.answer(_Call(self._statements, values))


class OnSqlite:
    """Looks are made at once; changes queue for one transaction, since only one can be at work on the file."""

    def __init__(self, spares: Spares[Any], turn: AbstractContextManager[object]) -> None:
        self._spares = spares
        self._turn = turn

    def answer(self, call: _Call) -> Rows:
        """The rows of a call's last statement."""
        if call.changes:
            rows: Rows = ask(self, call)
            return rows
        (statement,) = call.statements
        with _lent(self._spares) as cursor:
            return _executed(cursor, statement, call.values)

    def together(self, calls: Sequence[_Call]) -> Sequence[Any]:
        """All in one transaction, else each in one of its own."""
        return _all_or_each(calls, self._change)

    def _change(self, calls: Sequence[_Call]) -> list[Rows]:
        with _lent(self._spares) as cursor, self._turn:
            if len(calls) == 1 and len(calls[0].statements) == 1:
                return [_executed(cursor, calls[0].statements[0], calls[0].values)]
            cursor.execute("BEGIN IMMEDIATE")
            try:
                changed = [_changed(cursor, call) for call in calls]
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            return changed


def _changed(cursor: Any, call: _Call) -> Rows:
    """The last one's rows; where one gives none, what the call did before is undone."""
    if len(call.statements) == 1:
        return _executed(cursor, call.statements[0], call.values)
    cursor.execute("SAVEPOINT call")
    rows: Rows = []
    for statement in call.statements:
        rows = _executed(cursor, statement, call.values)
        if not rows:
            cursor.execute("ROLLBACK TO call")
            break
    cursor.execute("RELEASE call")
    return rows


def _executed(cursor: Any, statement: _Written, values: Mapping[str, Any]) -> Rows:
    cursor.execute(statement.sql, statement.values(values))
    return list(cursor.fetchall()) if statement.gives_rows else [()] * cursor.rowcount


class OnPostgres:
    """All that turns ask meanwhile is one round trip of libpq's pipeline, and so one transaction."""

    def __init__(self, spares: Spares["Direct"]) -> None:
        self._spares = spares

    def answer(self, call: _Call) -> Rows:
        """The rows of a call's last statement."""
        rows: Rows = ask(self, call)
        return rows

    def together(self, calls: Sequence[_Call]) -> Sequence[Any]:
        """All in one transaction, else each in one of its own."""
        return _all_or_each(calls, self._run)

    def _run(self, calls: Sequence[_Call]) -> list[Rows]:
        with _lent(self._spares) as direct:
            if len(calls) == 1:
                (call,) = calls
                return [direct.in_turn(call.statements, call.values)]
            if any(len(call.statements) > 1 for call in calls):
                raise _NotTogether
            rows: list[Rows] = direct.at_once([(call.statements[0], call.values) for call in calls])
            return rows


class _NotTogether(Exception):
    """One of the calls decides by its first statement's rows what becomes of the next."""


def _all_or_each(calls: Sequence[_Call], run: Callable[[Sequence[_Call]], list[Rows]]) -> Sequence[Any]:
    """Run all of them, and where that fails one after the other: only who is at fault shall fail, and in good time."""
    try:
        return run(calls)
    except Exception as error:
        if len(calls) == 1:
            raise
        fault, until = error, time.monotonic() + ALONE_SECONDS
    answers: list[Any] = []
    for call in calls:
        try:
            if time.monotonic() < until:
                answers += run([call])
                continue
        except Exception as error:  # noqa: BLE001 - it is for who asked
            fault = error
        answers.append(fault)
    return answers


@contextmanager
def _lent(spares: Spares[Any]) -> Iterator[Any]:
    lent = spares.take()
    try:
        yield lent
    except BaseException:
        spares.drop(lent)
        raise
    spares.give_back(lent)


class Direct:
    """A PostgreSQL connection without a driver's cursor: libpq's prepared statements, each prepared at its first use.

    What bounds a statement is the server's own `statement_timeout`.
    """

    def __init__(self, connection: Any, *, seconds: float) -> None:
        self._connection: Connection[Any] = connection
        self._pq = connection.pgconn
        self._seconds = seconds
        self._names: dict[str, bytes] = {}
        self._readable = select.poll()
        self._readable.register(self._pq.socket, select.POLLIN)

    def in_turn(self, statements: Sequence[_Written], values: Mapping[str, Any]) -> Rows:
        """The last one's rows; of several each has to give one, or all are undone."""
        if len(statements) == 1:
            return self._executed(statements[0], values)
        _done(self._pq.exec_(b"BEGIN"))
        rows: Rows = []
        for statement in statements:
            rows = self._executed(statement, values)
            if not rows:
                break
        _done(self._pq.exec_(b"COMMIT" if rows else b"ROLLBACK"))
        return rows

    def at_once(self, wanted: Sequence[tuple[_Written, Mapping[str, Any]]]) -> list[Rows]:
        """The rows of each statement, all of them sent before the first is answered."""
        names = [self._name(statement) for statement, _ in wanted]
        self._pq.enter_pipeline_mode()
        for name, (statement, values) in zip(names, wanted, strict=True):
            self._pq.send_query_prepared(name, _encoded(statement, values))
        self._pq.pipeline_sync()
        results = self._results()
        self._pq.exit_pipeline_mode()
        return [self._rows(statement, _done(result)) for (statement, _), result in zip(wanted, results, strict=True)]

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _executed(self, statement: _Written, values: Mapping[str, Any]) -> Rows:
        return self._rows(statement, _done(self._pq.exec_prepared(self._name(statement), _encoded(statement, values))))

    def _name(self, statement: _Written) -> bytes:
        name = self._names.get(statement.sql)
        if name is None:
            name = b"hot_%d" % len(self._names)
            _done(self._pq.prepare(name, statement.sql.encode()))
            self._names[statement.sql] = name
        return name

    def _results(self) -> list[PGresult]:
        self._pq.flush()
        results: list[PGresult] = []
        while True:
            while self._pq.is_busy():
                if not self._readable.poll(self._seconds * 1000):
                    raise OperationalError("the database does not answer")
                self._pq.consume_input()
            result = self._pq.get_result()
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)

    def _rows(self, statement: _Written, result: PGresult) -> Rows:
        if not statement.gives_rows:
            return [()] * (result.command_tuples or 0)
        read = Transformer(self._connection)
        read.set_pgresult(result)
        return read.load_rows(0, result.ntuples, tuple)


def _encoded(statement: _Written, values: Mapping[str, Any]) -> list[bytes | None]:
    """Values in PostgreSQL's own letters; which type each has, the statement says."""
    return [
        _WORDS[value] if value is None or isinstance(value, bool) else str(value).encode()
        for value in statement.values(values)
    ]


def _done(result: PGresult) -> PGresult:
    if result.status not in _DONE:
        raise error_from_result(result)
    return result

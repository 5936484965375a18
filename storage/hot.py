"""The statements of the path of every message: straight to the driver, and those of many turns in one transaction.

Measured there, a statement costs SQLAlchemy more than the database, psycopg's own way (conversions by type, sending and
waiting by turns) twice the time and processor of libpq's prepared statements, and PostgreSQL's commit of one row six
times what a row of eight costs.
"""

import select
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol, Self

import sqlalchemy as sa
from psycopg import Connection, OperationalError, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

from storage.batching import Store, ask
from storage.spares import Spares

AGAIN_SECONDS = 3.0  # later than this nothing is tried again: a statement may take two, and the platform waits five

_DONE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
# All statements here look keys up, so one plan fits all values. Of a table so new that it has no statistics the planner
# thinks that it may as well read the whole of it, and keeps to that as long as a statement is prepared; and left to
# itself it plans anew for each call what isn't cheaper that way, which costs more than most of the calls.
_KEYS_ALONE = (
    b"SET enable_hashjoin = off",
    b"SET enable_mergejoin = off",
    b"SET enable_seqscan = off",
    b"SET enable_bitmapscan = off",
    b"SET enable_material = off",
    b"SET plan_cache_mode = force_generic_plan",
)

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
    constants: Mapping[str, Any]

    @classmethod
    def of(cls, statement: sa.ClauseElement, dialect: sa.Dialect) -> Self:
        compiled: Any = statement.compile(dialect=dialect)
        gives_rows = not statement.is_dml or bool(compiled.effective_returning)
        names = tuple(compiled.positiontup)
        constants = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
        return cls(str(compiled), names, gives_rows, constants)

    def values(self, named: Mapping[str, Any]) -> list[Any]:
        known = {**self.constants, **named} if self.constants else named
        return [known[name] for name in self.names]


class _Call(NamedTuple):
    """Statements, one or a few of which all have to give a row, with their values."""

    statements: Sequence[_Written]
    values: Mapping[str, Any]
    changes: bool


class Asked(NamedTuple):
    """A statement with its values."""

    statement: _Written
    values: Mapping[str, Any]


class Statements(Store, Protocol):
    """Where hot statements run."""

    def answer(self, call: Any) -> Rows:
        """The rows of a call's last statement."""

    def in_one(self, asked: Sequence[Asked]) -> list[Rows]:
        """The rows of each in a transaction of their own: all of them, whatever rows they give, or none."""


class Hot:
    """A statement of the path of every message, or a few in one transaction, straight to the driver.

    Values and rows are the driver's: times are seconds since 1970, and SQLite's booleans 0 and 1. A change gives an
    empty row for each row that it made: to have them back takes SQLite a step more, and that under the writers' lock.
    Of several each has to give a row, or all are undone. What other turns change meanwhile shares the transaction
    (`storage.batching`); where that fails, it is tried without who is at fault.
    """

    def __init__(self, store: Statements, engine: sa.Engine, statements: Sequence[sa.ClauseElement]) -> None:
        self._store = store
        self._engine = engine
        self._meant = statements
        self._changes = any(statement.is_dml for statement in statements)

    def __call__(self, **values: Any) -> Rows:
        """The rows of the last statement; a connection that failed is not used again."""
        return self._store.answer(_Call(self._statements, values, self._changes))

    @cached_property
    def _statements(self) -> Sequence[_Written]:
        """What is meant in the driver's language, once somebody asks it: a program that is built asks few of them."""
        dialect = dialect_of(self._engine)
        return [_Written.of(statement, dialect) for statement in self._meant]

    def asked(self, **values: Any) -> "Asked":
        """A single statement with its values, to be one of several in a transaction (`Statements.in_one`)."""
        (statement,) = self._statements
        return Asked(statement, values)


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
        with _Lent(self._spares) as cursor:
            return _executed(cursor, statement, call.values)

    def together(self, calls: Sequence[_Call]) -> Sequence[Any]:
        """All in one transaction, as far as none is at fault."""
        return _as_many_as_can(calls, self._change)

    def in_one(self, asked: Sequence[Asked]) -> list[Rows]:
        """The rows of each in a transaction of their own: all of them, whatever rows they give, or none."""
        with _Lent(self._spares) as cursor, self._turn:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                rows = [_executed(cursor, each.statement, each.values) for each in asked]
                cursor.execute("COMMIT")
            except BaseException:
                if cursor.connection.in_transaction:  # what finds no room is undone by SQLite itself
                    cursor.execute("ROLLBACK")
                raise
            return rows

    def _change(self, calls: Sequence[_Call]) -> list[Rows]:
        with _Lent(self._spares) as cursor, self._turn:
            if len(calls) == 1 and len(calls[0].statements) == 1:
                return [_executed(cursor, calls[0].statements[0], calls[0].values)]
            cursor.execute("BEGIN IMMEDIATE")
            try:
                changed = [_blaming(at, _changed, cursor, call) for at, call in enumerate(calls)]
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
        """All in one transaction, as far as none is at fault."""
        return _as_many_as_can(calls, self._run)

    def in_one(self, asked: Sequence[Asked]) -> list[Rows]:
        """The rows of each in a transaction of their own: all of them, whatever rows they give, or none."""
        try:
            with _Lent(self._spares) as direct:
                rows: list[Rows] = direct.at_once(asked)
                return rows
        except _Blamed as blamed:
            fault = blamed.__cause__ or blamed
        raise fault

    def _run(self, calls: Sequence[_Call]) -> list[Rows]:
        with _Lent(self._spares) as direct:
            if len(calls) == 1:
                (call,) = calls
                return [direct.in_turn(call.statements, call.values)]
            if any(len(call.statements) > 1 for call in calls):
                raise _NotTogether
            rows: list[Rows] = direct.at_once([(call.statements[0], call.values) for call in calls])
            return rows


class _NotTogether(Exception):
    """One of the calls decides by its first statement's rows what becomes of the next."""


class _Blamed(Exception):
    """The call at this place made the common transaction fail; the cause is its error."""

    def __init__(self, at: int) -> None:
        self.at = at


def _blaming(at: int, run: Callable[..., Rows], *arguments: Any) -> Rows:
    try:
        return run(*arguments)
    except Exception as error:
        raise _Blamed(at) from error


def _as_many_as_can(calls: Sequence[_Call], run: Callable[[Sequence[_Call]], list[Rows]]) -> Sequence[Any]:
    """Each call's rows or error: all together, then without who made it fail, and alone where that can't be told.

    Whoever is left when the time is over gets the last error.
    """
    answers: dict[int, Any] = {}
    lots, until = [[*enumerate(calls)]], time.monotonic() + AGAIN_SECONDS
    fault: BaseException | None = None
    while lots:
        lot = lots.pop()
        if fault is not None and time.monotonic() > until:
            answers.update((at, fault) for at, _ in lot)
            continue
        try:
            answers.update(zip((at for at, _ in lot), run([call for _, call in lot]), strict=True))
        except _Blamed as blamed:
            fault = blamed.__cause__
            at, _ = lot.pop(blamed.at)
            answers[at] = fault
            lots += [lot] if lot else []
        except Exception as error:  # noqa: BLE001 - it is for who asked
            fault = error
            if len(lot) == 1:
                answers[lot[0][0]] = error
            else:
                lots += [[each] for each in reversed(lot)]
    return [answers[at] for at in range(len(calls))]


class _Lent:
    """A connection for as long as a `with` lasts. One that failed is dropped."""

    __slots__ = ("_lent", "_spares")

    def __init__(self, spares: Spares[Any]) -> None:
        self._spares = spares

    def __enter__(self) -> Any:
        self._lent = self._spares.take()
        return self._lent

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        if kind is None:
            self._spares.give_back(self._lent)
            return
        self._spares.drop(self._lent)
        if issubclass(kind, OperationalError):  # of the connection, not of a statement: what is at rest was cut with it
            self._spares.close()


def is_cut(connection: Connection[Any]) -> bool:
    """Whether the server has ended a session at rest: else nothing is to be read from its connection."""
    readable = select.poll()
    readable.register(connection.fileno(), select.POLLIN)
    return bool(readable.poll(0))


class Direct:
    """A PostgreSQL connection without a driver's cursor: libpq's prepared statements, each prepared at its first use.

    What bounds a statement is the server's own `statement_timeout`; what bounds a server that is silent is `seconds`,
    for all that was sent.
    """

    def __init__(self, connection: Any, *, seconds: float) -> None:
        self._connection: Connection[Any] = connection
        self._pq = connection.pgconn
        self._seconds = seconds
        self._names: dict[str, bytes] = {}
        self._read = Transformer(connection)  # looks for what reads a type once
        self._readable = select.poll()
        self._readable.register(self._pq.socket, select.POLLIN)
        for words in _KEYS_ALONE:
            self._said(words)

    def in_turn(self, statements: Sequence[_Written], values: Mapping[str, Any]) -> Rows:
        """The last one's rows; of several each has to give one, or all are undone."""
        if len(statements) == 1:
            return self.at_once([(statements[0], values)])[0]
        self._said(b"BEGIN")
        rows: Rows = []
        for statement in statements:
            (rows,) = self.at_once([(statement, values)])
            if not rows:
                break
        self._said(b"COMMIT" if rows else b"ROLLBACK")
        return rows

    def at_once(self, wanted: Sequence[tuple[_Written, Mapping[str, Any]]]) -> list[Rows]:
        """The rows of each statement, all of them sent before the first is answered."""
        sends = [
            partial(self._pq.send_query_prepared, self._name(statement), _encoded(statement, values))
            for statement, values in wanted
        ]
        results = self._sent(sends)
        for at, result in enumerate(results):
            if result.status not in _DONE:
                raise _Blamed(at) from error_from_result(result)
        return [self._rows(statement, result) for (statement, _), result in zip(wanted, results, strict=True)]

    def is_cut(self) -> bool:
        """As `is_cut` says of a connection."""
        return bool(self._readable.poll(0))

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _said(self, words: bytes) -> None:
        _done(self._sent([partial(self._pq.send_query_params, words, None)]))

    def _name(self, statement: _Written) -> bytes:
        name = self._names.get(statement.sql)
        if name is None:
            name = b"hot_%d" % len(self._names)
            _done(self._sent([partial(self._pq.send_prepare, name, statement.sql.encode())]))
            self._names[statement.sql] = name
        return name

    def _sent(self, sends: Sequence[Callable[[], None]]) -> list[PGresult]:
        self._pq.enter_pipeline_mode()
        for send in sends:
            send()
        self._pq.pipeline_sync()
        self._pq.flush()
        results = self._results(time.monotonic() + self._seconds)
        self._pq.exit_pipeline_mode()
        return results

    def _results(self, until: float) -> list[PGresult]:
        results: list[PGresult] = []
        while True:
            while self._pq.is_busy():
                if not self._readable.poll(max(0.0, until - time.monotonic()) * 1000):
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
        self._read.set_pgresult(result)
        return self._read.load_rows(0, result.ntuples, tuple)


def _encoded(statement: _Written, values: Mapping[str, Any]) -> list[bytes | None]:
    """Values in PostgreSQL's own letters; which type each has, the statement says."""
    return [
        _WORDS[value] if value is None or value is True or value is False else str(value).encode()
        for value in statement.values(values)
    ]


def _done(results: Sequence[PGresult]) -> None:
    for result in results:
        if result.status not in _DONE:
            raise error_from_result(result)

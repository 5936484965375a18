"""People to plan for, of whom it is known by arithmetic what each allows: so the effects can be counted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.db import Database, Moment
from storage.deliveries import deliveries
from storage.people import contacts, credits_, persons, windows
from storage.runs import Run
from storage.states import RunState, State
from storage.wording import Content

TEMPLATE = "T-bench"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
AT_ONCE = 5000


def a_run(key: str, now: datetime, state: RunState) -> Run:
    """One that lasts half a day."""
    return Run(
        key=key,
        broadcast=key.partition(":")[0],
        title="",
        content=Content(),
        due_at=now,
        expires_at=now + timedelta(hours=12),
        planned_at=now,
        state=state,
    )


def an_id(kind: str, number: int) -> str:
    """As random as a real one, and the same every time."""
    return hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()


def has_left(number: int) -> bool:
    """No contact is left of them."""
    return number % 50 == 0


def has_credit(number: int) -> bool:
    """They accepted the template."""
    return number % 4 == 0


def has_window(number: int) -> bool:
    """They spoke lately on the official account."""
    return number % 3 == 0


def has_window_there(number: int) -> bool:
    """They have a second contact, and spoke lately there."""
    return number % 35 == 1


def has_second(number: int) -> bool:
    """They are known on the mini-program too."""
    return number % 7 == 1


def was_pushed(number: int) -> bool:
    """An earlier run of the day has reached them."""
    return number % 10 == 0


def channel_of(number: int) -> str:
    """The channel that a run of notices, messages and visits has for them, when one push a day is enough."""
    if was_pushed(number):
        return "next_visit"
    if has_credit(number):
        return "notice"
    return "customer_service" if has_window(number) or has_window_there(number) else "next_visit"


def allowed(people: int, *, last: str = "~") -> Counter[str]:
    """How many must have which channel, of those up to the `last` person by their id."""
    here = (number for number in range(people) if not has_left(number))
    return Counter(channel_of(number) for number in here if an_id("p", number) <= last)


def gather(database: Database, people: int) -> None:
    """Fill an empty database with so many."""
    here = [number for number in range(people) if not has_left(number)]
    soon = NOW + timedelta(hours=40)
    day = NOW.date()
    load(database, persons, ("id", "since"), ((an_id("p", n), day) for n in range(people)))
    columns = ("id", "person", "account", "openid")
    official = ((an_id("c", n), an_id("p", n), "official", an_id("o", n)) for n in here)
    load(database, contacts, columns, official)
    second = ((an_id("m", n), an_id("p", n), "mini", an_id("n", n)) for n in here if has_second(n))
    load(database, contacts, columns, second)
    open_ = ((an_id("c", n), soon, 5) for n in here if has_window(n))
    load(database, windows, ("contact", "until", "remaining"), open_)
    there = ((an_id("m", n), soon, 5) for n in here if has_window_there(n))
    load(database, windows, ("contact", "until", "remaining"), there)
    load(
        database,
        credits_,
        ("contact", "template", "left"),
        ((an_id("c", n), TEMPLATE, 1) for n in here if has_credit(n)),
    )
    analyse(database)


def push(database: Database, key: str, people: int) -> None:
    """An earlier run's deliveries."""
    columns = ("key", "person", "contact", "account", "channel", "state", "wake_at")
    rows = (
        (key, an_id("p", n), an_id("c", n), "official", "customer_service", str(State.SENT), NOW)
        for n in range(people)
        if was_pushed(n) and not has_left(n)
    )
    load(database, deliveries, columns, rows)


def analyse(database: Database) -> None:
    """Let the database look at what it has, as it does by itself in time.

    PostgreSQL tidies and writes to disk as well: else it does so a minute later, in the middle of what is measured.
    """
    with database.read() as connection:
        for words in ("ANALYZE",) if database.is_sqlite else ("VACUUM ANALYZE", "CHECKPOINT"):
            connection.execute(sa.text(words))


def load(database: Database, table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The quickest way in: COPY, where there is one."""
    moments = [index for index, name in enumerate(columns) if isinstance(table.c[name].type, Moment)]
    plain = (_plain(row, moments) for row in rows)
    with database.begin() as connection:
        if database.is_sqlite:
            for some in _lots(plain):
                marks = ", ".join("?" * len(columns))
                names = ", ".join(f'"{name}"' for name in columns)
                connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", some)  # noqa: S608 - names of our own tables
            return
        _copy(connection, table, columns, plain)


def _copy(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """COPY without a look at each foreign key, and the indexes afterwards: in random order they cost the most."""
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    is_first = not connection.execute(sa.select(sa.exists(table.select()))).scalar()
    for index in table.indexes if is_first else ():
        index.drop(connection)
    names = ", ".join(f'"{name}"' for name in columns)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    for index in table.indexes if is_first else ():
        index.create(connection)


def _plain(row: Sequence[Any], moments: Sequence[int]) -> tuple[Any, ...]:
    """Times as the column keeps them, days as letters."""
    return tuple(
        int(value.timestamp()) if index in moments else value.isoformat() if hasattr(value, "isoformat") else value
        for index, value in enumerate(row)
    )


def _lots(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    some: list[tuple[Any, ...]] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some

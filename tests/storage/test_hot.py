"""Statements of the path of every message: all or nothing, and no connection that failed is used again."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from storage.batching import Batcher
from storage.db import Database
from storage.people import persons
from tests.relay import Relay
from tests.storage.test_batching import all_at_once


@pytest.fixture
def add(db: Database):
    """Adds two persons in one transaction; the second only where there is none of that id."""
    first = persons.insert().values(id=sa.bindparam("first"), since=sa.bindparam("since"))
    second = db.insert(persons).values(id=sa.bindparam("second"), since=sa.bindparam("since"))
    return db.hot(first.returning(persons.c.id), second.on_conflict_do_nothing().returning(persons.c.id))


def ids(db: Database) -> list[str]:
    with db.read() as connection:
        return sorted(connection.execute(sa.select(persons.c.id)).scalars())


def test_values_go_in_and_come_out_as_they_are(db):
    kinds = {"words": sa.String, "number": sa.BigInteger, "yes": sa.Boolean, "no": sa.Boolean, "none": sa.Integer}
    echo = db.hot(sa.select(*(sa.cast(sa.bindparam(name), kind) for name, kind in kinds.items())))
    words = "支部 'quoted' $1 %s ? \\ 🎉"

    (row,) = echo(words=words, number=2**40, yes=True, no=False, none=None)

    assert tuple(row) == (words, 2**40, True, False, None)


def cut_all_others(db: Database) -> None:
    """Every session but one's own is at its end, as after the server's restart."""
    with db.read() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
        )


def test_what_was_cut_at_rest_is_nobodys_trouble(db, add):
    """A hot statement's connection, a transaction's and a look's: whoever comes next would fail for nothing."""
    add(first="a", second="b", since="2026-11-23")
    with db.begin() as connection:
        connection.execute(persons.insert().values(id="c", since=date(2026, 11, 23)))
    if not db.is_sqlite:
        other = Database(db.url)
        cut_all_others(other)
        other.close()

    with db.begin() as connection:
        connection.execute(persons.insert().values(id="d", since=date(2026, 11, 23)))
    assert add(first="e", second="f", since="2026-11-23")
    assert ids(db) == ["a", "b", "c", "d", "e", "f"]


def test_a_connection_that_the_server_ended_in_the_middle_is_not_used_again(db, add):
    add(first="a", second="b", since="2026-11-23")
    if not db.is_sqlite:
        end_it = db.hot(sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid())))
        with pytest.raises(Exception, match=r"terminat|closed"):
            end_it()

    assert add(first="c", second="d", since="2026-11-23")


def test_of_several_statements_the_last_ones_rows_come_back(db, add):
    assert [tuple(row) for row in add(first="a", second="b", since="2026-11-23")] == [("b",)]
    assert ids(db) == ["a", "b"]


def test_where_one_gives_no_row_all_are_undone(db, add):
    add(first="a", second="b", since="2026-11-23")

    assert add(first="c", second="b", since="2026-11-23") == []
    assert ids(db) == ["a", "b"]


def test_what_failed_is_undone_and_the_next_call_works(db, add):
    add(first="a", second="b", since="2026-11-23")

    with pytest.raises(Exception, match=r"(?i)unique"):
        add(first="a", second="d", since="2026-11-23")

    assert add(first="c", second="d", since="2026-11-23")
    assert ids(db) == ["a", "b", "c", "d"]


def test_at_rest_it_keeps_no_transaction_open(db, add):
    add(first="a", second="b", since="2026-11-23")
    add(first="c", second="b", since="2026-11-23")

    with db.begin() as connection:
        assert connection.execute(persons.delete()).rowcount == 2


# -- what turns change meanwhile -----------------------------------------------------------------------------------


@pytest.fixture
def batcher():
    batcher = Batcher()
    batcher.start()
    yield batcher
    batcher.stop()


@pytest.fixture
def add_one(db: Database):
    """Adds a person; an error where there is one of that id."""
    row = persons.insert().values(
        id=sa.bindparam("one"), since=sa.bindparam("since", type_=sa.Date()), name=sa.bindparam("name")
    )
    return db.hot(row)


def added(add_one, *names: str, since: str = "2026-11-23") -> list[Callable[[], Any]]:
    def add(name: str) -> int:
        return len(add_one(one=name, since=since, name=name))

    return [partial(add, name) for name in names]


def test_what_turns_change_meanwhile_is_one_transaction(db, batcher, add_one):
    assert all_at_once(batcher, added(add_one, "a", "b", "c")) == [1, 1, 1]

    assert ids(db) == ["a", "b", "c"]
    if not db.is_sqlite:
        with db.read() as connection:
            assert len(set(connection.execute(sa.text("SELECT xmin::text FROM persons")).scalars())) == 1


def test_of_what_turns_change_meanwhile_only_the_faulty_is_lost(db, batcher, add_one):
    first, twice, third = all_at_once(batcher, added(add_one, "a", "a", "c"))

    assert (first, third) == (1, 1)
    assert "unique" in str(twice).lower()
    assert ids(db) == ["a", "c"]
    assert all_at_once(batcher, added(add_one, "d", "e")) == [1, 1]


def test_what_takes_several_statements_is_undone_alone(db, batcher, add, add_one):
    add(first="a", second="b", since="2026-11-23")

    def both(first: str, second: str) -> list[Any]:
        return [tuple(row) for row in add(first=first, second=second, since="2026-11-23")]

    assert all_at_once(batcher, [lambda: both("c", "b"), *added(add_one, "d"), lambda: both("e", "f")]) == [
        [],
        1,
        [("f",)],
    ]
    assert ids(db) == ["a", "b", "d", "e", "f"]


def test_looks_and_changes_of_many_turns_each_get_their_own_rows(db, batcher, add_one):
    look = db.hot(sa.select(persons.c.name).where(persons.c.id == sa.bindparam("one")))
    all_at_once(batcher, added(add_one, "a", "b"))

    found = all_at_once(
        batcher,
        [
            lambda: [tuple(row) for row in look(one="a")],
            *added(add_one, "c"),
            lambda: [tuple(row) for row in look(one="nobody")],
            lambda: [tuple(row) for row in look(one="b")],
        ],
    )

    assert found == [[("a",)], 1, [], [("b",)]]


@pytest.mark.postgres
def test_turns_whose_connection_the_server_ended_are_served_by_another(db, batcher, add_one):
    all_at_once(batcher, added(add_one, "a", "b"))
    with db.read() as connection:
        ended = connection.execute(
            sa.text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid != pg_backend_pid() AND query LIKE 'INSERT INTO persons%'"
            )
        )
        assert ended.scalar_one() >= 1

    assert all_at_once(batcher, added(add_one, "c", "d")) == [1, 1]
    assert ids(db) == ["a", "b", "c", "d"]


@pytest.mark.postgres
def test_who_waits_for_a_lock_too_long_fails_and_those_beside_it_do_not(db, batcher, add_one):
    with db.begin() as connection:
        connection.execute(persons.insert().values(id="b", since=date(2026, 11, 23)))
        first, blocked, last = all_at_once(batcher, added(add_one, "a", "b", "c"))

    assert (first, last) == (1, 1)
    assert "timeout" in str(blocked)


@pytest.mark.postgres
@pytest.mark.quiet
def test_a_server_that_falls_silent_costs_a_bound_and_the_next_call_another_connection(db):
    url = sa.make_url(db.url)
    with Relay((url.host or "127.0.0.1", url.port or 5432)) as relay:
        there = url.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
        other = Database(there, statement_seconds=0.4)
        echo = other.hot(sa.select(sa.bindparam("number", type_=sa.Integer)))
        assert [tuple(row) for row in echo(number=1)] == [(1,)]

        relay.lose_answers()
        began = time.monotonic()
        with pytest.raises(Exception, match="does not answer"):
            echo(number=2)
        assert time.monotonic() - began < 2

        assert [tuple(row) for row in echo(number=3)] == [(3,)]
        other.close()

"""Statements of the path of every message: all or nothing, and no connection that failed is used again."""

import pytest
import sqlalchemy as sa

from storage.db import Database
from storage.people import persons


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


def test_a_connection_that_the_server_ended_is_not_used_again(db, add):
    add(first="a", second="b", since="2026-11-23")
    if not db.is_sqlite:
        with db.read() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid != pg_backend_pid() AND query = 'COMMIT'"
                )
            )
        with pytest.raises(Exception, match=r"terminat|closed"):
            add(first="c", second="d", since="2026-11-23")

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

"""Topics and who wants to hear of them."""

from datetime import date

import pytest

from storage.people import persons
from storage.subscription import Subscriptions

ONE, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def db(db):
    """With two persons in it."""
    with db.begin() as connection:
        connection.execute(persons.insert(), [{"id": each, "since": date(2026, 1, 1)} for each in (ONE, OTHER)])
    return db


def test_who_wants_a_topic_is_found_until_they_want_it_no_more(db):
    store = Subscriptions(db, lambda: date(2026, 11, 30))
    store.add(ONE, ["niming-dafu", "yaowen"])
    store.add(OTHER, ["yaowen"])
    before = store.who_want("niming-dafu"), sorted(store.who_want("yaowen")), store.who_want("no-such")
    store.drop(ONE, ["niming-dafu"])

    assert before == ([ONE], [ONE, OTHER], [])
    assert store.who_want("niming-dafu") == []


def test_what_changes_is_counted_once_in_its_month_and_an_erasure_leaves_what_was_subscribed_to(db):
    days = [date(2026, 10, 31)]
    store = Subscriptions(db, lambda: days[-1])
    store.add(ONE, ["yaowen", "niming-dafu"])
    store.add(ONE, ["yaowen"])
    store.add(OTHER, ["yaowen"])
    store.drop(ONE, ["yaowen"])
    days.append(date(2026, 11, 1))
    store.drop(ONE, ["yaowen", "no-such"])
    with db.begin() as connection:
        store.unite(connection, ONE, OTHER)
    with db.begin() as connection:
        store.erase(connection, OTHER)
        store.erase(connection, OTHER)

    assert store.counts() == {}
    assert store.changes() == {
        ("2026-10", "niming-dafu"): (1, 0),
        ("2026-10", "yaowen"): (2, 1),
        ("2026-11", "niming-dafu"): (0, 1),
        ("2026-11", "yaowen"): (0, 1),
    }


def test_whoever_was_erased_a_moment_before_subscribes_to_nothing(db):
    store = Subscriptions(db, lambda: date(2026, 11, 30))
    with db.begin() as connection:
        connection.execute(persons.delete().where(persons.c.id == OTHER))
    store.add(OTHER, ["yaowen"])

    assert (store.who_want("yaowen"), store.changes()) == ([], {})

"""Sessions of admins: found, seen, ended, and over by themselves."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage.admin_sessions import SEEN_EVERY, AdminSessions, admin_sessions
from storage.admins import Admins

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(db, keys):
    made = AdminSessions(db, mark=keys.mark("admin session"), idle=IDLE, longest=LONGEST)
    begin(made, added(db, "another"))
    return made


@pytest.fixture
def ann(db):
    return added(db, "ann")


def added(db, name):
    Admins(db).add(name=name, password_hash="x")
    return Admins(db).named(name)


def begin(store, admin, *, browser="Chrome · Windows", now=NOW):
    return store.begin(admin.id, stamp=admin.stamp, browser=browser, now=now)


def listed(store, admin, now=NOW):
    return [each.browser for each in store.of(admin.id, stamp=admin.stamp, now=now)]


def rows(db):
    with db.read() as connection:
        return connection.execute(sa.select(admin_sessions).order_by(admin_sessions.c.id)).all()


def test_a_token_leads_to_its_admin_and_the_database_can_not_say_it(store, ann, db):
    token = begin(store, ann)
    found = store.find(token, now=NOW)

    assert (found.admin, found.stamp, found.browser) == (ann.id, ann.stamp, "Chrome · Windows")
    assert token not in repr(rows(db))
    assert store.find(f"{token}x", now=NOW) is None


def test_it_is_written_down_once_a_minute_that_somebody_is_there(store, ann, db):
    token, before = begin(store, ann), rows(db)
    store.find(token, now=NOW + SEEN_EVERY - timedelta(seconds=1))
    soon = rows(db)
    store.find(token, now=NOW + SEEN_EVERY)
    after = store.find(token, now=NOW + SEEN_EVERY)

    assert (soon == before, after.seen_at) == (True, NOW + SEEN_EVERY)


def test_one_ends_without_a_click_and_goes_on_with_them(store, ann):
    clicked, idle = begin(store, ann), begin(store, ann)
    for minutes in (25, 50):
        assert store.find(clicked, now=NOW + timedelta(minutes=minutes))

    assert store.find(idle, now=NOW + IDLE) is None
    assert store.find(clicked, now=NOW + timedelta(minutes=79))


def test_one_ends_whatever_is_clicked(store, ann):
    token, now = begin(store, ann), NOW
    while now + timedelta(minutes=20) < NOW + LONGEST:
        now += timedelta(minutes=20)
        assert store.find(token, now=now)

    assert store.find(token, now=NOW + LONGEST) is None


def test_the_browsers_of_an_admin_are_listed_newest_first_and_each_can_be_ended(store, ann):
    begin(store, ann, browser="first")
    begin(store, ann, browser="second", now=NOW + A_MINUTE)
    second, first = store.of(ann.id, stamp=ann.stamp, now=NOW + A_MINUTE)
    others = store.end(first.id, admin="somebody else")

    assert (second.browser, first.browser, others) == ("second", "first", False)
    assert store.end(first.id, admin=ann.id)
    assert listed(store, ann, NOW + A_MINUTE) == ["second"]


def test_all_but_one_are_ended(store, ann, db):
    for name in ("one", "two", "three"):
        begin(store, ann, browser=name)
    kept = next(each for each in store.of(ann.id, stamp=ann.stamp, now=NOW) if each.browser == "two")

    renewed = Admins(db).renew(ann)
    assert renewed
    store.only(kept.id, admin=ann.id, stamp=renewed.stamp)

    assert listed(store, ann) == []
    assert listed(store, renewed) == ["two"]
    assert len(rows(db)) == 2


def test_who_changes_an_account_that_has_changed_meanwhile_changes_nothing(ann, db):
    first = Admins(db).renew(ann, password_hash="y")
    second = Admins(db).renew(ann, password_hash="z")

    assert first
    assert (first.password_hash, second) == ("y", None)
    assert Admins(db).named("ann") == first


def test_those_of_an_earlier_password_are_listed_and_counted_no_more(store, ann, db):
    begin(store, ann)
    Admins(db).change_password(name="ann", password_hash="y")
    changed = Admins(db).named("ann")
    assert changed
    begin(store, changed)

    assert listed(store, changed) == ["Chrome · Windows"]
    assert store.numbers(now=NOW)[(changed.id, changed.stamp)] == 1


def test_what_is_over_is_forgotten_and_goes_with_its_account(store, ann, db):
    begin(store, ann)
    begin(store, ann, now=NOW + IDLE)
    store.drop_ended(now=NOW + IDLE)
    left = len(rows(db))
    Admins(db).remove(name="ann")

    assert (left, rows(db)) == (1, [])

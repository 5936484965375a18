"""Sessions: begun, found, renewed, ended, and gone with their contact."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from storage.people import People
from storage.sessions import DEVICES, Sessions, sessions
from tests.end_to_end.running import at_once

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEXT_WEEK = datetime(2026, 12, 1, 3, tzinfo=UTC)


@pytest.fixture
def people(db, vault, keys):
    return People(db, vault, former=keys.mark("former"))


@pytest.fixture
def store(db, vault, keys, people):
    """Sessions with another's among them."""
    made = Sessions(db, vault, mark=keys.mark("session"))
    other = people.meet(account="mini", openid="o-noise", today=TODAY)
    made.begin(other.contact, device="another's", today=TODAY, until=NEXT_WEEK, now=NOON)
    return made


@pytest.fixture
def ann(people):
    return people.meet(account="mini", openid="o-ann", today=TODAY)


def begin(store, who, *, device="", until=NEXT_WEEK, now=NOON):
    return store.begin(who.contact, device=device, today=TODAY, until=until, now=now)


def test_a_token_leads_to_its_member(store, ann):
    found = store.find(begin(store, ann), now=NOON)

    assert (found.who.person, found.who.contact, found.who.openid) == (ann.person, ann.contact, "o-ann")


def test_the_database_can_not_say_a_token_again(store, ann, db):
    token = begin(store, ann)
    with db.read() as connection:
        held = repr(connection.execute(sa.select(sessions)).all())

    assert token not in held


def test_looking_a_token_up_writes_nothing(store, ann, db):
    token = begin(store, ann)
    with db.read() as connection:
        before = connection.execute(sa.select(sessions).order_by(sessions.c.id)).all()
        store.find(token, now=NOON + timedelta(hours=5))
        after = connection.execute(sa.select(sessions).order_by(sessions.c.id)).all()

    assert before == after


@pytest.mark.parametrize("token", ["", "x" * 43, "o-ann", "\x00"])
def test_what_was_never_given_leads_nowhere(store, ann, token):
    begin(store, ann)

    assert store.find(token, now=NOON) is None


def test_a_session_is_over_at_its_time(store, ann):
    token = begin(store, ann)

    assert store.find(token, now=NEXT_WEEK - timedelta(seconds=1))
    assert store.find(token, now=NEXT_WEEK) is None


def test_a_new_token_takes_the_place_of_the_old(store, ann):
    old = begin(store, ann)
    session = store.find(old, now=NOON).id
    new = store.renew(old, until=NEXT_WEEK + timedelta(days=7), now=NOON)

    assert store.find(old, now=NOON) is None
    assert store.find(new, now=NEXT_WEEK).id == session
    assert store.renew(old, until=NEXT_WEEK, now=NOON) is None


def test_what_is_over_can_not_be_renewed(store, ann):
    token = begin(store, ann)

    assert store.renew(token, until=NEXT_WEEK + timedelta(days=7), now=NEXT_WEEK) is None


def test_devices_are_listed_without_their_tokens_and_ended_by_their_owner_alone(store, ann, people, db):
    begin(store, ann, device="手机")
    token = begin(store, ann, device="平板", until=NEXT_WEEK + timedelta(days=1))
    listed = store.of(ann.person, now=NOON)
    other = people.find(account="mini", openid="o-noise")

    assert [each.name for each in listed] == ["平板", "手机"]
    assert not store.end(listed[0].id, person=other.person)
    assert store.find(token, now=NOON)
    assert store.end(listed[0].id, person=ann.person)
    assert not store.end(listed[0].id, person=ann.person)
    assert store.find(token, now=NOON) is None


def test_one_device_more_than_there_may_be_ends_the_one_that_would_have_ended_first(store, ann):
    first = begin(store, ann, until=NEXT_WEEK - timedelta(days=1))
    tokens = [begin(store, ann) for _ in range(DEVICES)]

    assert store.find(first, now=NOON) is None
    assert all(store.find(token, now=NOON) for token in tokens)
    newest = begin(store, ann)
    assert store.find(newest, now=NOON)
    assert len(store.of(ann.person, now=NOON)) == DEVICES


@pytest.mark.on_servers
def test_many_that_sign_in_at_once_are_no_more_than_there_may_be(store, ann):
    tokens = at_once([partial(begin, store, ann)] * 2 * DEVICES)

    assert len(store.of(ann.person, now=NOON)) == DEVICES
    assert sum(store.find(token, now=NOON) is not None for token in tokens) == DEVICES


def test_what_is_over_is_dropped(store, ann, db):
    begin(store, ann, until=NOON + timedelta(hours=1))
    store.drop_ended(now=NOON + timedelta(hours=1))
    with db.read() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()

    assert left == 1


def test_sessions_go_with_their_contact(store, ann, people):
    token = begin(store, ann)
    people.part(account="mini", openid="o-ann", today=TODAY, keep=True)

    assert store.find(token, now=NOON) is None


def test_erasing_a_person_ends_their_sessions_and_no_others(store, ann, people, db):
    begin(store, ann)
    other = people.find(account="mini", openid="o-noise")
    with db.begin() as connection:
        store.erase(connection, ann.person)

    assert not store.of(ann.person, now=NOON)
    assert store.of(other.person, now=NOON)

"""Wrong tries: counted over all processes, waited for longer and longer, and no way to shut somebody else out."""

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest
import sqlalchemy as sa

from storage.admin_tries import KNOWN_FOR, OF_A_PLACE, OF_ALL, Tries, Whence, admin_tries
from storage.db import Database
from storage.sealing import Keys

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECRET = "a secret that only the tests know"
HERE, THERE = Whence("192.0.2.1", "a browser"), Whence("192.0.2.2", "another browser")
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def tries(db, keys):
    made = Tries(db, mark=keys.mark("admin tries"))
    wrong(made, 3, name="another")
    return made


def wrong(tries, times, *, name="ann", whence=HERE, now=NOW):
    """How long each had to wait."""
    waits = [tries.begin(name, whence, now=now) for _ in range(times)]
    return [until - now if until else None for until in waits]


def test_the_first_ones_are_free_and_then_each_pause_is_twice_the_one_before(tries):
    now, pauses = NOW, []
    assert wrong(tries, OF_A_PLACE.free) == [None] * OF_A_PLACE.free
    for _ in range(8):
        (pause,) = wrong(tries, 1, now=now)
        now += pause
        pauses.append(pause // A_MINUTE)
        assert wrong(tries, 1, now=now - timedelta(seconds=1)) == [timedelta(seconds=1)]
        assert wrong(tries, 1, now=now) == [None]

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_trying_on_while_one_has_to_wait_makes_it_no_longer(tries):
    wrong(tries, OF_A_PLACE.free)

    assert wrong(tries, 50) == [A_MINUTE] * 50


def test_a_right_one_forgets_the_wrong_ones(tries):
    wrong(tries, OF_A_PLACE.free - 1)
    tries.begin("ann", HERE, now=NOW)
    tries.succeeded("ann", HERE, now=NOW)

    assert wrong(tries, OF_A_PLACE.free) == [None] * OF_A_PLACE.free


def test_a_right_password_before_a_code_neither_counts_nor_forgets(tries):
    """Else whoever knows the password could guess codes for ever, a password in between."""
    for _ in range(OF_A_PLACE.free - 1):
        tries.begin("ann", HERE, now=NOW)
        tries.passed("ann", HERE, now=NOW)
        wrong(tries, 1)

    assert wrong(tries, 2) == [None, A_MINUTE]


def test_another_name_and_another_place_wait_for_nothing(tries):
    wrong(tries, OF_A_PLACE.free + 1)

    assert wrong(tries, 1, name="bob") == [None]
    assert wrong(tries, 1, whence=THERE) == [None]


def test_many_addresses_together_get_few_tries(tries):
    waits = [
        wrong(tries, 1, whence=Whence(f"192.0.2.{number}", f"browser {number}"))[0] for number in range(OF_ALL.free + 5)
    ]

    assert waits == [None] * OF_ALL.free + [A_MINUTE] * 5


def test_whoever_tries_from_elsewhere_shuts_nobody_out_of_a_browser_that_they_have_signed_in_with(tries):
    tries.begin("ann", HERE, now=NOW)
    tries.succeeded("ann", HERE, now=NOW)
    for number in range(OF_ALL.free + 5):
        wrong(tries, 1, whence=Whence(f"192.0.2.{number}", "a stranger's"))
    moved = Whence("198.51.100.7", HERE.browser)

    assert wrong(tries, 1, whence=Whence(HERE.address, "a stranger's")) == [A_MINUTE]
    assert wrong(tries, OF_A_PLACE.free, whence=moved) == [None] * OF_A_PLACE.free
    assert wrong(tries, 1, whence=moved) == [A_MINUTE]


def test_a_browser_is_known_to_the_account_that_signed_in_with_it_alone(tries):
    tries.succeeded("ann", HERE, now=NOW)
    wrong(tries, OF_A_PLACE.free, name="bob")

    assert wrong(tries, 1, name="bob", whence=Whence(HERE.address, "new")) == [A_MINUTE]


def test_who_waits_is_told_to_who_may_end_it_and_then_tries_at_once(tries):
    wrong(tries, OF_A_PLACE.free)
    before = tries.waiting(["ann", "bob"], now=NOW)
    tries.unlock("ann")

    assert before == {"ann": NOW + A_MINUTE}
    assert tries.waiting(["ann", "bob"], now=NOW) == {}
    assert wrong(tries, 1) == [None]


def test_wrong_ones_are_forgotten_after_a_day_and_browsers_after_half_a_year(tries, db):
    tries.succeeded("ann", HERE, now=NOW)
    wrong(tries, OF_A_PLACE.free, whence=THERE)
    tomorrow = NOW + timedelta(days=1, seconds=1)
    assert wrong(tries, 1, whence=THERE, now=tomorrow) == [None]
    tries.drop_old(now=tomorrow + timedelta(days=1, seconds=1))
    known = rows(db)
    tries.drop_old(now=NOW + KNOWN_FOR + timedelta(seconds=1))

    assert [row.is_known for row in known] == [True]
    assert rows(db) == []


def rows(db):
    with db.read() as connection:
        return connection.execute(sa.select(admin_tries)).all()


def test_nothing_tells_whose_they_are_nor_where_from(tries, db):
    wrong(tries, 1)
    tries.succeeded("ann", HERE, now=NOW)
    held = repr(rows(db))

    assert not any(word in held for word in ("ann", HERE.address, HERE.browser))


def let(url: str) -> bool:
    db = Database(url)
    try:
        return Tries(db, mark=Keys(SECRET).mark("admin tries")).begin("ann", HERE, now=NOW) is None
    finally:
        db.close()


def test_many_processes_count_together(tries, db):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        begun = [pool.submit(let, db.url) for _ in range(12)]

        assert sum(each.result() for each in begun) == OF_A_PLACE.free

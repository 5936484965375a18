"""The second factor: on by its first code, each code good once in the whole fleet, and nothing of it readable."""

import secrets
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest
import sqlalchemy as sa

from storage.admin_factors import RECOVERY_CODES, Factors, Shared, admin_factors, admin_recovery_codes
from storage.admins import Admins
from storage.db import Database
from storage.sealing import Keys
from tests import authenticator

NOW = datetime(2026, 11, 23, 4, 0, 10, tzinfo=UTC)
SECRET = "a secret that only the tests know"


def added(db, name: str) -> str:
    Admins(db).add(name=name, password_hash="x")
    found = Admins(db).named(name)
    assert found
    return found.id


@pytest.fixture
def factors(db, keys):
    """Another's is on already."""
    made = Factors(db, keys)
    on(made, added(db, "another"))
    return made


@pytest.fixture
def ann(db):
    return added(db, "ann")


def code(secret: bytes, now: datetime = NOW) -> str:
    return authenticator.code(Shared(secret).typed, now)


def on(factors, admin: str, now: datetime = NOW - timedelta(hours=1)) -> tuple[bytes, list[str]]:
    """Turned on: the secret, and the recovery codes."""
    factors.prepare(admin)
    secret = factors.prepared(admin).secret
    return secret, factors.turn_on(admin, code(secret, now), now=now)


def in_halves(code: str) -> str:
    return f" {code[:3]} {code[3:]} "


def in_wide_digits(code: str) -> str:
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in code)


@pytest.mark.parametrize("typed", [in_halves, in_wide_digits])
def test_a_code_is_good_however_it_is_typed(factors, ann, typed):
    factors.prepare(ann)
    secret = factors.prepared(ann).secret
    later = NOW + timedelta(minutes=2)
    codes = factors.turn_on(ann, typed(code(secret)), now=NOW)

    assert codes is not None
    assert factors.accept(ann, typed(code(secret, later)), now=later)


def test_it_is_on_from_the_first_right_code(factors, ann):
    factors.prepare(ann)
    secret = factors.prepared(ann).secret
    wrong = factors.turn_on(ann, code(secrets.token_bytes(20)), now=NOW)
    before = factors.is_on(ann)
    codes = factors.turn_on(ann, code(secret), now=NOW)

    assert (wrong, before, factors.is_on(ann), factors.prepared(ann)) == (None, False, True, None)
    assert len(set(codes)) == RECOVERY_CODES == factors.codes_left(ann)


def test_one_that_is_on_is_neither_replaced_nor_turned_on_again(factors, ann):
    secret, _ = on(factors, ann)
    factors.prepare(ann)

    assert factors.turn_on(ann, code(secret), now=NOW) is None
    assert factors.accept(ann, code(secret), now=NOW)


def test_one_that_waits_for_its_first_code_signs_nobody_in(factors, ann):
    factors.prepare(ann)

    assert not factors.accept(ann, code(factors.prepared(ann).secret), now=NOW)


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(factors, ann, steps, fits):
    secret, _ = on(factors, ann)

    assert factors.accept(ann, code(secret, NOW + timedelta(seconds=30 * steps)), now=NOW) is fits


def test_a_code_is_good_once_and_so_are_those_before_it(factors, ann):
    secret, _ = on(factors, ann)
    earlier = code(secret, NOW - timedelta(seconds=30))
    first = factors.accept(ann, f" {code(secret)[:3]} {code(secret)[3:]} ", now=NOW)

    assert first
    assert not factors.accept(ann, code(secret), now=NOW)
    assert not factors.accept(ann, earlier, now=NOW)
    assert factors.accept(ann, code(secret, NOW + timedelta(seconds=30)), now=NOW + timedelta(seconds=30))


def test_the_code_that_turned_it_on_signs_nobody_in(factors, ann):
    secret, _ = on(factors, ann, now=NOW)

    assert not factors.accept(ann, code(secret), now=NOW)


@pytest.mark.parametrize("said", ["", "000000", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "x" * 5000])
def test_anything_else_is_no_code(factors, ann, said):
    on(factors, ann)

    assert not factors.accept(ann, said, now=NOW)


def test_a_recovery_code_is_good_once_and_for_its_own_account(factors, ann, db):
    _, codes = on(factors, ann)
    bob = added(db, "bob")
    on(factors, bob)
    typed = codes[0].lower().replace("-", " ")

    assert not factors.accept(bob, codes[0], now=NOW)
    assert factors.accept(ann, typed, now=NOW)
    assert not factors.accept(ann, codes[0], now=NOW)
    assert factors.codes_left(ann) == RECOVERY_CODES - 1


def test_new_recovery_codes_end_the_old_ones(factors, ann):
    _, old = on(factors, ann)
    new = factors.renew_codes(ann)

    assert not factors.accept(ann, old[0], now=NOW)
    assert factors.accept(ann, new[0], now=NOW)


def test_once_forgotten_nothing_is_left_of_it(factors, ann, db):
    secret, codes = on(factors, ann)

    assert factors.forget(ann)
    assert not factors.forget(ann)
    assert not factors.accept(ann, code(secret), now=NOW)
    assert not factors.accept(ann, codes[0], now=NOW)
    assert len(rows(db, admin_factors)) == 1


def test_it_goes_with_its_account(factors, ann, db):
    on(factors, ann)
    Admins(db).remove(name="ann")

    assert len(rows(db, admin_factors)) == 1
    assert len(rows(db, admin_recovery_codes)) == RECOVERY_CODES


def rows(db, table):
    with db.read() as connection:
        return connection.execute(sa.select(table)).all()


def test_who_reads_the_database_can_neither_make_codes_nor_use_them(factors, ann, db):
    secret, codes = on(factors, ann)
    held = b"".join(row.secret for row in rows(db, admin_factors)), repr(rows(db, admin_recovery_codes))

    assert secret not in held[0]
    assert not any(code in held[1] or code.replace("-", "") in held[1] for code in codes)


def test_a_secret_is_not_moved_to_another_account(factors, ann, db):
    """Whoever may write in the database doesn't give somebody the factor that they know."""
    secret, _ = on(factors, ann)
    bob = added(db, "bob")
    on(factors, bob)
    with db.begin() as connection:
        anns = sa.select(admin_factors.c.secret).where(admin_factors.c.admin == ann).scalar_subquery()
        connection.execute(admin_factors.update().where(admin_factors.c.admin == bob).values(secret=anns))

    assert not factors.accept(bob, code(secret), now=NOW)


def test_once_a_code_was_taken_under_a_new_secret_key_the_former_one_may_go(factors, ann, db):
    secret, codes = on(factors, ann)
    both, alone = Factors(db, Keys("another secret", SECRET)), Factors(db, Keys("another secret"))
    later = NOW + timedelta(minutes=1)

    assert not alone.accept(ann, code(secret), now=NOW)
    assert both.accept(ann, codes[0], now=NOW)
    assert both.accept(ann, code(secret), now=NOW)
    assert alone.accept(ann, code(secret, later), now=later)


def accepted(url: str, admin: str, said: str) -> bool:
    db = Database(url)
    try:
        return Factors(db, Keys(SECRET)).accept(admin, said, now=NOW)
    finally:
        db.close()


def test_of_many_processes_that_are_told_a_code_at_once_one_accepts_it(factors, ann, db):
    secret, codes = on(factors, ann)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for said in (code(secret), codes[0]):
            tries = [pool.submit(accepted, db.url, ann, said) for _ in range(6)]

            assert sorted(each.result() for each in tries) == [False] * 5 + [True]

"""What is still to be judged, and how a verdict finds it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.checks import WORDS, Checks, opinion_checks
from tests.house import NOON

OPINION, OTHER, PICTURE = "a" * 24, "b" * 24, "c" * 24
SOON, LATER = NOON + timedelta(hours=1), NOON + timedelta(hours=2)


@pytest.fixture
def checks(db, keys):
    return Checks(db, keys)


def due(db, checks, opinion, *parts):
    with db.begin() as connection:
        checks.due(opinion, parts, account="mini", until=LATER)(connection)


def rows(db):
    with db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(opinion_checks)).scalar_one()


def test_words_and_pictures_wait_each_for_itself(db, checks):
    due(db, checks, OPINION, WORDS, PICTURE)
    due(db, checks, OTHER, WORDS)

    assert checks.parts_of(OPINION) == {WORDS, PICTURE}
    assert checks.opinions() == {OPINION, OTHER}
    assert not any(check.asked for check in checks.waiting())


def test_what_was_asked_is_found_by_its_trace_on_its_account(db, checks):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    early = checks.asked(check, "trace", until=SOON)
    found = checks.told("mini", "trace", "risky", until=SOON)

    assert early is None
    assert (found.id, found.part, found.asked, found.until) == (check.id, PICTURE, True, SOON)
    assert checks.told("other", "trace", "risky", until=SOON) is None


def test_a_verdict_that_comes_before_its_trace_is_known_waits_for_it(db, checks):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    told = [checks.told("mini", "trace", verdict, until=SOON) for verdict in ("risky", "risky")]

    assert told == [None, None]
    assert checks.opinions() == {OPINION}
    assert checks.asked(check, "trace", until=SOON) == "risky"
    assert rows(db) == 1


def test_verdicts_that_nobody_asked_for_are_forgotten(db, checks):
    due(db, checks, OPINION, PICTURE)
    checks.told("mini", "trace", "risky", until=SOON)
    checks.forget_strangers(now=SOON - timedelta(seconds=1))
    kept = rows(db)
    checks.forget_strangers(now=LATER + timedelta(days=1))

    assert (kept, rows(db)) == (2, 1)
    assert checks.opinions() == {OPINION}


def test_what_is_judged_or_looked_at_waits_no_more(db, checks):
    due(db, checks, OPINION, WORDS, PICTURE)
    due(db, checks, OTHER, WORDS)
    words = next(check for check in checks.waiting() if check.part == WORDS and check.opinion == OPINION)
    for _ in range(2):
        checks.done(words)
    left = checks.parts_of(OPINION)
    checks.done_with(OPINION, {WORDS})
    awaited = checks.parts_of(OPINION)
    checks.done_with(OPINION, {WORDS, PICTURE})

    assert left == awaited == {PICTURE}
    assert checks.opinions() == {OTHER}


def test_an_address_leads_to_its_check_until_it_is_over_or_judged(db, checks):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    address = checks.address_of(check, until=SOON)
    found = checks.at(address, now=SOON - timedelta(seconds=1))
    late = checks.at(address, now=SOON)
    checks.done(check)

    assert (found.opinion, found.part) == (OPINION, PICTURE)
    assert late is None
    assert checks.at(address, now=NOON) is None


@pytest.mark.parametrize("made_up", ["", "x", "A" * 95, "é", "=" * 8, "a" * 23 + "%"])
def test_a_made_up_address_leads_nowhere(db, checks, made_up):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    address = checks.address_of(check, until=SOON)
    tampered = address[:-1] + ("A" if address[-1] != "A" else "E")

    assert checks.at(made_up, now=NOON) is None
    assert checks.at(tampered, now=NOON) is None


def test_addresses_of_one_check_are_never_alike_and_say_nothing(db, checks):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    one, other = (checks.address_of(check, until=SOON) for _ in range(2))

    assert one != other
    assert not {check.id, OPINION, PICTURE} & {one, other}


def test_no_trace_lies_in_clear(db, checks):
    due(db, checks, OPINION, PICTURE)
    (check,) = checks.waiting()
    checks.asked(check, "5f7c2300-trace", until=SOON)
    with db.read() as connection:
        everything = str(connection.execute(sa.select(opinion_checks)).all())

    assert "5f7c2300" not in everything

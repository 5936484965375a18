"""How far the trail was verified is remembered, and what was changed is found: at once or by the next whole walk."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.audit import Act, Audit, Broken, Deed, Fault, audit_trail
from storage.audit_walks import KEPT, Walks, audit_walks
from storage.sealing import Keys
from tests.house import NOON

LOOK = Deed(act=Act.LOOK, kind="member", account="li")
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def audit(db, keys):
    return Audit(db, keys)


@pytest.fixture
def walks(db, keys, audit):
    return Walks(db, keys, audit)


def noted(audit: Audit, count: int) -> None:
    audit.note(*[LOOK] * count, now=NOON)


def changed(db, statement) -> None:
    """As somebody does who has the database."""
    with db.begin() as connection:
        connection.execute(statement)


def altered(db, number: int) -> None:
    changed(db, audit_trail.update().where(audit_trail.c.sequence == number).values(account="nobody"))


def last(walks: Walks):
    found = walks.standing().last
    assert found
    return found


def test_a_walk_comes_to_the_end_in_steps_and_remembers_how_far_it_is(audit, walks):
    noted(audit, 25)
    steps = [walks.step(now=NOON + timedelta(minutes=minute), most=10) for minute in range(2)]
    half_way = walks.standing()
    (ended,) = walks.step(now=LATER, most=10)

    assert steps == [[], []]
    assert half_way.last is None
    assert half_way.under_way
    assert (half_way.under_way.verdict.entries, half_way.under_way.began) == (20, NOON)
    assert (ended.verdict.entries, ended.verdict.head, ended.broken) == (25, audit.head()[1], None)
    assert (ended.began, ended.ended, walks.standing().under_way) == (NOON, LATER, None)


def test_what_is_noted_since_is_verified_without_reading_what_was(audit, walks, db):
    noted(audit, 5)
    walks.step(now=NOON)
    noted(audit, 3)
    altered(db, 2)
    news = walks.step(now=LATER)

    assert news == []
    assert (last(walks).verdict.entries, last(walks).at, last(walks).began) == (8, LATER, NOON)


def test_what_was_changed_in_the_middle_is_found_by_the_next_whole_walk(audit, walks, db):
    noted(audit, 25)
    walks.step(now=NOON)
    altered(db, 12)
    walks.step(now=LATER)
    is_unseen = last(walks).broken is None
    assert walks.ask(now=LATER, by="shenji")
    news = [each for _ in range(3) for each in walks.step(now=LATER, most=10)]

    assert is_unseen, "else it was read again"
    assert [each.broken for each in news] == [Broken(12, Fault.CHANGED)]
    assert (last(walks).verdict.entries, last(walks).asked_by) == (11, "shenji")


def test_once_a_walk_has_gone_by_a_step_of_it_does_not_read_that_again(audit, walks, db):
    noted(audit, 25)
    walks.step(now=NOON, most=10)
    altered(db, 4)

    assert [each.broken for each in walks.step(now=NOON, most=20)] == [None]
    walks.ask(now=LATER)
    assert [each.broken for each in walks.step(now=LATER)] == [Broken(4, Fault.CHANGED)]


@pytest.mark.parametrize("number", [6, 8])
def test_what_is_new_and_was_changed_is_found_with_the_next_step(audit, walks, db, number):
    noted(audit, 5)
    walks.step(now=NOON)
    noted(audit, 3)
    altered(db, number)

    assert [each.broken for each in walks.step(now=LATER)] == [Broken(number, Fault.CHANGED)]
    assert walks.step(now=LATER) == [], "and told once"


def test_the_last_entry_that_was_seen_has_to_be_there_as_it_was(audit, walks, db):
    noted(audit, 5)
    walks.step(now=NOON)
    altered(db, 5)

    assert [each.broken for each in walks.step(now=LATER)] == [Broken(5, Fault.CHANGED)]
    assert last(walks).verdict.entries == 4


@pytest.mark.parametrize(("gone", "fault"), [((5,), Fault.CUT), ((4, 5), Fault.CUT)])
def test_an_end_that_was_cut_off_since_is_seen_without_a_hash_that_was_kept(audit, walks, db, gone, fault):
    noted(audit, 5)
    walks.step(now=NOON)
    changed(db, audit_trail.delete().where(audit_trail.c.sequence.in_(gone)))

    assert [each.broken for each in walks.step(now=LATER)] == [Broken(5, fault)]


def test_an_end_that_was_cut_off_and_noted_anew_is_another_one(audit, walks, db):
    noted(audit, 5)
    walks.step(now=NOON)
    changed(db, audit_trail.delete().where(audit_trail.c.sequence == 5))
    audit.note(replace(LOOK, about="another one"), LOOK, now=NOON)

    assert audit.verify().broken is None
    assert [each.broken for each in walks.step(now=LATER)] == [Broken(5, Fault.CUT)]


def test_the_last_entry_that_was_taken_out_is_missed(audit, walks, db):
    noted(audit, 5)
    walks.step(now=NOON)
    noted(audit, 1)
    changed(db, audit_trail.delete().where(audit_trail.c.sequence == 5))

    assert [each.broken for each in walks.step(now=LATER)] == [Broken(5, Fault.MISSING)]


def test_what_is_broken_stays_so_until_a_whole_walk_finds_it_whole(audit, walks, db):
    noted(audit, 5)
    with db.read() as connection:
        was = connection.execute(sa.select(audit_trail.c.account).where(audit_trail.c.sequence == 2)).scalar_one()
    altered(db, 2)
    walks.step(now=NOON)
    changed(db, audit_trail.update().where(audit_trail.c.sequence == 2).values(account=was))
    walks.step(now=LATER)
    stays = last(walks).broken
    walks.ask(now=LATER)
    walks.step(now=LATER)

    assert stays == Broken(2, Fault.CHANGED)
    assert last(walks).broken is None
    assert [each.broken for each in walks.standing().before] == [stays]


def test_one_walk_at_most_is_under_way(audit, walks):
    noted(audit, 5)

    assert [walks.ask(now=NOON, by="shenji"), walks.ask(now=NOON)] == [True, False]
    walks.step(now=NOON)
    assert walks.ask(now=NOON)


def test_so_many_walks_are_kept(walks):
    for _ in range(KEPT + 5):
        walks.ask(now=NOON)
        walks.step(now=NOON)
    standing = walks.standing()

    assert standing.last
    assert (standing.last.number, len(standing.before)) == (KEPT + 5, KEPT - 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [("entries", 99), ("head", "0" * 64), ("began", LATER), ("ended", LATER), ("fault", ""), ("fault", "none such")],
)
def test_who_has_the_database_can_not_write_that_something_was_verified(audit, walks, db, column, value):
    """What isn't ours says nothing, and the next step begins anew."""
    noted(audit, 5)
    altered(db, 2)
    walks.step(now=NOON)
    assert last(walks).broken
    changed(db, audit_walks.update().values({column: value} | ({"broken": 0} if column == "fault" else {})))
    forged = walks.standing()
    news = walks.step(now=LATER)

    assert (forged.last, forged.under_way) == (None, None)
    assert [each.broken for each in news] == [Broken(2, Fault.CHANGED)]


def test_after_secret_key_was_changed_a_walk_begins_at_the_first_entry(db):
    old, both = Keys("the first secret of two"), Keys("the second secret", "the first secret of two")
    Audit(db, old).note(LOOK, LOOK, now=NOON)
    Walks(db, old, Audit(db, old)).step(now=NOON)
    walks = Walks(db, both, Audit(db, both))
    before = walks.standing().last
    (ended,) = walks.step(now=LATER)

    assert before is None
    assert (ended.began, ended.verdict.entries, ended.broken) == (LATER, 2, None)


def test_a_walk_that_goes_on_takes_no_entry_of_the_secret_before(db):
    """Which of the two an entry was made with is known again from the last that was seen."""
    old, both = Keys("the first secret of two"), Keys("the second secret", "the first secret of two")
    Audit(db, old).note(LOOK, now=NOON)
    audit = Audit(db, both)
    walks = Walks(db, both, audit)
    audit.note(LOOK, now=NOON)
    walks.step(now=NOON)
    Audit(db, old).note(LOOK, now=NOON)

    assert [each.broken for each in walks.step(now=LATER)] == [Broken(3, Fault.CHANGED)]


def test_two_clocks_that_step_at_once_do_no_harm(audit, walks, db, keys):
    """As where one that slept comes back: what the other has kept isn't overwritten."""
    noted(audit, 25)
    walks.step(now=NOON, most=10)
    slow = walks.standing().under_way
    assert slow
    walks.step(now=LATER, most=20)

    assert walks._stepped(slow, NOON, 5) is None
    assert (last(walks).verdict.entries, last(walks).ended) == (25, LATER)


def test_a_number_below_the_first_is_found_by_a_whole_walk(audit, walks, db):
    noted(audit, 2)
    with db.read() as connection:
        row = connection.execute(sa.select(audit_trail).where(audit_trail.c.sequence == 1)).mappings().one()
    changed(db, audit_trail.insert().values({**row, "sequence": -1}))

    assert [each.broken for each in walks.step(now=NOON)] == [Broken(1, Fault.MISSING)]

"""The trail: what is noted stays as it was noted, or it is seen that it doesn't."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.audit import Act, Audit, Broken, Deed, Fault, NotNoted, Outcome, Wanted, audit_trail, person_keys
from storage.people import People
from storage.sealing import Keys
from tests.house import NOON
from tests.storage.explained import explained

LOOK = Deed(act=Act.LOOK, kind="member", account="li", role="general", door="/admin/membership/<row>")


@pytest.fixture
def audit(db, keys):
    return Audit(db, keys)


@pytest.fixture
def person(db, vault, keys):
    return (
        People(db, vault, former=keys.mark("former")).meet(account="official", openid="o-1", today=NOON.date()).person
    )


def noted(audit: Audit, count: int) -> None:
    for number in range(count):
        audit.note(replace(LOOK, about=f"{number}"), now=NOON + timedelta(seconds=number))


def changed(db, statement) -> None:
    """As somebody does who has the database."""
    with db.begin() as connection:
        connection.execute(statement)


def entry(number: int) -> sa.ColumnElement[bool]:
    return audit_trail.c.sequence == number


def rows(db):
    with db.read() as connection:
        return connection.execute(sa.select(audit_trail).order_by(audit_trail.c.sequence)).mappings().all()


# -- noting ------------------------------------------------------------------------------------------------------------


def test_what_was_noted_is_read_the_newest_first(audit, person):
    audit.note(LOOK, now=NOON)
    audit.note(replace(LOOK, act=Act.REVEAL, person=person, reason="家访前核对电话"), now=NOON + timedelta(hours=1))
    newest, oldest = audit.entries(most=9)

    assert (newest.sequence, newest.at, newest.act, newest.reason) == (
        2,
        NOON + timedelta(hours=1),
        "reveal",
        "家访前核对电话",
    )
    assert len(newest.pseudonym) == 32
    assert (oldest.sequence, oldest.account, oldest.role, oldest.pseudonym, oldest.reason) == (
        1,
        "li",
        "general",
        "",
        "",
    )


def test_entries_are_found_by_who_what_and_when(audit):
    noted(audit, 3)
    audit.note(replace(LOOK, account="wang", kind="trail"), now=NOON + timedelta(days=1))

    def found(**wanted):
        return [each.sequence for each in audit.entries(Wanted(**wanted), most=9)]

    assert found(account="li") == [3, 2, 1]
    assert found(kind="trail", act="look") == [4]
    assert found(since=NOON + timedelta(seconds=1), until=NOON + timedelta(hours=1)) == [3, 2]
    assert [each.sequence for each in audit.entries(before=3, most=1)] == [2]
    assert audit.seen() == (["li", "wang"], ["member", "trail"])


def test_who_and_what_is_in_it_is_found_by_steps_through_an_index(audit):
    """Whoever opens the page asks for it, and of a million entries all were read."""
    noted(audit, 30)
    with explained("audit_trail") as plans:
        seen = audit.seen()

    assert seen == (["li"], ["member"])
    assert len(plans) == 4
    for plan in plans:
        assert "ix_audit_trail_account" in plan or "ix_audit_trail_kind" in plan, plan


def test_all_of_several_are_noted_or_none(audit, person):
    with pytest.raises(NotNoted):
        audit.note(replace(LOOK, person=person), replace(LOOK, person="nobody that there is"), now=NOON)

    assert audit.head() == (0, "0" * 64)


def test_what_can_not_be_noted_raises(audit, db):
    changed(db, sa.text("ALTER TABLE audit_trail RENAME TO elsewhere"))
    try:
        with pytest.raises(NotNoted):
            audit.note(LOOK, now=NOON)
    finally:
        changed(db, sa.text("ALTER TABLE elsewhere RENAME TO audit_trail"))


def test_a_nameless_byte_or_a_long_word_is_no_way_out_of_the_trail(audit):
    audit.note(replace(LOOK, about="a\0b" * 99, account="z" * 99, outcome=Outcome.REFUSED), now=NOON)

    assert audit.verify().entries == 1
    assert audit.entries(most=1)[0].about.startswith("abab")


# -- persons -----------------------------------------------------------------------------------------------------------


def test_a_person_has_one_pseudonym_and_it_is_not_made_of_who_they_are(audit, db, person):
    audit.note(replace(LOOK, person=person), replace(LOOK, person=person), now=NOON)
    first, second = audit.of(person)

    assert first.pseudonym == second.pseudonym
    assert person not in str(rows(db))
    assert Audit(db, Keys("another secret")).of(person) == []


def test_once_a_person_is_erased_no_entry_leads_to_them_and_the_chain_holds(audit, db, person):
    audit.note(replace(LOOK, person=person, reason="王小明家里有事"), now=NOON)
    before = audit.entries(most=1)
    with db.begin() as connection:
        audit.erase(connection, person)
    after = audit.entries(most=1)

    assert before[0].reason == "王小明家里有事"
    assert (after[0].reason, audit.of(person)) == (None, [])
    assert audit.verify().broken is None
    with db.read() as connection:
        assert connection.execute(sa.select(person_keys)).all() == []


def test_who_comes_back_under_the_same_id_is_somebody_else_to_the_trail(audit, db, person):
    audit.note(replace(LOOK, person=person), now=NOON)
    with db.begin() as connection:
        audit.erase(connection, person)
    audit.note(replace(LOOK, person=person), now=NOON)

    assert [each.sequence for each in audit.of(person)] == [2]
    assert len({each.pseudonym for each in audit.entries(most=9)}) == 2


def test_two_who_become_one_are_told_of_both(audit, db, vault, person, keys):
    other = (
        People(db, vault, former=keys.mark("former")).meet(account="official", openid="o-2", today=NOON.date()).person
    )
    audit.note(replace(LOOK, person=person), replace(LOOK, person=other), now=NOON)
    with db.begin() as connection:
        audit.unite(connection, gone=other, into=person)

    assert [each.sequence for each in audit.of(person)] == [2, 1]
    assert audit.of(other) == []


# -- the chain ---------------------------------------------------------------------------------------------------------


def test_a_chain_that_nobody_touched_holds(audit):
    noted(audit, 3)
    verdict = audit.verify(head=audit.head()[1])

    assert (verdict.entries, verdict.head, verdict.broken) == (3, audit.head()[1], None)


@pytest.mark.parametrize("column", [each.name for each in audit_trail.c if each.name != "sequence"])
def test_whatever_of_an_entry_is_changed_it_is_named(audit, db, column):
    noted(audit, 3)
    other = {"at": NOON - timedelta(days=1), "reason": b"x"}.get(column, "x")
    changed(db, audit_trail.update().where(entry(2)).values({column: other}))

    assert audit.verify().broken == Broken(2, Fault.CHANGED)


def test_an_entry_that_was_taken_out_is_missed(audit, db):
    noted(audit, 4)
    changed(db, audit_trail.delete().where(entry(2)))
    gap = audit.verify().broken
    changed(db, audit_trail.update().where(entry(3)).values(sequence=2))
    closed = audit.verify().broken

    assert (gap, closed) == (Broken(2, Fault.MISSING), Broken(2, Fault.CHANGED))


def test_two_that_changed_places_are_seen(audit, db):
    noted(audit, 4)
    for old, new in ((2, 9), (3, 2), (9, 3)):
        changed(db, audit_trail.update().where(entry(old)).values(sequence=new))

    assert audit.verify().broken == Broken(2, Fault.CHANGED)


def test_an_end_that_was_cut_off_is_seen_by_a_hash_that_was_kept(audit, db):
    noted(audit, 4)
    kept = audit.head()[1]
    changed(db, audit_trail.delete().where(entry(4)))
    audit.note(LOOK, now=NOON)

    assert audit.verify().broken is None, "nobody can tell without"
    assert audit.verify(head=kept).broken == Broken(5, Fault.CUT)


def test_who_has_the_database_and_not_the_key_forges_nothing(audit, db):
    noted(audit, 2)
    forger = Audit(db, Keys("a guess at the secret"))
    forger.note(replace(LOOK, account="nobody"), now=NOON)

    assert audit.verify().broken == Broken(3, Fault.CHANGED)
    assert forger.verify().broken == Broken(1, Fault.CHANGED)


def test_after_secret_key_was_changed_what_was_noted_before_holds_while_the_previous_one_is_named(db, person):
    old, new, both = (
        Keys("the first secret of two"),
        Keys("the second secret"),
        Keys("the second secret", "the first secret of two"),
    )
    Audit(db, old).note(replace(LOOK, person=person, reason="家访"), now=NOON)
    audit = Audit(db, both)
    audit.note(replace(LOOK, person=person), now=NOON)

    assert audit.verify().broken is None
    assert [each.sequence for each in audit.of(person)] == [2, 1]
    assert [each.reason for each in audit.entries(most=9)] == ["", "家访"]
    assert Audit(db, new).verify().broken == Broken(1, Fault.CHANGED)
    Audit(db, old).note(LOOK, now=NOON)
    assert audit.verify().broken == Broken(3, Fault.CHANGED), "who found the old secret adds nothing to it"


def test_an_entry_of_another_trail_does_not_follow(audit, db):
    """As after a backup was put back: what was noted in the meantime has good hashes of its own."""
    noted(audit, 2)
    strange = dict(rows(db)[1])
    changed(db, audit_trail.delete().where(entry(2)))
    audit.note(replace(LOOK, about="another one"), now=NOON)
    audit.note(LOOK, now=NOON)
    changed(db, audit_trail.delete().where(entry(2)))
    changed(db, audit_trail.insert().values(strange))

    assert audit.verify().broken == Broken(3, Fault.UNTIED)


def test_a_long_chain_is_read_to_its_end(audit, db):
    """Beyond what one look reads."""
    audit.note(*[LOOK] * 2_002, now=NOON)
    changed(db, audit_trail.update().where(entry(2_002)).values(door="/elsewhere"))

    assert audit.verify().broken == Broken(2_002, Fault.CHANGED)


# -- at once -----------------------------------------------------------------------------------------------------------

NOTING = """
import sys
from datetime import UTC, datetime
from storage.audit import Act, Audit, Deed
from storage.db import Database
from storage.sealing import Keys

audit = Audit(Database(sys.argv[1]), Keys("a secret that only the tests know"))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    audit.note(Deed(act=Act.LOOK, kind="member", about=f"{number}"), now=datetime.now(UTC))
    print(number, flush=True)
"""


def another(url: str, times: int) -> subprocess.Popen[bytes]:
    """A process that notes, once it is told to begin."""
    started = subprocess.Popen(
        [sys.executable, "-c", NOTING, url, str(times)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert started.stdout
    assert started.stdout.readline() == b"ready\n"
    return started


def begin(*processes: subprocess.Popen[bytes]) -> None:
    for each in processes:
        assert each.stdin
        each.stdin.write(b"\n")
        each.stdin.flush()


def test_processes_that_note_at_once_make_one_chain(audit, database_url):
    both = [another(database_url, 100) for _ in range(2)]
    begin(*both)
    ends = [process.communicate()[0].split()[-1] for process in both]
    verdict = audit.verify()

    assert ends == [b"99", b"99"]
    assert (verdict.entries, verdict.broken) == (200, None)


def test_what_was_told_to_be_noted_is_there_after_a_kill(audit, database_url):
    """And the chain goes on with whoever lives."""
    one, other = another(database_url, 100_000), another(database_url, 50)
    begin(one, other)
    assert one.stdout
    told = -1
    while told < 40:
        told = int(one.stdout.readline())
    os.kill(one.pid, signal.SIGKILL)
    told = max([told, *map(int, one.stdout.read().split())])  # `communicate` would pass over what it has buffered
    one.communicate()
    other.communicate()
    verdict = audit.verify()

    assert verdict.broken is None
    assert verdict.entries - 50 - told in {1, 2}, "each one that was told, and perhaps one that was not told yet"

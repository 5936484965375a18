"""What is kept of the pack's changes: contents once, one writer of a file, and nothing longer than it is needed."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from storage.pack import Changes, State, versions
from tests.end_to_end.running import at_once
from tests.house import NOON

FILE = "digests/first.md"


@pytest.fixture
def changes(db):
    return Changes(db)


def begun(changes, *, before=b"old", after=b"new", by="one", now=NOON):
    found = changes.begin(FILE, before="", after=after, by=by, now=now, lies=before)
    return changes.get(found)


def writes(changes, change, agreed=""):
    return changes.begin_writing(change.id, before=change.before, after=change.after, agreed=agreed, now=NOON)


def kept(db):
    with db.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(versions))


def test_what_many_changes_hold_is_kept_once(db, changes):
    first, second = begun(changes), begun(changes)

    assert (first.after == second.after, changes.content(first.after), kept(db)) == (True, b"new", 2)


def test_one_at_a_time_writes_a_file(changes):
    drafts = [begun(changes, after=bytes([number])) for number in range(4)]

    assert sum(at_once([partial(writes, changes, each) for each in drafts])) == 1


def test_a_file_is_written_once_and_by_what_was_agreed_to(changes):
    change = begun(changes)
    assert not writes(changes, change, agreed="two")
    changes.ask(change.id, after=change.after, by="one", now=NOON)
    assert not writes(changes, change)
    assert not writes(changes, change, agreed="one")
    changes.go_on(change.id, before="", after=b"other", by="one", now=NOON)
    changes.ask(change.id, after=changes.get(change.id).after, by="one", now=NOON)
    assert not writes(changes, change, agreed="two")

    assert writes(changes, changes.get(change.id), agreed="two")
    assert not writes(changes, changes.get(change.id), agreed="three")
    changes.written(change.id, now=NOON)
    assert (changes.get(change.id).state, changes.get(change.id).agreed) == (State.DONE, "two")


def test_nobody_goes_on_with_anothers_draft_or_drops_it(changes):
    change = begun(changes)

    assert not changes.go_on(change.id, before="", after=b"x", by="two", now=NOON)
    assert not changes.drop(change.id, by="two")
    assert changes.drop(change.id, by="one")


def test_drafts_are_let_go_in_time_and_contents_with_the_last_that_has_them(db, changes):
    done, draft = begun(changes, after=b"done"), begun(changes, after=b"draft")
    writes(changes, done)
    changes.written(done.id, now=NOON)
    changes.forget(NOON + timedelta(days=89))
    assert changes.content(draft.after) == b"draft"

    changes.forget(NOON + timedelta(days=91))
    assert (changes.get(draft.id), changes.content(draft.after), changes.content(done.after)) == (None, None, b"done")

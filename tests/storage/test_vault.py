"""What names a person lies sealed, opens in its place alone, and goes to another key while the program runs."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.db import Database, metadata
from storage.people import People, persons
from storage.phone import Phones
from storage.roster import Entry, Roster, roster
from storage.rotation import Rotation
from storage.sealing import CannotOpen, Keys
from storage.sessions import Sessions
from storage.vault import NoKey, Sealed, Vault, data_keys
from tests.end_to_end.running import at_once
from tests.handlers.opinion import changes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOW.date()
LATER = NOW + timedelta(days=30)
ENTRY = Entry(name="阿依古丽", organisation="zhibu-1", number="B-7731", role="委员")
TOLD = ("阿依古丽", "B-7731", "13900007731", "热水已经恢复", "阿依古丽的手机")


class Small:
    """A member of whom everything is kept that names anybody."""

    def __init__(self, db, keys):
        self.db, self.vault = db, Vault(db, keys)
        self.people = People(db, self.vault, former=keys.mark("former"))
        self.roster = Roster(db, self.vault, mark=keys.mark("join code"), former=keys.mark("former"))
        self.phones = Phones(db, self.vault)
        self.sessions = Sessions(db, self.vault, mark=keys.mark("session"))
        self.rotation = Rotation(db, self.vault)

    def live(self):
        who = self.people.meet(account="official", openid="o-1", today=TODAY)
        (issued,) = self.roster.take_in([ENTRY], expires_at=LATER)
        self.roster.bind(code=issued.code, person=who.person, contact=who.contact, message="m", now=NOW)
        self.phones.keep(who.person, "13900007731", today=TODAY)
        self.people.keep_line(who.person, key="opinion:1", line="热水已经恢复", expires_at=LATER)
        self.sessions.begin(who.contact, device="阿依古丽的手机", today=TODAY, until=LATER, now=NOW)
        return who.person

    def told(self, person):
        """All of it, read again."""
        who = self.people.find(account="official", openid="o-1")
        (row,) = self.roster.rows()
        phone, (device,) = self.phones.of(person), self.sessions.of(person, now=NOW)
        (line,) = self.people.take_lines(person, message="m2", now=NOW)
        assert who.name == row.entry.name
        return (who.name, row.entry.number, phone and phone.number, line, device.name)

    def rotate(self):
        to = self.rotation.begin()
        rows = sum(self.rotation.reseal(to))
        return rows, self.rotation.end(to)


@pytest.fixture
def small(db, keys):
    return Small(db, keys)


def written(db: Database, began: changes.Place) -> bytes:
    """Every byte of the database that can be got at: rows, files, and the log of changes since."""
    with db.read() as connection:
        rows = [str(connection.execute(sa.select(table)).all()) for table in metadata.sorted_tables]
    if not db.is_sqlite:
        with db.begin() as connection:  # a commit that waits for the disk takes all before it there
            connection.execute(sa.text("SET LOCAL synchronous_commit = on"))
            connection.execute(sa.text("CREATE TEMPORARY TABLE noise (n integer) ON COMMIT DROP"))
        return "".join(rows).encode() + changes.bytes_since(db, began)
    path = Path(str(sa.make_url(db.url).database))
    return "".join(rows).encode() + b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_no_name_number_phone_or_line_lies_anywhere_in_clear(small, db):
    with changes.kept(db):
        began = 0 if db.is_sqlite else changes.place(db)
        person = small.live()
        lies = written(db, began)

    assert small.told(person) == TOLD
    assert [words for words in TOLD if words.encode() in lies] == []
    assert b"opinion:1" in lies  # so this is where it would lie


def test_what_is_sealed_opens_in_its_own_place_alone(small, db):
    person = small.live()
    with db.begin() as connection:
        name = connection.execute(sa.select(persons.c.name)).scalar_one()
        connection.execute(roster.update().values(name=name))

    with pytest.raises(CannotOpen):
        small.vault.open(roster.c.name, "r1", name)
    with pytest.raises(CannotOpen):
        small.vault.open(persons.c.name, "somebody else", name)
    assert small.roster.rows() == []
    assert small.vault.open(persons.c.name, person, name) == "阿依古丽"


def test_the_same_name_is_found_and_looks_different_each_time(small, db):
    small.live()
    small.roster.take_in([Entry(name="阿依古丽", organisation="zhibu-2")], expires_at=LATER)
    with db.read() as connection:
        names = connection.execute(sa.select(roster.c.name)).scalars().all()

    assert [row.entry.organisation for row in small.roster.called("阿依古丽")] == ["zhibu-1", "zhibu-2"]
    assert small.roster.called("阿依") == []
    assert len(set(names)) == 2


def test_of_many_who_seal_the_first_name_one_makes_the_key(db, keys):
    people = [People(db, Vault(db, keys), former=keys.mark("former")) for _ in range(6)]
    whos = [people[0].meet(account="official", openid=f"o-{n}", today=TODAY) for n in range(6)]
    at_once([partial(people[n].rename, whos[n].person, name=f"甲{n}", verified=False) for n in range(6)])

    assert [people[0].find(account="official", openid=f"o-{n}").name for n in range(6)] == [f"甲{n}" for n in range(6)]
    assert [stock.rows for stock in Rotation(db, Vault(db, keys)).stock()] == [6]


def test_every_column_that_names_somebody_is_a_sealed_one():
    """A new column that is called so is sealed too, or stands here with its reason."""
    called = {"name", "phone", "number", "mobile", "address", "device"}
    ours = {
        "admin_tries.name": "a keyed hash of what was typed",
        "admins.name": "an account's own, which it signs in with",
        "article_pictures.address": "a picture's, at the platform",
        "group_posts.name": "a group's, of the configuration",
        "quiz_rounds.name": "a round's",
        "quiz_sittings.name": "a round's",
    }
    found = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in called and isinstance(column.type, sa.String | Sealed) and not isinstance(column.type, Sealed)
    }

    assert found == ours.keys()


# -- another key ---------------------------------------------------------------------------------------------------


def test_all_of_it_goes_to_a_new_key_and_the_old_one_is_gone(small, db, keys):
    person = small.live()
    with db.read() as connection:
        old = connection.execute(sa.select(data_keys)).one()
    rows, gone = small.rotate()
    elsewhere = Small(db, keys)  # a process that knows nothing yet

    assert (rows, gone) == (5, [1])
    assert [(stock.number, stock.rows) for stock in small.rotation.stock()] == [(2, 5)]
    assert elsewhere.told(person) == TOLD
    if db.is_sqlite:
        assert bytes(old.sealed) not in written(db, 0)


def test_while_keys_are_changed_the_same_entry_is_found_and_names_are_read_and_written(small, db, keys):
    small.live()
    others = [Entry(name=f"甲{n}", organisation="zhibu-1") for n in range(5)]
    small.roster.take_in(others, expires_at=LATER)
    behind = Small(db, keys)
    assert len(behind.roster.rows()) == 6  # it knows the first key alone
    slow = Rotation(db, small.vault, piece=1)
    to = slow.begin()
    for _ in slow.reseal(to):
        assert behind.roster.take_in([ENTRY, *others], expires_at=LATER) == []
        assert len(behind.roster.rows()) == 6
        assert behind.people.find(account="official", openid="o-1").name == "阿依古丽"
        assert len(behind.roster.called("甲3")) == 1
    assert slow.left(to) == 0
    slow.end(to)

    assert len(behind.roster.rows()) == 6


def test_a_change_of_keys_waits_for_whoever_is_just_sealing(small, db, keys):
    """Else what they write is left under a key that is destroyed."""
    small.live()
    who = small.people.meet(account="official", openid="o-2", today=TODAY)
    changing = threading.Thread(target=small.rotate)
    with db.begin() as connection:
        name = small.vault.sealing(connection).words(persons.c.name, who.person, "乙")
        changing.start()
        changing.join(0.3)
        waits = changing.is_alive()
        connection.execute(persons.update().where(persons.c.id == who.person).values(name=name))
    changing.join()

    assert waits
    assert [stock.number for stock in small.rotation.stock()] == [2]
    assert Small(db, keys).people.find(account="official", openid="o-2").name == "乙"


_ROTATES = """
import sys, time
from storage import phone, roster, sessions
from storage.db import Database
from storage.rotation import Rotation
from storage.sealing import Keys
from storage.vault import Vault

db = Database(sys.argv[1])
changing = Rotation(db, Vault(db, Keys("a secret that only the tests know")), piece=5)
for _ in changing.reseal(changing.begin()):
    print("a piece", flush=True)
    time.sleep(0.05)
"""


def test_killed_in_the_middle_it_goes_on_to_the_same_key_and_nothing_is_lost(small, db):
    everybody = {Entry(name=f"甲{n}", organisation="zhibu-1") for n in range(60)}
    small.roster.take_in(everybody, expires_at=LATER)
    command = [sys.executable, "-c", _ROTATES, db.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as changing:
        assert changing.stdout is not None
        for _ in range(3):
            assert changing.stdout.readline() == "a piece\n"
        changing.send_signal(signal.SIGKILL)
    (new, old) = small.rotation.stock()

    assert (old.number, new.number) == (1, 2)
    assert new.rows >= 15
    assert old.rows > 0
    assert old.rows + new.rows == 60
    assert {row.entry for row in small.roster.rows()} == everybody
    assert small.rotate() == (old.rows, [1])
    assert {row.entry for row in small.roster.rows()} == everybody
    assert small.roster.take_in(everybody, expires_at=LATER) == []


# -- another secret ------------------------------------------------------------------------------------------------


def test_with_another_secret_names_are_read_as_long_as_the_one_before_is_named(small, db, keys):
    person = small.live()
    changed = Small(db, Keys("a secret of later days", "a secret that only the tests know"))

    assert changed.told(person) == TOLD
    assert [stock.under_previous for stock in changed.rotation.stock()] == [True]
    changed.rotate()
    alone = Small(db, Keys("a secret of later days"))
    assert [stock.under_previous for stock in alone.rotation.stock()] == [False]
    assert alone.people.find(account="official", openid="o-1").name == "阿依古丽"
    with pytest.raises(NoKey, match="previous_secret_key"):
        Vault(db, keys).check()


def test_who_has_lost_the_secret_goes_on_without_the_names(small, db):
    """As after `zhibu restore --other-key`."""
    small.live()
    strange = Small(db, Keys("a secret of somebody else"))
    with pytest.raises(NoKey):
        strange.vault.check()
    with db.begin() as connection:
        strange.vault.drop_strange(connection)

    assert strange.people.find(account="official", openid="o-1").name == ""
    assert strange.roster.rows() == []
    assert len(strange.roster.take_in([ENTRY], expires_at=LATER)) == 1
    assert strange.rotate()[0] > 0
    assert [row.entry for row in strange.roster.rows()] == [ENTRY]

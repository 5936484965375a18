"""The way to the wanted tables, there and back."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from storage import upgrade
from storage.db import Database, embedded_url, metadata
from storage.decision import Decisions, Wanted, decisions
from storage.migrating import config, connected
from storage.people import People
from storage.phone import Phones
from storage.roster import Roster
from storage.sessions import Sessions
from storage.vault import Vault
from tests.servers import a_database


@pytest.fixture
def empty(tmp_path, postgres_url):
    """A database with nothing in it: a new one on PostgreSQL, a new file else."""
    if postgres_url is None:
        made = Database(embedded_url(tmp_path))
        yield made
        made.close()
        return
    with a_database(postgres_url) as url:
        made = Database(url)
        yield made
        made.close()


def tables(db):
    with db.begin() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_an_empty_database_has_no_shape_and_an_upgraded_one_the_wanted(empty):
    before = upgrade.found(empty)
    upgrade.upgrade(empty)

    assert before == ""
    assert upgrade.found(empty) == upgrade.wanted() != ""
    assert tables(empty) == set(metadata.tables)


def test_upgrading_twice_is_upgrading_once(empty):
    upgrade.upgrade(empty)
    upgrade.upgrade(empty)

    assert upgrade.found(empty) == upgrade.wanted()


def test_every_step_leads_back_too(empty):
    upgrade.upgrade(empty)
    with connected(empty) as going:
        command.downgrade(going, "base")
    after = tables(empty)
    upgrade.upgrade(empty)

    assert after == set()
    assert tables(empty) == set(metadata.tables)


def test_steps_are_one_line():
    script = ScriptDirectory.from_config(config())
    steps = [*script.walk_revisions()]

    assert len(script.get_heads()) == 1
    assert [step.down_revision for step in steps[:-1]] == [step.revision for step in steps[1:]]


def test_an_upgrade_that_fails_leaves_nothing_half_done(empty):
    with empty.begin() as connection:
        connection.execute(sa.text("CREATE TABLE roster (somebody_elses INTEGER)"))

    with pytest.raises(sa.exc.SQLAlchemyError):
        upgrade.upgrade(empty)
    assert tables(empty) == {"roster"}


# -- a step that needs the keys --------------------------------------------------------------------------------------

IN_CLEAR = (
    "INSERT INTO persons (id, since, name) VALUES ('p1', '2026-01-01', '阿依古丽'), ('p2', '2026-01-01', '')",
    "INSERT INTO contacts (id, person, account, openid) VALUES ('c1', 'p1', 'official', 'o1')",
    "INSERT INTO roster (id, name, organisation, number) VALUES ('r1', '阿依古丽', 'first', 'B-7731')",
    "INSERT INTO kept_lines (id, person, key, line, expires_at) VALUES ('k1', 'p1', 'k', '热水已经恢复', 4000000000)",
    """INSERT INTO sessions (id, contact, token, device, since, expires_at)
    VALUES ('s1', 'c1', 't', '阿依的手机', '2026-01-01', 4000000000)""",
)
WORDS = ("阿依古丽", "B-7731", "热水已经恢复", "阿依的手机", "13900007731")


@pytest.fixture
def before_0047(empty, keys):
    """A database with people in clear, and phones as they were sealed then."""
    with connected(empty) as going:
        command.upgrade(going, "0046")
    with empty.begin() as connection:
        for words in IN_CLEAR:
            connection.execute(sa.text(words))
        phone = {"sealed": keys.box("phone").seal(b"13900007731")}
        connection.execute(sa.text("INSERT INTO phones VALUES ('p1', '2026-01-01', :sealed)"), phone)
    return empty


def test_what_named_people_in_clear_is_sealed_and_lies_in_no_file_of_its_table(before_0047, keys):
    db, vault = before_0047, Vault(before_0047, keys)
    upgrade.upgrade(db, keys)
    people, now = People(db, vault, former=keys.mark("former")), datetime(2026, 11, 23, tzinfo=UTC)
    (row,) = Roster(db, vault, mark=keys.mark("join code"), former=keys.mark("former")).called("阿依古丽")
    phone, (device,) = Phones(db, vault).of("p1"), Sessions(db, vault, mark=keys.mark("session")).of("p1", now=now)
    lies = files(db)

    assert people.find(account="official", openid="o1").name == "阿依古丽"
    assert (row.entry.name, row.entry.number, phone and phone.number) == ("阿依古丽", "B-7731", "13900007731")
    assert (device.name, people.take_lines("p1", message="m", now=now)) == ("阿依的手机", ["热水已经恢复"])
    assert b"first" in lies  # which is a column of its own, in clear: so this is where they would lie
    assert [words for words in WORDS if words.encode() in lies] == []


def test_without_the_keys_nothing_is_changed(before_0047):
    with pytest.raises(ValueError, match="given no key"):
        upgrade.upgrade(before_0047)

    assert upgrade.found(before_0047) == "0046"


def test_the_way_back_opens_what_was_sealed(before_0047, keys):
    upgrade.upgrade(before_0047, keys)
    with connected(before_0047, keys) as going:
        command.downgrade(going, "0046")
    with before_0047.read() as connection:
        names = sa.text("SELECT name FROM persons UNION ALL SELECT name FROM roster ORDER BY name")
        read = connection.execute(names).scalars().all()
        phone = connection.execute(sa.text("SELECT sealed FROM phones")).scalar_one()

    assert read == ["", "阿依古丽", "阿依古丽"]
    assert keys.box("phone").open(bytes(phone)) == b"13900007731"


# -- another one -----------------------------------------------------------------------------------------------------

TOLD = """{"organisation": "yi", "kind": "admission", "meeting": "第 6 次支部党员大会", "day": "2026-06-20",
"matter": "接收一名预备党员", "about": "", "entitled": 20, "present": 15, "written": 0, "approve": 11, "against": 3,
"abstain": 1, "proposed_by": "committee", "recorded_by": "li", "recorded_as": "secretary", "recorded_on": "2026-06-21",
"why": ""}"""


@pytest.fixture
def before_0057(empty, keys):
    """A database with a decision, one that corrects it, and somebody's word on the second; and one that won't open."""
    with connected(empty) as going:
        command.upgrade(going, "0056")
    vault = Vault(empty, keys)
    with empty.begin() as connection:
        seal = vault.sealing(connection)
        old, new = (seal.words(decisions.c.told, each, TOLD) for each in ("old", "new"))
        for words, values in (
            ("INSERT INTO decisions (id, corrects, told) VALUES ('old', NULL, :told)", {"told": old}),
            ("INSERT INTO decisions (id, corrects, told) VALUES ('new', 'old', :told)", {"told": new}),
            ("INSERT INTO decisions (id, corrects, told) VALUES ('lost', NULL, :told)", {"told": new}),
            ("INSERT INTO decision_confirmations VALUES ('new', 'zhao', '2026-06-22')", {}),
            ("INSERT INTO decision_confirmations VALUES ('lost', 'zhao', '2026-06-22')", {}),
        ):
            connection.execute(sa.text(words), values)
    return empty


def test_what_decisions_are_listed_by_comes_out_of_the_seal_and_goes_back(before_0057, keys):
    db = before_0057
    with pytest.raises(ValueError, match="given no key"):
        upgrade.upgrade(db)
    upgrade.upgrade(db, keys)
    kept = Decisions(db, Vault(db, keys))
    found = {each.id: each for each in kept.page(Wanted(), most=5)}
    with db.read() as connection:
        lies = connection.execute(sa.text("SELECT * FROM decisions WHERE id = 'new'")).one()

    assert found.keys() == {"old", "new"}
    assert (found["new"].corrects, found["old"].corrected_by, found["new"].confirmed_by) == ("old", "new", "zhao")
    assert (found["new"].day, found["new"].recorded_on, found["new"].approve) == (
        date(2026, 6, 20),
        date(2026, 6, 21),
        11,
    )
    assert (lies.organisation, lies.kind, lies.recorded_by) == ("yi", "admission", "li")
    assert "recorded_by" not in Vault(db, keys).open(decisions.c.told, "new", lies.told)

    with connected(db, keys) as going:
        command.downgrade(going, "0056")
    with db.read() as connection:
        lies = connection.execute(sa.text("SELECT * FROM decisions WHERE id = 'new'")).one()
    assert json.loads(Vault(db, keys).open(decisions.c.told, "new", lies.told)) == json.loads(TOLD)
    assert lies.corrects == "old"


def files(db):
    """The bytes of the tables' files as they are now."""
    if db.is_sqlite:
        path = Path(str(sa.make_url(db.url).database))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    with db.read() as connection:
        connection.execute(sa.text("CHECKPOINT"))
        names = ("persons", "roster", "kept_lines", "sessions", "phones")
        read = sa.text("SELECT pg_read_binary_file(pg_relation_filepath(CAST(:name AS regclass)))")
        return b"".join(bytes(connection.execute(read, {"name": name}).scalar_one()) for name in names)

"""The way to the wanted tables, there and back."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from storage import upgrade
from storage.db import Database, embedded_url, metadata
from storage.migrating import config, connected
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

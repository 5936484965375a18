"""Which settings let what we send get into the database's own log."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from storage import server_log
from storage.db import Database

SILENT = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "0",
}


def test_a_server_as_it_is_installed_tells_nothing():
    assert [*server_log.told_by(SILENT)] == []
    assert [*server_log.told_by({})] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_statement", "all"),
        ("log_statement", "mod"),
        ("log_min_duration_statement", "0"),
        ("log_min_duration_statement", "250"),
        ("log_min_duration_sample", "100"),
        ("log_transaction_sample_rate", "0.01"),
    ],
)
def test_statements_are_told_with_their_parameters_unless_these_are_cut(name, value):
    loud = SILENT | {name: value}

    assert [*server_log.told_by(loud)] == [name]
    assert [*server_log.told_by(loud | {"log_parameter_max_length": "64"})] == [name]
    assert [*server_log.told_by(loud | {"log_parameter_max_length": "0"})] == []


def test_statements_that_only_change_the_shape_carry_no_words():
    assert [*server_log.told_by(SILENT | {"log_statement": "ddl"})] == []


def test_errors_and_plans_have_settings_of_their_own():
    on_error = SILENT | {"log_parameter_max_length_on_error": "-1", "log_parameter_max_length": "0"}
    plans = SILENT | {"auto_explain.log_min_duration": "0", "log_parameter_max_length": "0"}

    assert [*server_log.told_by(on_error)] == ["log_parameter_max_length_on_error"]
    assert [*server_log.told_by(plans)] == ["auto_explain.log_min_duration"]
    assert [*server_log.told_by(plans | {"auto_explain.log_parameter_max_length": "0"})] == []


@contextmanager
def logging(db, **settings):
    """The database, told to log so until then; SQLite can't be told."""
    name = sa.make_url(db.url).database
    with db._alone.connect() as connection:
        for setting, value in {} if db.is_sqlite else settings.items():
            connection.exec_driver_sql(f"ALTER DATABASE \"{name}\" SET {setting} = '{value}'")
        told = Database(db.url)
        try:
            yield told
        finally:
            told.close()
            if not db.is_sqlite:
                connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET ALL')


def test_a_database_says_what_it_is_set_to(db):
    before = server_log.telling(db)
    with logging(db, log_statement="mod", log_min_duration_statement="0") as told:
        loud = server_log.telling(told)
    with logging(db, log_statement="mod", log_parameter_max_length="0") as told:
        cut = server_log.telling(told)

    assert before == cut == []
    assert loud == ([] if db.is_sqlite else ["log_statement = mod", "log_min_duration_statement = 0"])

"""Which settings let the database's own log hold what we send to it: openids, names and words for next visits."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from storage.db import Database

# What makes PostgreSQL write statements down, and the value that keeps it from it (its manual, "What To Log").
_SILENT = {
    "log_statement": frozenset({"none", "ddl"}),
    "log_min_duration_statement": frozenset({"-1"}),
    "log_min_duration_sample": frozenset({"-1"}),
    "log_transaction_sample_rate": frozenset({"0"}),
    "auto_explain.log_min_duration": frozenset({"-1"}),
}
# How much of their parameters goes with them: all by default, and none with 0.
_WITH_STATEMENTS, _WITH_ERRORS = "log_parameter_max_length", "log_parameter_max_length_on_error"
_WITH_PLANS = "auto_explain.log_parameter_max_length"
_NAMES = (*_SILENT, _WITH_STATEMENTS, _WITH_ERRORS, _WITH_PLANS)


def telling(db: Database) -> list[str]:
    """The settings, with their values, by which parameters get into the server's log; SQLite has no log."""
    if db.is_sqlite:
        return []
    asked = sa.text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
    with db.read() as connection:
        found = {row.name: str(row.setting) for row in connection.execute(asked, {"names": list(_NAMES)})}
    return [f"{name} = {found[name]}" for name in told_by(found)]


def told_by(settings: Mapping[str, str]) -> Iterator[str]:
    """The names of those settings, of all that a server has."""
    for name, silent in _SILENT.items():
        length = _WITH_PLANS if name.startswith("auto_explain.") else _WITH_STATEMENTS
        if settings.get(name, next(iter(silent))) not in silent and settings.get(length, "-1") != "0":
            yield name
    if settings.get(_WITH_ERRORS, "0") != "0":
        yield _WITH_ERRORS

"""What the database means to do for a statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def explained(table: str) -> Iterator[list[str]]:
    """Its plan for each statement about a table, without changing anything."""
    found: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if f"FROM {table}" not in statement and f"UPDATE {table}" not in statement:
            return
        is_sqlite = connection.dialect.name == "sqlite"
        asking = connection.connection.dbapi_connection.cursor()
        if not is_sqlite:
            asking.execute("SET enable_seqscan = off")
        asking.execute(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {statement}", parameters)
        found.append("\n".join(str(row[-1]) for row in asking.fetchall()))

    sa.event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)

"""Alembic's door: the connection is handed in by `storage.upgrade`, never read from a file."""

from typing import Any, Literal

from alembic import context

from storage.db import Moment, metadata


def _render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:  # noqa: ARG001 - Alembic's signature
    """A migration is history: it names plain types, not classes that may change."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Moment) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_render_item,
)
with context.begin_transaction():
    context.run_migrations()

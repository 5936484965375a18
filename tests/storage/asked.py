"""What SQL is asked, whichever connection it goes by."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


def asked_of_sql(act: Callable[[], object]) -> list[str]:
    """The statements that an act sends, looks and changes, without their values."""
    sent: list[str] = []

    def note(*event: Any) -> None:
        sent.append(event[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return sent

"""What SQL is asked, whichever connection it goes by."""

from collections.abc import Callable
from threading import get_ident
from typing import Any

import sqlalchemy as sa


def asked_of_sql(act: Callable[[], object]) -> list[str]:
    """The statements that an act sends, looks and changes, without their values; not what another thread does."""
    sent: list[str] = []
    here = get_ident()

    def note(*event: Any) -> None:
        if get_ident() == here:
            sent.append(event[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return sent

"""Columns that lie sealed under a key of `secret_key`'s own, and are sealed anew when that changes."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Boxed(TypeDecorator[bytes]):
    """Bytes sealed with the key of a purpose (`Keys.box`), bound to the row by `place`."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose


def place(*key: Any) -> bytes:
    """What the columns of a row's key bind what is sealed in it to."""
    return ":".join(map(str, key)).encode()


def boxed(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table that lie so."""
    return [column for column in table.columns if isinstance(column.type, Boxed)]

"""What names a person lies sealed in its row, under a data key; the data keys lie here, sealed with `secret_key`'s.

So whoever has the database alone reads no name. A sealed field says the number of its data key ("3:..."), and the
newest key seals. What must be found again has a keyed mark beside it, made of the same data key. While the keys are
changed (storage.rotation) there are two, and a reader finds either.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

from storage.db import Database, metadata
from storage.sealing import Box, CannotOpen, Keys, Mark

MARK_LETTERS = 64
_KEY_BYTES = 32
_BETWEEN = ":"

data_keys = sa.Table(
    "data_keys",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.Date, nullable=False, server_default=sa.text("CURRENT_DATE")),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)


class NoKey(ValueError):
    """A data key opens neither with `secret_key` nor with `previous_secret_key`: these are not this database's."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"secret_key: it doesn't open data key {number} of this database, which was sealed with another. Put that "
            "one back, or name it as previous_secret_key."
        )


class Sealed(TypeDecorator[str]):
    """A column of words that are sealed, with the number of the key; "" is nothing, and stays so."""

    impl = sa.Text
    cache_ok = True


class Marked(TypeDecorator[str]):
    """A column with the keyed mark of what other columns of its row say."""

    impl = sa.String
    cache_ok = True

    def __init__(self, *of: str) -> None:
        super().__init__(MARK_LETTERS)
        self.of = of


class _DataKey:
    """One data key, and what is made of it."""

    def __init__(self, number: int, key: bytes) -> None:
        self.number = number
        self.box = Box(key)
        self.key = key

    @cached_property
    def mark(self) -> Mark:
        """The keyed hash of this key."""
        return Keys(self.key.hex()).mark("marks")


class Seal:
    """Seals with the newest key for as long as a transaction lasts: none is destroyed meanwhile."""

    def __init__(self, keys: Sequence[_DataKey]) -> None:
        self._keys = keys

    @property
    def number(self) -> int:
        """Which key that is."""
        return self._keys[0].number

    def words(self, column: sa.Column[Any], row: str, said: str) -> str:
        """What a field of a row says, sealed so that it opens in that place alone."""
        if not said:
            return ""
        sealed = self._keys[0].box.seal(said.encode(), bound_to=_place(column, row))
        return f"{self.number}{_BETWEEN}{base64.b64encode(sealed).decode()}"

    def row(self, table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row in clear as it is written: fields sealed, marks beside them. Its key is among the values."""
        row = values[_key(table).name]
        return {
            **{name: self._written(table.c[name], row, value) for name, value in values.items()},
            **{column.name: self.mark(column, values) for column in marked(table) if values.keys() >= {*_of(column)}},
        }

    def mark(self, column: sa.Column[Any], values: Mapping[str, Any]) -> str:
        """The mark of some values under the newest key."""
        return _marked(self._keys[0], column, values)

    def marks(self, column: sa.Column[Any], values: Mapping[str, Any]) -> list[str]:
        """Every mark that these values may have now: to look a row up by."""
        return [_marked(key, column, values) for key in self._keys]

    def _written(self, column: sa.Column[Any], row: str, value: Any) -> Any:
        return self.words(column, row, value) if isinstance(column.type, Sealed) else value


class Vault:
    """The data keys of a database. Opening it asks the database only where a key isn't known yet."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._box = keys.box("data keys")
        self._own = Box(keys.key("data keys"))
        self._known: dict[str, _DataKey] = {}
        self._unsealed: dict[bytes, _DataKey] = {}

    def open(self, column: sa.Column[Any], row: str, sealed: str) -> str:
        """What a field of a row says; raises `CannotOpen`, or `NoKey`."""
        if not sealed:
            return ""
        number, _, rest = sealed.partition(_BETWEEN)
        try:
            place, content = _place(column, row), base64.b64decode(rest)
            return self._known[number].box.open(content, bound_to=place).decode()
        except (KeyError, CannotOpen):  # a key that is newer than what is known here, or of another database
            with self._db.read() as connection:
                self._known = {str(key.number): key for key in self._load(connection)}
        except ValueError:
            raise CannotOpen from None
        if number not in self._known:
            raise CannotOpen
        return self._known[number].box.open(content, bound_to=place).decode()

    def sealing(self, connection: Connection) -> Seal:
        """What seals in this transaction; the first ever makes the first key."""
        if not self._numbers(connection):
            self._db.take_turn(connection, data_keys)
            if not self._numbers(connection):
                self.add(connection)
        else:
            self._db.take_turn(connection, data_keys, shared=True)
        return self.looking(connection)

    def looking(self, connection: Connection) -> Seal:
        """The same for who only looks something up by its mark."""
        return Seal(self._load(connection))

    def add(self, connection: Connection) -> int:
        """A new key, from now on the one that seals. Whoever asks has the turn at the table of keys."""
        number = max(self._numbers(connection), default=0) + 1
        sealed = self._box.seal(os.urandom(_KEY_BYTES), bound_to=_name(number))
        connection.execute(data_keys.insert().values(number=number, sealed=sealed))
        return number

    def is_own(self, row: Any) -> bool:
        """Whether `secret_key` opens this key, and not only the one before."""
        try:
            self._own.open(row.sealed, bound_to=_name(row.number))
        except CannotOpen:
            return False
        return True

    def wrap(self, connection: Connection, row: Any) -> None:
        """Seal a key with `secret_key`, where it is sealed with the one before."""
        if not self.is_own(row):
            key = self._opened(row).key
            own = {"sealed": self._own.seal(key, bound_to=_name(row.number))}
            connection.execute(data_keys.update().where(data_keys.c.number == row.number).values(own))

    def drop_strange(self, connection: Connection) -> None:
        """Let go of the keys that this configuration doesn't open: what they sealed is lost, and all else goes on."""
        for row in connection.execute(_NEWEST_FIRST).all():
            try:
                self._opened(row)
            except NoKey:
                connection.execute(data_keys.delete().where(data_keys.c.number == row.number))

    def check(self) -> None:
        """Raise `NoKey` where this configuration is not the one of this database."""
        with self._db.read() as connection:
            self._load(connection)

    def _load(self, connection: Connection) -> Sequence[_DataKey]:
        """The keys there are, the newest first; those that were destroyed are forgotten here too."""
        rows = connection.execute(_NEWEST_FIRST).all()
        self._unsealed = {row.sealed: self._unsealed.get(row.sealed) or self._opened(row) for row in rows}
        return [*self._unsealed.values()]

    def _opened(self, row: Any) -> _DataKey:
        try:
            return _DataKey(row.number, self._box.open(row.sealed, bound_to=_name(row.number)))
        except CannotOpen:
            raise NoKey(row.number) from None

    @staticmethod
    def _numbers(connection: Connection) -> Sequence[int]:
        return connection.execute(sa.select(data_keys.c.number)).scalars().all()


_NEWEST_FIRST = sa.select(data_keys.c.number, data_keys.c.sealed).order_by(data_keys.c.number.desc())


def marked(table: sa.Table) -> Sequence[sa.Column[Any]]:
    """The columns of a table that are marks."""
    return [column for column in table.columns if isinstance(column.type, Marked)]


def sealed(table: sa.Table) -> Sequence[sa.Column[Any]]:
    """The columns of a table that are sealed."""
    return [column for column in table.columns if isinstance(column.type, Sealed)]


def begins(number: int) -> str:
    """How a field begins that this key sealed."""
    return f"{number}{_BETWEEN}"


def _of(column: sa.Column[Any]) -> Sequence[str]:
    kind: Any = column.type
    return tuple(kind.of)


def _marked(key: _DataKey, column: sa.Column[Any], values: Mapping[str, Any]) -> str:
    return key.mark(str(column), *(values[name] for name in _of(column)))


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key.columns
    return key


def _place(column: sa.Column[Any], row: str) -> bytes:
    return f"{column}:{row}".encode()


def _name(number: int) -> bytes:
    return f"data key {number}".encode()

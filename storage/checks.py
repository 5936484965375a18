"""What of named opinions the platform is still to judge: a row each for words and pictures, until their verdict.

A verdict on a picture comes as an event, which names the picture by a trace, and may come before the answer that tells
us the trace: what is said of an unknown trace is held for a while, and whoever comes second finds the other.
"""

import base64
import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.lasting import Lasting, Purpose
from storage.sealing import CannotOpen, Keys

ID_LETTERS = 24  # of hex: as long as the ids of opinions and of pictures
WORDS = ""  # in the place of a picture's id
Due = Callable[[Connection], None]  # writes down what is to be judged

opinion_checks = sa.Table(
    "opinion_checks",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("opinion", sa.String(ID_LETTERS), nullable=False, index=True),  # "" for a trace that nobody knows yet
    sa.Column("part", sa.String(ID_LETTERS), nullable=False),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("trace", sa.String(64), unique=True),  # keyed hash
    sa.Column("verdict", sa.String(16), nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to be judged by a mini-program's account: an opinion's words, or one of its pictures.

    `asked`: the platform has it, and its verdict is on the way. After `until` nothing is waited for any more.
    """

    id: str
    opinion: str
    part: str
    account: str
    until: datetime
    asked: bool


class Checks:
    """Every method is safe to repeat."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._mark = Lasting(db, keys, Purpose.TRACE)
        self._addresses = keys.box("opinion:picture address")

    def due(self, opinion: str, parts: Iterable[str], *, account: str, until: datetime) -> Due:
        """What writes down that these parts are to be judged, in the transaction that keeps the opinion."""
        rows = [_row(opinion=opinion, part=part, account=account, until=until) for part in parts]

        def write(connection: Connection) -> None:
            if rows:
                connection.execute(opinion_checks.insert(), rows)

        return write

    def waiting(self) -> list[Check]:
        """All that is to be judged, the oldest first."""
        chosen = sa.select(opinion_checks).where(opinion_checks.c.opinion != "")
        with self._db.read() as connection:
            return [_check(row) for row in connection.execute(chosen.order_by(opinion_checks.c.until)).all()]

    # -- verdicts that come as events ----------------------------------------------------------------------------

    def asked(self, check: Check, trace: str, *, until: datetime) -> str | None:
        """The platform will tell of this check under `trace`; returns its verdict where that has come already."""
        with self._db.by_turns(opinion_checks) as connection:
            early = connection.execute(self._of(check.account, trace)).first()
            if early:
                connection.execute(opinion_checks.delete().where(opinion_checks.c.id == early.id))
            mine = opinion_checks.update().where(opinion_checks.c.id == check.id)
            connection.execute(mine.values(trace=self._mark(check.account, trace), until=until))
        return early.verdict if early else None

    def told(self, account: str, trace: str, verdict: str, *, until: datetime) -> Check | None:
        """The check of this trace; where nobody knows it, the verdict is held until then."""
        with self._db.by_turns(opinion_checks) as connection:
            row = connection.execute(self._of(account, trace)).first()
            if row is None:
                mark = self._mark(account, trace)
                early = _row(opinion="", part="", account=account, until=until, trace=mark, verdict=verdict)
                connection.execute(opinion_checks.insert(), early)
        return _check(row) if row and row.opinion else None

    def _of(self, account: str, trace: str) -> sa.Select[Any]:
        return sa.select(opinion_checks).where(opinion_checks.c.trace.in_(self._mark.all(account, trace)))

    # -- what becomes of them ------------------------------------------------------------------------------------

    def parts_of(self, opinion: str) -> frozenset[str]:
        """What of an opinion is not judged yet."""
        chosen = sa.select(opinion_checks.c.part).where(opinion_checks.c.opinion == opinion)
        with self._db.read() as connection:
            return frozenset(connection.execute(chosen).scalars())

    def opinions(self) -> frozenset[str]:
        """The opinions of which something is not judged yet."""
        return frozenset(check.opinion for check in self.waiting())

    def done(self, check: Check) -> None:
        """It is judged."""
        self._drop(opinion_checks.c.id == check.id)

    def done_with(self, opinion: str, parts: Collection[str]) -> None:
        """A person has looked at these parts of it."""
        self._drop((opinion_checks.c.opinion == opinion) & opinion_checks.c.part.in_(parts))

    def forget_strangers(self, *, now: datetime) -> None:
        """Let go of verdicts that nobody has asked for."""
        self._drop((opinion_checks.c.opinion == "") & (opinion_checks.c.until <= now))

    def _drop(self, chosen: sa.ColumnElement[bool]) -> None:
        with self._db.begin() as connection:
            connection.execute(opinion_checks.delete().where(chosen))

    # -- where the platform finds a picture ----------------------------------------------------------------------

    def address_of(self, check: Check, *, until: datetime) -> str:
        """A word that leads to the picture of this check until then, or until it is judged; nobody can make one."""
        sealed = self._addresses.seal(f"{check.id} {int(until.timestamp())}".encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def at(self, address: str, *, now: datetime) -> Check | None:
        """The check to which an address leads now."""
        with suppress(CannotOpen, ValueError):
            sealed = base64.urlsafe_b64decode(address + "=" * (-len(address) % 4))
            name, until = self._addresses.open(sealed).decode().split()
            if now.timestamp() < int(until):
                return self._get(name)
        return None

    def _get(self, name: str) -> Check | None:
        with self._db.read() as connection:
            row = connection.execute(sa.select(opinion_checks).where(opinion_checks.c.id == name)).first()
        return _check(row) if row else None


def _row(**fields: object) -> dict[str, object]:
    return {"id": secrets.token_hex(16), "trace": None, "verdict": "", **fields}


def _check(row: sa.Row[tuple[object, ...]]) -> Check:
    return Check(
        id=row.id,
        opinion=row.opinion,
        part=row.part,
        account=row.account,
        until=row.until,
        asked=row.trace is not None,
    )

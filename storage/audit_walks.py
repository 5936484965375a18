"""How far the trail was verified, and what came of it: walks along its chain, some entries at a time.

A walk begins at the first entry. One that has come to the end goes on with what is noted since, and looks again only at
the last entry that it has seen; so what was changed before that is found by the next walk, and not sooner.

A row is sealed with a key from `secret_key`: who has the database alone can't write that something was verified. They
can put back an older row, which says an older day (docs/decisions/0115).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.audit import Audit, Broken, Fault, Verdict, audit_trail
from storage.db import Database, Moment, metadata
from storage.sealing import Keys

A_STEP = 100_000  # entries: some 3.5 s of processor time
KEPT = 30  # walks

audit_walks = sa.Table(
    "audit_walks",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("asked_by", sa.String(64), nullable=False),  # an account of the console; "" is the clock
    sa.Column("began", Moment, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),  # when it came as far
    sa.Column("ended", Moment, nullable=True),
    sa.Column("broken", sa.Integer, nullable=False),  # 0 where nothing is
    sa.Column("fault", sa.String(16), nullable=False),
    sa.Column("seal", sa.String(64), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One along the whole chain; `verdict` is what it found until `at`. It ends at a fault, or at the last entry."""

    number: int
    asked_by: str
    began: datetime
    verdict: Verdict
    at: datetime
    ended: datetime | None = None

    @property
    def broken(self) -> Broken | None:
        """Where the chain didn't hold."""
        return self.verdict.broken


class Standing(NamedTuple):
    """What is known of the chain: by the last walk that ended, the one under way, and those before, newest first."""

    last: Walk | None
    under_way: Walk | None
    before: list[Walk]


class Walks:
    """Those along the trail of `audit`. One at most is under way; the clock takes every step, others ask for a walk."""

    def __init__(self, db: Database, keys: Keys, audit: Audit) -> None:
        self._db = db
        self.audit = audit
        self._mark = keys.mark("audit walk")

    def standing(self) -> Standing:
        """As it stands. A row that isn't ours, or was sealed with another `secret_key`, says nothing."""
        with self._db.read() as connection:
            walks = [*self._walks(connection)]
        under_way = walks[0] if walks and not walks[0].ended else None
        ended = [each for each in walks if each.ended]
        return Standing(ended[0] if ended else None, under_way, ended[1:])

    def first_noted(self) -> datetime | None:
        """When the first entry was noted; None where there is none."""
        oldest = sa.select(audit_trail.c.at).order_by(audit_trail.c.sequence).limit(1)
        with self._db.read() as connection:
            return connection.execute(oldest).scalar()

    def ask(self, *, now: datetime, by: str = "") -> bool:
        """Begin another at the first entry; False where one is under way, which is as good."""
        with self._db.by_turns(audit_walks) as connection:
            newest = next(self._walks(connection), None)
            if newest and not newest.ended:
                return False
            highest = connection.execute(sa.select(sa.func.max(audit_walks.c.number))).scalar() or 0
            new = Walk(number=highest + 1, asked_by=by, began=now, verdict=Verdict(), at=now)
            connection.execute(audit_walks.delete().where(audit_walks.c.number <= new.number - KEPT))
            connection.execute(audit_walks.insert().values(**self._row(new)))
        return True

    def step(self, *, now: datetime, most: int = A_STEP) -> list[Walk]:
        """Go on with what there is to go on with; gives the walks that ended by it, or broke since they ended.

        Where none ever was, one begins. Safe to repeat, and to break off: a step is kept whole or not at all.
        """
        last, under_way, _ = self.standing()
        if last is None and under_way is None and self.ask(now=now):
            under_way = self.standing().under_way
        goes_on = [each for each in (last, under_way) if each and not each.broken]
        return [new for each in goes_on if (new := self._stepped(each, now, most))]

    def _stepped(self, walk: Walk, now: datetime, most: int) -> Walk | None:
        """The walk where it has ended now, or broke."""
        verdict = self.audit.verify(beyond=walk.verdict, most=most)
        is_at_end = bool(verdict.broken) or verdict.entries - walk.verdict.entries < most
        new = replace(walk, verdict=verdict, at=now, ended=walk.ended or (now if is_at_end else None))
        with self._db.begin() as connection:
            same = sa.and_(audit_walks.c.number == walk.number, audit_walks.c.seal == self._row(walk)["seal"])
            kept = connection.execute(audit_walks.update().where(same).values(**self._row(new)))
        is_news = bool(new.broken) or new.ended != walk.ended
        return new if kept.rowcount and is_news else None

    def _walks(self, connection: Connection) -> Iterator[Walk]:
        """Those that are ours, the newest first."""
        for row in connection.execute(sa.select(audit_walks).order_by(audit_walks.c.number.desc())).all():
            walk = _walk(row)
            if walk and self._row(walk)["seal"] == row.seal:
                yield walk

    def _row(self, walk: Walk) -> dict[str, Any]:
        row = {
            "number": walk.number,
            "asked_by": walk.asked_by,
            "began": walk.began.replace(microsecond=0),
            "entries": walk.verdict.entries,
            "head": walk.verdict.head,
            "at": walk.at.replace(microsecond=0),
            "ended": walk.ended and walk.ended.replace(microsecond=0),
            "broken": walk.broken.sequence if walk.broken else 0,
            "fault": walk.broken.fault if walk.broken else "",
        }
        told = (int(each.timestamp()) if isinstance(each, datetime) else each for each in row.values())
        return row | {"seal": self._mark(*(str(each or "") for each in told))}


def _walk(row: sa.Row[Any]) -> Walk | None:
    """None where no walk could have written it."""
    if row.fault and row.fault not in [*Fault]:
        return None
    broken = Broken(row.broken, Fault(row.fault)) if row.fault else None
    return Walk(
        number=row.number,
        asked_by=row.asked_by,
        began=row.began,
        verdict=Verdict(entries=row.entries, head=row.head, broken=broken),
        at=row.at,
        ended=row.ended,
    )

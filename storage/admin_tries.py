"""Wrong tries at the console's sign-in, counted over all processes, and the pauses that grow from them.

They are counted by the name and the place it is tried from: an address, or a browser that the account has signed in
with before. Nobody shuts somebody else out of their own browser, and many addresses together get few tries. Names and
places are keyed hashes: some type a password where the name goes. A name that nobody has is counted like any other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.sealing import Mark

FORGOTTEN_AFTER = timedelta(days=1)
KNOWN_FOR = timedelta(days=180)  # without a sign-in
EVERYWHERE = ""  # the place that stands for all that aren't known

admin_tries = sa.Table(
    "admin_tries",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),  # keyed hash
    sa.Column("place", sa.String(64), primary_key=True),  # keyed hash
    sa.Column("wrong", sa.Integer, nullable=False),
    sa.Column("is_known", sa.Boolean, nullable=False),
    sa.Column("waits_until", Moment),
    sa.Column("last_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Pauses:
    """So many tries are free; each one more waits twice as long as the one before."""

    free: int
    first: timedelta
    longest: timedelta

    def after(self, wrong: int) -> timedelta:
        """How long to wait after so many wrong tries."""
        doublings = min(wrong - self.free, 30)
        return timedelta() if doublings < 0 else min(self.first * 2**doublings, self.longest)


OF_A_PLACE = Pauses(free=5, first=timedelta(minutes=1), longest=timedelta(hours=1))
OF_ALL = Pauses(free=20, first=timedelta(minutes=1), longest=timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Whence:
    """Where a try comes from: the address, and what the browser's cookie says, if it has one."""

    address: str = field(repr=False)
    browser: str = field(repr=False)


class Tries:
    """A try is counted before it is looked at, so that many at once get no more than one after the other."""

    def __init__(self, db: Database, *, mark: Mark) -> None:
        self._db = db
        self._mark = mark

    def begin(self, name: str, whence: Whence, *, now: datetime) -> datetime | None:
        """Count one; where it has to wait, until when, and it isn't counted."""
        who = self._mark("name", name)
        with self._db.by_turns(admin_tries) as connection:
            counts = self._counts(connection, who, whence, now)
            waits = [count.until for count in counts if count.until and count.until > now]
            if waits:
                return max(waits)
            for count in counts:
                self._keep(connection, who, count.one_more(now), now)
        return None

    def passed(self, name: str, whence: Whence, *, now: datetime) -> None:
        """Take one back that was right and isn't all: the wrong ones before it still count."""
        who = self._mark("name", name)
        with self._db.by_turns(admin_tries) as connection:
            for count in self._counts(connection, who, whence, now):
                self._keep(connection, who, count.one_less(), now)

    def succeeded(self, name: str, whence: Whence, *, now: datetime) -> None:
        """Forget what was wrong from that place, and know the browser from now on."""
        who = self._mark("name", name)
        with self._db.by_turns(admin_tries) as connection:
            place, *others = self._counts(connection, who, whence, now)
            self._keep(connection, who, _Count(place.place, is_known=place.is_known), now)
            for count in others:
                self._keep(connection, who, count.one_less(), now)
            self._keep(connection, who, _Count(self._browser(whence), is_known=True), now)

    def waiting(self, names: Collection[str], *, now: datetime) -> Mapping[str, datetime]:
        """Which of these names have to wait somewhere, and until when at most."""
        marks = {self._mark("name", name): name for name in names}
        until = sa.func.max(admin_tries.c.waits_until, type_=Moment)
        chosen = sa.select(admin_tries.c.name, until).where(admin_tries.c.waits_until > now)
        with self._db.read() as connection:
            rows = connection.execute(chosen.group_by(admin_tries.c.name)).all()
        return {marks[mark]: ends for mark, ends in rows if mark in marks}

    def unlock(self, name: str) -> None:
        """Let the next try of that name wait no longer, wherever it comes from; browsers that are known stay so."""
        theirs = admin_tries.c.name == self._mark("name", name)
        with self._db.by_turns(admin_tries) as connection:
            connection.execute(admin_tries.update().where(theirs).values(wrong=0, waits_until=None))

    def drop_old(self, *, now: datetime) -> None:
        """Forget what nobody has tried for long."""
        lasts = sa.case((admin_tries.c.is_known, _seconds(KNOWN_FOR)), else_=_seconds(FORGOTTEN_AFTER))
        with self._db.by_turns(admin_tries) as connection:
            over = sa.type_coerce(admin_tries.c.last_at, sa.BigInteger) < int(now.timestamp()) - lasts
            connection.execute(admin_tries.delete().where(over))

    def _browser(self, whence: Whence) -> str:
        return self._mark("browser", whence.browser)

    def _counts(self, connection: Connection, who: str, whence: Whence, now: datetime) -> list["_Count"]:
        """What is counted of a try from there: a known browser's own, else its address' and everybody's."""
        browser, address = self._browser(whence), self._mark("address", whence.address)
        places = admin_tries.c.place.in_([browser, address, EVERYWHERE])
        rows = connection.execute(sa.select(admin_tries).where(admin_tries.c.name == who, places)).all()
        found = {row.place: _Count.of(row, now) for row in rows}
        if browser in found and found[browser].is_known:
            return [found[browser]]
        return [found.get(place, _Count(place)) for place in (address, EVERYWHERE)]

    def _keep(self, connection: Connection, who: str, count: "_Count", now: datetime) -> None:
        new = {"wrong": count.wrong, "is_known": count.is_known, "waits_until": count.until, "last_at": now}
        row = self._db.insert(admin_tries).values(name=who, place=count.place, **new)
        connection.execute(row.on_conflict_do_update(index_elements=["name", "place"], set_=new))


@dataclass(frozen=True, slots=True)
class _Count:
    place: str
    wrong: int = 0
    is_known: bool = False
    until: datetime | None = None

    @classmethod
    def of(cls, row: sa.Row[tuple[object, ...]], now: datetime) -> "_Count":
        if now - row.last_at >= FORGOTTEN_AFTER:
            return cls(row.place, is_known=row.is_known)
        return cls(row.place, row.wrong, row.is_known, row.waits_until)

    def one_more(self, now: datetime) -> "_Count":
        pauses = OF_A_PLACE if self.place != EVERYWHERE else OF_ALL
        wait = pauses.after(self.wrong + 1)
        return _Count(self.place, self.wrong + 1, self.is_known, now + wait if wait else None)

    def one_less(self) -> "_Count":
        return _Count(self.place, max(self.wrong - 1, 0), self.is_known)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

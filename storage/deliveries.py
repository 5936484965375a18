"""Who gets a run, and what became of it: a person in a run has one row, and a row is sent once or says why not.

A row goes due → in_hand → sent | gone | failed | unsure. `in_hand` is committed before anything is sent, so after a
kill it is known which rows may have gone out. Rows outlive their person: the person is a random pseudonym there, and
an openid is never kept but joined when it is needed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.people import Id
from storage.states import State, runs, word

_DUE, _IN_HAND = sa.text("state = 'due'"), sa.text("state = 'in_hand'")
_MAYBE = sa.text("repeat_until IS NOT NULL")

deliveries = sa.Table(
    "deliveries",
    metadata,
    # No foreign key and no index by person: together they cost a planner as much as the row itself. That the run is
    # there and is being planned, `storage.planning` sees to once a piece; who looks for a person goes run by run.
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("person", Id, primary_key=True),
    sa.Column("contact", Id, nullable=False, server_default=""),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("variant", sa.Integer, nullable=False, server_default="0"),  # whose words, see Content.said
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("wake_at", Moment, nullable=False),  # due: not before; in hand: lost after
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("batch", sa.String(32), nullable=False, server_default=""),
    sa.Column("message_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("error", sa.String(32), nullable=False, server_default=""),
    sa.Column("settled_at", Moment),
    sa.Column("repeat_until", Moment),  # it may have gone out: the platform takes a repeat for the same until then
    sa.Index("ix_deliveries_waiting", "key", "wake_at", sqlite_where=_DUE, postgresql_where=_DUE),
    sa.Index("ix_deliveries_repeat", "key", "repeat_until", sqlite_where=_MAYBE, postgresql_where=_MAYBE),
    sa.Index("ix_deliveries_in_hand", "contact", sqlite_where=_IN_HAND, postgresql_where=_IN_HAND),
    sqlite_with_rowid=False,
)

tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("key", sa.String(128), sa.ForeignKey("broadcasts.key"), primary_key=True),
    sa.Column("channel", sa.String(32), primary_key=True),
    sa.Column("state", sa.String(16), primary_key=True),
    sa.Column("error", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),  # of deliveries that were folded (`storage.folding`)
    sqlite_with_rowid=False,
)

is_due = deliveries.c.state == word(State.DUE)
is_in_hand = deliveries.c.state == word(State.IN_HAND)

MASS = "mass"  # whose deliveries go out together: their job takes them, and decides on them (`storage.mass_jobs`)
DEDUPED: Mapping[str, timedelta] = {"template_message": timedelta(minutes=7)}
"""How long after it may have gone out a repeat is safe: the platform's ten minutes, and two for the way there."""
PIECE = 2000  # rows that one statement changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery as it is planned."""

    person: str
    contact: str
    account: str
    channel: str
    variant: int = 0
    state: State = State.DUE
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A delivery in hand, with the openid it goes to."""

    person: str
    contact: str
    account: str
    openid: str = field(repr=False)
    channel: str
    variant: int = 0
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a delivery ended, or (`DUE`) when and by which channel it is tried again.

    `error` is an errcode or one of our own short words. `spent_window` and `spent_credit` (a template id) are what the
    platform counts against the contact. `maybe`: it is due again and may have gone out.
    """

    person: str
    contact: str
    account: str
    channel: str
    variant: int = 0
    state: State
    message_id: str = ""
    error: str = ""
    wake_at: datetime | None = None
    spent_window: bool = False
    spent_credit: str = ""
    maybe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deliveries of a run are in one state on one channel, and with one `error` where that was asked for."""

    channel: str
    state: State
    count: int
    error: str = ""


# Asked as hot statements are (`storage.hot`): where nobody has it, PostgreSQL would read all that was ever sent to see.
_SENT: sa.Select[Any] = (
    sa.select(sa.literal_column("1"))
    .where(deliveries.c.key == sa.bindparam("key"), deliveries.c.channel == sa.bindparam("channel"))
    .where(deliveries.c.state == word(State.SENT))
    .limit(1)
)


def still_open(key: str) -> sa.ColumnElement[bool]:
    """Whether a run has a delivery that hasn't ended."""
    here = deliveries.c.key == key
    return sa.exists().where(here, is_due) | sa.exists().where(here, is_in_hand)


class Deliveries:
    """The people of all runs. Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sent = db.hot(_SENT)

    def tallies(self, key: str, *, by_error: bool = False) -> list[Tally]:
        """How many deliveries are where; those of a run that was folded too."""
        names = ("channel", "state", *(["error"] if by_error else []))
        waits = sa.select(*(deliveries.c[name] for name in names), sa.func.count().label("number"))
        waits = waits.where(deliveries.c.key == key).group_by(*(deliveries.c[name] for name in names))
        over = sa.select(*(tallies.c[name] for name in names), tallies.c.number).where(tallies.c.key == key)
        both = sa.union_all(waits, over).subquery()
        where = [both.c[name] for name in names]
        summed = sa.select(*where, sa.func.sum(both.c.number).label("summed")).group_by(*where).order_by(*where)
        with self._db.read() as connection:
            rows = connection.execute(summed).all()
        return [
            Tally(
                channel=row.channel, state=State(row.state), count=int(row.summed), error=row.error if by_error else ""
            )
            for row in rows
        ]

    def has_sent(self, key: str, channel: str) -> bool:
        """Whether anybody of this run got it by this channel."""
        return bool(self._sent(key=key, channel=channel))

    def is_busy(self, key: str) -> bool:
        """Whether anybody of this run is in hand; a mass send takes hours, and counts for nobody."""
        here = (deliveries.c.key == key) & is_in_hand & (deliveries.c.channel != MASS)
        first = sa.select(deliveries.c.wake_at).where(here).order_by(deliveries.c.wake_at).limit(1)
        with self._db.read() as connection:
            return connection.execute(first).first() is not None

    def next_wake(self, key: str) -> datetime | None:
        """When the first due delivery of a run may be taken; None when none is due."""
        waiting = (deliveries.c.key == key) & is_due & (deliveries.c.channel != MASS)
        first = sa.select(deliveries.c.wake_at).where(waiting).order_by(deliveries.c.wake_at).limit(1)
        with self._db.read() as connection:
            found: datetime | None = connection.execute(first).scalar()
            return found

    # -- what was lost -------------------------------------------------------------------------------------------

    def sweep(self, key: str, *, repeatable: Collection[str], now: datetime) -> int:
        """Decide on what is in hand for too long: `unsure`, or due again where a repeat reaches nobody twice.

        Gives the number of rows that are `unsure` now.
        """
        lost = (deliveries.c.key == key) & is_in_hand & (deliveries.c.wake_at <= now)
        lost &= deliveries.c.channel != MASS  # of these their job decides
        in_time = deliveries.c.repeat_until.is_(None) | (deliveries.c.repeat_until > now)
        again = lost & deliveries.c.channel.in_(repeatable) & in_time
        with self._db.begin() as connection:
            for channel, span in DEDUPED.items():
                first = lost & (deliveries.c.channel == channel) & deliveries.c.repeat_until.is_(None)
                until = sa.type_coerce(deliveries.c.wake_at, sa.BigInteger) + int(span.total_seconds())
                connection.execute(deliveries.update().where(first).values(repeat_until=sa.type_coerce(until, Moment)))
            connection.execute(deliveries.update().where(again).values(state=State.DUE, wake_at=now, batch=""))
            doubtful = deliveries.update().where(lost).values(state=State.UNSURE, settled_at=now)
            return len(connection.execute(doubtful.returning(deliveries.c.person)).all())

    def decide(self, key: str, state: State, *, now: datetime) -> int:
        """Somebody knows what became of a run's `unsure` rows; gives how many there were."""
        doubtful = (deliveries.c.key == key) & (deliveries.c.state == State.UNSURE)
        with self._db.begin() as connection:
            known = deliveries.update().where(doubtful).values(state=state, error="by_hand", settled_at=now)
            return len(connection.execute(known.returning(deliveries.c.person)).all())

    def expire(self, key: str, *, now: datetime) -> None:
        """Drop what was not begun in time, and decide on what can't be repeated any more: it may have gone out."""
        over = (deliveries.c.key == key) & is_due & (deliveries.c.repeat_until <= now)
        with self._db.begin() as connection:
            connection.execute(deliveries.update().where(over).values(state=State.UNSURE, settled_at=now))
            late = sa.exists().where(runs.c.key == key, runs.c.expires_at <= now)
            if not connection.execute(sa.select(late)).scalar():
                return
        change = {"state": State.FAILED, "error": "expired", "settled_at": now}
        self._piecewise(key, deliveries.update().where(late).values(change))

    def drop(self, key: str, where: sa.ColumnElement[bool]) -> None:
        """Forget what of a run nobody has begun, as long as that holds."""
        self._piecewise(key, deliveries.delete().where(where))

    def _piecewise(self, key: str, change: sa.Update | sa.Delete) -> None:
        """Change the due rows of a run, some at a time: a statement ends soon, and a chat never waits for all of it.

        A piece is a range of persons: given a list of them, or a subquery, PostgreSQL compared each with every row of
        a run so new that it had no statistics of it, and took seconds.
        """
        waiting = (deliveries.c.key == key) & is_due
        last = ""
        while True:
            some = sa.select(deliveries.c.person).where(waiting, deliveries.c.person > last)
            with self._db.begin() as connection:
                found = connection.execute(some.order_by(deliveries.c.person).limit(PIECE)).scalars().all()
                if not found:
                    return
                connection.execute(change.where(waiting, deliveries.c.person.between(found[0], found[-1])))
                last = found[-1]

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's deliveries to another; of a run that both are in, the other's alone is sent."""
        both = sa.select(deliveries.c.key).where(_of(into))
        theirs = _of(gone)
        connection.execute(deliveries.update().where(theirs & deliveries.c.key.not_in(both)).values(person=into))
        self.erase(connection, gone)

    def erase(self, connection: Connection, person: str) -> None:
        """Take a person's contact out of their deliveries; what was planned for them is not sent any more."""
        theirs = _of(person)
        waiting = theirs & is_due
        connection.execute(deliveries.update().where(waiting).values(state=State.GONE, error="left"))
        connection.execute(deliveries.update().where(theirs).values(contact=""))


def _of(person: str) -> sa.ColumnElement[bool]:
    """A person's deliveries, looked for in each run: by its key and the person they are found at once."""
    return deliveries.c.key.in_(sa.select(runs.c.key)) & (deliveries.c.person == person)


def settle(parcel: Parcel, state: State, **more: Any) -> Settled:
    """Say how a parcel ended; `more` are the other fields of `Settled`."""
    return Settled(
        person=parcel.person,
        contact=parcel.contact,
        account=parcel.account,
        channel=parcel.channel,
        variant=parcel.variant,
        state=state,
        **more,
    )

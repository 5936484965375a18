"""What is pushed to whom: a run has a natural key, a person in it one row, and a row is sent once or says why not.

A row goes due → in_hand → sent | gone | failed | unsure. `in_hand` is committed before anything is sent, so after a
kill it is known which rows may have gone out. Rows outlive their person: the person is a random pseudonym there, and
an openid is never kept but joined when it is needed.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import group_posts, mass_jobs
from storage.db import Database, Moment, metadata
from storage.group_posts import GroupPosts
from storage.mass_jobs import CHANNEL as MASS
from storage.mass_jobs import MassJobs
from storage.people import Id, People
from storage.taking_back import TakingBack

broadcasts = sa.Table(
    "broadcasts",
    metadata,
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("broadcast", sa.String(64), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("four_eyes", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("priority", sa.Integer, nullable=False, server_default="5"),
    sa.Column("at_night", sa.Boolean, nullable=False, server_default=sa.text("false")),  # somebody said: quiet or not
    sa.Column("folded_at", Moment),  # since when of its deliveries only numbers are known (`storage.folding`)
    sqlite_with_rowid=False,
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("key", sa.String(128), sa.ForeignKey("broadcasts.key"), primary_key=True),
    sa.Column("admin", sa.String(64), primary_key=True),  # by name, which outlives the account
    sa.Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("key", sa.String(128), sa.ForeignKey("broadcasts.key"), primary_key=True),
    sa.Column("person", Id, primary_key=True, index=True),
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
    sa.Index("ix_deliveries_waiting", "key", "state", "wake_at"),
    sa.Index(
        "ix_deliveries_repeat",
        "key",
        "repeat_until",
        sqlite_where=sa.text("repeat_until IS NOT NULL"),
        postgresql_where=sa.text("repeat_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_deliveries_in_hand",
        "contact",
        postgresql_where=sa.text("state = 'in_hand'"),
        sqlite_where=sa.text("state = 'in_hand'"),
    ),
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

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("broadcast", sa.String(64), primary_key=True),
    sa.Column("timing", sa.String(128), nullable=False),
    sa.Column("since", Moment),  # null: known since before anything was, so all of it counts
    sqlite_with_rowid=False,
)


class RunState(StrEnum):
    """`planning` is a run whose rows are still being written, or whose planner died; `stopping` waits to be done."""

    PLANNING = "planning"
    PLANNED = "planned"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"


class State(StrEnum):
    """Where a person's delivery is; the last four are final."""

    DUE = "due"
    IN_HAND = "in_hand"
    SENT = "sent"
    GONE = "gone"
    FAILED = "failed"
    UNSURE = "unsure"


OPEN = (State.DUE, State.IN_HAND)
DEDUPED: Mapping[str, timedelta] = {"template_message": timedelta(minutes=7)}
"""How long after it may have gone out a repeat is safe: the platform's ten minutes, and two for the way there."""
PIECE = 2000  # rows that one statement changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said: as a message, as the `line` of the next visit, and in the fields of notices."""

    text: str = ""
    line: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    mini_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Words):
    """Other words for who answers `where`, by one of `channels`; where either is empty it asks nothing."""

    channels: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content(Words):
    """What a run says, as it was when it was planned: a later edit of the pack changes nothing of it."""

    channels: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    link: str = ""
    picture: str = ""
    template_id: str = ""
    mini_template_id: str = ""
    mini_page: str = ""
    mini_appid: str = ""
    articles: tuple[Mapping[str, str], ...] = ()  # of a mass send that is no words: title, digest, content, source_url
    mass_cover: str = ""
    mass_reprint: bool = False
    service_template_id: str = ""
    service_fields: Mapping[str, str] = field(default_factory=dict)
    digests: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)  # what more is asked of people (`storage.audience`)
    at_most: int = 0  # times that a person gets it within so many seconds; 0: as often as it is sent
    within_seconds: int = 0
    groups: tuple[str, ...] = ()
    group_text: str = ""  # what the groups outside WeChat are told, whole: each robot cuts by its own rule
    corrects: str = ""  # the run that was wrong: who heard that one is meant, and nobody else

    @property
    def is_for_anybody(self) -> bool:
        """Whether there is anything to say, to people or to groups."""
        return bool(self.channels or self.groups)

    @property
    def own_group_text(self) -> str:
        """What the groups are told where that isn't what people are told; "" else."""
        return self.group_text if self.group_text != self.text else ""

    def said(self, variant: int) -> Words:
        """The words that a delivery carries: its variant's, counted from one; 0 is the run's own."""
        return self.variants[variant - 1] if 0 < variant <= len(self.variants) else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One time that a broadcast is sent; `key` is natural (`daily-digest:2026-11-23`)."""

    key: str
    broadcast: str
    title: str
    content: Content
    due_at: datetime
    expires_at: datetime
    planned_at: datetime
    state: RunState
    reason: str = ""
    four_eyes: bool = False
    priority: int = 5
    at_night: bool = False
    folded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """An admin agreed to a run as it stands."""

    admin: str
    at: datetime


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


class Broadcasts:
    """Runs and their deliveries; what they say to groups is in `posts`. Every method is safe to repeat.

    `taking_back` stops what nobody has heard yet, and tells who has.
    """

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people
        self.posts = GroupPosts(db)
        self.masses = MassJobs(db)
        self.taking_back = TakingBack(db, self.posts)

    # -- runs ----------------------------------------------------------------------------------------------------

    def open_run(self, run: Run) -> Run:
        """Write a run unless its key is known; give back what stands under the key."""
        with self._db.begin() as connection:
            values = {**{each.name: getattr(run, each.name) for each in fields(run)}, "content": _dumped(run.content)}
            connection.execute(self._db.insert(broadcasts).values(values).on_conflict_do_nothing())
        found = self.run(run.key)
        return found or run

    def run(self, key: str) -> Run | None:
        """The run of a key."""
        with self._db.read() as connection:
            row = connection.execute(sa.select(broadcasts).where(broadcasts.c.key == key)).first()
        return None if row is None else _run(row)

    def runs(self, *, broadcast: str = "", states: Collection[RunState] = (), limit: int = 50) -> list[Run]:
        """Runs by their time, the newest first."""
        chosen = sa.select(broadcasts).order_by(broadcasts.c.due_at.desc(), broadcasts.c.key).limit(limit)
        if broadcast:
            chosen = chosen.where(broadcasts.c.broadcast == broadcast)
        if states:
            chosen = chosen.where(broadcasts.c.state.in_(states))
        with self._db.read() as connection:
            return [_run(row) for row in connection.execute(chosen)]

    def first_due(self, broadcast: str) -> datetime | None:
        """The time of a broadcast's first run."""
        first = sa.select(broadcasts.c.due_at).where(broadcasts.c.broadcast == broadcast)
        with self._db.read() as connection:
            found: datetime | None = connection.execute(first.order_by(broadcasts.c.due_at).limit(1)).scalar()
            return found

    def said(
        self, broadcast: str, *, since: datetime, until: datetime, but: str, unsaid: Collection[str]
    ) -> frozenset[str]:
        """The digests of a broadcast's runs of this time, `but` for one's and of those that stopped `unsaid`."""
        theirs = sa.select(broadcasts.c.content).where(
            broadcasts.c.broadcast == broadcast,
            broadcasts.c.due_at.between(since, until),
            broadcasts.c.key != but,
            broadcasts.c.reason.not_in(unsaid),
        )
        with self._db.read() as connection:
            found = connection.execute(theirs).scalars()
            return frozenset(slug for content in found for slug in json.loads(content).get("digests", ()))

    def move(
        self, key: str, *, before: Collection[RunState], after: RunState, reason: str = "", why: str | None = None
    ) -> bool:
        """Change a run's state where it was one of `before`, for the reason `why` if one is named; else False."""
        here = broadcasts.c.state.in_(before) & (sa.true() if why is None else broadcasts.c.reason == why)
        return self._change(key, here, {"state": after, "reason": reason})

    def rest(self, key: str, *, reason: str, expires_at: datetime) -> bool:
        """Pause a run that is being sent and may not be at night, and move its end; False where it isn't."""
        here = (broadcasts.c.state == RunState.SENDING) & ~broadcasts.c.at_night
        return self._change(key, here, {"state": RunState.PAUSED, "reason": reason, "expires_at": expires_at})

    def allow_night(self, key: str) -> None:
        """Note that somebody said that a run shall go out at night too."""
        self._change(key, sa.true(), {"at_night": True})

    def _change(self, key: str, here: sa.ColumnElement[bool], values: Mapping[str, Any]) -> bool:
        change = broadcasts.update().where(broadcasts.c.key == key, here).values(values)
        with self._db.begin() as connection:
            return connection.execute(change.returning(broadcasts.c.key)).first() is not None

    def replan(self, key: str, *, before: RunState, content: Content, expires_at: datetime, now: datetime) -> bool:
        """Take a run back to its planning, with new words; rows that nobody has begun are dropped, the rest stay.

        False where it isn't `before` any more, or was folded: nobody knows who has had it.
        """
        here = (broadcasts.c.key == key) & (broadcasts.c.state == before) & broadcasts.c.folded_at.is_(None)
        self._piecewise(key, deliveries.delete().where(sa.exists().where(here)))
        change = {
            "content": _dumped(content),
            "expires_at": expires_at,
            "planned_at": now,
            "state": RunState.PLANNING,
            "reason": "",
        }
        with self._db.begin() as connection:
            taken = broadcasts.update().where(here).values(change).returning(broadcasts.c.key)
            return connection.execute(taken).first() is not None

    # -- who agreed ----------------------------------------------------------------------------------------------

    def approvals(self, key: str) -> list[Approval]:
        """Who agreed to a run, and when, the first one first."""
        theirs = sa.select(approvals.c.admin, approvals.c.at).where(approvals.c.key == key)
        with self._db.read() as connection:
            rows = connection.execute(theirs.order_by(approvals.c.at, approvals.c.admin)).all()
        return [Approval(row.admin, row.at) for row in rows]

    def approve(self, key: str, *, admin: str, content: Content, now: datetime) -> bool:
        """Note that an admin agrees; False where the run doesn't wait, or doesn't say this `content` any more."""
        with self._db.begin() as connection:
            run = self._waiting(connection, key)
            if run is None or run.content != content:
                return False
            self._agree(connection, key, admin, now)
        return True

    def rephrase(self, key: str, *, content: Content, expires_at: datetime, now: datetime, admin: str = "") -> bool:
        """Give a run that hasn't begun new words, to which the `admin` who asks for them agrees.

        Words that somebody agreed to stay, and False is given; but in a run that was over it begins anew.
        """
        with self._db.begin() as connection:
            run = self._waiting(connection, key, RunState.DONE)
            if run is None:
                return False
            if run.state is RunState.DONE:
                connection.execute(approvals.delete().where(approvals.c.key == key))
            if connection.execute(sa.select(sa.exists().where(approvals.c.key == key))).scalar():
                return False
            new = {"content": _dumped(content), "planned_at": now, "expires_at": expires_at, "state": RunState.PLANNING}
            connection.execute(broadcasts.update().where(broadcasts.c.key == key).values(new))
            if admin:
                self._agree(connection, key, admin, now)
        return True

    @staticmethod
    def _waiting(connection: Connection, key: str, *more: RunState) -> Run | None:
        """A run that hasn't begun, held as it is until the transaction ends."""
        states = (RunState.PLANNING, RunState.PLANNED, *more)
        here = sa.select(broadcasts).where(broadcasts.c.key == key, broadcasts.c.state.in_(states))
        row = connection.execute(here.with_for_update()).first()
        return None if row is None else _run(row)

    def _agree(self, connection: Connection, key: str, admin: str, now: datetime) -> None:
        row = self._db.insert(approvals).values(key=key, admin=admin, at=now)
        connection.execute(row.on_conflict_do_nothing())

    def finish(self, key: str) -> bool:
        """Close a run that is being sent, or was paused, once nothing of it is open; True when it is done."""
        waiting = sa.exists().where(deliveries.c.key == key, deliveries.c.state.in_(OPEN))
        still_open = waiting | group_posts.still_open(key) | mass_jobs.still_open(key)
        begun = (broadcasts.c.key == key) & broadcasts.c.state.in_([RunState.SENDING, RunState.PAUSED])
        with self._db.begin() as connection:
            change = broadcasts.update().where(begun & ~still_open).values(state=RunState.DONE)
            return connection.execute(change.returning(broadcasts.c.key)).first() is not None

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

    # -- deliveries ----------------------------------------------------------------------------------------------

    def has_sent(self, key: str, channel: str) -> bool:
        """Whether anybody of this run got it by this channel."""
        here = (deliveries.c.key == key) & (deliveries.c.state == State.SENT) & (deliveries.c.channel == channel)
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(here))).scalar())

    def next_wake(self, key: str) -> datetime | None:
        """When the first due delivery of a run may be taken; None when none is due."""
        waiting = (deliveries.c.key == key) & (deliveries.c.state == State.DUE) & (deliveries.c.channel != MASS)
        first = sa.select(deliveries.c.wake_at).where(waiting).order_by(deliveries.c.wake_at).limit(1)
        with self._db.read() as connection:
            found: datetime | None = connection.execute(first).scalar()
            return found

    # -- what was lost -------------------------------------------------------------------------------------------

    def sweep(self, key: str, *, repeatable: Collection[str], now: datetime) -> int:
        """Decide on what is in hand for too long: `unsure`, or due again where a repeat reaches nobody twice.

        Gives the number of rows that are `unsure` now.
        """
        lost = (deliveries.c.key == key) & (deliveries.c.state == State.IN_HAND) & (deliveries.c.wake_at <= now)
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
        over = (deliveries.c.key == key) & (deliveries.c.state == State.DUE) & (deliveries.c.repeat_until <= now)
        with self._db.begin() as connection:
            connection.execute(deliveries.update().where(over).values(state=State.UNSURE, settled_at=now))
        late = sa.exists().where(broadcasts.c.key == key, broadcasts.c.expires_at <= now)
        change = {"state": State.FAILED, "error": "expired", "settled_at": now}
        self._piecewise(key, deliveries.update().where(late).values(change))

    def _piecewise(self, key: str, change: sa.Update | sa.Delete) -> None:
        """Change the due rows of a run, some at a time: a statement ends soon, and a chat never waits for all of it.

        A piece is a range of persons: given a list of them, or a subquery, PostgreSQL compared each with every row of
        a run so new that it had no statistics of it, and took seconds.
        """
        waiting = (deliveries.c.key == key) & (deliveries.c.state == State.DUE)
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
        both = sa.select(deliveries.c.key).where(deliveries.c.person == into)
        theirs = deliveries.c.person == gone
        connection.execute(deliveries.update().where(theirs & deliveries.c.key.not_in(both)).values(person=into))
        self.erase(connection, gone)

    def erase(self, connection: Connection, person: str) -> None:
        """Take a person's contact out of their deliveries; what was planned for them is not sent any more."""
        theirs = deliveries.c.person == person
        waiting = theirs & (deliveries.c.state == State.DUE)
        connection.execute(deliveries.update().where(waiting).values(state=State.GONE, error="left"))
        connection.execute(deliveries.update().where(theirs).values(contact=""))

    # -- the timetable -------------------------------------------------------------------------------------------

    def known_since(self, timings: Mapping[str, str], *, now: datetime) -> Mapping[str, datetime | None]:
        """Since when each broadcast has had its timing; None for those that were there when the program was new.

        A broadcast written at ten for eight o'clock begins tomorrow: what was never promised wasn't missed.
        """
        with self._db.begin() as connection:
            known = {row.broadcast: row for row in connection.execute(sa.select(schedules))}
            since = now if known else None
            for name, timing in timings.items():
                if name not in known:
                    connection.execute(schedules.insert().values(broadcast=name, timing=timing, since=since))
                elif known[name].timing != timing:
                    change = schedules.update().where(schedules.c.broadcast == name)
                    connection.execute(change.values(timing=timing, since=now))
        unchanged = {name: row.since for name, row in known.items() if timings.get(name) == row.timing}
        return {name: unchanged.get(name, now if known else None) for name in timings}


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


def _dumped(content: Content) -> str:
    return json.dumps(asdict(content), ensure_ascii=False)


def _run(row: sa.Row[Any]) -> Run:
    read: dict[str, Any] = _frozen(json.loads(row.content))
    read["variants"] = tuple(Variant(**_frozen(each)) for each in read.get("variants", ()))
    return Run(**{**row._mapping, "content": Content(**read), "state": RunState(row.state)})  # noqa: SLF001 - public in spite of its name


def _frozen(read: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(it) if isinstance(it, list) else it for name, it in read.items()}

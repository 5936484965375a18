"""What is pushed and when: a run is one time that a broadcast is sent, under a natural key."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import deliveries, group_posts, mass_jobs
from storage.db import Database, Moment, metadata
from storage.deliveries import Deliveries
from storage.gathering import Gathering
from storage.group_posts import GroupPosts
from storage.mass_jobs import MassJobs
from storage.states import RunState
from storage.taking_back import TakingBack
from storage.wording import Content, dumped, loaded

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
    sa.Column("goes_on_at", Moment),  # of a paused one: when by itself; null where somebody must say so
    sa.Column("doubts", sa.Integer, nullable=False, server_default="0"),  # pauses in a row that nobody can explain
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

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("broadcast", sa.String(64), primary_key=True),
    sa.Column("timing", sa.String(128), nullable=False),
    sa.Column("since", Moment),  # null: known since before anything was, so all of it counts
    sqlite_with_rowid=False,
)


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
    goes_on_at: datetime | None = None
    doubts: int = 0
    folded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """An admin agreed to a run as it stands."""

    admin: str
    at: datetime


class Runs:
    """The runs of all broadcasts, and what belongs to one. Every method is safe to repeat.

    `deliveries` are its people, `posts` what groups are told, `masses` its mass sends and
    `gathering` who goes into them; `taking_back` stops what nobody
    has heard yet, and tells who has.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.deliveries = Deliveries(db)
        self.posts = GroupPosts(db)
        self.masses = MassJobs(db)
        self.gathering = Gathering(db)
        self.taking_back = TakingBack(db, self.posts)

    # -- runs ----------------------------------------------------------------------------------------------------

    def open_run(self, run: Run) -> Run:
        """Write a run unless its key is known; give back what stands under the key."""
        with self._db.begin() as connection:
            values = {**{each.name: getattr(run, each.name) for each in fields(run)}, "content": dumped(run.content)}
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
        self,
        key: str,
        *,
        before: Collection[RunState],
        after: RunState,
        reason: str = "",
        why: str | None = None,
        goes_on_at: datetime | None = None,
    ) -> bool:
        """Change a run's state where it was one of `before`, for the reason `why` if one is named; else False.

        With `goes_on_at` it is paused until then (`go_on`).
        """
        here = broadcasts.c.state.in_(before) & (sa.true() if why is None else broadcasts.c.reason == why)
        return self._change(key, here, {"state": after, "reason": reason, "goes_on_at": goes_on_at})

    def doubt(self, key: str, *, reason: str, goes_on_at: datetime) -> bool:
        """Pause a run that is being sent for a while, and count that nobody knows why; False where it isn't."""
        here = broadcasts.c.state == RunState.SENDING
        values = {"state": RunState.PAUSED, "reason": reason, "goes_on_at": goes_on_at}
        return self._change(key, here, {**values, "doubts": broadcasts.c.doubts + 1})

    def trust(self, key: str) -> None:
        """Count from nothing again: somebody was reached, or all that was to be asked was asked."""
        self._change(key, broadcasts.c.doubts > 0, {"doubts": 0})

    def go_on(self, key: str, *, now: datetime) -> bool:
        """Let a run go on that was paused until now; False where it wasn't, is over, or somebody paused it since."""
        here = (broadcasts.c.state == RunState.PAUSED) & (broadcasts.c.goes_on_at <= now)
        change = {"state": RunState.SENDING, "reason": "", "goes_on_at": None}
        return self._change(key, here & (broadcasts.c.expires_at > now), change)

    def rest(self, key: str, *, reason: str, expires_at: datetime, goes_on_at: datetime) -> bool:
        """Pause a run that is being sent and may not be at night, and move its end; False where it isn't."""
        here = (broadcasts.c.state == RunState.SENDING) & ~broadcasts.c.at_night
        values = {"state": RunState.PAUSED, "reason": reason, "expires_at": expires_at, "goes_on_at": goes_on_at}
        return self._change(key, here, values)

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
        self.deliveries.drop(key, sa.exists().where(here))
        change = {
            "content": dumped(content),
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
            new = {"content": dumped(content), "planned_at": now, "expires_at": expires_at, "state": RunState.PLANNING}
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
        still_open = deliveries.still_open(key) | group_posts.still_open(key) | mass_jobs.still_open(key)
        begun = (broadcasts.c.key == key) & broadcasts.c.state.in_([RunState.SENDING, RunState.PAUSED])
        with self._db.begin() as connection:
            change = broadcasts.update().where(begun & ~still_open).values(state=RunState.DONE)
            return connection.execute(change.returning(broadcasts.c.key)).first() is not None

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


def _run(row: sa.Row[Any]) -> Run:
    kept = {**row._mapping, "content": loaded(row.content), "state": RunState(row.state)}  # noqa: SLF001 - public in spite of its name
    return Run(**kept)

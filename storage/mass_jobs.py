"""Mass sends of runs: one call reaches up to ten thousand people, so what is settled is the call, and they with it.

The rows of people who are reached so are `deliveries` like all others, by the channel `mass`; nobody takes them one by
one. They are gathered into a job, and in hand of it from then on: their `batch` is its key against doubles. A job goes
due → in_hand → sending (the platform has it, and may ask the account's admin) → done | failed | unsure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.deliveries import MASS, deliveries, is_due, is_in_hand
from storage.people import Id, contacts
from storage.states import RunState, State, runs

LIST = range(2, 10_001)  # openids of one call
A_MONTH = 4  # for each follower of a service account
HOLDS = timedelta(hours=23)  # the platform knows a key against doubles for a day
REPORTS_KEPT = timedelta(days=1)
BEIJING = timezone(timedelta(hours=8))  # whose days and months the platform counts

mass_jobs = sa.Table(
    "mass_jobs",
    metadata,
    sa.Column("key", sa.String(128), sa.ForeignKey("broadcasts.key"), primary_key=True),
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("variant", sa.Integer, nullable=False),
    sa.Column("client_msg_id", sa.String(32), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("wake_at", Moment, nullable=False),  # due: not before; in hand: lost after; sending: asked about after
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("batch", sa.String(32), nullable=False, server_default=""),
    sa.Column("first_at", Moment),  # when it may first have reached the platform
    sa.Column("taken_at", Moment),
    sa.Column("media_id", sa.String(128), nullable=False, server_default=""),  # of its draft
    sa.Column("msg_id", sa.String(64), nullable=False, server_default=""),
    sa.Column("error", sa.String(32), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("total", sa.Integer),
    sa.Column("filtered", sa.Integer),
    sa.Column("sent", sa.Integer),
    sa.Column("failed", sa.Integer),
    sa.Column("settled_at", Moment),
    sa.Index("ix_mass_jobs_msg_id", "account", "msg_id"),
    sa.Index("ix_mass_jobs_pace", "account", "taken_at"),
    sa.Index("ix_mass_jobs_waiting", "state", "wake_at"),
    sqlite_with_rowid=False,
)

mass_months = sa.Table(
    "mass_months",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

mass_reports = sa.Table(
    "mass_reports",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("msg_id", sa.String(64), primary_key=True),
    sa.Column("error", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("pause", sa.Text, nullable=False, server_default=""),  # why its run shall rest, if it shall
    sa.Column("total", sa.Integer),
    sa.Column("filtered", sa.Integer),
    sa.Column("sent", sa.Integer),
    sa.Column("failed", sa.Integer),
    sa.Column("until", Moment, nullable=False),
    sqlite_with_rowid=False,
)


class JobState(StrEnum):
    """Where a mass send is; the last three are final."""

    DUE = "due"
    IN_HAND = "in_hand"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"


OPEN = (JobState.DUE, JobState.IN_HAND, JobState.SENDING)
ROWS: Mapping[JobState, State] = {
    JobState.DONE: State.SENT,
    JobState.FAILED: State.FAILED,
    JobState.UNSURE: State.UNSURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the platform counted: of `total` people `filtered` were left over, of whom it reached `sent`."""

    total: int | None = None
    filtered: int | None = None
    sent: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MassJob:
    """One mass send: `error` is a code or a short word of ours, `reason` is for an admin."""

    key: str
    account: str
    number: int
    variant: int
    client_msg_id: str
    state: JobState
    attempts: int = 0
    media_id: str = ""
    msg_id: str = ""
    error: str = ""
    reason: str = ""
    counts: Counts = Counts()


def month_of(now: datetime) -> str:
    """The month that the platform counts a message in."""
    return f"{now.astimezone(BEIJING):%Y-%m}"


def midnight(now: datetime) -> datetime:
    """When the platform's day began."""
    return now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def still_open(key: str) -> sa.ColumnElement[bool]:
    """Whether a run has a job that hasn't ended."""
    return sa.exists().where(mass_jobs.c.key == key, mass_jobs.c.state.in_(OPEN))


class MassJobs:
    """The mass sends of all runs, and what each follower has had this month. Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- called --------------------------------------------------------------------------------------------------

    def due(self, key: str, *, now: datetime) -> Sequence[MassJob]:
        """The jobs of a run that may be sent now."""
        ready = (mass_jobs.c.key == key) & (mass_jobs.c.state == JobState.DUE) & (mass_jobs.c.wake_at <= now)
        return self._jobs(ready)

    def take(
        self, job: MassJob, *, batch: str, paces: Collection[tuple[int, timedelta]], now: datetime, lost_at: datetime
    ) -> bool:
        """Take a job in hand, unless another has it, its run isn't sent, or its account has called too often.

        `paces` are pairs: so many calls within so long, over all runs; beyond them it waits a minute.
        """
        mine = self._is(job) & (mass_jobs.c.state == JobState.DUE)
        is_sent = sa.exists().where(runs.c.key == job.key, runs.c.state == RunState.SENDING, runs.c.expires_at > now)
        with self._db.by_turns(mass_jobs) as connection:
            for most, span in paces:
                lately = (mass_jobs.c.account == job.account) & (mass_jobs.c.taken_at > now - span)
                called = connection.execute(sa.select(sa.func.count()).select_from(mass_jobs).where(lately)).scalar()
                if (called or 0) >= most:
                    wait = mass_jobs.update().where(mine).values(wake_at=now + timedelta(minutes=1))
                    connection.execute(wait)
                    return False
            taking = mass_jobs.update().where(mine, mass_jobs.c.wake_at <= now, is_sent)
            taken = taking.values(
                state=JobState.IN_HAND,
                batch=batch,
                wake_at=lost_at,
                taken_at=now,
                first_at=sa.func.coalesce(mass_jobs.c.first_at, sa.literal(now, Moment)),
                attempts=mass_jobs.c.attempts + 1,
            )
            return connection.execute(taken.returning(mass_jobs.c.number)).first() is not None

    def openids(self, job: MassJob, *, now: datetime) -> Sequence[str]:
        """Whom a job reaches, now; who has left since is gone, and is not in it."""
        mine = (deliveries.c.key == job.key) & (deliveries.c.batch == job.client_msg_id)
        mine &= is_in_hand
        here = sa.exists().where(contacts.c.id == deliveries.c.contact)
        left = deliveries.update().where(mine, ~here).values(state=State.GONE, error="left", settled_at=now)
        chosen = sa.select(contacts.c.openid).join(deliveries, deliveries.c.contact == contacts.c.id).where(mine)
        with self._db.begin() as connection:
            connection.execute(left)
            return connection.execute(chosen.order_by(deliveries.c.person)).scalars().all()

    def drafted(self, job: MassJob, media_id: str) -> None:
        """Note the draft that a job sends: it is made once, and gone when it was sent."""
        with self._db.begin() as connection:
            connection.execute(mass_jobs.update().where(self._is(job)).values(media_id=media_id))

    def accepted(self, job: MassJob, msg_id: str, *, asked_at: datetime, now: datetime) -> None:
        """The platform has it under this id, and may have told its end already. Each who is in it has had one more."""
        taken = self._is(job) & mass_jobs.c.state.in_((JobState.IN_HAND, JobState.DUE))
        change = {"state": JobState.SENDING, "msg_id": msg_id, "wake_at": asked_at, "error": "", "reason": ""}
        told = (mass_reports.c.account == job.account) & (mass_reports.c.msg_id == msg_id)
        with self._db.by_turns(mass_reports) as connection:
            sending = mass_jobs.update().where(taken).values(change).returning(mass_jobs.c.number)
            if connection.execute(sending).first() is None:
                return
            self._count(connection, job, month_of(now))
            early = connection.execute(sa.select(mass_reports).where(told)).first()
            if early is not None:
                connection.execute(mass_reports.delete().where(told))
                self._end(connection, job, early.error, early.reason, _counts(early), now, early.pause)

    def later(self, job: MassJob, *, wake_at: datetime, error: str, reason: str = "", is_new: bool = False) -> None:
        """Nothing came of a call: it is made again then. `is_new`: it surely never reached the platform."""
        change: dict[str, Any] = {"state": JobState.DUE, "wake_at": wake_at, "error": error, "reason": reason}
        if is_new and job.attempts == 0:
            change["first_at"] = None
        with self._db.begin() as connection:
            here = self._is(job) & (mass_jobs.c.state == JobState.IN_HAND)
            connection.execute(mass_jobs.update().where(here).values(change))

    def dissolve(self, job: MassJob, *, error: str, reason: str, now: datetime) -> None:
        """End a job that never was one, and let its people go: they are due again, and another way is looked for."""
        mine = (deliveries.c.key == job.key) & (deliveries.c.batch == job.client_msg_id)
        mine &= is_in_hand
        over = {"state": JobState.FAILED, "error": error, "reason": reason, "settled_at": now}
        with self._db.begin() as connection:
            ended = mass_jobs.update().where(self._is(job), mass_jobs.c.state.in_(OPEN)).values(over)
            if connection.execute(ended.returning(mass_jobs.c.number)).first() is not None:
                connection.execute(deliveries.update().where(mine).values(**_let_go(error, now)))

    # -- ended ---------------------------------------------------------------------------------------------------

    def told(
        self,
        account: str,
        msg_id: str,
        *,
        error: str,
        reason: str,
        counts: Counts,
        now: datetime,
        pause: str = "",
    ) -> None:
        """The platform says how a job ended, well where there is no `error`; of one nobody knows yet it is held.

        With a `pause` the run rests for that reason, and an admin decides whether its people go on another way.
        """
        with self._db.by_turns(mass_reports) as connection:
            here = (mass_jobs.c.account == account) & (mass_jobs.c.msg_id == msg_id)
            row = connection.execute(sa.select(mass_jobs).where(here)).first()
            if row is not None:
                self._end(connection, _job(row), error, reason, counts, now, pause)
                return
            held = {
                "account": account,
                "msg_id": msg_id,
                "error": error,
                "reason": reason,
                "pause": pause,
                **_numbers(counts),
            }
            report = self._db.insert(mass_reports).values(**held, until=now + REPORTS_KEPT)
            connection.execute(report.on_conflict_do_nothing())

    def end(self, job: MassJob, *, error: str = "", reason: str = "", now: datetime, pause: str = "") -> None:
        """The same of a job that was asked about: nothing is counted."""
        with self._db.begin() as connection:
            self._end(connection, job, error, reason, Counts(), now, pause)

    def _end(
        self, connection: Connection, job: MassJob, error: str, reason: str, counts: Counts, now: datetime, pause: str
    ) -> None:
        state = JobState.UNSURE if error == "lost" else JobState.FAILED if error else JobState.DONE
        change = {"state": state, "error": error, "reason": reason, "settled_at": now, **_numbers(counts)}
        ends = mass_jobs.c.state.in_((JobState.SENDING, JobState.UNSURE, JobState.IN_HAND, JobState.DUE))
        ended = mass_jobs.update().where(self._is(job), ends).values(change).returning(mass_jobs.c.number)
        if connection.execute(ended).first() is None:
            return
        mine = (deliveries.c.key == job.key) & (deliveries.c.batch == job.client_msg_id)
        mine &= deliveries.c.state.in_((State.IN_HAND, State.UNSURE))
        over = {"state": ROWS[state], "error": error, "settled_at": now}
        if state is JobState.FAILED:
            if counts.sent:
                over["state"] = State.UNSURE  # some of them have it, and nobody knows who
            else:
                self._take_back(connection, mine, month_of(now))
            if not counts.sent and connection.execute(sa.select(_goes_on(job.key, now))).scalar():
                over = _let_go(error, now)
        connection.execute(deliveries.update().where(mine).values(over))
        if pause:
            rests = runs.update().where(runs.c.key == job.key, runs.c.state == RunState.SENDING)
            connection.execute(rests.values(state=RunState.PAUSED, reason=pause))

    @staticmethod
    def _take_back(connection: Connection, mine: sa.ColumnElement[bool], month: str) -> None:
        """One fewer this month for each who is in a job."""
        theirs = sa.select(deliveries.c.contact).where(mine)
        had = mass_months.c.contact.in_(theirs) & (mass_months.c.month == month) & (mass_months.c.times > 0)
        connection.execute(mass_months.update().where(had).values(times=mass_months.c.times - 1))

    def _count(self, connection: Connection, job: MassJob, month: str) -> None:
        """One more this month for each who is in a job."""
        mine = (deliveries.c.key == job.key) & (deliveries.c.batch == job.client_msg_id)
        mine &= is_in_hand & sa.exists().where(contacts.c.id == deliveries.c.contact)
        rows = sa.select(deliveries.c.contact, sa.literal(month), sa.literal(1)).where(mine)
        adding = self._db.insert(mass_months).from_select(["contact", "month", "times"], rows)
        more = adding.on_conflict_do_update(
            index_elements=["contact", "month"], set_={"times": mass_months.c.times + 1}
        )
        connection.execute(more)

    # -- what was lost -------------------------------------------------------------------------------------------

    def sweep(self, *, now: datetime) -> None:
        """Decide on what is in hand for too long: it is called again under its key, as long as that holds.

        What the run's end, or its stopping, has overtaken before it was called is let go.
        """
        lost = (mass_jobs.c.state == JobState.IN_HAND) & (mass_jobs.c.wake_at <= now)
        late = sa.exists().where(runs.c.key == mass_jobs.c.key, runs.c.expires_at <= now)
        stops = sa.exists().where(runs.c.key == mass_jobs.c.key, runs.c.state == RunState.STOPPING)
        with self._db.begin() as connection:
            connection.execute(mass_jobs.update().where(lost).values(state=JobState.DUE, wake_at=now))
            connection.execute(mass_reports.delete().where(mass_reports.c.until <= now))
        uncalled = (mass_jobs.c.state == JobState.DUE) & mass_jobs.c.first_at.is_(None)
        for job in self._jobs(uncalled & (late | stops)):
            self.dissolve(job, error="expired", reason="", now=now)
        doubtful = (mass_jobs.c.state == JobState.DUE) & (late | stops | (mass_jobs.c.first_at <= now - HOLDS))
        for job in self._jobs(doubtful & mass_jobs.c.first_at.is_not(None)):
            self.end(job, error="lost", now=now)

    def asked(self, *, now: datetime) -> Sequence[MassJob]:
        """The jobs of which the platform should have told by now."""
        return self._jobs((mass_jobs.c.state == JobState.SENDING) & (mass_jobs.c.wake_at <= now))

    def ask_again(self, job: MassJob, *, at: datetime, reason: str) -> None:
        """It is still being sent."""
        with self._db.begin() as connection:
            here = self._is(job) & (mass_jobs.c.state == JobState.SENDING)
            connection.execute(mass_jobs.update().where(here).values(wake_at=at, reason=reason))

    # -- shown ---------------------------------------------------------------------------------------------------

    def of(self, key: str) -> Sequence[MassJob]:
        """A run's jobs, by account and number."""
        return self._jobs(mass_jobs.c.key == key)

    def called(self, *, now: datetime) -> Mapping[str, int]:
        """How many jobs of today each account has made of which something may have come."""
        came = (mass_jobs.c.taken_at >= midnight(now)) & mass_jobs.c.state.not_in((JobState.DUE, JobState.FAILED))
        counted = (
            sa.select(mass_jobs.c.account, sa.func.count().label("number")).where(came).group_by(mass_jobs.c.account)
        )
        with self._db.read() as connection:
            return {row.account: row.number for row in connection.execute(counted)}

    def spent(self, *, now: datetime) -> frozenset[str]:
        """The accounts of which the platform has said today that they may send no more (45028)."""
        here = (mass_jobs.c.error == "45028") & (mass_jobs.c.settled_at >= midnight(now))
        with self._db.read() as connection:
            return frozenset(connection.execute(sa.select(mass_jobs.c.account).where(here)).scalars())

    def next_wake(self, key: str, *, now: datetime) -> datetime | None:
        """When there is something to gather or to call in a run; None where there is nothing."""
        jobs = sa.select(sa.func.min(mass_jobs.c.wake_at)).where(
            mass_jobs.c.key == key, mass_jobs.c.state == JobState.DUE
        )
        rows = sa.exists().where(deliveries.c.key == key, deliveries.c.channel == MASS, is_due)
        with self._db.read() as connection:
            if connection.execute(sa.select(rows)).scalar():
                return now
            found: datetime | None = connection.execute(jobs).scalar()
            return found

    def _jobs(self, which: sa.ColumnElement[bool]) -> Sequence[MassJob]:
        chosen = sa.select(mass_jobs).where(which)
        with self._db.read() as connection:
            rows = connection.execute(chosen.order_by(mass_jobs.c.key, mass_jobs.c.account, mass_jobs.c.number))
            return [_job(row) for row in rows]

    @staticmethod
    def _is(job: MassJob) -> sa.ColumnElement[bool]:
        return (mass_jobs.c.key == job.key) & (mass_jobs.c.account == job.account) & (mass_jobs.c.number == job.number)


def _goes_on(key: str, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a run that isn't over may still send."""
    going = runs.c.state.in_((RunState.SENDING, RunState.PAUSED))
    return sa.exists().where(runs.c.key == key, going, runs.c.expires_at > now)


def _let_go(error: str, now: datetime) -> dict[str, Any]:
    """What becomes of a row whose job came to nothing: it is due, and strays (`storage.gathering`)."""
    return {"state": State.DUE, "batch": "", "error": error, "wake_at": now}


_JOB = ("key", "account", "number", "variant", "client_msg_id", "attempts", "media_id", "msg_id", "error", "reason")
_COUNTS = ("total", "filtered", "sent", "failed")


def _job(row: sa.Row[Any]) -> MassJob:
    known = {name: getattr(row, name) for name in _JOB}
    return MassJob(**known, state=JobState(row.state), counts=_counts(row))


def _counts(row: sa.Row[Any]) -> Counts:
    return Counts(**{name: getattr(row, name) for name in _COUNTS})


def _numbers(counts: Counts) -> Mapping[str, int | None]:
    return {name: getattr(counts, name) for name in _COUNTS}

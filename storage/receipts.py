"""What the platform tells afterwards of a message that was sent, and the delivery that it speaks of.

A report names a message by the platform's id, and may come before the answer that tells us the id, twice, or late.
A delivery is `in_hand` before anything is sent, so whatever a report speaks of is there by then. It is found by its id;
without one (`bizsend` tells none, and an answer may be lost) by person, channel, template and time, where exactly one
fits. A report on somebody who still has something open is held for a while and looked at again: no openid is kept.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.deliveries import deliveries
from storage.people import Id, contacts, credits_
from storage.runs import broadcasts
from storage.states import OPEN, RunState, State

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("message_id", sa.String(64), primary_key=True),
    sa.Column("channels", sa.String(64), nullable=False),
    sa.Column("template", sa.String(64), nullable=False, server_default=""),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("error", sa.String(32), nullable=False, server_default=""),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sqlite_with_rowid=False,
)

LOOKS_BACK = timedelta(days=3)  # nothing that the platform tells of is older
HELD_FOR = timedelta(hours=1)
LATE = timedelta(hours=1)  # of a message without an id: what is told later may speak of another one
EARLY = timedelta(minutes=11)  # before it was in hand no longer: a minute, and ten for clocks that differ
REPEATED_AFTER = timedelta(minutes=11)  # the platform takes a repeat within ten for the message that failed
MOST_ATTEMPTS = 5
ID_LETTERS = 64  # what is longer is none of the platform's ids

TEMPLATE_OF: Mapping[str, str] = {"notice": "template_id", "mini_notice": "mini_template_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was told of one message to a contact, sent by one of `channels`; `template` is "" where that isn't told.

    `state` is what became of it; `DUE`: it surely didn't arrive, and may be sent again. `at` is the platform's time.
    """

    contact: str
    message_id: str
    channels: tuple[str, ...]
    template: str = ""
    state: State
    error: str = ""
    at: datetime


class Receipts:
    """Every method is safe to repeat."""

    def __init__(self, db: Database, *, page: int = 200) -> None:
        self._db = db
        self._page = page

    def told(self, report: Report, *, now: datetime) -> None:
        """Settle the delivery that a report speaks of, or hold it where that can't be known yet."""
        if len(report.message_id) > ID_LETTERS:
            return
        (found,) = self._looked_up([report])
        if not found.waits and not found.is_news:
            return
        with self._db.begin() as connection:
            if found.waits or not self._settle(connection, found, now):
                held = {name: getattr(report, name) for name in ("contact", "message_id", "template", "error", "at")}
                held |= {"channels": ",".join(report.channels), "state": report.state, "until": now + HELD_FOR}
                here = sa.select(sa.exists().where(contacts.c.id == report.contact))
                if connection.execute(here).scalar():
                    connection.execute(self._db.insert(receipts).values(held).on_conflict_do_nothing())

    def again(self, *, now: datetime) -> None:
        """Look once more at what is held, and let go of what nobody will understand any more."""
        for held in self._held():
            over = [found for found in self._looked_up(held) if not found.waits]
            with self._db.begin() as connection:
                done = [found.report for found in over if self._settle(connection, found, now)]
                for report in done:
                    mine = (receipts.c.contact == report.contact) & (receipts.c.message_id == report.message_id)
                    connection.execute(receipts.delete().where(mine))
        with self._db.begin() as connection:
            connection.execute(receipts.delete().where(receipts.c.until <= now))

    def _held(self) -> Iterator[list[Report]]:
        """All that is held, some at a time."""
        place = sa.tuple_(receipts.c.contact, receipts.c.message_id)
        last = ("", "")
        while True:
            some = sa.select(receipts).where(place > sa.tuple_(*last)).order_by(*place.clauses).limit(self._page)
            with self._db.read() as connection:
                rows = connection.execute(some).all()
            if not rows:
                return
            last = (rows[-1].contact, rows[-1].message_id)
            yield [_report(row) for row in rows]

    # -- which delivery is meant ---------------------------------------------------------------------------------

    def _looked_up(self, reports: Sequence[Report]) -> "list[_Found]":
        since = min(report.at for report in reports) - LOOKS_BACK
        lately = sa.select(broadcasts.c.key).where(broadcasts.c.expires_at >= since)
        columns = ("key", "person", "contact", "channel", "state", "wake_at", "attempts", "message_id")
        theirs = (
            sa.select(*(deliveries.c[name] for name in columns))
            .join(contacts, (contacts.c.person == deliveries.c.person) & (contacts.c.id == deliveries.c.contact))
            .where(contacts.c.id.in_({report.contact for report in reports}))
            .where(deliveries.c.key.in_(lately), deliveries.c.wake_at >= since)
        )
        with self._db.read() as connection:
            rows: dict[str, list[sa.Row[Any]]] = {}
            for row in connection.execute(theirs):
                rows.setdefault(row.contact, []).append(row)
            return [self._found(connection, report, rows.get(report.contact, ())) for report in reports]

    def _found(self, connection: Connection, report: Report, rows: Sequence[sa.Row[Any]]) -> "_Found":
        mine = [row for row in rows if row.channel in report.channels]
        for row in mine:
            if row.message_id == report.message_id:
                return _Found(report, row, waits=False)
        if any(row.state in OPEN for row in mine):
            return _Found(report, None, waits=True)  # its answer may still tell
        silent = [row for row in mine if not row.message_id and row.state in _TOLD_OF and _is_of_the_time(row, report)]
        by_it = self._of_template(connection, report, silent)
        fitting = [row for row in silent if row.key in by_it]
        return _Found(report, fitting[0] if len(fitting) == 1 else None, waits=len(fitting) > 1)

    def _of_template(self, connection: Connection, report: Report, rows: Sequence[sa.Row[Any]]) -> Collection[str]:
        """The runs of these rows that send by the template that a report names; all where it names none."""
        if not report.template or not rows:
            return {row.key for row in rows}
        theirs = broadcasts.c.key.in_([row.key for row in rows])
        runs = connection.execute(sa.select(broadcasts.c.key, broadcasts.c.content).where(theirs))
        said = {run.key: json.loads(run.content) for run in runs}
        return {row.key for row in rows if said[row.key].get(TEMPLATE_OF.get(row.channel, "")) == report.template}

    # -- what becomes of it --------------------------------------------------------------------------------------

    def _settle(self, connection: Connection, found: "_Found", now: datetime) -> bool:
        """Write what a report says of its delivery; False where the delivery has changed meanwhile."""
        row, report = found.row, found.report
        if row is None or not found.is_news:
            return True
        change: dict[str, Any] = {"state": report.state, "error": report.error, "message_id": report.message_id}
        if report.state is State.DUE:
            change |= self._repeated(connection, row, now)
        as_it_was = (
            (deliveries.c.key == row.key)
            & (deliveries.c.person == row.person)
            & (deliveries.c.state == row.state)
            & (deliveries.c.message_id == row.message_id)
        )
        changed = deliveries.update().where(as_it_was).values(change).returning(deliveries.c.person)
        if connection.execute(changed).first() is None:
            return False
        if row.state == State.UNSURE and report.state is State.SENT and report.template:
            same = (credits_.c.contact == report.contact) & (credits_.c.template == report.template)
            connection.execute(credits_.update().where(same, credits_.c.left > 0).values(left=credits_.c.left - 1))
        return True

    def _repeated(self, connection: Connection, row: sa.Row[Any], now: datetime) -> dict[str, Any]:
        """What sends a delivery once more, after a while and while its run lasts; else it has failed."""
        wake_at = now + REPEATED_AFTER
        if row.channel in TEMPLATE_OF or row.attempts >= MOST_ATTEMPTS:
            return {"state": State.FAILED}  # a notice has used up its credit
        here = (broadcasts.c.key == row.key) & (broadcasts.c.expires_at > wake_at)
        lasts = sa.select(sa.exists().where(here, broadcasts.c.state.in_((*_GOES_ON, RunState.DONE))))
        if not connection.execute(lasts).scalar():
            return {"state": State.FAILED}
        opened = broadcasts.update().where(here, broadcasts.c.state == RunState.DONE)
        connection.execute(opened.values(state=RunState.SENDING))
        return {"wake_at": wake_at, "settled_at": None, "batch": "", "repeat_until": None}


_GOES_ON = (RunState.SENDING, RunState.PAUSED)
_TOLD_OF = (State.SENT, State.UNSURE)


@dataclass(frozen=True, slots=True)
class _Found:
    """A report with the delivery that it speaks of; it `waits` where that may be known later."""

    report: Report
    row: sa.Row[Any] | None
    waits: bool

    @property
    def is_news(self) -> bool:
        """Whether it says more than is known: not of what was told before, or was sent again since."""
        row = self.row
        if row is None or row.state not in _TOLD_OF:
            return False
        return (row.state, row.message_id) != (self.report.state, self.report.message_id)


def _is_of_the_time(row: sa.Row[Any], report: Report) -> bool:
    return bool(row.wake_at - EARLY <= report.at <= row.wake_at + LATE)


def _report(row: sa.Row[Any]) -> Report:
    known = {name: getattr(row, name) for name in ("contact", "message_id", "template", "error", "at")}
    return Report(**known, channels=tuple(row.channels.split(",")), state=State(row.state))

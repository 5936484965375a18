"""Who goes into which mass send, and who goes on another way: before a job is called, and when it came to nothing.

Rows of the channel `mass` that are due wait to be gathered, an account and a variant at a time. Where an account can
only send to everybody or to a tag, all of them are one job. Whoever can't be reached so bears an `error` while due:
for them the broadcast's next channel is looked for.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment
from storage.deliveries import MASS, Row, deliveries, is_due
from storage.mass_jobs import LIST, JobState, mass_jobs
from storage.people import contacts
from storage.states import OPEN, RunState, State, runs
from storage.tags import contact_tags

TOO_FEW, NOT_WHOLE = "too_few", "not_whole"
PIECE = 500  # persons who are given another way in one transaction


class Stray(NamedTuple):
    """Somebody who is due, and whom no mass send reaches; `error` says why."""

    person: str
    error: str


class Gathering:
    """Makes jobs of rows, and rows of jobs. Every method is safe to repeat."""

    def __init__(self, db: Database, *, most: int = LIST[-1]) -> None:
        self._db = db
        self._most = most

    def gather(self, key: str, *, but: Collection[str] = (), now: datetime) -> None:
        """Put the people of a run who are due into jobs; who is left alone strays: a list has two or more.

        Those on the accounts `but` for which `gather_whole` is asked stay.
        """
        due = _due(key) & (deliveries.c.wake_at <= now) & deliveries.c.account.not_in(but)
        kinds = sa.select(deliveries.c.account, deliveries.c.variant, sa.func.count().label("count")).where(due)
        with self._db.read() as connection:
            found = connection.execute(kinds.group_by(deliveries.c.account, deliveries.c.variant)).all()
        for account, variant, count in found:
            mine, left = due & (deliveries.c.account == account) & (deliveries.c.variant == variant), count
            while left >= LIST.start:
                size = min(self._most, left) - (left - self._most == 1)
                if not self._gathered(key, account, variant, mine, size, now):
                    break
                left -= size
            if left == 1:
                self._let_stray(mine, TOO_FEW)

    def _gathered(
        self, key: str, account: str, variant: int, mine: sa.ColumnElement[bool], size: int, now: datetime
    ) -> bool:
        """Make a job of so many; False where the run isn't sent, or another worker has gathered them."""
        with self._db.by_turns(mass_jobs) as connection:
            number = _last(connection, key, account) + 1
            if not self._take(connection, key, mine, size, _key_of(key, account, number)):
                return False
            _make(connection, key, account, number, variant, now)
        return True

    def gather_whole(self, key: str, account: str, *, tag: str | None, now: datetime) -> None:
        """Put all people of a run on an account into its one job: everybody (""), or who bears a tag; None: neither.

        It reaches whoever is there, so those are in it too who came since the run was planned. Where any of them has
        been sent this run otherwise, or it was called already, it would reach somebody twice: all stray.
        """
        mine = _due(key) & (deliveries.c.account == account)
        with self._db.read() as connection:
            variant = connection.execute(sa.select(deliveries.c.variant).where(mine).limit(1)).scalar()
        if variant is None:
            return
        with self._db.by_turns(mass_jobs) as connection:
            if not connection.execute(sa.select(_is_sent(key))).scalar():
                return
            if tag is None or not self._is_whole(connection, key, account, tag):
                connection.execute(deliveries.update().where(mine).values(error=NOT_WHOLE))
                return
            if _last(connection, key, account) == 0:
                _make(connection, key, account, 1, variant, now)
            connection.execute(self._newcomers(key, account, tag, variant, now))
            while self._take(connection, key, mine, self._most, _key_of(key, account, 1)):
                pass

    def _is_whole(self, connection: Connection, key: str, account: str, tag: str) -> bool:
        """Whether nobody on an account has this run in another way, and its job, if any, is still to be called."""
        others = sa.select(deliveries.c.person).join(contacts, contacts.c.person == deliveries.c.person)
        others = others.where(deliveries.c.key == key, _is_meant(account, tag))
        had = others.where(
            (deliveries.c.channel != MASS) | (deliveries.c.account != account),
            deliveries.c.state.in_((*OPEN, State.SENT, State.UNSURE)),
        )
        called = sa.select(mass_jobs.c.number).where(mass_jobs.c.key == key, mass_jobs.c.account == account)
        called = called.where((mass_jobs.c.state != JobState.DUE) | mass_jobs.c.first_at.is_not(None))
        return not connection.execute(sa.select(sa.exists(had) | sa.exists(called))).scalar()

    def _newcomers(self, key: str, account: str, tag: str, variant: int, now: datetime) -> sa.Insert:
        """Rows for those whom the send reaches though nobody has planned it."""
        there = sa.select(
            sa.literal(key).label("key"),
            contacts.c.person,
            sa.func.min(contacts.c.id).label("contact"),
            sa.literal(account).label("account"),
            sa.literal(MASS).label("channel"),
            sa.literal(variant).label("variant"),
            sa.literal(State.DUE).label("state"),
            sa.literal(now, Moment).label("wake_at"),
        )
        there = there.where(_is_meant(account, tag)).group_by(contacts.c.person)
        added: Any = self._db.insert(deliveries)
        return added.from_select([*there.selected_columns.keys()], there).on_conflict_do_nothing()  # type: ignore[no-any-return]

    def _take(self, connection: Connection, key: str, mine: sa.ColumnElement[bool], size: int, once: str) -> bool:
        """Take so many into a job; False where there was none, or the run isn't sent."""
        some = sa.select(deliveries.c.person).where(mine, _is_sent(key)).order_by(deliveries.c.person).limit(size)
        chosen = some.cte("chosen")
        taken = deliveries.update().where(
            deliveries.c.key == key, deliveries.c.person.in_(sa.select(chosen.c.person)), mine
        )
        taken = taken.values(state=State.IN_HAND, batch=once, attempts=deliveries.c.attempts + 1)
        return connection.execute(taken.returning(deliveries.c.person)).first() is not None

    # -- another way ---------------------------------------------------------------------------------------------

    def strays(self, key: str) -> Sequence[Stray]:
        """Some of those whom no mass send reaches."""
        theirs = sa.select(deliveries.c.person, deliveries.c.error).where(_stray(key))
        with self._db.read() as connection:
            rows = connection.execute(theirs.order_by(deliveries.c.person).limit(PIECE)).all()
        return [Stray(*row) for row in rows]

    def divert(self, key: str, strays: Sequence[Stray], rows: Sequence[Row], *, now: datetime) -> None:
        """Give each of them the way of their row; for whom there is none, it ends with what closed the mass send."""
        ways = {row.person: row for row in rows if row.channel}
        onto = [{f"its_{name}": getattr(ways[who], name) for name in _WAY} for who, _ in strays if who in ways]
        over = [{"its_person": who, **_end(error)} for who, error in strays if who not in ways]
        change = deliveries.update().where(_stray(key), deliveries.c.person == sa.bindparam("its_person"))
        moved = change.values({name: sa.bindparam(f"its_{name}") for name in _WAY[1:]} | {"error": "", "wake_at": now})
        ended = change.values(state=sa.bindparam("its_state"), error=sa.bindparam("its_error"), settled_at=now)
        with self._db.begin() as connection:
            for statement, people in ((moved, onto), (ended, over)):
                if people:
                    connection.execute(statement, people)

    def _let_stray(self, mine: sa.ColumnElement[bool], error: str) -> None:
        with self._db.begin() as connection:
            connection.execute(deliveries.update().where(mine).values(error=error))


_WAY = ("person", "contact", "account", "channel", "variant")


def _end(error: str) -> Mapping[str, str]:
    """How it ends for whom there is no other way: nobody refused the alone, there is just nobody to go with them."""
    nobody_refused = error in (TOO_FEW, NOT_WHOLE)
    return {
        "its_state": State.GONE if nobody_refused else State.FAILED,
        "its_error": "no_channel" if nobody_refused else error,
    }


def _due(key: str) -> sa.ColumnElement[bool]:
    mine = (deliveries.c.key == key) & (deliveries.c.channel == MASS)
    return mine & is_due & (deliveries.c.error == "")


def _stray(key: str) -> sa.ColumnElement[bool]:
    mine = (deliveries.c.key == key) & (deliveries.c.channel == MASS)
    return mine & is_due & (deliveries.c.error != "")


def _is_meant(account: str, tag: str) -> sa.ColumnElement[bool]:
    """Whether a statement's `contacts` is reached by a send to all of an account, or to those who bear a tag."""
    bears = sa.exists().where(contact_tags.c.contact == contacts.c.id, contact_tags.c.tag == tag)
    return (contacts.c.account == account) & bears if tag else contacts.c.account == account


def _is_sent(key: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(runs.c.key == key, runs.c.state == RunState.SENDING)


def _last(connection: Connection, key: str, account: str) -> int:
    numbers = sa.select(sa.func.max(mass_jobs.c.number)).where(mass_jobs.c.key == key, mass_jobs.c.account == account)
    return connection.execute(numbers).scalar() or 0


def _key_of(key: str, account: str, number: int) -> str:
    """The same for whoever makes it: the platform's key against doubles."""
    return hashlib.sha256(f"{key}\x1f{account}\x1f{number}".encode()).hexdigest()[:32]


def _make(connection: Connection, key: str, account: str, number: int, variant: int, now: datetime) -> None:
    job = {"key": key, "account": account, "number": number, "variant": variant}
    once = _key_of(key, account, number)
    connection.execute(mass_jobs.insert().values(**job, client_msg_id=once, state=JobState.DUE, wake_at=now))

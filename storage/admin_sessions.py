"""Where admins are signed in: each browser is a row, so that it can be seen and ended, and its token a keyed hash.

Looking one up writes nothing but once a minute, when somebody was last there.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.db import Database, Moment, metadata
from storage.people import Id
from storage.sealing import Mark

SEEN_EVERY = timedelta(minutes=1)
BROWSER_LETTERS = 40
_TOKEN_BYTES = 32

admin_sessions = sa.Table(
    "admin_sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("admin", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("token", sa.String(64), nullable=False, unique=True),  # keyed hash
    sa.Column("stamp", sa.String(32), nullable=False),  # the account's when it began: with another it is over
    sa.Column("browser", sa.String(BROWSER_LETTERS), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class AdminSession:
    """A browser that an admin is signed in with, in words such as "Chrome · Windows"."""

    id: str
    admin: str
    stamp: str
    browser: str
    since: datetime
    seen_at: datetime


class AdminSessions:
    """One ends `idle` after the last click, and `longest` after the sign-in whatever is clicked."""

    def __init__(self, db: Database, *, mark: Mark, idle: timedelta, longest: timedelta) -> None:
        self._db = db
        self._mark = mark
        self._idle = idle
        self._longest = longest

    def begin(self, admin: str, *, stamp: str, browser: str, now: datetime) -> str:
        """A new token, which is shown to that browser alone."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        row = admin_sessions.insert().values(
            id=secrets.token_hex(16),
            admin=admin,
            token=self._mark(token),
            stamp=stamp,
            browser=browser[:BROWSER_LETTERS],
            since=now,
            seen_at=now,
        )
        with self._db.begin() as connection:
            connection.execute(row)
        return token

    def find(self, token: str, *, now: datetime) -> AdminSession | None:
        """The session of that token, while it lasts; whether its stamp is still the account's is for the caller."""
        chosen = sa.select(admin_sessions).where(admin_sessions.c.token == self._mark(token), self._lasts(now))
        with self._db.read() as connection:
            row = connection.execute(chosen).first()
        if row is None:
            return None
        if now - row.seen_at >= SEEN_EVERY:
            with self._db.begin() as connection:
                connection.execute(admin_sessions.update().where(admin_sessions.c.id == row.id).values(seen_at=now))
        return _session(row)

    def of(self, admin: str, *, stamp: str, now: datetime) -> Sequence[AdminSession]:
        """Where an admin is signed in, the newest first."""
        theirs = (admin_sessions.c.admin == admin) & (admin_sessions.c.stamp == stamp) & self._lasts(now)
        newest_first = (admin_sessions.c.since.desc(), admin_sessions.c.id)
        with self._db.read() as connection:
            rows = connection.execute(sa.select(admin_sessions).where(theirs).order_by(*newest_first)).all()
        return [_session(row) for row in rows]

    def numbers(self, *, now: datetime) -> dict[tuple[str, str], int]:
        """In how many browsers each admin is, by the account's id and stamp."""
        of_each = (admin_sessions.c.admin, admin_sessions.c.stamp)
        counted = sa.select(*of_each, sa.func.count()).where(self._lasts(now)).group_by(*of_each)
        with self._db.read() as connection:
            return {(admin, stamp): number for admin, stamp, number in connection.execute(counted)}

    def end(self, session: str, *, admin: str) -> bool:
        """Sign one of an admin's browsers out; False where it is not theirs."""
        return self._end((admin_sessions.c.id == session) & (admin_sessions.c.admin == admin))

    def only(self, session: str, *, admin: str, stamp: str) -> None:
        """Sign all of an admin's browsers out but this one, which goes on under the account's new stamp."""
        this, theirs = admin_sessions.c.id == session, admin_sessions.c.admin == admin
        with self._db.begin() as connection:
            connection.execute(admin_sessions.update().where(this, theirs).values(stamp=stamp))
            connection.execute(admin_sessions.delete().where(theirs, sa.not_(this)))

    def drop_ended(self, *, now: datetime) -> None:
        """Forget those whose time is over."""
        self._end(sa.not_(self._lasts(now)))

    def _end(self, chosen: sa.ColumnElement[bool]) -> bool:
        with self._db.begin() as connection:
            gone = admin_sessions.delete().where(chosen).returning(admin_sessions.c.id)
            return bool(connection.execute(gone).all())

    def _lasts(self, now: datetime) -> sa.ColumnElement[bool]:
        clicked = admin_sessions.c.seen_at > now - self._idle
        return clicked & (admin_sessions.c.since > now - self._longest)


def _session(row: sa.Row[tuple[object, ...]]) -> AdminSession:
    return AdminSession(row.id, row.admin, row.stamp, row.browser, row.since, row.seen_at)

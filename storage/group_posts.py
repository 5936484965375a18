"""What a run says to groups outside WeChat: one row a group, said once or saying why not.

A row goes due → in_hand → sent | failed | unsure, as a delivery does: `in_hand` is committed before the group hears
anything. `failed` is what the platform refused, so nothing was said, and it may be tried again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from storage.db import Database, Moment, metadata
from storage.states import RunState, runs

group_posts = sa.Table(
    "group_posts",
    metadata,
    sa.Column("key", sa.String(128), sa.ForeignKey("broadcasts.key"), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("wake_at", Moment, nullable=False),  # due: not before; in hand: lost after
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("batch", sa.String(32), nullable=False, server_default=""),
    sa.Column("taken_at", Moment),
    sa.Column("error", sa.String(32), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("settled_at", Moment),
    sa.Index("ix_group_posts_pace", "name", "taken_at"),
    sqlite_with_rowid=False,
)


class PostState(StrEnum):
    """Where a group's post is; the last three are final."""

    DUE = "due"
    IN_HAND = "in_hand"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"


OPEN = (PostState.DUE, PostState.IN_HAND)


def still_open(key: str) -> sa.ColumnElement[bool]:
    """Whether a run has a post that hasn't ended."""
    return sa.exists().where(group_posts.c.key == key, group_posts.c.state.in_(OPEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A run's words for one group; `error` is a platform's code or a short word of ours, `reason` is for an admin."""

    name: str
    state: PostState
    attempts: int = 0
    error: str = ""
    reason: str = ""


class GroupPosts:
    """The posts of all runs. Every method is safe to repeat."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, key: str, names: Collection[str], *, now: datetime) -> None:
        """Write a run's posts; a group that has one keeps it, but what was refused is due again."""
        fresh = {"state": PostState.DUE, "wake_at": now, "error": "", "reason": "", "settled_at": None, "batch": ""}
        if names:
            adding = self._db.insert(group_posts).values([{"key": key, "name": name, **fresh} for name in names])
            refused = group_posts.c.state == PostState.FAILED
            again = adding.on_conflict_do_update(index_elements=["key", "name"], set_=fresh, where=refused)
            with self._db.begin() as connection:
                connection.execute(again)

    def of(self, key: str) -> Sequence[Post]:
        """A run's posts, by the groups' names."""
        columns = (group_posts.c[name] for name in ("name", "state", "attempts", "error", "reason"))
        chosen = sa.select(*columns).where(group_posts.c.key == key).order_by(group_posts.c.name)
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [Post(**{**row._mapping, "state": PostState(row.state)}) for row in rows]  # noqa: SLF001 - public in spite of its name

    def due(self, key: str, *, now: datetime) -> Sequence[str]:
        """The groups that may be spoken to now."""
        ready = (group_posts.c.key == key) & (group_posts.c.state == PostState.DUE) & (group_posts.c.wake_at <= now)
        with self._db.read() as connection:
            found = connection.execute(sa.select(group_posts.c.name).where(ready).order_by(group_posts.c.name))
            return found.scalars().all()

    def take(
        self, key: str, name: str, *, batch: str, paces: Collection[tuple[int, int]], now: datetime, lost_at: datetime
    ) -> Post | None:
        """Take a group's post in hand, unless another has it, the run isn't sent, or the group has heard too much.

        `paces` are pairs: so many messages in so many seconds, over all runs; beyond them the post waits as long.
        """
        mine = (group_posts.c.key == key) & (group_posts.c.name == name) & (group_posts.c.state == PostState.DUE)
        is_sent = sa.exists().where(runs.c.key == key, runs.c.state == RunState.SENDING)
        with self._db.by_turns(group_posts) as connection:
            for most, seconds in paces:
                lately = (group_posts.c.name == name) & (group_posts.c.taken_at > now - timedelta(seconds=seconds))
                heard = connection.execute(sa.select(sa.func.count()).select_from(group_posts).where(lately)).scalar()
                if (heard or 0) >= most:
                    waits = group_posts.update().where(mine).values(wake_at=now + timedelta(seconds=seconds))
                    connection.execute(waits)
                    return None
            taking = group_posts.update().where(mine, group_posts.c.wake_at <= now, is_sent)
            taken = taking.values(
                state=PostState.IN_HAND, batch=batch, taken_at=now, wake_at=lost_at, attempts=group_posts.c.attempts + 1
            )
            attempts = connection.execute(taken.returning(group_posts.c.attempts)).scalar()
        return None if attempts is None else Post(name=name, state=PostState.IN_HAND, attempts=attempts)

    def settle(self, key: str, post: Post, *, batch: str, now: datetime, wake_at: datetime | None = None) -> None:
        """Write how a post ended, or (`DUE`) when it is tried again; who has posted it knows better than a sweep."""
        ours = group_posts.c.state.in_((PostState.IN_HAND, PostState.UNSURE)) & (group_posts.c.batch == batch)
        change = group_posts.update().where(group_posts.c.key == key, group_posts.c.name == post.name, ours)
        over = None if post.state in OPEN else now
        ended = {"state": post.state, "error": post.error, "reason": post.reason, "settled_at": over}
        with self._db.begin() as connection:
            connection.execute(change.values(**ended, wake_at=wake_at or now))

    def sweep(self, key: str, *, reason: str, now: datetime) -> int:
        """Call `unsure` what is in hand for too long, and say why; gives how many."""
        lost = (group_posts.c.key == key) & (group_posts.c.state == PostState.IN_HAND) & (group_posts.c.wake_at <= now)
        doubtful = group_posts.update().where(lost)
        doubtful = doubtful.values(state=PostState.UNSURE, error="lost", reason=reason, settled_at=now)
        with self._db.begin() as connection:
            return len(connection.execute(doubtful.returning(group_posts.c.name)).all())

    def close(self, key: str, *, error: str, reason: str, now: datetime) -> None:
        """Close what is due: it was not begun in time, or shall not be said any more."""
        late = (group_posts.c.key == key) & (group_posts.c.state == PostState.DUE)
        change = {"state": PostState.FAILED, "error": error, "reason": reason, "settled_at": now}
        with self._db.begin() as connection:
            connection.execute(group_posts.update().where(late).values(change))

    def drop(self, key: str) -> None:
        """Forget what of a run nobody has begun: it is planned again."""
        waiting = (group_posts.c.key == key) & (group_posts.c.state == PostState.DUE)
        with self._db.begin() as connection:
            connection.execute(group_posts.delete().where(waiting, group_posts.c.attempts == 0))

    def next_wake(self, key: str) -> datetime | None:
        """When the first due post of a run may be taken; None when none is due."""
        waiting = (group_posts.c.key == key) & (group_posts.c.state == PostState.DUE)
        with self._db.read() as connection:
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(group_posts.c.wake_at)).where(waiting)
            ).scalar()
            return found

"""What of a run is stopped before anybody hears it, and who has heard it: the ones whom a correction is for.

Nothing that was sent can be unsent. What is still due is dropped, and a line that waits for a visit is taken back while
nobody has read it: its delivery says `sent`, and is `failed` from then on.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from storage.db import Database
from storage.deliveries import PIECE, deliveries, is_due, is_in_hand
from storage.group_posts import GroupPosts, PostState, group_posts
from storage.people import kept_lines
from storage.states import State

HEARD = (State.SENT, State.UNSURE)
KEPT = "next_visit"


class TakingBack:
    """Every method is safe to repeat, and to die in."""

    def __init__(self, db: Database, posts: GroupPosts) -> None:
        self._db = db
        self._posts = posts

    def is_busy(self, key: str) -> bool:
        """Whether anything of a run is in hand: nobody knows yet whether that was heard."""
        people = sa.exists().where(deliveries.c.key == key, is_in_hand)
        groups = sa.exists().where(group_posts.c.key == key, group_posts.c.state == PostState.IN_HAND)
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(people | groups)).scalar())

    def drop(self, key: str, *, error: str, reason: str, now: datetime) -> None:
        """Close what of a run is due, of people with an `error` and of groups with a `reason` besides."""
        due = (deliveries.c.key == key) & is_due
        change = {"state": State.FAILED, "error": error, "settled_at": now}
        last = ""
        while some := self._some(due, after=last):
            first, last = some[0], some[-1]
            with self._db.begin() as connection:
                dropped = deliveries.update().where(due, deliveries.c.person.between(first, last))
                connection.execute(dropped.values(change))
        self._posts.close(key, error=error, reason=reason, now=now)

    def take_back(self, key: str, *, error: str, now: datetime) -> int:
        """Forget the lines of a run that wait for a visit, and say of their deliveries that they failed; how many.

        A line that was given to an answer stays: it was read, or will be when the answer is repeated.
        """
        kept = (deliveries.c.key == key) & (deliveries.c.state == State.SENT) & (deliveries.c.channel == KEPT)
        unread = (kept_lines.c.key == key) & kept_lines.c.given.is_(None)
        change = deliveries.update().values(state=State.FAILED, error=error, settled_at=now)
        taken, last = 0, ""
        while some := self._some(kept, after=last):
            first, last = some[0], some[-1]
            with self._db.begin() as connection:
                forget = kept_lines.delete().where(unread, kept_lines.c.person.between(first, last))
                unheard = connection.execute(forget.returning(kept_lines.c.person)).scalars().all()
                if unheard:
                    connection.execute(change.where(kept, deliveries.c.person.in_(unheard)))
            taken += len(unheard)
        return taken

    def unread(self, key: str, *, now: datetime) -> int:
        """How many lines of a run wait for a visit, and may still be taken back."""
        mine = (kept_lines.c.key == key) & kept_lines.c.given.is_(None) & (kept_lines.c.expires_at > now)
        with self._db.read() as connection:
            return connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one()

    def may_have_heard(self, key: str) -> bool:
        """Whether anybody has heard a run, or may while it isn't stopped."""
        anybody = (deliveries.c.key == key) & deliveries.c.state.in_((*HEARD, State.IN_HAND))
        with self._db.read() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(anybody))).scalar())

    def groups_of(self, key: str) -> Sequence[str]:
        """The groups in which a run was said, or may be yet."""
        return tuple(post.name for post in self._posts.of(key) if post.state is not PostState.FAILED)

    def groups_that_heard(self, key: str) -> Sequence[str]:
        """The groups in which a run was said, or may have been."""
        told = (PostState.SENT, PostState.UNSURE)
        return tuple(post.name for post in self._posts.of(key) if post.state in told)

    def _some(self, which: sa.ColumnElement[bool], *, after: str) -> Sequence[str]:
        chosen = sa.select(deliveries.c.person).where(which, deliveries.c.person > after)
        with self._db.read() as connection:
            return connection.execute(chosen.order_by(deliveries.c.person).limit(PIECE)).scalars().all()

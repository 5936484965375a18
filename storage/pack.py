"""Changes of the pack's files that were made in the console: as drafts, as they are asked for, and as history.

What a file held is kept once, by its hash, before and after each change.
"""

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata

DRAFT_DAYS = 90  # that a draft stays which nobody has gone on with
MOST_LISTED = 200

versions = sa.Table(
    "pack_versions",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

changes = sa.Table(
    "pack_changes",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("file", sa.String(160), nullable=False),
    sa.Column("before", sa.String(64), nullable=False),  # a hash; "" where there was no file
    sa.Column("after", sa.String(64), nullable=False),  # and where there is none afterwards
    sa.Column("author", sa.String(64), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("at", Moment, nullable=False),  # of its state
    sa.Column("agreed", sa.String(64), nullable=False, server_default=""),
    sa.Column("undoes", sa.String(32), nullable=False, server_default=""),
    sa.Column("remark", sa.String(500), nullable=False, server_default=""),
    sa.Index("ix_pack_changes_state_at", "state", "at"),
    sa.Index("ix_pack_changes_file_at", "file", "at"),
    sqlite_with_rowid=False,
)


class State(StrEnum):
    """How far a change is: `WRITING` from just before the file is written until that is noted."""

    DRAFT = "draft"
    ASKED = "asked"
    WRITING = "writing"
    DONE = "done"


OPEN = (State.DRAFT, State.ASKED, State.WRITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file, before and after: by `author`; `agreed` is who else said yes, `remark` why somebody sent it back.

    It `undoes` another, where it does.
    """

    id: str
    file: str
    before: str
    after: str
    author: str
    state: State
    at: datetime
    agreed: str = ""
    undoes: str = ""
    remark: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it isn't in the pack yet."""
        return self.state in OPEN

    @property
    def was_sent_back(self) -> bool:
        """Whether a second admin gave it back, and its author hasn't gone on with it yet."""
        return self.state is State.DRAFT and bool(self.remark)


class Changes:
    """All of them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(
        self,
        file: str,
        *,
        before: str,
        after: bytes | None,
        by: str,
        now: datetime,
        lies: bytes | None = None,
        undoes: str = "",
    ) -> str:
        """Keep a new draft, and give its id. `lies` is what the file holds now, which nobody else may keep."""
        id_ = secrets.token_hex(16)
        with self._db.by_turns(changes) as connection:
            self._keep(connection, lies)
            row = {"before": before, "after": self._keep(connection, after), "author": by, "undoes": undoes}
            new = changes.insert().values(id=id_, file=file, state=State.DRAFT, at=now, agreed="", remark="", **row)
            connection.execute(new)
        return id_

    def go_on(
        self, id_: str, *, before: str, after: bytes | None, by: str, now: datetime, lies: bytes | None = None
    ) -> bool:
        """Let its author's draft be another one; whoever was asked to agree is asked anew. False where it isn't theirs.

        What was sent back is no remark on the new words.
        """
        mine = (changes.c.id == id_) & (changes.c.author == by) & changes.c.state.in_((State.DRAFT, State.ASKED))
        with self._db.by_turns(changes) as connection:
            self._keep(connection, lies)
            row = {"before": before, "after": self._keep(connection, after), "remark": "", "undoes": ""}
            changed = changes.update().where(mine).values(state=State.DRAFT, at=now, **row)
            return connection.execute(changed.returning(changes.c.id)).first() is not None

    def ask(self, id_: str, *, after: str, by: str, now: datetime) -> bool:
        """Ask another admin to agree to a draft that says this."""
        return self._moved(id_, (State.DRAFT,), State.ASKED, now, changes.c.after == after, changes.c.author == by)

    def send_back(self, id_: str, *, remark: str, now: datetime) -> bool:
        """Give it back to its author, with a remark; the author themselves takes it back by this."""
        return self._moved(id_, (State.ASKED,), State.DRAFT, now, remark=remark)

    def drop(self, id_: str, *, by: str) -> bool:
        """Throw away an author's own draft."""
        mine = (changes.c.id == id_) & (changes.c.author == by) & changes.c.state.in_((State.DRAFT, State.ASKED))
        with self._db.begin() as connection:
            return connection.execute(changes.delete().where(mine).returning(changes.c.id)).first() is not None

    # -- into the pack -------------------------------------------------------------------------------------------

    def begin_writing(self, id_: str, *, before: str, after: str, agreed: str, now: datetime) -> bool:
        """Say that the file is written now; False where the change is another by now, or anything else is written.

        `agreed` is the second admin, where one is needed: then it must have been asked for.
        """
        asked = (State.ASKED,) if agreed else (State.DRAFT,)
        with self._db.by_turns(changes) as connection:
            writes = changes.c.state == State.WRITING
            if connection.execute(sa.select(changes.c.id).where(writes)).first() is not None:
                return False
            same = (changes.c.id == id_) & changes.c.state.in_(asked)
            same &= (changes.c.before == before) & (changes.c.after == after) & (changes.c.author != agreed)
            begun = changes.update().where(same).values(state=State.WRITING, agreed=agreed, at=now)
            return connection.execute(begun.returning(changes.c.id)).first() is not None

    def written(self, id_: str, *, now: datetime) -> bool:
        """Note that it lies in the pack."""
        return self._moved(id_, (State.WRITING,), State.DONE, now)

    def not_written(self, id_: str, *, now: datetime) -> bool:
        """Note that it doesn't: it is a draft, or asked for, as before."""
        one = (changes.c.id == id_) & (changes.c.state == State.WRITING)
        back = sa.case((changes.c.agreed == "", State.DRAFT.value), else_=State.ASKED.value)
        with self._db.begin() as connection:
            changed = changes.update().where(one).values(state=back, agreed="", at=now)
            return connection.execute(changed.returning(changes.c.id)).first() is not None

    def unsettled(self, *, before: datetime) -> list[Change]:
        """Those whose writer died between the file and the note, or before both."""
        return self._found((changes.c.state == State.WRITING) & (changes.c.at < before))

    # -- looking -------------------------------------------------------------------------------------------------

    def get(self, id_: str) -> Change | None:
        """The one of this id."""
        return next(iter(self._found(changes.c.id == id_)), None)

    def open(self, file: str = "") -> list[Change]:
        """Those that aren't in the pack yet, of one file or of all, the newest first."""
        return self._found(changes.c.state.in_(OPEN), *([changes.c.file == file] if file else []))

    def done(self, file: str = "", *, skip: int = 0, most: int = MOST_LISTED) -> list[Change]:
        """Those that were taken, of one file or of all, the newest first."""
        return self._found(
            changes.c.state == State.DONE, *([changes.c.file == file] if file else []), skip=skip, most=most
        )

    def content(self, hash_: str) -> bytes | None:
        """What a file held, None where there was none, or nobody kept it."""
        if not hash_:
            return None
        with self._db.read() as connection:
            packed = connection.scalar(sa.select(versions.c.packed).where(versions.c.hash == hash_))
        return None if packed is None else zlib.decompress(packed)

    def forget(self, now: datetime) -> None:
        """Let go of drafts that nobody went on with, and of every content that no change has any more."""
        old = (changes.c.state == State.DRAFT) & (changes.c.at < now - timedelta(days=DRAFT_DAYS))
        held = [sa.select(column).where(column == versions.c.hash) for column in (changes.c.before, changes.c.after)]
        with self._db.by_turns(changes) as connection:  # nobody may just be about to need a content again
            connection.execute(changes.delete().where(old))
            connection.execute(versions.delete().where(*(~sa.exists(each) for each in held)))

    def _keep(self, connection: Connection, data: bytes | None) -> str:
        if data is None:
            return ""
        hash_ = hashlib.sha256(data).hexdigest()
        row = self._db.insert(versions).values(hash=hash_, packed=zlib.compress(data))
        connection.execute(row.on_conflict_do_nothing())
        return hash_

    def _moved(
        self,
        id_: str,
        from_: Sequence[State],
        to: State,
        now: datetime,
        *also: sa.ColumnElement[bool],
        **more: str,
    ) -> bool:
        one = (changes.c.id == id_) & changes.c.state.in_(from_)
        with self._db.begin() as connection:
            moved = changes.update().where(one, *also).values(state=to, at=now, **more)
            return connection.execute(moved.returning(changes.c.id)).first() is not None

    def _found(self, *chosen: sa.ColumnElement[bool], skip: int = 0, most: int = MOST_LISTED) -> list[Change]:
        wanted = sa.select(changes).where(*chosen).order_by(changes.c.at.desc(), changes.c.id).offset(skip).limit(most)
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        return [Change(**{**row._mapping, "state": State(row.state)}) for row in rows]  # noqa: SLF001 - public in spite of its name

"""What was done of what a role begins with: by whom, when, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from storage.admins import admins
from storage.db import Database, metadata
from storage.people import Id

LONGEST = 300  # characters of a note

tasks_done = sa.Table(
    "tasks_done",
    metadata,
    sa.Column("admin", Id, sa.ForeignKey("admins.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.String(64), primary_key=True),
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("task", sa.String(64), primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),  # when the role was taken: taken again, it begins anew
    sa.Column("done_on", sa.Date, nullable=False),
    sa.Column("note", sa.String(1000), nullable=False),
    sqlite_with_rowid=False,
)


class Which(NamedTuple):
    """A task of an account: of a role in an organisation, that it has since a day."""

    admin: str
    role: str
    organisation: str
    task: str
    since: date


@dataclass(frozen=True, slots=True)
class Done:
    """When it was done, and how."""

    on: date
    note: str


class Tasks:
    """Those that are done; what is to be done follows from the roles that are held."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def done(self) -> Mapping[Which, Done]:
        """All of them."""
        chosen = sa.select(tasks_done, admins.c.name).where(tasks_done.c.admin == admins.c.id)
        with self._db.read() as connection:
            return {
                Which(row.name, row.role, row.organisation, row.task, row.since): Done(row.done_on, row.note)
                for row in connection.execute(chosen)
            }

    def finish(self, which: Which, *, on: date, note: str) -> None:
        """Note that it is done; who says it again has the words mended."""
        admin = sa.select(admins.c.id).where(admins.c.name == which.admin).scalar_subquery()
        row = self._db.insert(tasks_done).values(**{**which._asdict(), "admin": admin}, done_on=on, note=note)
        key = ["admin", "role", "organisation", "task", "since"]
        with self._db.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=key, set_={"note": note}))

    def reopen(self, which: Which) -> None:
        """It isn't done after all."""
        admin = sa.select(admins.c.id).where(admins.c.name == which.admin).scalar_subquery()
        same = [tasks_done.c[name] == value for name, value in which._asdict().items() if name != "admin"]
        with self._db.begin() as connection:
            connection.execute(tasks_done.delete().where(tasks_done.c.admin == admin, *same))

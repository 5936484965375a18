"""Who bears which tag of the platform's, as it was when somebody last asked: admins set them in its own console."""

from collections.abc import Collection, Iterable
from itertools import islice

import sqlalchemy as sa

from storage.db import Database, metadata
from storage.people import Id, contacts

AT_ONCE = 500

contact_tags = sa.Table(
    "contact_tags",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.String(64), primary_key=True, index=True),
    sa.Column("walk", sa.String(32), nullable=False),  # that saw it last
    sqlite_with_rowid=False,
)


class Tags:
    """Tags by their names, which are one account's own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def renew(self, account: str, tag: str, openids: Iterable[str], *, walk: str) -> None:
        """Take in who bears a tag on an account now, some at a time; who was not among them bears it no more."""
        rest = iter(openids)
        while some := list(islice(rest, AT_ONCE)):
            self._note(account, tag, some, walk)
        here = sa.select(contacts.c.id).where(contacts.c.account == account)
        gone = contact_tags.delete().where(contact_tags.c.tag == tag, contact_tags.c.walk != walk)
        with self._db.begin() as connection:
            connection.execute(gone.where(contact_tags.c.contact.in_(here)))

    def forget_but(self, tags: Collection[str]) -> None:
        """Drop all that nobody asks for any more."""
        with self._db.begin() as connection:
            connection.execute(contact_tags.delete().where(contact_tags.c.tag.not_in(tags)))

    def _note(self, account: str, tag: str, openids: Collection[str], walk: str) -> None:
        known = sa.select(contacts.c.id).where(contacts.c.account == account, contacts.c.openid.in_(openids))
        with self._db.begin() as connection:
            rows = [{"contact": it, "tag": tag, "walk": walk} for it in connection.execute(known).scalars()]
            if rows:
                row = self._db.insert(contact_tags)
                change = {"walk": row.excluded.walk}
                connection.execute(row.on_conflict_do_update(index_elements=["contact", "tag"], set_=change), rows)

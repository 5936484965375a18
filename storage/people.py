"""People and the ways to reach them: a person has one row, a contact is one openid of that person on one account.

Ids are random and rows lie in the order of their ids, so no table tells who came first.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, Moment, metadata
from storage.hot import Hot
from storage.sealing import CannotOpen, Mark
from storage.states import State
from storage.vault import Sealed, Vault

Id = sa.String(32)
_AT_ONCE = 200  # lines that one transaction drops

persons = sa.Table(
    "persons",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("name", Sealed, nullable=False, server_default=""),
    sa.Column("verified", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("organisation", sa.String(64), nullable=False, server_default=""),
    sa.Column("role", sa.String(32), nullable=False, server_default=""),
    sa.Column("former", sa.String(64), unique=True),  # keyed hash of the contact that left, while the person is kept
    sa.Column("left_on", sa.Date),
    sqlite_with_rowid=False,
)
# Who is new has none of these: an index that holds them costs a page of SQLite's for each who comes.
BELONGS = persons.c.organisation != sa.literal_column("''")  # asked for with any organisation, or no index is used
sa.Index("ix_persons_organisation", persons.c.organisation, sqlite_where=BELONGS, postgresql_where=BELONGS)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("openid", sa.String(128), nullable=False),
    sa.Column("unionid", sa.String(128)),
    sa.Column("scene", sa.String(64), nullable=False, server_default=""),
    sa.Column("apart", sa.Boolean, nullable=False, server_default=sa.text("false")),  # taken from its person by hand
    sa.UniqueConstraint("account", "openid"),
    sqlite_with_rowid=False,
)
_LINKED = contacts.c.unionid.is_not(None)
sa.Index("ix_contacts_unionid", contacts.c.unionid, sqlite_where=_LINKED, postgresql_where=_LINKED)

windows = sa.Table(
    "windows",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("until", Moment, nullable=False),
    sa.Column("remaining", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

credits_ = sa.Table(
    "credits",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("template", sa.String(64), primary_key=True),
    sa.Column("left", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

credit_events = sa.Table(
    "credit_events",
    metadata,
    sa.Column("message", sa.String(80), primary_key=True),
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

accepts = sa.Table(
    "accepts",
    metadata,
    sa.Column("contact", Id, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("template", sa.String(64), primary_key=True),
    sa.Column("told", sa.Integer, nullable=False),  # by the platform's event
    sa.Column("reported", sa.Integer, nullable=False),  # by the member's mini-program
    sqlite_with_rowid=False,
)

kept_lines = sa.Table(
    "kept_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),
    sa.Column("key", sa.String(128), nullable=False),  # what it is about: the same line is kept once
    sa.Column("line", sa.Text, nullable=False, server_default=""),  # of a run, which says the same to everybody
    sa.Column("own", Sealed, nullable=False, server_default=""),  # what is for this person alone
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("given", sa.String(80)),  # the message whose answer carried it: a repeat carries it again
    sa.UniqueConstraint("person", "key"),
    sqlite_with_rowid=False,
)

deliveries = sa.table("deliveries", *(sa.column(name) for name in ("key", "person", "state", "error")))


class By(StrEnum):
    """Who says that a notice was accepted, where two say it of the same tap: each has a count of its own."""

    PLATFORM = "told"
    MINI_PROGRAM = "reported"


@dataclass(frozen=True, slots=True)
class Window:
    """How many customer-service messages may still be sent, and until when."""

    until: datetime
    remaining: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The one who speaks. `person` is "" for a stranger: nothing is known and nothing was written."""

    account: str
    openid: str
    person: str = ""
    contact: str = ""
    called: Callable[[], str] = field(default=str, repr=False, compare=False)  # opens the name: few messages ask it
    verified: bool = False
    organisation: str = ""
    role: str = ""
    window: Window | None = None
    has_kept_lines: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a row for this contact."""
        return bool(self.person)

    @property
    def name(self) -> str:
        """What they are called; "" for nobody in particular."""
        return self.called()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a person is to us: the day they first came, and the name, organisation and role they are bound to, if any.

    `verified`: they come from the roster.
    """

    since: date
    name: str
    verified: bool
    organisation: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One account on which a person is known, the window that is open there, and how many notices are still allowed."""

    account: str
    window: Window | None
    notices: int


def _new_id() -> str:
    return os.urandom(16).hex()


_WHO = (
    sa.select(
        contacts.c.id,
        contacts.c.person,
        persons.c.name,
        persons.c.verified,
        persons.c.organisation,
        persons.c.role,
        windows.c.until,
        windows.c.remaining,
        # Not EXISTS: PostgreSQL may read the whole table for it, at every message.
        sa.select(sa.func.count()).where(kept_lines.c.person == contacts.c.person).scalar_subquery(),
    )
    .select_from(
        contacts.join(persons, persons.c.id == contacts.c.person).outerjoin(windows, windows.c.contact == contacts.c.id)
    )
    .where(contacts.c.account == sa.bindparam("account"), contacts.c.openid == sa.bindparam("openid"))
)


_BOUND = sa.select(persons.c.organisation).where(persons.c.id == sa.bindparam("person"), persons.c.verified)

_CONTACT = ("id", "person", "account", "openid", "unionid", "scene")


def _stranger(*values: str) -> Any:
    """The values, unless the contact was here before or its unionid belongs to somebody."""
    was_here = sa.exists().where(persons.c.former == sa.bindparam("former"))
    belongs = sa.exists().where(contacts.c.unionid == sa.bindparam("unionid"), contacts.c.apart.is_(False))
    types = {"since": sa.Date()}
    return sa.select(*(sa.bindparam(name, type_=types.get(name, sa.String())) for name in values)).where(
        ~was_here, ~belongs
    )


def _adding(db: Database) -> Hot:
    """A stranger's person and contact, both or neither: one round trip where the database can do it in one."""
    contact = db.insert(contacts).from_select(_CONTACT, _stranger(*_CONTACT)).on_conflict_do_nothing()
    if db.is_sqlite:
        person = persons.insert().from_select(["id", "since"], _stranger("person", "since"))
        return db.hot(person, contact)
    made = contact.returning(contacts.c.person).cte()
    since = sa.bindparam("since", type_=sa.Date())
    return db.hot(persons.insert().from_select(["id", "since"], sa.select(made.c.person, since)))


def stays(connection: Connection, person: str) -> bool:
    """Whether the person is known, and no erasure comes between until the transaction ends."""
    here = sa.select(persons.c.id).where(persons.c.id == person).with_for_update(read=True, key_share=True)
    return connection.execute(here).first() is not None


class People:
    """Who is who. Every method is safe to repeat."""

    def __init__(self, db: Database, vault: Vault, *, former: Mark) -> None:
        self._db = db
        self._vault = vault
        self._former = former
        self._find = db.hot(_WHO)
        self._bound = db.hot(_BOUND)
        self._add_contact = db.insert(contacts).on_conflict_do_nothing().returning(contacts.c.id)
        self._add = _adding(db)

    def find(self, *, account: str, openid: str) -> Who:
        """The person behind a contact, or a stranger. One statement: this is in the path of every message."""
        rows = self._find(account=account, openid=openid)
        return self._who(account, openid, rows[0]) if rows else Who(account=account, openid=openid)

    def _who(self, account: str, openid: str, row: Sequence[Any]) -> Who:
        contact, person, name, verified, organisation, role, until, remaining, kept = row
        return Who(
            account=account,
            openid=openid,
            person=person,
            contact=contact,
            called=called(self._vault, person, name),
            verified=bool(verified),
            organisation=organisation,
            role=role,
            window=None if until is None else Window(datetime.fromtimestamp(until, UTC), remaining),
            has_kept_lines=bool(kept),
        )

    def meet(self, *, account: str, openid: str, today: date, unionid: str = "", scene: str = "") -> Who:
        """The person behind a contact, made where there was none: linked by unionid, or found again after leaving."""
        new, person, former = _new_id(), _new_id(), self._former(account, openid)
        contact = {"id": new, "account": account, "openid": openid, "unionid": unionid or None, "scene": scene}
        if self._add(**contact, person=person, since=today.isoformat(), former=former):
            return Who(account=account, openid=openid, person=person, contact=new)
        found = self.find(account=account, openid=openid)
        return found if found.known else self._meet_again(contact, former)

    def _meet_again(self, contact: Mapping[str, Any], former: str) -> Who:
        with self._db.begin() as connection:
            linked = _linked(connection, former, contact["unionid"])
            if linked is not None:
                connection.execute(self._add_contact, {**contact, "person": linked})
        return self.find(account=contact["account"], openid=contact["openid"])

    def part(self, *, account: str, openid: str, today: date, keep: bool) -> str | None:
        """Erase a contact with its window and credits; give back its person when no contact is left.

        `keep` remembers the contact as a keyed hash, so that one who comes back finds what is theirs.
        """
        who = self.find(account=account, openid=openid)
        if not who.known:
            return None
        with self._db.begin() as connection:
            connection.execute(contacts.delete().where(contacts.c.id == who.contact))
            left = connection.execute(sa.select(sa.exists().where(contacts.c.person == who.person))).scalar()
            if left:
                return None
            former = self._former(account, openid) if keep else None
            connection.execute(persons.update().where(persons.c.id == who.person).values(former=former, left_on=today))
        return who.person

    def parted_before(self, day: date) -> Sequence[str]:
        """Persons whose last contact left before `day` and whom no roster names."""
        parted = sa.select(persons.c.id).where(persons.c.left_on < day, persons.c.verified.is_(False))
        with self._db.read() as connection:
            return list(connection.execute(parted).scalars())

    def hold(self, connection: Connection, person: str) -> None:
        """Wait for what is being kept of a person, and let nothing more be, until the transaction ends."""
        connection.execute(sa.select(persons.c.id).where(persons.c.id == person).with_for_update())

    def erase(self, connection: Connection, person: str) -> None:
        """Delete the person's rows of this file; the features erase theirs in the same transaction before."""
        connection.execute(kept_lines.delete().where(kept_lines.c.person == person))
        connection.execute(contacts.delete().where(contacts.c.person == person))
        connection.execute(persons.delete().where(persons.c.id == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give the contacts and kept lines of one person to another, and forget the first."""
        both = sa.select(kept_lines.c.key).where(kept_lines.c.person == into)
        connection.execute(kept_lines.delete().where(kept_lines.c.person == gone, kept_lines.c.key.in_(both)))
        for table in (kept_lines, contacts):
            connection.execute(table.update().where(table.c.person == gone).values(person=into))
        connection.execute(persons.delete().where(persons.c.id == gone))

    def rename(self, person: str, *, name: str, verified: bool, organisation: str = "", role: str = "") -> None:
        """Say who a person is; an empty name unbinds."""
        with self._db.begin() as connection:
            named = self._vault.sealing(connection).words(persons.c.name, person, name)
            change = persons.update().where(persons.c.id == person)
            connection.execute(change.values(name=named, verified=verified, organisation=organisation, role=role))

    def name_in(self, person: str, sealed: str) -> str:
        """The name that a person's row has sealed."""
        return name_in(self._vault, person, sealed)

    def organisation(self, person: str) -> str:
        """What the roster binds a person to, "" for nothing; what somebody only said doesn't count."""
        rows = self._bound(person=person)
        return str(rows[0][0]) if rows else ""

    # -- what is kept --------------------------------------------------------------------------------------------

    def profile(self, person: str) -> Profile | None:
        """What the person's own row says; None for a stranger."""
        chosen = sa.select(persons.c.since, persons.c.name, persons.c.verified, persons.c.organisation, persons.c.role)
        with self._db.read() as connection:
            row = connection.execute(chosen.where(persons.c.id == person)).mappings().first()
        return Profile(**{**row, "name": name_in(self._vault, person, row["name"])}) if row else None

    def ties(self, person: str, *, now: datetime) -> Sequence[Tie]:
        """Every account on which the person is known, with what may still be sent there."""
        notices = sa.select(sa.func.sum(credits_.c.left)).where(credits_.c.contact == contacts.c.id).scalar_subquery()
        chosen = (
            sa.select(contacts.c.account, windows.c.until, windows.c.remaining, sa.func.coalesce(notices, 0))
            .select_from(contacts.outerjoin(windows, (windows.c.contact == contacts.c.id) & (windows.c.until > now)))
            .where(contacts.c.person == person)
            .order_by(contacts.c.account, contacts.c.id)
        )
        with self._db.read() as connection:
            rows = connection.execute(chosen).all()
        return [
            Tie(account=account, window=Window(until, remaining) if until else None, notices=int(sent))
            for account, until, remaining, sent in rows
        ]

    def waiting(self, person: str) -> int:
        """How many lines are kept for the person's next visit."""
        mine = sa.select(sa.func.count()).where(kept_lines.c.person == person, kept_lines.c.given.is_(None))
        with self._db.read() as connection:
            return connection.execute(mine).scalar_one()

    # -- windows and credits -------------------------------------------------------------------------------------

    def open_windows(self, opened: Mapping[str, Window]) -> None:
        """Note that these contacts may be sent customer-service messages; who left meanwhile is passed over."""
        with self._db.begin() as connection:
            still_here = connection.execute(sa.select(contacts.c.id).where(contacts.c.id.in_(opened))).scalars()
            rows = [{"contact": it, "until": opened[it].until, "remaining": opened[it].remaining} for it in still_here]
            if rows:
                row = self._db.insert(windows).values(rows)
                change = {"until": row.excluded.until, "remaining": row.excluded.remaining}
                connection.execute(row.on_conflict_do_update(index_elements=["contact"], set_=change))

    def close_window(self, contact: str) -> None:
        """The platform said there is no window (45015, 45047): believe it."""
        with self._db.begin() as connection:
            connection.execute(windows.delete().where(windows.c.contact == contact))

    def spend_window(self, connection: Connection, found: Iterable[str]) -> None:
        """Count one message against each contact's window."""
        change = windows.update().where(windows.c.contact.in_(list(found)), windows.c.remaining > 0)
        connection.execute(change.values(remaining=windows.c.remaining - 1))

    def add_credit(self, contact: str, template: str, *, message: str, by: By | None = None) -> None:
        """One accepted notice is one message we may send; `message` makes a repeat count once.

        `by`: the other one says it too, or said it before. They name no tap, so they are told by counting: of what both
        say only what goes beyond the other's count is new.
        """
        with self._db.begin() as connection:
            if not self._is_first(connection, contact, message):
                return
            if by is None or self._goes_beyond(connection, contact, template, by):
                row = self._db.insert(credits_).values(contact=contact, template=template, left=1)
                change = {"left": credits_.c.left + 1}
                connection.execute(row.on_conflict_do_update(index_elements=["contact", "template"], set_=change))

    def drop_credits(self, contact: str, template: str, *, message: str = "") -> None:
        """The member refused (a repeat of that `message` does nothing), or the platform said none is left (43101)."""
        with self._db.begin() as connection:
            if message and not self._is_first(connection, contact, message):
                return
            same = (credits_.c.contact == contact) & (credits_.c.template == template)
            connection.execute(credits_.delete().where(same))

    def _is_first(self, connection: Connection, contact: str, message: str) -> bool:
        event = self._db.insert(credit_events).values(message=message, contact=contact).on_conflict_do_nothing()
        # RETURNING, since psycopg's rowcount is -1 here
        return connection.execute(event.returning(credit_events.c.message)).first() is not None

    def _goes_beyond(self, connection: Connection, contact: str, template: str, by: By) -> bool:
        counted = {each.value: int(each is by) for each in By}
        row = self._db.insert(accepts).values(contact=contact, template=template, **counted)
        change = {by.value: accepts.c[by.value] + 1}
        counting = row.on_conflict_do_update(index_elements=["contact", "template"], set_=change)
        now = connection.execute(counting.returning(accepts.c.told, accepts.c.reported)).one()
        return bool(now.told > now.reported if by is By.PLATFORM else now.reported > now.told)

    def credits_of(self, contact: str) -> dict[str, int]:
        """Template id to the number of notices still allowed."""
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(credits_.c.template, credits_.c.left).where(credits_.c.contact == contact)
            )
            return {row.template: row.left for row in rows}

    # -- lines kept for the next visit ---------------------------------------------------------------------------

    def keep_line(self, person: str, *, key: str, line: str, expires_at: datetime, instead_of: str = "") -> None:
        """Keep a line to be said after the next answer; the same key once, and nothing for who has left.

        It takes the place of those that wait and whose keys begin with `instead_of`.
        """
        with self._db.begin() as connection:
            if not stays(connection, person):
                return
            kept = {"id": _new_id(), "person": person, "key": key, "own": line, "expires_at": expires_at}
            row = self._db.insert(kept_lines).values(self._vault.sealing(connection).row(kept_lines, kept))
            if instead_of:
                waits = (kept_lines.c.person == person) & kept_lines.c.given.is_(None)
                older = waits & kept_lines.c.key.startswith(instead_of, autoescape=True)
                connection.execute(kept_lines.delete().where(older))
            connection.execute(row.on_conflict_do_nothing())

    def take_lines(self, person: str, *, message: str, now: datetime) -> list[str]:
        """The lines kept for a person, given to one message (and its repeats) only.

        What expired is dropped, and the delivery that it was says so: a correction isn't for who never read it.
        """
        mine = kept_lines.c.person == person
        given_before = kept_lines.c.given.is_not(None) & (kept_lines.c.given != message)
        never_read = kept_lines.c.given.is_(None) & (kept_lines.c.expires_at <= now)
        with self._db.begin() as connection:
            connection.execute(kept_lines.delete().where(mine & given_before))
            late = connection.execute(kept_lines.delete().where(mine & never_read).returning(kept_lines.c.key))
            if keys := late.scalars().all():
                self._unread(connection, person, keys)
            give = kept_lines.update().where(mine).values(given=message)
            rows = connection.execute(give.returning(kept_lines)).all()
        return [line for row in sorted(rows, key=lambda row: row.key) if (line := self._line(row))]

    def _line(self, row: Any) -> str:
        try:
            return str(row.line) or self._vault.open(kept_lines.c.own, row.id, row.own)
        except CannotOpen:  # under a key that is no more
            return ""

    def drop_lines(self, now: datetime) -> int:
        """Forget the lines that nobody came for in time, and say so of the deliveries that they were; how many."""
        late = (kept_lines.c.expires_at <= now) & kept_lines.c.given.is_(None)
        some = sa.select(kept_lines.c.id).where(late).limit(_AT_ONCE)
        dropped = 0
        while True:
            with self._db.begin() as connection:
                gone = kept_lines.delete().where(kept_lines.c.id.in_(some))
                rows = connection.execute(gone.returning(kept_lines.c.person, kept_lines.c.key)).all()
                for row in rows:
                    self._unread(connection, row.person, [row.key])
            dropped += len(rows)
            if len(rows) < _AT_ONCE:
                return dropped

    @staticmethod
    def _unread(connection: Connection, person: str, keys: Sequence[str]) -> None:
        theirs = (deliveries.c.person == person) & deliveries.c.key.in_(keys) & (deliveries.c.state == State.SENT)
        connection.execute(deliveries.update().where(theirs).values(state=State.GONE, error="unread"))

    def contacts_of(self, some: Collection[str]) -> Sequence[Any]:
        """Rows of (id, person, account, openid) for these persons."""
        with self._db.read() as connection:
            chosen = sa.select(contacts.c.id, contacts.c.person, contacts.c.account, contacts.c.openid)
            return connection.execute(chosen.where(contacts.c.person.in_(some))).all()


def _linked(connection: Connection, former: str, unionid: str | None) -> str | None:
    """The person who was here before as that contact, and is back; else the one to whom the unionid belongs."""
    back = persons.update().where(persons.c.former == former).values(former=None, left_on=None)
    person: str | None = connection.execute(back.returning(persons.c.id)).scalar()
    if person is None and unionid:
        same = (contacts.c.unionid == unionid) & contacts.c.apart.is_(False)
        person = connection.execute(sa.select(contacts.c.person).where(same)).scalar()
    return person


def name_in(vault: Vault, person: str, sealed: str) -> str:
    """The name in a person's row; "" where its key is no more."""
    try:
        return vault.open(persons.c.name, person, sealed)
    except CannotOpen:
        return ""


def called(vault: Vault, person: str, sealed: str) -> Callable[[], str]:
    """What opens the name when somebody asks for it."""
    return partial(name_in, vault, person, sealed) if sealed else str

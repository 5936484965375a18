"""Who looked at what, and who changed what: a trail that entries are added to, of which none can be changed unseen.

Each entry holds the hash of the one before it, and its own hash is keyed: whoever has the database alone can neither
change, take out, put in nor move one unseen. That the end was cut off is seen by who kept a hash of it elsewhere.

A person is named by a pseudonym, made with a key of their own that lies sealed in one row. Erasing the person destroys
the key: the chain still holds, and no entry leads to anybody (docs/decisions/0090).
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.boxed import Boxed, place
from storage.db import Database, Moment, metadata
from storage.lasting import Lasting, Purpose
from storage.people import Id
from storage.sealing import Box, CannotOpen, Keys, Mark

Row = Mapping[Any, Any]

NOTHING_BEFORE = "0" * 64
BY_COMMAND = "operator by command"  # stands where roles stand; none has blanks in its id
_AT_ONCE = 2_000  # entries that one look reads
_PSEUDONYM = 32  # letters

audit_trail = sa.Table(
    "audit_trail",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("account", sa.String(64), nullable=False),  # of the console; "shell ..." a command's, "" the clock
    sa.Column("role", sa.String(64), nullable=False),
    sa.Column("act", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("pseudonym", sa.String(_PSEUDONYM), nullable=False, index=True),  # "" where it is about nobody
    sa.Column("about", sa.String(128), nullable=False),
    sa.Column("door", sa.String(128), nullable=False),
    sa.Column("reason", sa.LargeBinary, nullable=False),  # sealed with the person's key, or with ours
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("ix_audit_trail_account", "account", "sequence"),
    sa.Index("ix_audit_trail_kind", "kind", "sequence"),
    sqlite_with_rowid=False,
)

person_keys = sa.Table(
    "person_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), nullable=False, index=True),  # has several once two became one
    sa.Column("sealed", Boxed("audit:person"), nullable=False),
    sqlite_with_rowid=False,
)


class Act(StrEnum):
    """What somebody did."""

    SIGN_IN = "sign_in"
    LOOK = "look"
    REVEAL = "reveal"  # saw in full what is masked, for a reason
    CHANGE = "change"
    EXPORT = "export"
    GRANT = "grant"
    RESTORE = "restore"  # a backup


class Outcome(StrEnum):
    """Whether they might: it is noted before it is done."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class NotNoted(Exception):
    """The trail takes no entry now: what can't be noted is neither shown nor done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is to be noted: what was done with which `kind` of thing, and whose it is or, where it is nobody's, which.

    Nothing of an anonymous word may stand in one, nor that there is one (docs/anonymity.md).
    """

    act: Act
    kind: str
    account: str = ""
    role: str = ""
    person: str = ""
    about: str = ""
    door: str = ""
    reason: str = field(default="", repr=False)
    outcome: Outcome = Outcome.ALLOWED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed as it was noted; `reason` is None where nobody can read it any more."""

    sequence: int
    at: datetime
    account: str
    role: str
    act: str
    kind: str
    pseudonym: str
    about: str
    door: str
    reason: str | None = field(repr=False)
    outcome: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are meant; "" and None are all."""

    account: str = ""
    act: str = ""
    kind: str = ""
    pseudonym: str = ""
    since: datetime | None = None
    until: datetime | None = None  # and not at it

    def clauses(self) -> Iterator[sa.ColumnElement[bool]]:
        """The same for SQL."""
        for name in ("account", "act", "kind", "pseudonym"):
            if value := getattr(self, name):
                yield audit_trail.c[name] == value
        if self.since:
            yield audit_trail.c.at >= self.since
        if self.until:
            yield audit_trail.c.at < self.until


class Fault(StrEnum):
    """What is wrong with an entry."""

    MISSING = "missing"
    CHANGED = "changed"
    UNTIED = "untied"  # it doesn't follow the one before
    CUT = "cut"  # the hash that was kept elsewhere is in no entry


class Broken(NamedTuple):
    """The first entry at which the chain doesn't hold."""

    sequence: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many entries hold, the hash of the last of them, and where it breaks."""

    entries: int = 0
    head: str = NOTHING_BEFORE
    broken: Broken | None = None


_NOTHING_YET = Verdict()


class _OwnKey(NamedTuple):
    """What is made with a person's own key."""

    pseudonym: str
    box: Box

    @classmethod
    def of(cls, key: bytes) -> "_OwnKey":
        keys = Keys(key.hex())
        return cls(keys.mark("pseudonym")("person")[:_PSEUDONYM], keys.box("reason"))


class Audit:
    """The trail. Entries are added one after the other, whoever does so at once."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._mark = Lasting(db, keys, Purpose.TRAIL)
        self._reasons = Lasting(db, keys, Purpose.REASON)
        self._keys = keys.box("audit:person")
        self._known: dict[str, str] = {}  # the ids of keys by their pseudonyms: to open all of them takes long

    # -- adding --------------------------------------------------------------------------------------------------

    def note(self, *deeds: Deed, now: datetime) -> None:
        """Add them, all or none; they are kept when this returns. Raises `NotNoted`."""
        try:
            with self._db.begin() as connection:
                self.put(connection, *deeds, now=now)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise NotNoted from error

    def put(self, connection: Connection, *deeds: Deed, now: datetime) -> None:
        """The same in a transaction that does more: others wait for its end, so this comes last in it."""
        self._db.take_turn(connection, audit_trail)
        sequence, before = self.last(connection)
        for number, deed in enumerate(deeds, start=sequence + 1):
            row = self._row(connection, deed, number, now) | {"previous": before}
            before = self._hashed(row)
            connection.execute(audit_trail.insert().values(**row, hash=before))

    @staticmethod
    def last(connection: Connection) -> tuple[int, str]:
        """The number and the hash of the last entry."""
        newest = sa.select(audit_trail.c.sequence, audit_trail.c.hash).order_by(audit_trail.c.sequence.desc()).limit(1)
        row = connection.execute(newest).first()
        return (row.sequence, row.hash) if row else (0, NOTHING_BEFORE)

    def _row(self, connection: Connection, deed: Deed, sequence: int, now: datetime) -> dict[str, Any]:
        own = self._key_of(connection, deed.person) if deed.person else None
        box, bound_to = (own.box if own else self._reasons.box), str(sequence).encode()
        return {
            "sequence": sequence,
            "at": now.replace(microsecond=0),
            "account": _fitting("account", deed.account),
            "role": _fitting("role", deed.role),
            "act": str(deed.act),
            "kind": _fitting("kind", deed.kind),
            "pseudonym": own.pseudonym if own else "",
            "about": _fitting("about", deed.about),
            "door": _fitting("door", deed.door),
            "reason": box.seal(deed.reason.encode(), bound_to=bound_to) if deed.reason else b"",
            "outcome": str(deed.outcome),
        }

    def _hashed(self, row: Row, mark: Callable[[str], str] | None = None) -> str:
        """The hash of everything in an entry but itself."""
        told = [
            value.hex() if isinstance(value, bytes) else int(value.timestamp()) if name == "at" else value
            for name, value in ((column.name, row[column.name]) for column in audit_trail.c if column.name != "hash")
        ]
        return (mark or self._mark)(json.dumps(told, ensure_ascii=False))

    # -- looking -------------------------------------------------------------------------------------------------

    def entries(self, wanted: Wanted = Wanted(), *, before: int | None = None, most: int) -> list[Entry]:
        """Those that are meant, the newest first; `before`: of lower numbers than that."""
        chosen = sa.select(audit_trail).where(*wanted.clauses()).order_by(audit_trail.c.sequence.desc()).limit(most)
        with self._db.read() as connection:
            rows = _rows(connection, chosen.where(audit_trail.c.sequence < before) if before else chosen)
        boxes = self._boxes({row["pseudonym"] for row in rows if row["reason"]})
        return [_entry(row, boxes.get(row["pseudonym"])) for row in rows]

    def of(self, person: str) -> list[Entry]:
        """Every entry about a person, the newest first; without the reasons, which are for who audits."""
        with self._db.read() as connection:
            theirs = [own.pseudonym for own in self._keys_of(connection, person)]
            chosen = sa.select(audit_trail).where(audit_trail.c.pseudonym.in_(theirs))
            rows = _rows(connection, chosen.order_by(audit_trail.c.sequence.desc())) if theirs else ()
        return [_entry(row, None) for row in rows]

    def seen(self) -> tuple[list[str], list[str]]:
        """The accounts and the kinds that are in the trail."""
        with self._db.read() as connection:
            accounts, kinds = (
                sorted(_stepped(connection, column)) for column in (audit_trail.c.account, audit_trail.c.kind)
            )
        return accounts, kinds

    def _boxes(self, pseudonyms: Collection[str]) -> dict[str, Box]:
        """What opens the reasons of these, as far as their keys are there."""
        found = {"": self._reasons.box}
        if {*pseudonyms} - {""}:
            with self._db.read() as connection:
                lie = {row.id: row for row in connection.execute(sa.select(person_keys)).all()}
            for id_ in lie.keys() - {*self._known.values()}:
                self._known |= {own.pseudonym: id_ for own in self._opened(lie[id_])}
            ids = {self._known.get(each, "") for each in pseudonyms}
            found |= {own.pseudonym: own.box for id_ in ids & lie.keys() for own in self._opened(lie[id_])}
        return found

    # -- the chain -----------------------------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        """How many entries there are, and the hash of the last: kept elsewhere, it tells of an end that was cut off."""
        with self._db.read() as connection:
            return self.last(connection)

    def place_of(self, head: str) -> int | None:
        """The number of the entry with this hash; all of them are looked through, and none is verified."""
        with self._db.bulk(writes=False) as connection:
            found = sa.select(audit_trail.c.sequence).where(audit_trail.c.hash == head).limit(1)
            return connection.execute(found).scalar()

    def verify(self, *, head: str = "", beyond: Verdict = _NOTHING_YET, most: int | None = None) -> Verdict:
        """Whether every entry is as it was noted and follows the one before; `head` has to be the hash of one.

        `beyond` is what held before: of that only the last entry is looked at again. `most` so many more are looked at.
        After the first that was made with `secret_key` none may be made with the previous one.
        """
        found, before, has_head = beyond.entries, beyond.head, not head
        marks, rows = self._mark.marks[::-1], self._all(since=found)
        if found and (fault := self._slipped(next(rows, None), beyond, marks)):
            return Verdict(entries=found - 1, head=before, broken=Broken(found, fault))
        for row in islice(rows, most):
            if fault := self._fault(row, found + 1, before, marks):
                return Verdict(entries=found, head=before, broken=Broken(found + 1, fault))
            found, before = found + 1, row["hash"]
            has_head = has_head or before == head
        return Verdict(entries=found, head=before, broken=None if has_head else Broken(found + 1, Fault.CUT))

    def _slipped(self, row: Row | None, held: Verdict, marks: list[Mark]) -> Fault | None:
        """What became of the last entry that held, where it isn't there as it was."""
        if row is None:
            return Fault.CUT
        fault = self._fault(row, held.entries, row["previous"], marks)
        return fault or (None if row["hash"] == held.head else Fault.CUT)

    def _fault(self, row: Row, expected: int, before: str, marks: list[Mark]) -> Fault | None:
        if row["sequence"] != expected:
            return Fault.MISSING
        while marks and row["hash"] != self._hashed(row, marks[0]):
            marks.pop(0)
        if not marks:
            return Fault.CHANGED
        return None if row["previous"] == before else Fault.UNTIED

    def _all(self, *, since: int) -> Iterator[Row]:
        """Every entry, or from this number on, some at a time: none changes, so they needn't be of one moment."""
        chosen = sa.select(audit_trail).order_by(audit_trail.c.sequence).limit(_AT_ONCE)
        rows = self._read(chosen.where(audit_trail.c.sequence >= since) if since else chosen)
        while rows:
            yield from rows
            rows = self._read(chosen.where(audit_trail.c.sequence > rows[-1]["sequence"]))

    def _read(self, chosen: sa.Select[Any]) -> Sequence[Row]:
        with self._db.read() as connection:
            return _rows(connection, chosen)

    # -- the keys of persons -------------------------------------------------------------------------------------

    def _key_of(self, connection: Connection, person: str) -> _OwnKey:
        """A person's own, made where there is none; nobody else makes one meanwhile, since it is our turn."""
        for own in self._keys_of(connection, person):
            return own
        new, key = secrets.token_hex(16), secrets.token_bytes(32)
        sealed = self._keys.seal(key, bound_to=place(new))
        connection.execute(person_keys.insert().values(id=new, person=person, sealed=sealed))
        return _OwnKey.of(key)

    def _keys_of(self, connection: Connection, person: str) -> Iterator[_OwnKey]:
        theirs = sa.select(person_keys).where(person_keys.c.person == person).order_by(person_keys.c.id)
        for row in connection.execute(theirs).all():
            yield from self._opened(row)

    def _opened(self, row: sa.Row[Any]) -> Iterator[_OwnKey]:
        with suppress(CannotOpen):  # sealed with a key of the past
            yield _OwnKey.of(self._keys.open(row.sealed, bound_to=place(row.id)))

    def erase(self, connection: Connection, person: str) -> None:
        """Destroy a person's keys: what was noted about them leads to nobody any more."""
        connection.execute(person_keys.delete().where(person_keys.c.person == person))

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give one person's keys to another."""
        connection.execute(person_keys.update().where(person_keys.c.person == gone).values(person=into))


def _stepped(connection: Connection, column: sa.Column[str]) -> Iterator[str]:
    """What stands in an indexed column, from each to the next: DISTINCT reads every entry, at a million for seconds."""
    least = sa.select(sa.func.min(column))
    said = connection.execute(least).scalar()
    while said is not None:
        yield said
        said = connection.execute(least.where(column > said)).scalar()


def _rows(connection: Connection, chosen: sa.Select[Any]) -> Sequence[Row]:
    return connection.execute(chosen).mappings().all()


def _entry(row: Row, box: Box | None) -> Entry:
    told = {name: row[name] for name in Entry.__slots__ if name != "reason"}
    return Entry(**told, reason=_reason(row, box))


def _reason(row: Row, box: Box | None) -> str | None:
    if not row["reason"]:
        return ""
    with suppress(CannotOpen):
        return box.open(row["reason"], bound_to=str(row["sequence"]).encode()).decode() if box else None
    return None


def _fitting(column: str, value: str) -> str:
    """A value as its column takes it."""
    length: int = audit_trail.c[column].type.length  # type: ignore[attr-defined] # they are strings
    return value.replace("\0", "")[:length]

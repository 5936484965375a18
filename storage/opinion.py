"""Opinions: named ones hang on a person, anonymous ones on nothing at all.

The words of both are sealed. An anonymous opinion lies in the letterbox (storage/letterbox.py) until its day is over,
and then is a leaf (storage/leaves.py): no transaction that writes it touches anything else. A named one has a row of
its own with its person, who may be taken off it again.
"""

import base64
import json
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import count
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.boxed import Boxed, place
from storage.db import Beside, Database, metadata
from storage.lasting import Lasting, Purpose
from storage.leaves import ID_LETTERS, OPENED_AT_ONCE, Leaf, Leaves, leaf_table
from storage.letterbox import Letterbox
from storage.opinion_notes import Note, OpinionNotes
from storage.people import Id, persons
from storage.sealing import CannotOpen, Keys

ANONYMOUS_BYTES = 8192  # the longest words (4 000 bytes) with the longest answer (2 000) and nine pictures fit
T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S", Leaf, sa.Row[Any])
_NONCE_BYTES = 12  # how a seal begins: with every change another
_MOST_KNOWN = 20_000
_ALL = 1_000_000
STIRRED = 200  # measured: 200 others cost 35 ms of processor time (docs/anonymity.md)

anonymous_opinions = leaf_table("anonymous_opinions")

named_opinions = sa.Table(
    "named_opinions",
    metadata,
    sa.Column("id", sa.String(ID_LETTERS), primary_key=True),
    sa.Column("message", sa.String(80), unique=True),
    sa.Column("person", Id, sa.ForeignKey("persons.id"), index=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("to_tell", sa.Boolean, nullable=False, server_default=sa.text("false"), index=True),
    sa.Column("sealed", Boxed("opinion"), nullable=False),
    sqlite_with_rowid=False,
)

_NONCE = sa.func.substr(named_opinions.c.sealed, 1, _NONCE_BYTES, type_=sa.LargeBinary).label("nonce")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a sender said to something we said, once to each `turn`. It lies where opinions without a name lie.

    `solved` is what they think of an answer (handlers.opinion.engine.Solved), "" where they were asked something;
    `reopen` asks to go on with what was ended.
    """

    id: str
    day: date
    turn: int
    words: str = ""
    solved: str = ""
    reopen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What someone told the organisation, and what became of it.

    `id` is what an admin sees, a keyed hash of the receipt code; `person` is "" for an anonymous opinion and for a
    named one whose sender was erased. `awaited` are pictures and voices still with the platform, (account, media id)
    each; `pictures` and `voices` are ids of storage.pictures; `lost` counts those that could not be had, `answers` how
    often `reply` was written. `place` is where the sender said it is, "" without a name. `review` says why a person
    has to look at the words first (handlers.opinion.engine.Review), "" for no reason; `doubted` says it of pictures and
    voices, (id, reason) each. `due` is by when an answer was promised, and `stopped_on` the day on which that clock was
    stopped, to wait for the sender. `turns` counts what we said to the sender; `heard` is what they said to it, where
    it was looked for. `assignee` is the admin who handles it, "" for nobody yet; `same_as` is the id of the opinion
    that it was merged into. A `restricted` one is for few to read.
    """

    id: str
    day: date
    named: bool
    person: str = ""
    name: str = ""
    verified: bool = False
    category: str
    words: str
    state: str
    reply: str = ""
    answered_on: date | None = None
    answers: int = 0
    awaited: tuple[tuple[str, str], ...] = ()
    pictures: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    place: str = ""
    lost: int = 0
    review: str = ""
    doubted: tuple[tuple[str, str], ...] = ()
    due: date | None = None
    stopped_on: date | None = None
    turns: int = 0
    heard: tuple[Heard, ...] = ()
    assignee: str = ""
    tags: tuple[str, ...] = ()
    same_as: str = ""
    restricted: bool = False

    def at(self, *, state: str, due: date | None) -> Self:
        """The same, further on."""
        return replace(self, state=state, due=due, stopped_on=None)


@dataclass(frozen=True, slots=True)
class Unread:
    """What opens, and then says nothing that can be read: its row was damaged before it was sealed.

    Nothing of what it holds is believed or shown; it lies as it is.
    """

    id: str
    day: date


class Garbled(CannotOpen):
    """The seal holds, and what was sealed can't be read."""


Letter = Opinion | Heard | Leaf  # what the postman carries: a leaf is somebody else's, as it is
_IN_CLEAR = {"id", "day", "named", "person", "heard"}
_SEALED = [each.name for each in fields(Opinion) if each.name not in _IN_CLEAR]
_HEARD = b"heard"  # what an opinion's content, which is JSON, doesn't begin with
_DAYS = ("answered_on", "due", "stopped_on")


def no_note(opinion: Opinion) -> None:
    """Keep no note with a change."""


class Opinions:
    """Every opinion. Sending is safe to repeat: the id is made from the receipt code, and an id is kept once.

    What `others` send without a name lies in the same letterbox, under marks of their own (storage.letterbox).
    """

    def __init__(
        self, db: Database, keys: Keys, *, stirred: int = STIRRED, others: Mapping[bytes, Leaves] | None = None
    ) -> None:
        self._db = db
        self.notes = OpinionNotes(db, keys)
        self._heard = Lasting(db, keys, Purpose.HEARD)
        self._box = keys.box("opinion")
        self._id = Lasting(db, keys, Purpose.RECEIPT)
        self._numbers = keys.mark("opinion:receipt")
        self._tickets = keys.box("opinion:ticket")
        self._addresses = keys.box("opinion:address")
        self._leaves = Leaves(db, anonymous_opinions, keys, size=ANONYMOUS_BYTES, stirred=stirred)
        self.letterbox = Letterbox(db, keys, self._leaves, others=others)

    @property
    def heaps(self) -> tuple[Letterbox, Leaves]:
        """Where opinions without a name lie."""
        return self.letterbox, self._leaves

    def id_of(self, receipt: str) -> str:
        """The id that goes with a new receipt code: nobody without the keys can tell one from the other."""
        return self._id(receipt)[:ID_LETTERS]

    def of_receipt(self, receipt: str) -> "Opinion | Unread | None":
        """The opinion that goes with a receipt code, also where another `secret_key` made its id."""
        ids = (mark[:ID_LETTERS] for mark in self._id.all(receipt))
        return next((found for each in ids if (found := self._there(each))), None)

    def secret_numbers(self, *parts: str) -> Callable[[int], int]:
        """Secret numbers below what is asked for, one after the other: the same ones for the same parts."""
        turns = count()
        return lambda below: int(self._numbers(*parts, str(next(turns))), 16) % below

    # -- sending -------------------------------------------------------------------------------------------------

    def carry(self, waiting: Sequence[Letter]) -> Sequence[bool | None]:
        """Make a round to the letterbox with what waits: anonymous opinions, and what senders say later.

        For each: True when it is kept now, False when it was there before, None when it has to wait for another round.
        """
        return self.letterbox.carry([_leaf(letter) for letter in waiting])

    def move(self, *, before: date) -> None:
        """Take the anonymous opinions of the days before this one out of the letterbox, to the others of their days."""
        self.letterbox.move(before=before)

    def keep_named(self, opinion: Opinion, *, message: str, beside: Beside | None = None) -> bool:
        """Keep a named opinion; False when it, or one sent with the same message, is there already.

        `beside` is written in the same transaction, where the opinion is.
        """
        row = self._db.insert(named_opinions).values(
            id=opinion.id,
            message=message,
            person=opinion.person or None,
            day=opinion.day,
            sealed=self._sealed(opinion),
        )
        with self._db.begin() as connection:
            kept = connection.execute(row.on_conflict_do_nothing().returning(named_opinions.c.id)).first() is not None
            if kept and beside:
                beside(connection)
        return kept

    # -- looking -------------------------------------------------------------------------------------------------

    def get(self, opinion: str) -> Opinion | None:
        """The opinion of this id; None where there is none, or it can't be read."""
        found = self._there(opinion)
        return found if isinstance(found, Opinion) else None

    def _there(self, opinion: str) -> Opinion | Unread | None:
        waiting = {leaf.id: leaf for leaf in self.letterbox.words()}  # first: from there it may move to the leaves
        leaf = self._leaves.get(opinion) or waiting.get(opinion)
        found = _or_unread(leaf, _opinion) if leaf else self._named_there(opinion)
        if not isinstance(found, Opinion) or not (found.turns or found.answers):
            return found
        ids = (mark[:ID_LETTERS] for turn in range(found.turns + 1) for mark in self._heard.all(found.id, str(turn)))
        leaves = [waiting.get(each) or self._leaves.get(each) for each in ids]
        return replace(found, heard=tuple(_readable(filter(None, leaves), _read_heard)))

    def ticket_of(self, opinion: str, turn: int, asks: str, day: date) -> str:
        """What somebody is given who may say something to our last words: with it, nothing has to be looked up."""
        sealed = self._tickets.seal(json.dumps([opinion, turn, asks, day.isoformat()]).encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def of_ticket(self, ticket: str, day: date) -> tuple[str, int, str] | None:
        """Opinion, turn and what was asked; None for what is no ticket, or one of another day."""
        with suppress(CannotOpen, ValueError):
            opinion, turn, asks, given = json.loads(self._tickets.open(base64.urlsafe_b64decode(ticket)))
            return (opinion, turn, asks) if given == day.isoformat() else None
        return None

    def heard_id(self, opinion: str, turn: int) -> str:
        """The id of what a sender says to something we said: the second time it is the same."""
        return self._heard(opinion, str(turn))[:ID_LETTERS]

    def last_of(self, opinion: Opinion, heard: Mapping[str, Heard]) -> Heard | None:
        """What its sender said to our last words, of all that is `heard`, by ids."""
        marks = self._heard.all(opinion.id, str(opinion.turns))
        return next((heard[mark[:ID_LETTERS]] for mark in marks if mark[:ID_LETTERS] in heard), None)

    def named(self, opinion: str) -> Opinion | None:
        """The named opinion of this id; no other place is looked at."""
        return next(iter(self._named(named_opinions.c.id == opinion)), None)

    def _named_there(self, opinion: str) -> Opinion | Unread | None:
        rows = self._rows(named_opinions.c.id == opinion)
        return next(_readable(rows, lambda row: _or_unread(row, self._read)), None)

    def address_of(self, opinion: str) -> str:
        """The id sealed for a web address, in other letters each time.

        A proxy's log then doesn't tell when an opinion was first there to be read.
        """
        return base64.urlsafe_b64encode(self._addresses.seal(opinion.encode())).decode().rstrip("=")

    def at(self, address: str) -> Opinion | None:
        """The opinion at an address."""
        with suppress(CannotOpen, ValueError):
            sealed = base64.urlsafe_b64decode(address + "=" * (-len(address) % 4))
            return self.get(self._addresses.open(sealed).decode())
        return None

    def days(self, *, before: date | None = None, most: int) -> Sequence[date]:
        """The newest days that have opinions, newest first; only those before `before` where it is given."""
        either = sa.union(sa.select(anonymous_opinions.c.day), sa.select(named_opinions.c.day)).subquery()
        chosen = sa.select(either.c.day).order_by(either.c.day.desc()).limit(most)
        found = {leaf.day for leaf in self.letterbox.words() if before is None or leaf.day < before}
        with self._db.read() as connection:
            found |= set(connection.execute(chosen.where(either.c.day < before) if before else chosen).scalars())
        return sorted(found, reverse=True)[:most]

    def state(self) -> Hashable:
        """How all of them lie, and what senders said to them: while it is the same, so are they.

        Whatever is changed is sealed anew, under another nonce or by another transaction.
        """
        waiting = frozenset(map(hash, self.letterbox.words()))  # first, as in `get`; its slots are sealed all the time
        with self._db.read() as connection:
            named = connection.execute(sa.select(named_opinions.c.id, _NONCE)).all()
        return waiting, self._leaves.laid_by(), frozenset((row.id, bytes(row.nonce)) for row in named)

    def of_days(self, days: Collection[date]) -> list[Opinion]:
        """All opinions of these days, the newest day first; within a day their order says nothing."""
        waiting = {leaf.id: leaf for leaf in self.letterbox.words() if leaf.day in days}  # first, as in `get`
        return self._opinions(days, waiting | {leaf.id: leaf for leaf in self._leaves.of_days(days)})

    def glimpsed(
        self,
        days: Sequence[date],
        known: MutableMapping[str, T | None],
        read: Callable[[Opinion | Heard | Unread], T | None],
        *,
        most: int,
    ) -> list[T]:
        """What `read` makes of what lies on these days; `known` lasts, so that each is opened once.

        The first days are opened first, and at most so many of each kind: the others at another look.
        """

        def of_leaf(leaf: Leaf) -> T | None:
            return read(_or_unread(leaf, _read_heard if _is_heard(leaf) else _opinion))

        waiting = [of_leaf(leaf) for leaf in self.letterbox.words() if leaf.day in days]  # first, as in `get`
        found = self._leaves.glimpsed(days, known, of_leaf, most=most)
        found |= self._named_glimpsed(days, known, read, most=most)
        if len(known) > _MOST_KNOWN:
            for key in known.keys() - found.keys():
                known.pop(key, None)  # another thread may have
        return [each for each in (*waiting, *found.values()) if each is not None]

    def _named_glimpsed(
        self,
        days: Sequence[date],
        known: MutableMapping[str, T | None],
        read: Callable[[Opinion | Heard | Unread], T | None],
        *,
        most: int,
    ) -> dict[str, T | None]:
        chosen = sa.select(named_opinions.c.id, _NONCE).where(named_opinions.c.day.in_(days))
        with self._db.read() as connection:
            lie = {row.id: f"{row.id}{bytes(row.nonce).hex()}" for row in connection.execute(chosen).all()}
        new = [id_ for id_, key in lie.items() if key not in known][:most]
        for at in range(0, len(new), OPENED_AT_ONCE):
            for row in self._rows(named_opinions.c.id.in_(new[at : at + OPENED_AT_ONCE])):
                with suppress(CannotOpen):
                    known[lie[row.id]] = read(_or_unread(row, self._read))
        return {key: known[key] for key in lie.values() if key in known}

    def with_heard(self, days: Collection[date]) -> list[Opinion]:
        """The same with what their senders said to our last words, also on later days."""
        if not days:
            return []
        first = min(days)
        leaves = {leaf.id: leaf for leaf in self.letterbox.words() if leaf.day >= first}
        leaves |= {leaf.id: leaf for leaf in self._leaves.since(first)}
        heard = {each.id: each for each in _readable(filter(_is_heard, leaves.values()), _read_heard)}

        def last(opinion: Opinion) -> tuple[Heard, ...]:
            found = self.last_of(opinion, heard)
            return (found,) if found else ()

        return [replace(each, heard=last(each)) for each in self._opinions(days, leaves)]

    def _opinions(self, days: Collection[date], leaves: Mapping[str, Leaf]) -> list[Opinion]:
        said = (leaf for leaf in leaves.values() if leaf.day in days and not _is_heard(leaf))
        anonymous = _readable(said, _opinion)
        everyone = [*anonymous, *self._named(named_opinions.c.day.in_(days))]
        return sorted(everyone, key=lambda opinion: (-opinion.day.toordinal(), opinion.id))

    def unread(self) -> list[Unread]:
        """What can't be read of all there is, and of what senders said to it: every one is opened for it."""

        def read(each: Opinion | Heard | Unread) -> Unread | None:
            return each if isinstance(each, Unread) else None

        return self.glimpsed(self.days(most=_ALL), {}, read, most=_ALL)

    def of_person(self, person: str) -> list[Opinion]:
        """What a person said under their name."""
        return list(self._named(named_opinions.c.person == person))

    def organisations(self) -> dict[str, str]:
        """Named opinions, each with the organisation that the roster binds its sender to; the others aren't there."""
        theirs = sa.select(named_opinions.c.id, persons.c.organisation).where(
            named_opinions.c.person == persons.c.id, persons.c.verified, persons.c.organisation != ""
        )
        with self._db.read() as connection:
            return {row.id: row.organisation for row in connection.execute(theirs)}

    # -- handling ------------------------------------------------------------------------------------------------

    def change(
        self, opinion: str, changed: Callable[[Opinion], Opinion], *, note: Callable[[Opinion], Note | None] = no_note
    ) -> Opinion | None:
        """Put `changed(opinion)` in its place, one change after the other; None when there is none that can be read.

        The sender of a named one to whom we said something then is to be told. `note` is kept with it, of the opinion
        as it is then.
        """

        def written(leaf: Leaf) -> Leaf:
            return _leaf(changed(_opinion(leaf)))

        def noted(connection: Connection, leaf: Leaf) -> None:
            self._put(connection, leaf.id, note(_opinion(leaf)))

        with suppress(Garbled):  # then nothing is written over it
            for store in (self._leaves, self.letterbox, self._leaves):  # it may move from one to the other meanwhile
                leaf = store.change(opinion, written, beside=noted)
                if leaf:
                    return _opinion(leaf)
        return self.change_named(opinion, changed, note=note)

    def _put(self, connection: Connection, opinion: str, note: Note | None) -> None:
        if note:
            self.notes.put(connection, opinion, note)

    def change_named(
        self, opinion: str, changed: Callable[[Opinion], Opinion], *, note: Callable[[Opinion], Note | None] = no_note
    ) -> Opinion | None:
        """The same, where it is known to be a named one."""
        with suppress(CannotOpen), self._db.begin() as connection:
            same = named_opinions.c.id == opinion
            row = connection.execute(sa.select(named_opinions).where(same).with_for_update()).first()
            if row is None:
                return None
            before = self._read(row)
            after = changed(before)
            said = (after.answers, after.turns) != (before.answers, before.turns)
            to_tell = bool(row.person) and (row.to_tell or said)
            values = {"sealed": self._sealed(after), "to_tell": to_tell}
            connection.execute(named_opinions.update().where(same).values(values))
            self._put(connection, opinion, note(after))
            return after
        return None

    def to_tell(self) -> list[Opinion]:
        """Named opinions to whose senders we said something that they have not heard of."""
        return list(self._named(named_opinions.c.to_tell))

    def told(self, opinion: Opinion) -> None:
        """Its sender was told of our last words; newer ones stay to be told."""
        same = named_opinions.c.id == opinion.id
        with self._db.begin() as connection:
            row = connection.execute(sa.select(named_opinions).where(same).with_for_update()).first()
            now = row and self._read(row)
            if now and (now.answers, now.turns) == (opinion.answers, opinion.turns):
                connection.execute(named_opinions.update().where(same).values(to_tell=False))

    def stir(self, day: date) -> None:
        """Let the table forget when that day's last anonymous opinion came."""
        self._leaves.stir(day)

    def unite(self, connection: Connection, gone: str, into: str) -> None:
        """Give what one person said under their name to another."""
        connection.execute(named_opinions.update().where(named_opinions.c.person == gone).values(person=into))

    def untie(self, connection: Connection, person: str) -> list[str]:
        """Take a person off what they said: the words stay; the name, the voices and the place go.

        What opens and can't be read goes whole: the name may stand in it. Gives the ids of these voices, which nothing
        leads to any more.
        """
        values: dict[str, Any]
        voices: list[str] = []
        theirs = sa.select(named_opinions).where(named_opinions.c.person == person)
        for row in connection.execute(theirs).all():
            this = named_opinions.c.id == row.id
            values = {"person": None, "message": None, "to_tell": False}
            try:
                opinion = self._read(row)
                voices += opinion.voices
                values["sealed"] = self._sealed(_nobodys(opinion))
            except Garbled:
                connection.execute(named_opinions.delete().where(this))
                continue
            except CannotOpen:  # sealed with a key of the past: nobody reads the name in it
                pass
            connection.execute(named_opinions.update().where(this).values(values))
        return voices

    # -- sealing -------------------------------------------------------------------------------------------------

    def _rows(self, chosen: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
        with self._db.read() as connection:
            return connection.execute(sa.select(named_opinions).where(chosen).order_by(named_opinions.c.id)).all()

    def _named(self, chosen: sa.ColumnElement[bool]) -> Iterator[Opinion]:
        return _readable(self._rows(chosen), self._read)

    def _sealed(self, opinion: Opinion) -> bytes:
        return self._box.seal(_written(opinion), bound_to=place(opinion.id))

    def _read(self, row: sa.Row[Any]) -> Opinion:
        content = self._box.open(row.sealed, bound_to=place(row.id))
        return _made(content, id=row.id, day=row.day, named=True, person=row.person or "")


def _readable(sealed: Iterable[S], read: Callable[[S], R]) -> Iterator[R]:
    """Those that open and can be read."""
    for each in sealed:
        with suppress(CannotOpen):
            yield read(each)


def _or_unread(sealed: S, read: Callable[[S], R]) -> R | Unread:
    """What it says; what doesn't open at all raises as ever."""
    try:
        return read(sealed)
    except Garbled:
        return Unread(sealed.id, sealed.day)


def _leaf(letter: Letter) -> Leaf:
    if isinstance(letter, Leaf):
        return letter
    if isinstance(letter, Opinion):
        return Leaf(letter.id, letter.day, _written(letter))
    said = {"turn": letter.turn, "words": letter.words, "solved": letter.solved, "reopen": letter.reopen}
    return Leaf(letter.id, letter.day, _HEARD + json.dumps(said, ensure_ascii=False).encode())


def _is_heard(leaf: Leaf) -> bool:
    return leaf.content.startswith(_HEARD)


def _read_heard(leaf: Leaf) -> Heard:
    try:
        return Heard(id=leaf.id, day=leaf.day, **json.loads(leaf.content.removeprefix(_HEARD)))
    except (ValueError, TypeError):
        raise Garbled from None


def _opinion(leaf: Leaf) -> Opinion:
    return _made(leaf.content, id=leaf.id, day=leaf.day, named=False)


def _made(content: bytes, **clear: Any) -> Opinion:
    """The opinion of what lay sealed and what is clear of it, or `Garbled`, which has no words in it."""
    try:
        return Opinion(**clear, **_contents(content))
    except (ValueError, TypeError, AttributeError):
        raise Garbled from None


def _written(opinion: Opinion) -> bytes:
    content = {name: getattr(opinion, name) for name in _SEALED}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=date.isoformat).encode()


def _nobodys(opinion: Opinion) -> Opinion:
    """The same without what tells whose it is."""
    doubted = tuple(pair for pair in opinion.doubted if pair[0] not in opinion.voices)
    return replace(opinion, name="", verified=False, voices=(), place="", doubted=doubted)


def _contents(content: bytes) -> dict[str, Any]:
    read = json.loads(content)
    days = {name: date.fromisoformat(read[name]) for name in _DAYS if read.get(name)}
    pairs = {name: tuple((one, other) for one, other in read.get(name, ())) for name in ("awaited", "doubted")}
    lists = {name: tuple(read.get(name, ())) for name in ("pictures", "voices", "tags")}
    return {**read, **days, **pairs, **lists}

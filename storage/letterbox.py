"""Where words without a name lie until the day is over: written at a rhythm of its own, whether any came or not.

The database's log of changes tells the second of every transaction. So no transaction is there because of a word: each
round writes one slot anew, drawn by lot, sealed afresh, as long as every other, and with the same statements in the
same order; what waits goes with it (docs/decisions/0018).
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.db import Database, metadata
from storage.leaves import ID_LETTERS, Beside, Leaf, Leaves, nothing
from storage.sealing import CannotOpen, Keys, Secret, Under

SLOTS = 64
SLOT_BYTES = 8192  # as a leaf: the longest words with the longest answer and nine pictures fit
_DAY_LETTERS = len("2026-11-23")
_LENGTH_BYTES = 4
_NAMES = 2**31

letterbox = sa.Table(
    "letterbox",
    metadata,
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),  # drawn by lot, and lasting: it means nothing
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

Slots = dict[int, list[Leaf]]


class Letterbox:
    """The words of the day. What another key sealed is left alone, and has no part in the number of slots.

    When the day is over they go to `leaves`; those whose content begins as a key of `others` says, to those leaves.
    """

    def __init__(
        self,
        db: Database,
        keys: Keys,
        leaves: Leaves,
        *,
        others: Mapping[bytes, Leaves] | None = None,
        slots: int = SLOTS,
    ) -> None:
        self._db = db
        self._box = keys.box("letterbox:box")
        self._leaves = leaves
        self._others = others or {}
        self._count = slots
        self._half = slots * SLOT_BYTES // 2  # fuller, and a slot drawn by lot has too seldom room for what waits
        self._drawn = -1
        self._dice = random.SystemRandom()

    def carry(self, words: Sequence[Leaf]) -> list[bool | None]:
        """One round, with as many of these words as there is room for in the slot that is drawn.

        For each: True when it is kept now, False when it lay here before, None when it has to wait.
        """
        with self._db.by_turns(letterbox) as connection:
            slots = self._slots(connection)
            if len(slots) < self._count:
                slots |= self._lay(connection, self._count - len(slots))
            if sum(map(_length, _all(slots))) > self._half:
                slots = self._emptied(connection, slots, _all(slots))
            drawn = self._draw(slots)
            known = {leaf.id for leaf in _all(slots)}
            went = [self._take(slots[drawn], word, known) for word in words]
            self._write(connection, {drawn: slots[drawn]})
        return went

    def move(self, *, before: date) -> None:
        """Lay what came before this day among the leaves of its day, all in one transaction."""
        with self._db.by_turns(letterbox) as connection:
            slots = self._slots(connection)
            over = [leaf for leaf in _all(slots) if leaf.day < before]
            if over:
                self._emptied(connection, slots, over)

    def change(self, leaf_id: str, changed: Callable[[Leaf], Leaf], *, beside: Beside = nothing) -> Leaf | None:
        """Put `changed(leaf)` in the leaf's place and return it; None when it doesn't lie here.

        All slots are written anew with all words in other places. Where they have no room, all go to the leaves.
        `beside` is written in the same transaction, of the changed leaf.
        """
        with self._db.by_turns(letterbox) as connection:
            slots = self._slots(connection)
            words = {leaf.id: leaf for leaf in _all(slots)}
            if leaf_id not in words:
                return None
            after = words[leaf_id] = changed(words[leaf_id])
            dealt = self._dealt(slots, words.values())
            if dealt is None:
                self._send_home(connection, words.values())
                dealt = {slot: [] for slot in slots}
            self._write(connection, dealt)
            beside(connection, after)
        return after

    name = letterbox.name

    def under_former(self) -> Under:
        """How many slots only a former `secret_key` opens, and how many none that is known."""
        with self._db.read() as connection:
            return Under.of(map(self._whose, connection.execute(sa.select(letterbox)).all()))

    def reseal(self) -> Iterator[int]:
        """Where a former `secret_key` sealed a slot, write all anew, with all words in other places."""
        with self._db.by_turns(letterbox) as connection:
            rows = connection.execute(sa.select(letterbox)).all()
            former = sum(self._whose(row) is Secret.FORMER for row in rows)
            if former:
                slots = self._slots(connection)
                self._write(connection, self._dealt(slots, _all(slots)) or slots)
        yield former

    def _whose(self, row: sa.Row[tuple[int, bytes]]) -> Secret:
        return self._box.whose(row.sealed, bound_to=str(row.slot).encode())

    def words(self, *, of: Leaves | None = None) -> list[Leaf]:
        """Every word that lies here and goes to `leaves`, or to those `of` somebody else, in the order of ids."""
        with self._db.read() as connection:
            found = _all(self._slots(connection))
        return sorted((leaf for leaf in found if self._home(leaf) is (of or self._leaves)), key=lambda leaf: leaf.id)

    def _home(self, leaf: Leaf) -> Leaves:
        return next((home for mark, home in self._others.items() if leaf.content.startswith(mark)), self._leaves)

    def _send_home(self, connection: Connection, leaves: Iterable[Leaf]) -> None:
        going = list(leaves)
        for home in (self._leaves, *self._others.values()):
            some = [leaf for leaf in going if self._home(leaf) is home]
            if some:
                home.take_in(connection, some)

    # -- slots ---------------------------------------------------------------------------------------------------

    def _slots(self, connection: Connection) -> Slots:
        rows = connection.execute(sa.select(letterbox)).all()
        return {row.slot: held for row in rows if (held := self._opened(row.slot, row.sealed)) is not None}

    def _lay(self, connection: Connection, count: int) -> Slots:
        new: Slots = {slot: [] for slot in self._dice.sample(range(_NAMES), count)}
        connection.execute(letterbox.insert(), [self._row(slot, held) for slot, held in new.items()])
        return new

    def _draw(self, slots: Iterable[int]) -> int:
        """By lot, whatever lies there; never the same twice, so that the second round of a rush finds new room."""
        self._drawn = self._dice.choice([slot for slot in slots if slot != self._drawn])
        return self._drawn

    def _take(self, held: list[Leaf], word: Leaf, known: set[str]) -> bool | None:
        if word.id in known:
            return False
        if not _fits([*held, word]):
            return None
        known.add(word.id)
        held.append(word)
        return True

    def _emptied(self, connection: Connection, slots: Slots, over: Iterable[Leaf]) -> Slots:
        """Move these words out; the others are dealt to the slots anew, and every slot is written."""
        gone = {leaf.id: leaf for leaf in over}
        self._send_home(connection, gone.values())
        left = {slot: [leaf for leaf in held if leaf.id not in gone] for slot, held in slots.items()}
        dealt = self._dealt(left, _all(left)) or left
        self._write(connection, dealt)
        return dealt

    def _dealt(self, slots: Iterable[int], words: Iterable[Leaf]) -> Slots | None:
        """The words in slots drawn by lot; None where one finds no room."""
        dealt: Slots = {slot: [] for slot in slots}
        for word in self._dice.sample(found := list(words), len(found)):
            room = [slot for slot, held in dealt.items() if _fits([*held, word])]
            if not room:
                return None
            dealt[self._dice.choice(room)].append(word)
        return dealt

    def _write(self, connection: Connection, slots: Mapping[int, list[Leaf]]) -> None:
        for slot, held in slots.items():
            row = self._row(slot, held)
            connection.execute(letterbox.update().where(letterbox.c.slot == slot).values(sealed=row["sealed"]))

    def _row(self, slot: int, held: Sequence[Leaf]) -> dict[str, object]:
        padded = b"".join(map(_framed, held)).ljust(SLOT_BYTES, b"\0")
        return {"slot": slot, "sealed": self._box.seal(padded, bound_to=str(slot).encode())}

    def _opened(self, slot: int, sealed: bytes) -> list[Leaf] | None:
        try:
            return _read(self._box.open(sealed, bound_to=str(slot).encode()))
        except (CannotOpen, ValueError):  # sealed with another key, or nothing of ours
            return None


def _all(slots: Mapping[int, Sequence[Leaf]]) -> list[Leaf]:
    return [leaf for held in slots.values() for leaf in held]


def _fits(held: Iterable[Leaf]) -> bool:
    return sum(map(_length, held)) <= SLOT_BYTES


def _length(leaf: Leaf) -> int:
    return ID_LETTERS + _DAY_LETTERS + _LENGTH_BYTES + len(leaf.content)


def _framed(leaf: Leaf) -> bytes:
    head = f"{leaf.id}{leaf.day.isoformat()}".encode("ascii")
    return head + len(leaf.content).to_bytes(_LENGTH_BYTES) + leaf.content


def _read(padded: bytes) -> list[Leaf]:
    """The words of a slot; what follows the last is zeros."""
    found: list[Leaf] = []
    at = 0
    while padded[at : at + 1] not in {b"", b"\0"}:
        day, length = at + ID_LETTERS, at + ID_LETTERS + _DAY_LETTERS
        begins = length + _LENGTH_BYTES
        ends = begins + int.from_bytes(padded[length:begins])
        head = padded[at:length].decode("ascii")
        found.append(Leaf(head[:ID_LETTERS], date.fromisoformat(head[day - at :]), padded[begins:ends]))
        at = ends
    return found

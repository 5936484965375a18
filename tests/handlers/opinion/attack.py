"""A day at the opinion box, and everything that someone with every store, file and log can hold of it."""

import logging
import math
import random
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import cycle, pairwise
from pathlib import Path

import redis as redis_library
import sqlalchemy as sa
import structlog

from handlers.conversation import windows
from handlers.opinion import engine
from handlers.opinion.engine import receipts, thread
from handlers.router import Router, Turn
from storage.db import Database, metadata
from storage.leaves import Leaf, Leaves
from storage.letterbox import letterbox
from storage.measure import Measure
from storage.opinion import Opinion, anonymous_opinions
from storage.opinion_notes import MEASURE, Note
from storage.people import contacts
from storage.pictures import pictures
from tests.handlers.opinion import changes
from tests.handlers.opinion.world import ZONE, Member, World, receipt
from tests.mini import Mini
from tests.reader import Reader
from wechat.messages import Kind, Location, Reply, Text

Sends = Callable[[Member, str, str, Callable[[], None]], str]
MEMBERS = 20
ROUND_SECONDS = (20, 38)  # twenty times the program's own, so that the day has some hundred rounds
SECRET = "机密"  # how all words and names begin
VOICE = b"#!AMR\n" + b"".join(b"\x3c" + SECRET.encode().ljust(31, b"\0") for _ in range(50))  # a second
INSIDE = "内情"  # how all that admins write begins
COLLEAGUE = "张工"
SITTING = 8  # so many errands
ACTS: Mapping[str, Mapping[str, str]] = {
    "assign": {"assignee": COLLEAGUE},
    "answer": {"reply": f"{INSIDE}答复{{number}}", "anyway": "1"},
    "tags": {"tags": f"{INSIDE}{{number}}"},
    "merge": {},
    "ask": {"question": f"{INSIDE}问话{{number}}"},
    "note": {"note": f"{INSIDE}备注{{number}}"},
    "measure": {},
    "close": {"reason": f"{INSIDE}办结{{number}}", "anyway": "1"},
    "state": {"state": "in_hand"},  # reopens what was ended
}
SPEAKS = {"answer", "ask", "close"}
_PLACES = "食堂宿舍走廊车间会议室停车场活动室图书角"


@dataclass(frozen=True)
class Sent:
    """What really happened, in the order in which it happened."""

    openid: str
    named: bool
    words: str
    code: str
    id: str  # of the opinion, or of what was said later to one
    later: bool = False


@dataclass(frozen=True)
class Act:
    """What an admin did with an opinion, and what a backup before and one after it hold of anonymous words."""

    name: str
    on: Sent
    before: frozenset[object]
    after: frozenset[object]


@dataclass
class Day:
    """A day that is over: what happened, and what is left of it.

    `rounds` has the ids of the words that each round carried, `began` is where the log of changes was before the first
    of them, which lays the letterbox.
    """

    world: World
    redis: redis_library.Redis
    folder: Path
    began: changes.Place
    rounds: list[list[str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    looks: list[Sent] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    snapshots: list[set[object]] = field(default_factory=list)
    handled: bool = False  # an admin does all day what can be done with opinions, and senders answer
    turn: int = 0  # where it is one, what is anonymous are words to a question
    table: sa.Table = anonymous_opinions  # where what is anonymous lies in the end

    def id_of(self, code: str) -> str:
        """The id of what was said without a name: an opinion, or a word to what we asked about one."""
        opinion = self.world.opinions.id_of(code)
        return self.world.opinions.heard_id(opinion, self.turn) if self.turn else opinion

    @property
    def anonymous(self) -> list[Sent]:
        return [each for each in self.sent if not each.named]

    @cached_property
    def carried(self) -> list[set[str]]:
        """Whose words each round carried."""
        senders = {each.id: each.openid for each in self.anonymous}
        return [{senders[word] for word in words} for words in self.rounds]

    def order_of_rows(self) -> dict[str, int]:
        """Which row (by its mark) came as the how-manieth: only the keys tell, and the strongest attacker is told."""
        came = {each.id: at for at, each in enumerate(self.anonymous)}
        return {mark: came[leaf.id] for mark, leaf in self.opened().items() if leaf.id in came}

    def opened(self) -> dict[str, Leaf]:
        """What lies in each row, by its mark: only the keys tell."""
        found = {row.mark: self.leaves._opened(row) for row in rows(self.world.db, self.table)}
        return {mark: leaf for mark, leaf in found.items() if leaf}

    @property
    def leaves(self) -> Leaves:
        return self.world.opinions._leaves


# -- the day ---------------------------------------------------------------------------------------------------------


class Rhythm:
    """The postman's rounds on the day's own clock, whatever happens on it."""

    def __init__(self, day: Day, dice: random.Random) -> None:
        self._day = day
        self._dice = dice
        self._next = day.world.clock()
        self._is_at_it = False
        day.world.clock.tells, day.world.next_round = self.come_due, self.is_waited_for
        self.is_waited_for()

    def come_due(self) -> None:
        """Time has passed."""
        while self._next <= self._day.world.clock():
            self._round()

    def is_waited_for(self) -> None:
        """Somebody sees nothing but their phone until the next round has come."""
        clock = self._day.world.clock
        clock.now = max(clock.now, self._next)
        self.come_due()

    def _round(self) -> None:
        a_round(self._day)
        self._next += timedelta(seconds=self._dice.uniform(*ROUND_SECONDS))


@dataclass
class Voices(Day):
    """The same day, for the voices that were sent without a name."""

    table: sa.Table = pictures

    @classmethod
    def of(cls, day: Day) -> "Voices":
        first = [each for each in day.sent if not each.later]
        sent = [replace(each, id=cls._id(day, each)) for each in first if speaks(each.words, named=each.named)]
        return cls(day.world, day.redis, day.folder, day.began, sent=sent)

    @staticmethod
    def _id(day: Day, said: Sent) -> str:
        return day.world.pictures.id_of(account="official", media_id=voice_of(said.words))

    @property
    def leaves(self) -> Leaves:
        return self.world.pictures._leaves


def a_round(day: Day) -> None:
    """Make one and remember what it carried."""
    day.rounds.append([letter.what.id for letter in day.world.postman._waiting])
    day.world.postman.round()


def only_when_something_waits(day: Day) -> None:
    """A careless postman, who also takes each word at once to where it stays."""

    def go() -> None:
        a_round(day)
        day.world.opinions.move(before=date.max)

    day.world.next_round = go
    day.rounds.append([])
    day.world.postman.round()


def a_day(
    day: Day,
    *,
    anonymous: int,
    named: int,
    by: Sends | None = None,
    rhythm: Callable[[Day], object] | None = None,
    routers: Sequence[Router] = (),
) -> Day:
    """Every member sends so many opinions, among other acts of the same members before, between and after.

    They do so in the chat, or by what `by` does; the letterbox is written at a rhythm of its own, or as `rhythm` does.
    The day is over when its words were moved.
    """
    world, dice = day.world, random.Random(20261123)
    world.conversation = world.conversing(_acts(world), *routers)
    rhythm(day) if rhythm else Rhythm(day, random.Random(2026))
    members = [
        world.member(f"oSecret{number:02d}Of{dice.getrandbits(64):x}", follows=False) for number in range(MEMBERS)
    ]
    errands = [(member, number >= anonymous) for member in members for number in range(anonymous + named)]
    dice.shuffle(errands)
    with _logged(day.logs):
        for member in members:
            member.sends(Kind.SUBSCRIBE)
        admin = Admin(day, members) if day.handled else None
        for number, (member, by_name) in enumerate(errands):
            _errand(day, by or in_the_chat, (member, members), dice, named=by_name, number=number)
            if admin and number % SITTING == SITTING - 1:
                admin.sits_down()
        _midnight(day)
        if rhythm is None:  # a careless day is left as it was laid
            world.runs("opinion.pictures")
    return day


def _midnight(day: Day) -> None:
    world, before = day.world, _laid(day.world.db)
    world.clock.tells = lambda: None
    world.clock.now = datetime.combine(world.clock.now.date() + timedelta(days=1), time(0, 7), ZONE)
    world.runs("opinion.stir")
    day.snapshots += [before, _laid(world.db)]


def _laid(db: Database) -> set[object]:
    """What a backup holds of anonymous words."""
    leaves = {value for row in rows(db, anonymous_opinions) for value in (row.mark, row.generation, row.sealed[:24])}
    return leaves | {row.sealed[:24] for row in rows(db, letterbox)}


def in_the_chat(member: Member, name: str, words: str, between: Callable[[], None]) -> str:
    """An opinion said step by step, in somebody's name or none; its receipt.

    Some of them speak too, and some offer the place, which is taken only with a name.
    """
    member.says("意见", *(("2", name) if name else ("1",)), "4", words)
    if speaks(words, named=bool(name)):
        member.world.platform.pictures[voice_of(words)] = VOICE
        asked = member.sends(Kind.VOICE, media_id=voice_of(words))
        assert ("声音能让人认出您来" in asked) is not bool(name)
        member.says(*(() if name else ("1",)))
    if _number(words) % 6 == 1:
        where = Location(latitude=31.23041, longitude=121.4737, label=f"{SECRET}路")
        assert ("不收位置" in member.sends(Kind.LOCATION, detail=where)) is not bool(name)
    between()
    return receipt(member.says("好了", "1"))


def speaks(words: str, *, named: bool) -> bool:
    """Whether who says this speaks too."""
    return _number(words) % (20 if named else 4) == 0


def voice_of(words: str) -> str:
    """What the platform calls the voice that goes with them."""
    return f"{SECRET}声{_number(words)}"


def _number(words: str) -> int:
    return int(words[len(SECRET) :][:3])


class ByApi:
    """An opinion sent by the mini-program; each member has signed in before their first."""

    def __init__(self) -> None:
        self._minis: dict[str, Mini] = {}

    def __call__(self, member: Member, name: str, words: str, between: Callable[[], None]) -> str:
        if member.openid not in self._minis:
            self._minis[member.openid] = member.signs_in()
        mini = self._minis[member.openid]
        mini.get("/opinion")
        between()
        said = {"way": "named" if name else "anonymous", "name": name, "category": "生活困难", "words": words}
        return str(mini.post("/opinion", said).body["receipt"])


class ByPages:
    """An opinion written in a browser, form by form; each member has signed in before their first."""

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}

    def __call__(self, member: Member, name: str, words: str, between: Callable[[], None]) -> str:
        if member.openid not in self._readers:
            self._readers[member.openid] = member.opens_pages()
        reader = self._readers[member.openid]
        reader.get("/p/opinion")
        way = {"step": "way", "way": "named" if name else "anonymous"}
        reader.post("/p/opinion", way)
        between()
        reader.post("/p/opinion", {"step": "look", "name": name, "category": "生活困难", "words": words})
        return receipt_on(reader.post("/p/opinion", {"step": "send"}).text)


class Answering:
    """Words to a question, by the receipt of an opinion of another day; what has a name is an opinion of this one."""

    def __init__(self, world: World, *, opinions: int) -> None:
        """Questions wait; whose opinions they are about was forgotten, so that nothing but the words has no name."""
        self._codes = [receipts.drawn(random.Random(number).randrange) for number in range(opinions)]
        for number, code in enumerate(self._codes):
            asked = Opinion(
                id=world.opinions.id_of(code),
                day=world.clock().date() - timedelta(days=3),
                named=True,
                category="生活困难",
                words=SECRET,
                state=engine.State.ASKED,
                turns=1,
            )
            world.opinions.keep_named(asked, message=f"asked-{number}")
        self._waiting = iter(self._codes)

    def __call__(self, member: Member, name: str, words: str, between: Callable[[], None]) -> str:
        if name:
            return in_the_chat(member, name, words, between)
        code = next(self._waiting)
        member.says(f"查询 {code}", words)
        between()
        member.says("1")
        return code


def receipt_on(page: str) -> str:
    """The receipt code on a page."""
    found = re.search(r"<code>([0-9A-Z-]{14})</code>", page)
    assert found
    return found[1]


def _errand(
    day: Day, send: Sends, who: tuple[Member, Sequence[Member]], dice: random.Random, *, named: bool, number: int
) -> None:
    """Someone does this and that, says their opinion, and does this and that: so the neighbours of a row are theirs."""
    world, (member, members) = day.world, who
    member.says("打卡")
    where = "".join(dice.choices(_PLACES, k=dice.choice((4, 40, 400))))
    words = f"{SECRET}{number:03d}号：{where}需要修一修"

    def between() -> None:
        for _ in range(dice.randrange(3)):
            dice.choice(members).says("打卡") if dice.random() < 0.3 else None
            world.clock.passes(seconds=dice.randrange(1, 20))

    code = send(member, f"{SECRET}{chr(0x4E00 + number)}" if named else "", words, between)
    code = code.replace("-", "")
    kept_as = world.opinions.id_of(code) if named else day.id_of(code)
    day.sent.append(Sent(member.openid, named, words, code, kept_as))
    if dice.random() < 0.7:
        member.says("打卡")
    if number % 5 == 0:
        world.people.open_windows(windows(world.inbox.take_notes(now=world.clock()), zone=ZONE))
    world.clock.passes(seconds=dice.randrange(5, 90))


class Admin:
    """Sits down all day long and does, with opinions drawn by lot, one thing after the other that can be done.

    What was asked or answered the senders of anonymous opinions say something to, some time later.
    """

    def __init__(self, day: Day, members: Sequence[Member]) -> None:
        self._day = day
        self._dice = random.Random(1126)
        self._members = {each.openid: each for each in members}
        self._console = day.world.console()
        self._next = cycle(ACTS)
        self._spoken_to: list[Sent] = []
        day.world.admins = {COLLEAGUE: "person-of-an-admin"}

    def sits_down(self) -> None:
        """Do three things; and somebody who was spoken to before answers."""
        waiting = self._spoken_to[:]
        for _ in range(3):
            self._does(next(self._next))
            self._day.world.clock.passes(seconds=self._dice.randrange(5, 90))
        if waiting:
            self._answers(self._dice.choice(waiting))

    def _does(self, name: str) -> None:
        world = self._day.world
        stand = {each.id: world.promise.current(each) for each in world.opinions.with_heard([world.clock().date()])}
        fitting = [each for each in self._of_today() if self._fits(name, stand[each.id])]
        if not fitting:
            return
        on = self._dice.choice(fitting)
        before = _laid(world.db)
        self._presses(name, on)
        self._day.acts.append(Act(name, on, frozenset(before), frozenset(_laid(world.db))))
        if name in SPEAKS and not on.named:
            self._spoken_to.append(on)

    def _of_today(self) -> list[Sent]:
        """Opinions, those without a name more often than the others."""
        opinions = self._day.world.opinions
        said = [each for each in self._day.sent if each.id == opinions.id_of(each.code)]
        bare = [each for each in said if not each.named]
        return bare if bare and self._dice.random() < 0.7 else said

    def _fits(self, name: str, opinion: Opinion) -> bool:
        wanted = {"ask": "asked", "answer": "answered", "close": "closed", "state": "in_hand"}.get(name)
        if name == "state" and opinion.state not in engine.ENDS:
            return False
        return engine.may_become(opinion.state, wanted) if wanted else name != "merge" or not opinion.same_as

    def _presses(self, name: str, on: Sent) -> None:
        world = self._day.world
        if name == "measure":
            self._begins(on)
            return
        said = {key: value.format(number=len(self._day.acts)) for key, value in ACTS[name].items()}
        if name == "merge":
            others = [each for each in self._day.sent if each.id == world.opinions.id_of(each.code) and each != on]
            said = {"into": world.opinions.address_of(self._dice.choice(others).id)}
        self._looks(on)
        answer = self._console.post(f"/admin/opinion/{world.opinions.address_of(on.id)}/{name}", data=said)
        assert answer.status_code in ({303, 422} if name == "merge" else {303}), (name, answer.text)  # with itself

    def _looks(self, on: Sent) -> None:
        """Opens it first, as everybody does: a look, which the trail tells of where it has a name."""
        self._console.get("/admin/opinion/")
        self._console.get(f"/admin/opinion/{self._day.world.opinions.address_of(on.id)}")
        self._day.looks.append(on)

    def _begins(self, on: Sent) -> None:
        day = self._day.world.clock().date()
        new = Measure(
            problem=INSIDE, measure=INSIDE, responsible="li", until=day, made_by="li", made_on=day, opinion=on.id
        )
        note = Note(turn=0, kind=MEASURE, words=new.id, day=day, author="li")
        self._day.world.measures.add(new, beside=self._day.world.opinions.notes.beside(on.id, note))

    def _answers(self, on: Sent) -> None:
        """Who holds the receipt looks it up and says what is wanted of them, between other acts of theirs."""
        self._spoken_to.remove(on)
        opinion, member = self._day.world.opinions.get(on.id), self._members[on.openid]
        assert opinion
        asked = thread.asks(opinion.state, opinion.turns, opinion.heard)
        if asked is None:
            return
        words = f"{SECRET}回话{len(self._day.sent):03d}"
        member.says("打卡", f"查询 {on.code}", *(("3",) if asked is thread.Asks.VERDICT else ()), words)
        assert "收到了" in member.says("1")
        member.says("打卡")
        heard = self._day.world.opinions.heard_id(on.id, opinion.turns)
        self._day.sent.append(Sent(on.openid, False, words, on.code, heard, later=True))


def _acts(world: World) -> Router:
    """Following and a daily act, each of which writes rows of the person as other features do."""

    def follow(turn: Turn) -> Reply:
        world.people.meet(account="official", openid=turn.message.openid, today=turn.now.date())
        return Text("欢迎")

    def act(turn: Turn) -> Reply:
        world.people.add_credit(turn.who.contact, "template", message=turn.message.id)
        return Text("好")

    return Router("acts", words={("打卡",): act}, kinds={Kind.SUBSCRIBE: follow})


@contextmanager
def _logged(lines: list[str]) -> Iterator[None]:
    """Everything that is logged, ours and other libraries', from the lowest level on."""

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name} {record.getMessage()} {record.__dict__}")

    root, keeper = logging.getLogger(), Keeper()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as ours:
            yield
    finally:
        root.removeHandler(keeper)
        root.setLevel(before)
        lines.extend(map(repr, ours))


# -- what is left ----------------------------------------------------------------------------------------------------


def rows(db: Database, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    """A table's rows as they lie: no order is asked for."""
    with db.read() as connection:
        return list(connection.execute(sa.select(table)).all())


def everything(day: Day) -> Mapping[str, bytes]:
    """All bytes of every store, file and log, by where they are from."""
    held = {f"file {path.name}": path.read_bytes() for path in day.folder.rglob("*") if path.is_file()}
    held |= {f"table {table.name}": repr(rows(day.world.db, table)).encode() for table in metadata.sorted_tables}
    for key in day.redis.scan_iter():
        held[f"redis {key!r}"] = key + day.redis.dump(key)
    held["changes"] = b"" if day.world.db.is_sqlite else changes.bytes_since(day.world.db, day.began)
    held["logs"] = "\n".join(day.logs).encode()
    held["told"] = repr(day.world.told).encode()
    held["later"] = repr(day.world.later).encode()
    return held


def places_of(secrets: Iterable[str], letters: str, held: Mapping[str, bytes]) -> set[str]:
    """Where one of these secrets lies in clear. They are made of these letters only, so just runs of them are read."""
    sought = {secret.encode() for secret in secrets}
    lengths = {len(secret) for secret in sought}
    runs = re.compile(f"[{letters}]{{{min(lengths)},}}".encode())
    return {
        where for where, data in held.items() if any(_parts(run[0], lengths) & sought for run in runs.finditer(data))
    }


def _parts(run: bytes, lengths: Iterable[int]) -> set[bytes]:
    return {run[at : at + length] for length in lengths for at in range(len(run) - length + 1)}


def orders(day: Day) -> Mapping[str, Mapping[str, float]]:
    """Every order in which the anonymous rows can be put by looking: its name, then a number for each row's mark."""
    found = rows(day.world.db, day.table)
    known: dict[str, Mapping[str, float]] = {
        "as they lie": {row.mark: at for at, row in enumerate(found)},
        "by mark": {row.mark: int(row.mark, 16) for row in found},
        "by generation": {row.mark: int(row.generation, 16) for row in found},
        "by length": {row.mark: len(row.sealed) for row in found},
        "by sealed bytes": {row.mark: int.from_bytes(row.sealed[:16]) for row in found},
    }
    known.update(_in_sqlite(day, found) if day.world.db.is_sqlite else _in_postgres(day))
    return known


def _in_sqlite(day: Day, found: Sequence[sa.Row[tuple[object, ...]]]) -> Mapping[str, Mapping[str, float]]:
    """Places in the file and in its journal, where every change of the day is still written."""
    path = day.folder / "zhibu.sqlite3"
    held = {"file": path.read_bytes(), "journal": path.with_name(path.name + "-wal").read_bytes()}
    known: dict[str, Mapping[str, float]] = {}
    for where, data in held.items():
        first = _first_places(data, b"[0-9a-f]{64}")
        known[f"mark in the {where}"] = {row.mark: first.get(row.mark.encode(), -1) for row in found}
        known[f"sealed bytes in the {where}"] = {row.mark: data.find(row.sealed[:24]) for row in found}
        known[f"last of them in the {where}"] = {row.mark: data.find(row.sealed[-24:]) for row in found}
    return known


_POSTGRES = """
SELECT mark, xmin::text::bigint AS xmin, cmin::text::bigint AS cmin,
       (ctid::text::point)[0] AS page, (ctid::text::point)[1] AS item
FROM {table}
"""


def _in_postgres(day: Day) -> Mapping[str, Mapping[str, float]]:
    """Transaction and command numbers, places in the heap, and the order in which long values were put aside."""
    with day.world.db.read() as connection:
        found = connection.execute(sa.text(_POSTGRES.format(table=day.table.name))).all()
        toast = connection.execute(
            sa.text("SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = CAST(:name AS regclass)"),
            {"name": day.table.name},
        ).scalar_one()
        pieces = connection.execute(
            sa.text(f"SELECT chunk_id::bigint AS number, chunk_data FROM {toast} WHERE chunk_seq = 0")  # noqa: S608
        ).all()
    aside = {bytes(piece.chunk_data)[:24]: piece.number for piece in pieces}
    sealed = {row.mark: row.sealed[:24] for row in rows(day.world.db, day.table)}
    return {
        "by transaction": {row.mark: row.xmin for row in found},
        "by command": {row.mark: row.cmin for row in found},
        "by place": {row.mark: row.page * 1000 + row.item for row in found},
        "by value put aside": {mark: aside.get(start, 0) for mark, start in sealed.items()},
    }


def neighbours(day: Day, order: Mapping[str, Mapping[str, float]]) -> Mapping[str, str]:
    """For each row, whose act was written last before it: by journal in SQLite, by transaction in PostgreSQL."""
    openids = {row.id: row.openid for row in rows(day.world.db, metadata.tables["contacts"])}
    acts = _in_the_journal(day) if day.world.db.is_sqlite else _by_transaction(day)
    when: dict[str, list[int]] = {openid: [] for openid in openids.values()}
    for contact, place in acts:
        when[openids[contact]].append(place)
    places = order["mark in the journal" if day.world.db.is_sqlite else "by transaction"]
    return {mark: _last_before(place, when) for mark, place in places.items()}


def _in_the_journal(day: Day) -> list[tuple[str, int]]:
    first = _first_places((day.folder / "zhibu.sqlite3-wal").read_bytes(), rb"message-\d+(?!\d)")
    acts = rows(day.world.db, metadata.tables["credit_events"])
    return [(act.contact, first[act.message.encode()]) for act in acts]


def _by_transaction(day: Day) -> list[tuple[str, int]]:
    with day.world.db.read() as connection:
        numbered = connection.execute(sa.text("SELECT contact, xmin::text::bigint AS xmin FROM credit_events")).all()
    return [(act.contact, act.xmin) for act in numbered]


def written(day: Day) -> list[changes.Written]:
    """What the log of changes says of the day, from its first round to the move, transaction by transaction."""
    openids = {row.id: row.openid for row in rows(day.world.db, metadata.tables["contacts"])}
    read = changes.in_sqlite if day.world.db.is_sqlite else changes.in_postgres
    return [replace(each, who=openids.get(each.who, "")) for each in read(day.world.db, day.began)]


def _first_places(data: bytes, pattern: bytes) -> dict[bytes, int]:
    places: dict[bytes, int] = {}
    for found in re.finditer(pattern, data):
        places.setdefault(found[0], found.start())
    return places


def _last_before(place: float, when: Mapping[str, Sequence[int]]) -> str:
    return max(when, key=lambda name: max((at for at in when[name] if at < place), default=-1))


@contextmanager
def a_journal_that_is_never_cut(path: Path) -> Iterator[None]:
    """Someone keeps reading from the beginning of the day on, so SQLite must keep every change in its journal."""
    reader = sqlite3.connect(path)
    reader.isolation_level = None
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM anonymous_opinions").fetchone()
    try:
        yield
    finally:
        reader.close()


# -- matching --------------------------------------------------------------------------------------------------------


def hits_by_order(day: Day, order: Mapping[str, float]) -> int:
    """How many rows find their sender when they are put in this order beside the true sequence of senders.

    The sequence itself is more than an attacker has: it stands for one who watched who was at their phone when.
    """
    truth = day.order_of_rows()
    senders = [each.openid for each in day.anonymous]
    guessed = sorted(truth, key=lambda mark: (order[mark], mark))
    return max(
        sum(senders[truth[mark]] == sender for mark, sender in zip(guess, senders, strict=True))
        for guess in (guessed, guessed[::-1])
    )


def noted(day: Day) -> list[str]:
    """Whose the trail says was looked at, in its order: the strongest attacker is told which pseudonym is whose."""
    audit = day.world.audit
    whose = {
        audit.of(row.person)[0].pseudonym: row.openid for row in rows(day.world.db, contacts) if audit.of(row.person)
    }
    return [whose.get(each.pseudonym, "") for each in reversed(audit.entries(most=10_000))]


def hits_by_trail(day: Day, order: Mapping[str, float], looked_at: Sequence[str]) -> int:
    """How many rows find their sender in whoever the trail names at their place in it.

    The rows are put in this order and laid along the trail, from its beginning or its end: what came when is read then.
    """
    truth = day.order_of_rows()
    senders = [each.openid for each in day.anonymous]
    along = sorted(truth, key=lambda mark: (order[mark], mark))
    names = [looked_at[at * len(looked_at) // len(along)] for at in range(len(along))]
    return max(
        sum(senders[truth[mark]] == name for mark, name in zip(along, guess, strict=True))
        for guess in (names, names[::-1])
    )


def hits_by_neighbours(day: Day, order: Mapping[str, Mapping[str, float]]) -> int:
    """How many rows find their sender in whoever did something else just before them."""
    truth = day.order_of_rows()
    senders = [each.openid for each in day.anonymous]
    guesses = neighbours(day, order)
    return sum(senders[at] == guesses[mark] for mark, at in truth.items())


def hits_by_changes(day: Day, found: Sequence[changes.Written]) -> Mapping[str, int]:
    """For each thing that rounds differ in: how many of the most striking have carried a word of whom one would guess.

    As many are guessed at as there were words. One would guess whoever did something last before, or first after.
    """
    rounds = [at for at, each in enumerate(found) if each.is_round]
    marks = {name: [found[at].marks[name] for at in rounds] for name in found[rounds[0]].marks}
    marks["place in the log"] = [float(at) for at in rounds]
    marks["acts since the last round"] = [at - before for before, at in pairwise([-1, *rounds])]
    return {
        f"{name}, {way}, {when}": sum(guess[at] in day.carried[at] for at in striking[: len(day.anonymous)])
        for when, guess in guesses(found).items()
        for name, values in marks.items()
        for way, striking in _both_ways(values)
    }


def share_of_rounds(day: Day, found: Sequence[changes.Written]) -> float:
    """How many rounds carried a word of whom one would guess: what guessing at any of them would find."""
    carried = day.carried
    return max(
        sum(who in words for who, words in zip(guess, carried, strict=True)) / len(carried)
        for guess in guesses(found).values()
    )


def guesses(found: Sequence[changes.Written]) -> Mapping[str, list[str]]:
    """For each round, who did something last before it and first after it."""
    return {"before": _last_before_rounds(found), "after": _last_before_rounds(found[::-1])[::-1]}


def _last_before_rounds(found: Iterable[changes.Written]) -> list[str]:
    last, lasts = "", []
    for each in found:
        last = each.who or last
        if each.is_round:
            lasts.append(last)
    return lasts


def _both_ways(values: Sequence[float]) -> Iterator[tuple[str, list[int]]]:
    order = sorted(range(len(values)), key=lambda at: values[at])
    yield "least", order
    yield "most", order[::-1]


def rank_correlation(day: Day, order: Mapping[str, float]) -> float:
    """Spearman's rho between an order and the true one; 0 where all are equal."""
    truth = day.order_of_rows()
    marks = sorted(truth)
    return _pearson(_ranks([order[mark] for mark in marks]), _ranks([truth[mark] for mark in marks]))


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for at, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(at)
    return [sum(places[value]) / len(places[value]) for value in values]


def _pearson(left: Sequence[float], right: Sequence[float]) -> float:
    middle = (len(left) - 1) / 2
    across = sum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(sum((a - middle) ** 2 for a in left) * sum((b - middle) ** 2 for b in right))
    return across / spread if spread else 0.0


def most_by_chance(tries: int, share: float, risk: float) -> int:
    """The number of hits that blind guessing goes beyond with less than this risk."""
    likely = [math.comb(tries, hits) * share**hits * (1 - share) ** (tries - hits) for hits in range(tries + 1)]
    return next(hits for hits in range(tries) if sum(likely[hits + 1 :]) < risk)

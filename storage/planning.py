"""By which channel each person is reached, decided in the database: one statement a piece of people, however many.

A piece is a range of persons, in the order of their ids, and takes a bounded time: nobody waits long for a planner, and
one that is killed leaves whole pieces behind. Pieces of different runs go by turns, so that each sees what the others
have promised a person today.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.audience import Conditions, Holds, Within, on_accounts
from storage.db import Database, Moment
from storage.deliveries import Row, deliveries
from storage.openings import Asked, Closed, Need, Opening
from storage.people import contacts, persons
from storage.runs import broadcasts
from storage.states import OPEN, RunState, State
from storage.wording import Content

LOOKED_THROUGH = 20  # pieces, for names to show

Told = Sequence[tuple[Sequence[str], int]]
"""Runs, and by how many of them a person is reached who has had enough."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many contacts a piece looks at, so that it takes about so long."""

    first: int
    least: int
    most: int
    seconds: float


# On SQLite everybody who writes waits for a piece. On PostgreSQL nobody does but another planner, and what is the same
# for every piece (contacts, windows and credits are read whole) would be most of a small one.
ON_SQLITE = Pace(first=2_000, least=200, most=20_000, seconds=0.05)
ON_POSTGRES = Pace(first=200_000, least=50_000, most=600_000, seconds=8.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Who was pushed `times` since then, by whatever or by one broadcast, has had enough."""

    times: int
    since: datetime
    broadcast: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is decided: a run's words, the openings of its channels in their order, and what each should not exceed.

    Who has had enough gets one of the `patient` channels, which wait until they come by themselves.
    """

    key: str
    content: Content
    now: datetime
    openings: Sequence[Opening]
    patient: Sequence[Opening] = ()
    caps: Sequence[Cap] = ()

    @property
    def channels(self) -> Sequence[str]:
        """What each place leads to; the place behind the last one is nowhere."""
        return [opening.channel for opening in (*self.openings, *self.patient)]


Why = tuple[tuple[str, Closed], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many persons a plan reaches by each channel, "" for none; and why those not, by what closed each channel.

    `full` have had enough: for them a patient channel was taken. `over` have too, and can't be spared: what goes to all
    on their account goes to them.
    """

    channels: Counter[str] = field(default_factory=Counter)
    closed: Counter[Why] = field(default_factory=Counter)
    full: int = 0
    over: int = 0


class Plans:
    """Writes plans, or only counts. A `piece` of a fixed size is for tests; else it is as long as its time."""

    def __init__(
        self, db: Database, conditions: Conditions, *, name_in: Callable[[str, str], str], piece: int | None = None
    ) -> None:
        self._db = db
        self._name_in = name_in
        self._conditions = conditions
        self._piece = piece

    def fill(self, plan: Plan) -> None:
        """Write a row for everybody who is meant, as long as the run is being planned; who has a row keeps it."""
        sheet = self._sheet(plan)
        for within in self._pieces():
            with self._db.bulk() as connection:
                self._db.take_turn(connection, deliveries)
                chosen = sheet.rows(within, self._told(connection, plan))
                connection.execute(self._insert(chosen, plan))
                if not _is_planning(connection, plan.key):
                    connection.rollback()
                    return

    def count(self, plan: Plan) -> Counted:
        """What `fill` would do, and nothing is written; whom the run has served isn't counted."""
        sheet = self._sheet(plan)
        channels, closed, full, over = Counter[str](), Counter[Why](), 0, 0
        for within in self._pieces():
            with self._db.bulk(writes=False) as connection:
                rows = connection.execute(sheet.counted(within, self._told(connection, plan))).all()
            for number, place, is_full, *steps in rows:
                channels[sheet.name(place)] += number
                full += number if is_full and not sheet.is_for_all(place) else 0
                over += number if is_full and sheet.is_for_all(place) else 0
                if place == sheet.nowhere:
                    closed[sheet.why(steps)] += number
        return Counted(channels, closed, full, over)

    def again(self, plan: Plan, persons: Collection[str]) -> Sequence[Row]:
        """The same for some persons, whoever is meant; none for one who left."""
        variants = self._variants(plan)
        sheet = _Sheet(plan, variants, on_accounts(plan.content))
        with self._db.read() as connection:
            told = self._told(connection, plan)
            rows = connection.execute(sheet.rows(lambda who: who.in_(persons), told)).all()
        return [Row(**{**row._mapping, "state": State(row.state)}) for row in rows]  # noqa: SLF001 - public in spite of its name

    def names(self, content: Content, *, most: int, now: datetime) -> Sequence[str]:
        """Names of some who are meant and whom the roster knows; after so many pieces nobody is looked for any more."""
        meant = self._conditions.meant(content, now=now)
        found: list[str] = []
        for within in islice(self._pieces(), LOOKED_THROUGH):
            they = sa.select(contacts.c.person).where(meant(within))
            known = sa.select(persons.c.id, persons.c.name)
            known = known.where(persons.c.verified, persons.c.name != "", persons.c.id.in_(they))
            with self._db.bulk(writes=False) as connection:
                rows = connection.execute(known.order_by(persons.c.id).limit(most - len(found))).all()
            found += [self._name_in(row.id, row.name) for row in rows]
            if len(found) >= most:
                break
        return found

    def _sheet(self, plan: Plan) -> "_Sheet":
        return _Sheet(plan, self._variants(plan), self._conditions.meant(plan.content, now=plan.now))

    def _variants(self, plan: Plan) -> Sequence[Holds]:
        wheres = [variant.where for variant in plan.content.variants]
        return [self._conditions.holds(where, now=plan.now) if where else sa.true() for where in wheres]

    def _insert(self, chosen: sa.Select[Any], plan: Plan) -> sa.Insert:
        row = chosen.subquery()
        settled = sa.case((row.c.state == State.GONE, sa.literal(plan.now, Moment)))
        columns: list[sa.ColumnElement[Any]] = [sa.literal(plan.key), sa.literal(plan.now, Moment), settled, *row.c]
        # WHERE, since without one SQLite takes ON CONFLICT for a condition of a join
        rows = sa.select(*columns).where(sa.true())
        writing: Any = self._db.insert(deliveries)
        written = writing.from_select(["key", "wake_at", "settled_at", *row.c.keys()], rows)
        return cast("sa.Insert", written.on_conflict_do_nothing())

    def _pieces(self) -> Iterator[Within]:
        """Ranges of persons, all of them together everybody; one is longer or shorter than the last as that took."""
        pace = ON_SQLITE if self._db.is_sqlite else ON_POSTGRES
        after, size = "", self._piece or pace.first
        while True:
            last = self._nth(after, size)
            begun = time.monotonic()
            yield _between(after, last)
            if last is None:
                return
            wanted = size * min(pace.seconds / max(time.monotonic() - begun, 0.001), 3)
            after, size = last, self._piece or int(max(pace.least, min(pace.most, wanted)))

    def _nth(self, after: str, size: int) -> str | None:
        chosen = sa.select(contacts.c.person).where(contacts.c.person > after).order_by(contacts.c.person)
        with self._db.read() as connection:
            found: str | None = connection.execute(chosen.offset(size - 1).limit(1)).scalar()
            return found

    def _told(self, connection: Connection, plan: Plan) -> Told:
        """For each cap the runs that count, those too that are being planned beside this one."""
        over = (RunState.SENDING, RunState.PAUSED, RunState.STOPPING, RunState.DONE)
        begins = (broadcasts.c.state == RunState.PLANNING) & (broadcasts.c.due_at <= plan.now)
        told = []
        for cap in plan.caps:
            its = (broadcasts.c.broadcast == cap.broadcast) if cap.broadcast else sa.true()
            here = (broadcasts.c.planned_at >= cap.since) & (broadcasts.c.key != plan.key) & its
            keys = connection.execute(sa.select(broadcasts.c.key).where(here, broadcasts.c.state.in_(over) | begins))
            told.append((keys.scalars().all(), cap.times))
        return [(keys, times) for keys, times in told if keys]


class _Sheet:
    """A plan as SQL."""

    def __init__(self, plan: Plan, variants: Sequence[Holds], meant: Callable[[Within], Holds]) -> None:
        self._plan = plan
        self._variants = variants
        self._meant = meant
        self.nowhere = len(plan.channels)

    def name(self, place: int) -> str:
        """The channel of a place."""
        return self._plan.channels[place] if place < self.nowhere else ""

    def is_for_all(self, place: int) -> bool:
        """Whether nobody could be spared there."""
        return place < len(self._plan.openings) and self._plan.openings[place].for_all

    def why(self, steps: Sequence[int]) -> Why:
        """What closed each channel, told by how many steps the nearest contact was away from it."""
        told = [[*_rule(opening, _nothing)] for opening in self._plan.openings]
        each = zip(self._plan.openings, told, steps, strict=True)
        why: dict[str, Closed] = {}
        for opening, rule, step in each:  # of two openings of one channel the account's own tells more
            closed = rule[-step][0] if step else None
            if closed and (opening.channel not in why or why[opening.channel] is Closed.ACCOUNT):
                why[opening.channel] = closed
        return tuple(why.items())

    def rows(self, within: Within, told: Told) -> sa.Select[Any]:
        """The columns of `Row` for each person within: the first open place, and of that the first account."""
        ways = _Ways(self._plan, self._meant, within, told)
        at = sa.select(contacts.c.person, contacts.c.id.label("contact"), contacts.c.account, ways.place)
        each = at.select_from(ways.tables).where(ways.here).subquery()
        turn = sa.func.row_number().over(
            partition_by=each.c.person, order_by=[each.c.place, each.c.account, each.c.contact]
        )
        ranked = sa.select(each, turn.label("turn")).subquery()
        place, is_nowhere = ranked.c.place, ranked.c.place == self.nowhere
        named = dict(enumerate(self._plan.channels))
        chosen = sa.select(
            ranked.c.person,
            ranked.c.contact,
            ranked.c.account,
            sa.case(named, value=place, else_="").label("channel") if named else sa.literal("").label("channel"),
            self._variant(place).label("variant"),
            sa.case((is_nowhere, State.GONE), else_=State.DUE).label("state"),
            sa.case((is_nowhere, "no_channel"), else_="").label("error"),
        )
        if self._variants:
            chosen = chosen.select_from(ranked.join(persons, persons.c.id == ranked.c.person))
        return chosen.where(ranked.c.turn == 1)

    def counted(self, within: Within, told: Told) -> sa.Select[Any]:
        """Numbers of persons within by place, by whether they have had enough, and by the steps to each opening."""
        ways = _Ways(self._plan, self._meant, within, told)
        is_served = sa.exists().where(
            deliveries.c.key == self._plan.key,
            deliveries.c.person == contacts.c.person,
            deliveries.c.state != State.DUE,
        )
        place = sa.func.min(ways.place)
        steps = [sa.case((place == self.nowhere, sa.func.min(each))) for each in ways.steps]
        columns = [place, sa.func.max(sa.case((ways.full, 1), else_=0)), *steps]
        named = [each.label(f"n{at}") for at, each in enumerate(columns)]
        person = sa.select(*named).select_from(ways.tables).where(ways.here, ~is_served)
        one = person.group_by(contacts.c.person).subquery()
        return sa.select(sa.func.count(), *one.c).group_by(*one.c)

    def _variant(self, place: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        numbered = enumerate(zip(self._plan.content.variants, self._variants, strict=True), start=1)
        fit = [
            (
                place.in_(
                    [at for at, name in enumerate(self._plan.channels) if name in each.channels or not each.channels]
                )
                & holds,
                number,
            )
            for number, (each, holds) in numbered
        ]
        return sa.case(*fit, else_=0) if fit else sa.literal(0)


class _Ways:
    """Contacts within, beside what their openings ask of them: which place is open to each."""

    def __init__(self, plan: Plan, meant: Callable[[Within], Holds], within: Within, told: Told) -> None:
        self.tables: sa.FromClause = contacts
        self.here = within(contacts.c.person) & meant(within)
        self.full = self._joined_full(plan, within, told)
        asked = self._joined_needs(plan)
        rules = [[met for _, met in _rule(opening, asked.__getitem__)] for opening in (*plan.openings, *plan.patient)]
        beside = [sa.true() if each.for_all else ~self.full for each in plan.openings]
        beside += [self.full] * len(plan.patient)
        places = [(sa.and_(fits, *rule), at) for at, (rule, fits) in enumerate(zip(rules, beside, strict=True))]
        self.place = (sa.case(*places, else_=len(places)) if places else sa.literal(0)).label("place")
        self.steps = [_steps(rule) for rule in rules[: len(plan.openings)]]

    def _joined_full(self, plan: Plan, within: Within, told: Told) -> Holds:
        """Who has had enough: counted for all within at once."""
        full: list[Holds] = []
        pushed: Holds = deliveries.c.state.in_((*OPEN, State.SENT, State.UNSURE))
        pushed &= deliveries.c.channel.not_in([*(opening.channel for opening in plan.patient), ""])
        for keys, times in told:
            theirs = sa.select(deliveries.c.person).where(
                deliveries.c.key.in_(keys), within(deliveries.c.person), pushed
            )
            had = theirs.group_by(deliveries.c.person).having(sa.func.count() >= times).subquery()
            self.tables = self.tables.outerjoin(had, had.c.person == contacts.c.person)
            full.append(had.c.person.is_not(None))
        return sa.or_(sa.false(), *full)

    def _joined_needs(self, plan: Plan) -> Mapping[Need, Asked]:
        openings = (*plan.openings, *plan.patient)
        needs = dict.fromkeys(need for opening in openings for need in opening.needs)
        asked = {need: need.asked(contacts.c.id, now=plan.now) for need in needs}
        for each in asked.values():
            if each.table is not None:
                self.tables = self.tables.outerjoin(each.table, each.on)
        return asked


def _rule(opening: Opening, asked: Callable[[Need], Asked]) -> Iterator[tuple[Closed, Holds]]:
    """What must hold for an opening, in the order of asking, and what is told where it doesn't."""
    if opening.accounts is not None:
        yield Closed.ACCOUNT, contacts.c.account.in_(sorted(opening.accounts))
    if opening.refused:
        yield Closed.REFUSED, contacts.c.account.not_in(sorted(opening.refused))
    if opening.spent:
        yield Closed.TODAY, contacts.c.account.not_in(sorted(opening.spent))
    for need in opening.needs:
        yield need.closed, asked(need).met


def _steps(rule: Sequence[Holds]) -> sa.ColumnElement[int]:
    """How much of a rule doesn't hold, from the first thing on that doesn't."""
    if not rule:
        return sa.literal(0)
    held = [(sa.and_(*rule[:number]), len(rule) - number) for number in range(len(rule), 0, -1)]
    return sa.case(*held, else_=len(rule))


def _nothing(_: Need) -> Asked:
    return Asked(sa.false())


def _between(after: str, last: str | None) -> Within:
    if last is None:
        return lambda person: person > after
    return lambda person: (person > after) & (person <= last)


def _is_planning(connection: Connection, key: str) -> bool:
    """Whether a run is still being planned, and it stays so until the transaction ends.

    Asked last, so that nobody who stops the run waits for more than a commit.
    """
    here = sa.select(broadcasts.c.key).where(broadcasts.c.key == key, broadcasts.c.state == RunState.PLANNING)
    return connection.execute(here.with_for_update(read=True)).first() is not None

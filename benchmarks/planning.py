"""`python -m benchmarks.planning`: a channel for each of many people, beside what else could write as many rows.

The same people are planned for by Zhibu, by a page at a time in Python as Zhibu itself did it before, and by one bare
INSERT … SELECT that chooses nothing, which is as fast as the database can be. What counts are the ratios. Afterwards
the rows are counted by channel: they must be what each person allows. Zhibu plans in a process of its own that tells
its peak of memory, for few people and for many. The pages in Python, which are slow, end after so many people.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks import crowd
from benchmarks.crowd import NOW, TEMPLATE
from benchmarks.databases import a_database
from storage.audience import Conditions
from storage.db import Database, embedded_url
from storage.deliveries import deliveries
from storage.openings import Credit, Opening, OpenWindow
from storage.people import contacts, credits_, windows
from storage.planning import Cap, Plan, Plans
from storage.quiz import QuizStore
from storage.runs import Runs
from storage.states import RunState
from storage.subscription import Subscriptions
from storage.upgrade import upgrade
from storage.wording import Content

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
EMBEDDED_PEOPLE = int(os.environ.get("BENCH_PEOPLE_EMBEDDED", str(min(PEOPLE, 100_000))))
FEW = 10_000
PAGE = 1000
MOST_BY_PAGES = 100_000
BEFORE, RUN = "before:2026-11-26", "bench:2026-11-26"
CHANNELS = ("notice", "customer_service", "next_visit")
FLAT = 1.2
PLAN, FORECAST, PAGES, BARE = "Zhibu: plan", "Zhibu: forecast", "a page at a time in Python", "bare INSERT … SELECT"


@dataclass(frozen=True)
class Took:
    """How long something took, how many got which channel, and who must have."""

    seconds: float
    channels: Counter[str]
    right: Counter[str]
    megabytes: float = 0.0

    @property
    def rate(self) -> float:
        """People a second."""
        return self.channels.total() / self.seconds


def the_plan(key: str = RUN, now: datetime = NOW) -> Plan:
    """What is decided: one push a day is enough for anybody."""
    both = frozenset({"official", "mini"})
    return Plan(
        key=key,
        content=Content(text="学习", channels=CHANNELS, template_id=TEMPLATE),
        now=now,
        openings=(
            Opening(channel="notice", accounts=frozenset({"official"}), needs=(Credit(TEMPLATE),)),
            Opening(channel="customer_service", accounts=both, needs=(OpenWindow(),)),
            Opening(channel="next_visit"),
        ),
        patient=(Opening(channel="next_visit"),),
        caps=(Cap(times=1, since=now.replace(hour=0)),),
    )


def plans(database: Database) -> Plans:
    """Zhibu's own."""
    conditions = Conditions(database, subscribed=Subscriptions.wants, answered=QuizStore.has_answered)
    return Plans(database, conditions, name_in=lambda _person, sealed: sealed)


def a_crowd(url: str, people: int) -> Database:
    """A database with people, and with an earlier run of the day."""
    database = Database(url, statement_seconds=600)
    upgrade(database)
    crowd.gather(database, people)
    store = Runs(database)
    for key, state in ((BEFORE, RunState.DONE), (RUN, RunState.PLANNING)):
        store.open_run(crowd.a_run(key, NOW, state))
    crowd.push(database, BEFORE, people)
    return database


def written(database: Database, write: Callable[[Database], tuple[float, float] | None], people: int) -> Took:
    """Time something that writes the run, unless it tells its seconds and megabytes, and take its rows away again."""
    begun = time.monotonic()
    told = write(database)
    seconds, megabytes = told or (time.monotonic() - begun, 0.0)
    mine = deliveries.c.key == RUN
    counted = sa.select(deliveries.c.channel, sa.func.count()).where(mine).group_by(deliveries.c.channel)
    with database.begin() as connection:
        channels = Counter({row[0]: row[1] for row in connection.execute(counted)})
        last = connection.execute(sa.select(sa.func.max(deliveries.c.person)).where(mine)).scalar_one()
        connection.execute(deliveries.delete().where(mine))
    _tidy(database)
    return Took(seconds, channels, crowd.allowed(people, last=last), megabytes)


def forecast(database: Database, people: int) -> Took:
    """Time a count."""
    begun = time.monotonic()
    counted = plans(database).count(the_plan())
    return Took(time.monotonic() - begun, counted.channels, crowd.allowed(people))


def by_pages(database: Database) -> None:
    """A thousand people at a time: read, chosen in Python, written back; no condition, and no variant."""
    after, done = "", 0
    while done < MOST_BY_PAGES and (page := _page(database, after)):
        done += PAGE
        persons = sorted({row.person for row in page})
        after = persons[-1]
        with database.begin() as connection:
            pushed = deliveries.c.key == BEFORE, deliveries.c.person.in_(persons)
            full = set(connection.execute(sa.select(deliveries.c.person).where(*pushed)).scalars())
            chosen = [*_chosen(page, full)]
            connection.execute(database.insert(deliveries).on_conflict_do_nothing(), chosen)


def _page(database: Database, after: str) -> list[sa.Row[tuple[str, ...]]]:
    some = sa.select(contacts.c.person).distinct().where(contacts.c.person > after)
    some = some.order_by(contacts.c.person).limit(PAGE)
    with database.read() as connection:
        persons = connection.execute(some).scalars().all()
        if not persons:
            return []
        credit = (credits_.c.contact == contacts.c.id) & (credits_.c.template == TEMPLATE)
        window = windows.c.contact == contacts.c.id
        ways = sa.select(contacts.c.person, contacts.c.id, contacts.c.account, credits_.c.left, windows.c.remaining)
        joined = ways.select_from(contacts.outerjoin(credits_, credit).outerjoin(windows, window))
        return list(connection.execute(joined.where(contacts.c.person.in_(persons)).order_by(contacts.c.account)))


def _chosen(page: list[sa.Row[tuple[str, ...]]], full: set[str]) -> Iterator[dict[str, object]]:
    ways: dict[str, list[sa.Row[tuple[str, ...]]]] = {}
    for row in page:
        ways.setdefault(row.person, []).append(row)
    for person, mine in ways.items():
        channel, way = next(
            (channel, way)
            for channel in CHANNELS
            for way in mine
            if channel == "next_visit"
            or (person not in full and channel == "notice" and way.left and way.account == "official")
            or (person not in full and channel == "customer_service" and way.remaining)
        )
        known = {"key": RUN, "person": person, "contact": way.id, "account": way.account, "channel": channel}
        yield {**known, "state": "due", "wake_at": NOW}


def bare(database: Database) -> None:
    """As many rows, and no choice."""
    soon = int(NOW.timestamp())
    same: list[sa.ColumnElement[Any]] = [*map(sa.literal, (RUN, "next_visit", "due")), sa.literal(soon)]
    theirs = [contacts.c.person, sa.func.min(contacts.c.id), sa.func.min(contacts.c.account)]
    columns = ["key", "channel", "state", "wake_at", "person", "contact", "account"]
    rows = sa.select(*same, *theirs).group_by(contacts.c.person)
    with database.begin() as connection:
        connection.execute(deliveries.insert().from_select(columns, rows))


def by_zhibu(database: Database) -> tuple[float, float]:
    """Zhibu's planner, alone in a process."""
    command = [sys.executable, "-m", "benchmarks.planning", database.url]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, told.stdout.split())
    return seconds, megabytes


def _tidy(database: Database) -> None:
    if not database.is_sqlite:
        with database.read() as connection:
            connection.execute(sa.text("VACUUM ANALYZE deliveries"))


def measure(url: str, few: str, people: int) -> tuple[dict[str, Took], float]:
    """All ways over the same people, and the planner's memory over few."""
    small = a_crowd(few, FEW)
    database = a_crowd(url, people)
    try:
        took = {
            BARE: written(database, bare, people),
            PAGES: written(database, by_pages, people),
            PLAN: written(database, by_zhibu, people),
            FORECAST: forecast(database, people),
        }
        return took, by_zhibu(small)[1]
    finally:
        small.close()
        database.close()


def report(title: str, people: int, took: dict[str, Took], few: float) -> None:
    """One table of ratios, and one line on memory."""
    table = Table("", "people/s", "× pages in Python", "× bare INSERT", "channels", title=f"{title}, {people} people")
    for name, each in took.items():
        channels = " ".join(f"{channel}={number}" for channel, number in sorted(each.channels.items()))
        ratios = (f"{each.rate / took[to].rate:.2f}" for to in (PAGES, BARE))
        table.add_row(name, f"{each.rate:.0f}", *ratios, channels)
    console = Console(width=150)
    console.print(table)
    many = took[PLAN].megabytes
    console.print(f"planner's peak: {few:.0f} MB for {FEW} people, {many:.0f} MB for {people}: × {many / few:.2f}")


def main() -> None:
    """Measure both databases and print ratios."""
    wrong: list[str] = []
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-bench-"))) for _ in range(2)]
        embedded = (embedded_url(folders[0]), embedded_url(folders[1]))
        servers = (stack.enter_context(a_database()), stack.enter_context(a_database()))
        for title, urls, people in (("PostgreSQL", servers, PEOPLE), ("SQLite", embedded, EMBEDDED_PEOPLE)):
            took, few = measure(*urls, people)
            report(title, people, took, few)
            wrong += [f"{title}: {name}" for name in (PLAN, FORECAST, PAGES) if took[name].channels != took[name].right]
            wrong += [f"{title}: memory"] if took[PLAN].megabytes > FLAT * few else []
    if wrong:
        raise SystemExit(f"not what the people allow, or not flat: {wrong}")


def plan_alone(url: str) -> None:
    """Plan, and tell how many seconds that took and this process's peak of memory in MB."""
    database = Database(url, statement_seconds=600)
    begun = time.monotonic()
    plans(database).fill(the_plan())
    print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    plan_alone(sys.argv[1]) if len(sys.argv) > 1 else main()

"""`python -m benchmarks.year`: a run a day for a year, with what is long over folded into numbers, and without.

The year is played day by day: a run is planned by Zhibu's own planner, ends as sent, and in the night the folding goes
over it. What a run of the day costs is taken on the tenth day and on the last: the ratio should be about one, and the
size of the database should stop growing. Afterwards the numbers of every run are counted.

The real thing is 365 days, 100 000 people and 90 days to keep: BENCH_YEAR_PEOPLE and BENCH_KEEP_DAYS say so.
"""

import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks import crowd
from benchmarks.crowd import NOW
from benchmarks.databases import a_database
from benchmarks.planning import plans, the_plan
from storage.db import Database, embedded_url
from storage.deliveries import deliveries
from storage.folding import Folding
from storage.hands import Hands
from storage.runs import Runs
from storage.states import RunState, State
from storage.upgrade import upgrade
from storage.wording import Content

DAYS = int(os.environ.get("BENCH_DAYS", "365"))
PEOPLE = int(os.environ.get("BENCH_YEAR_PEOPLE", "100"))
KEEP_DAYS = int(os.environ.get("BENCH_KEEP_DAYS", "30"))
EARLY = min(10, DAYS)
TIMES = 15  # that something is done, of which the one in the middle counts
FULL = {"days": 365, "people": 100_000, "kept": 90}
IN_FLIGHT = 16
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Year:
    """What a year left behind: seconds of each deed on the two days, the size, the rows, and the runs that lack any."""

    early: Mapping[str, float]
    late: Mapping[str, float]
    megabytes: Mapping[int, float]
    rows: int
    wrong: int


class Played:
    """An installation that lives through a year."""

    def __init__(self, url: str, *, folds: bool) -> None:
        self._db = Database(url, statement_seconds=600)
        upgrade(self._db)
        crowd.gather(self._db, PEOPLE)
        self._store = Runs(self._db)
        self._hands = Hands(self._db)
        self._plans = plans(self._db)
        self._folding = Folding(self._db) if folds else None

    def year(self) -> Year:
        """Play it."""
        costs: dict[int, Mapping[str, float]] = {}
        sizes: dict[int, float] = {}
        for day in range(1, DAYS + 1):
            now = NOW + day * A_DAY
            key = self._planned(now)
            if day in (EARLY, DAYS):
                costs[day], sizes[day] = self._costs(key, now), self._megabytes()
            self._ended(key, now)
            if self._folding:
                self._folding.fold(before=now - KEEP_DAYS * A_DAY, but=(), now=now)
            if day % 30 == 0:
                self._vacuum()
        told = [
            sum(tally.count for tally in self._store.deliveries.tallies(run.key))
            for run in self._store.runs(limit=DAYS)
        ]
        wrong = sum(each != crowd.allowed(PEOPLE).total() for each in told) + abs(DAYS - len(told))
        with self._db.read() as connection:
            rows = connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar_one()
        self._db.close()
        return Year(costs[EARLY], costs[DAYS], sizes, rows, wrong)

    def _planned(self, now: datetime) -> str:
        key = f"daily:{now:%Y-%m-%d}"
        self._store.open_run(crowd.a_run(key, now, RunState.PLANNING))
        self._plans.fill(the_plan(key, now))
        return key

    def _costs(self, key: str, now: datetime) -> Mapping[str, float]:
        """What the day's run costs, in seconds."""
        later = now + A_DAY / 2
        planning = [
            _seconds(lambda: self._plans.fill(the_plan(key, now))) for _ in range(TIMES) if self._unplanned(key, now)
        ]
        self._store.move(key, before=[RunState.PLANNING], after=RunState.SENDING)
        ways = dict.fromkeys(self._hands.ways(key, now=now), IN_FLIGHT)
        return {
            "plan": statistics.median(planning),
            "claim": _middle(lambda: self._hands.exchange(key, [], batch="b", room=ways, now=now, lost_at=later)),
            "tallies": _middle(lambda: self._store.deliveries.tallies(key)),
            "sweep": _middle(lambda: self._store.deliveries.sweep(key, repeatable=(), now=now)),
        }

    def _unplanned(self, key: str, now: datetime) -> bool:
        """Take the run's rows away, so that it can be planned once more."""
        return self._store.replan(key, before=RunState.PLANNING, content=Content(), expires_at=now + A_DAY / 2, now=now)

    def _ended(self, key: str, now: datetime) -> None:
        sent = {"state": State.SENT, "settled_at": now}
        with self._db.begin() as connection:
            connection.execute(deliveries.update().where(deliveries.c.key == key).values(sent))
        self._store.move(key, before=[RunState.PLANNING, RunState.SENDING], after=RunState.DONE)

    def _vacuum(self) -> None:
        """What PostgreSQL does by itself, only not as often as days go by here."""
        if not self._db.is_sqlite:
            with self._db.read() as connection:
                connection.execute(sa.text("VACUUM ANALYZE deliveries"))

    def _megabytes(self) -> float:
        if self._db.is_sqlite:
            asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        else:
            asked = "SELECT pg_database_size(current_database())"
        with self._db.read() as connection:
            return float(connection.execute(sa.text(asked)).scalar_one()) / 2**20


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _middle(do: Callable[[], object]) -> float:
    return statistics.median(_seconds(do) for _ in range(TIMES))


def report(title: str, years: Mapping[bool, Year]) -> None:
    """One table: how much slower and larger on the last day than on the tenth."""
    deeds = [*years[True].early, "size"]
    heads = [f"{deed}, day {DAYS} ÷ day {EARLY}" for deed in deeds]
    table = Table("", *heads, "MB", "rows", title=f"{title}: {DAYS} days, {PEOPLE} people")
    for folds, year in years.items():
        ratios = [f"{year.late[deed] / year.early[deed]:.2f}" for deed in year.early]
        size = f"{year.megabytes[DAYS] / year.megabytes[EARLY]:.2f}"
        name = f"folded after {KEEP_DAYS} days" if folds else "never folded"
        table.add_row(name, *ratios, size, f"{year.megabytes[DAYS]:.1f}", str(year.rows))
    Console(width=150).print(table)


def main() -> None:
    """Play four years, two on each database, and print ratios."""
    scaled = Counter({"days": DAYS, "people": PEOPLE, "kept": KEEP_DAYS})
    print(f"scaled: {dict(scaled)} instead of {FULL}")
    wrong: list[str] = []
    for title in ("PostgreSQL", "SQLite"):
        years: dict[bool, Year] = {}
        for folds in (True, False):
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-bench-")))
                url = stack.enter_context(a_database()) if title == "PostgreSQL" else embedded_url(folder)
                years[folds] = Played(url, folds=folds).year()
        report(title, years)
        everybody = crowd.allowed(PEOPLE).total()
        kept = {True: min(KEEP_DAYS + 1, DAYS) * everybody, False: DAYS * everybody}
        wrong += [f"{title}: numbers" for year in years.values() if year.wrong]
        wrong += [f"{title}: rows" for folds, year in years.items() if year.rows > kept[folds]]
    if wrong:
        raise SystemExit(f"not everything is told of every run, or more is kept than should be: {wrong}")


if __name__ == "__main__":
    main()

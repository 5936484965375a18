"""`python -m benchmarks.year`: a run a day, with what is long over folded into numbers, and without.

Days are played one by one, with folding and without beside each other: a run is planned by Zhibu's own planner, ends as
sent, and in the night the folding goes over it. What a run costs is taken every day. The medians over the last days are
compared with those over the first ones with as much in the database as is kept: the ratios should be about one, and the
size should stop growing. Afterwards the numbers of every run are counted.

A year of 100 000 people that keeps 90 days is played in two halves: all of the days with few people, and all of the
people for a few days.
"""

import os
import statistics
import tempfile
import time
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

TIMES = 5  # that something is done each day, of which the one in the middle counts
IN_FLIGHT = 16
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scale:
    """How many days are played, to how many people, and how many days are kept."""

    days: int
    people: int
    keep_days: int

    @property
    def early(self) -> slice:
        """The first days with as much in the database as is kept."""
        return slice(self.keep_days, 2 * self.keep_days)

    @property
    def late(self) -> slice:
        """As many at the end."""
        return slice(self.days - self.keep_days, self.days)


def _told(name: str, else_: int) -> int:
    return int(os.environ.get(f"BENCH_{name}", str(else_)))


SCALES = (
    Scale(days=_told("DAYS", 365), people=_told("YEAR_PEOPLE", 100), keep_days=30),
    Scale(days=_told("FULL_DAYS", 12), people=_told("FULL_PEOPLE", 100_000), keep_days=3),
)


class Played:
    """An installation that lives through days: seconds of each deed and megabytes, day by day."""

    def __init__(self, url: str, scale: Scale, *, folds: bool) -> None:
        self.scale = scale
        self.seconds: dict[str, list[float]] = {}
        self.megabytes: list[float] = []
        self._db = Database(url, statement_seconds=600)
        upgrade(self._db)
        crowd.gather(self._db, scale.people)
        self._store = Runs(self._db)
        self._hands = Hands(self._db)
        self._plans = plans(self._db)
        self._folding = Folding(self._db) if folds else None

    def live(self, day: int) -> None:
        """Plan the day's run, look at what it costs, end it, and fold in the night what is long over."""
        now = NOW + day * A_DAY
        key = f"daily:{now:%Y-%m-%d}"
        self._store.open_run(crowd.a_run(key, now, RunState.PLANNING))
        costs = {"plan": _seconds(lambda: self._plans.fill(the_plan(key, now))), **self._costs(key, now)}
        self._ended(key, now)
        if self._folding:
            before = now - self.scale.keep_days * A_DAY
            costs["fold"] = _seconds(lambda: self._folding and self._folding.fold(before=before, but=(), now=now))
        for deed, seconds in costs.items():
            self.seconds.setdefault(deed, []).append(seconds)
        self.megabytes.append(self._megabytes())
        if day % max(1, self.scale.keep_days // 5) == 0:
            self._vacuum()

    def growth(self, deed: str) -> float:
        """How much longer a deed takes in the last days."""
        took = self.seconds[deed]
        return statistics.median(took[self.scale.late]) / statistics.median(took[self.scale.early])

    def ended(self) -> tuple[int, int]:
        """How many rows are left, and how many runs don't tell of everybody."""
        told = [
            sum(t.count for t in self._store.deliveries.tallies(run.key))
            for run in self._store.runs(limit=self.scale.days)
        ]
        wrong = sum(each != crowd.allowed(self.scale.people).total() for each in told)
        with self._db.read() as connection:
            rows = connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar_one()
        self._db.close()
        return rows, wrong + abs(self.scale.days - len(told))

    def _costs(self, key: str, now: datetime) -> Mapping[str, float]:
        """What the day's run costs, in seconds."""
        later = now + A_DAY / 2
        self._store.move(key, before=[RunState.PLANNING], after=RunState.SENDING)
        ways = dict.fromkeys(self._hands.ways(key, now=now), IN_FLIGHT)
        return {
            "claim": _middle(lambda: self._hands.exchange(key, [], batch="b", room=ways, now=now, lost_at=later)),
            "tallies": _middle(lambda: self._store.deliveries.tallies(key)),
            "sweep": _middle(lambda: self._store.deliveries.sweep(key, repeatable=(), now=now)),
        }

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


def play(title: str, scale: Scale) -> list[str]:
    """Play the days twice beside each other, with folding and without, print ratios, and tell what is wrong."""
    with ExitStack() as stack:
        both: dict[str, Played] = {}
        for name, folds in ((f"folded after {scale.keep_days} days", True), ("never folded", False)):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-bench-")))
            url = stack.enter_context(a_database()) if title == "PostgreSQL" else embedded_url(folder)
            both[name] = Played(url, scale, folds=folds)
        for day in range(1, scale.days + 1):
            for each in both.values():
                each.live(day)
        ends = {name: each.ended() for name, each in both.items()}
    report(title, scale, both, {name: rows for name, (rows, _) in ends.items()})
    everybody = crowd.allowed(scale.people).total()
    most = dict(zip(both, ((scale.keep_days + 1) * everybody, scale.days * everybody), strict=True))
    wrong = [f"{title}: numbers, {name}" for name, (_, lacking) in ends.items() if lacking]
    return wrong + [f"{title}: rows, {name}" for name, (rows, _) in ends.items() if rows > most[name]]


def report(title: str, scale: Scale, both: Mapping[str, Played], rows: Mapping[str, int]) -> None:
    """One table: how much longer each deed takes on the last days than on the first, and how much larger it all is."""
    deeds = list(dict.fromkeys(deed for each in both.values() for deed in each.seconds))
    name = f"{title}: {scale.days} days, {scale.people} people; the last days ÷ the first"
    table = Table("", *deeds, "size", "MB", "rows", title=name)
    for name, each in both.items():
        grown = [f"{each.growth(deed):.2f}" if deed in each.seconds else "" for deed in deeds]
        size = each.megabytes[-1] / each.megabytes[scale.early][-1]
        table.add_row(name, *grown, f"{size:.2f}", f"{each.megabytes[-1]:.1f}", str(rows[name]))
    console = Console(width=150)
    console.print(table)
    folded = next(iter(both.values()))
    took = (f"{deed} {statistics.median(folded.seconds[deed][scale.late]) * 1000:.1f} ms" for deed in deeds)
    console.print(f"folded, on the last days: {', '.join(took)}")


def main() -> None:
    """Play the days on each database."""
    wrong = [each for title in ("PostgreSQL", "SQLite") for scale in SCALES for each in play(title, scale)]
    if wrong:
        raise SystemExit(f"not everything is told of every run, or more is kept than should be: {wrong}")


if __name__ == "__main__":
    main()

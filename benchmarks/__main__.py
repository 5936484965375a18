"""`make bench`: the quiz in safe mode, side by side in one run; ratios count, since machines differ.

All members ask for the quiz, then all answer its first question. Afterwards the rows are counted: an answer that was
given and not kept is a failure. The more are under way at the same time, the more our turns ask together.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks import servers
from benchmarks.databases import REDIS, a_database, empty_redis
from benchmarks.load import Volley, fire
from benchmarks.messages import openids, shots
from storage.db import embedded_url

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "20000"))
CONNECTIONS = (32, 128)  # under way at the same time: a calm hour, and all who were just asked to
SHARE_OF_FULL_LOAD = 0.7


@dataclass(frozen=True)
class Result:
    """What one server did."""

    name: str
    asked: Volley
    answered: Volley
    rows: int | None
    steady: Volley | None
    megabytes: float

    @property
    def rate(self) -> float:
        """Messages a second over both volleys."""
        done = self.asked.answered + self.answered.answered
        return done / (self.asked.seconds + self.answered.seconds)


Count = Callable[[], int]


def measure(name: str, server: servers.Server, connections: int, count: Count | None = None) -> Result:
    """Fire both volleys, count what was kept, then a third one at 70 % of the rate for its latencies."""
    members = openids(MEMBERS)
    asked = fire(server.port, shots(server.path, members, "答题", first_number=10**9), connections=connections)
    answered = fire(server.port, shots(server.path, members, "A", first_number=2 * 10**9), connections=connections)
    rows = count() if count else None
    result = Result(name, asked, answered, rows, None, server.worker_megabytes())
    calm = shots(server.path, members[: MEMBERS // 4], "帮助", first_number=3 * 10**9)
    steady = fire(server.port, calm, connections=connections, rate=result.rate * SHARE_OF_FULL_LOAD)
    return Result(name, asked, answered, rows, steady, result.megabytes)


def on_postgres(connections: int) -> Result:
    """Zhibu on PostgreSQL and Redis."""
    with a_database() as url, tempfile.TemporaryDirectory() as folder:
        empty_redis()
        with servers.zhibu(Path(folder), database=url, redis=REDIS) as server:
            return measure("Zhibu, PostgreSQL + Redis", server, connections, lambda: _answers(url))


def on_embedded(connections: int) -> Result:
    """Zhibu on SQLite and its own Valkey."""
    with (
        tempfile.TemporaryDirectory(prefix="zhibu-bench-") as folder,
        servers.zhibu(Path(folder), database="embedded", redis="embedded") as server,
    ):
        return measure("Zhibu, embedded", server, connections, lambda: _answers(embedded_url(Path(folder))))


def of_rival(name: str, factory: str, connections: int) -> Result:
    """What people use today."""
    empty_redis()
    with servers.rival(factory, redis=REDIS) as server:
        return measure(name, server, connections)


def report(results: list[Result], connections: int) -> None:
    """One table: rates as ratios to WeRobot and to the echo."""
    werobot = next(result.rate for result in results if "WeRobot" in result.name)
    echo = next(result.rate for result in results if "echo" in result.name)
    table = Table(
        f"{connections} at a time", "messages/s", "× WeRobot", "× echo", "kept", "failed", "p99 at 70 %", "worker PSS"
    )
    for result in results:
        kept = "nothing" if result.rows is None else f"{result.rows} of {MEMBERS}"
        table.add_row(
            result.name,
            f"{result.rate:.0f}",
            f"{result.rate / werobot:.2f}",
            f"{result.rate / echo:.2f}",
            kept,
            str(result.asked.failed + result.answered.failed),
            f"{result.steady.percentile(0.99):.0f} ms" if result.steady else "",
            f"{result.megabytes:.0f} MB",
        )
    Console(width=130).print(table)


def side_by_side(connections: int) -> list[Result]:
    """Everybody with so many under way at the same time."""
    results = [
        of_rival("wechatpy + Flask echo", "echo_of_wechatpy", connections),
        of_rival("WeRobot quiz, Redis session", "quiz_of_werobot", connections),
        on_postgres(connections),
        on_embedded(connections),
    ]
    report(results, connections)
    return results


def main() -> None:
    """Measure all, one after the other, and print ratios."""
    results = [result for connections in CONNECTIONS for result in side_by_side(connections)]
    lost = [result.name for result in results if result.rows is not None and result.rows != MEMBERS]
    failed = [result.name for result in results if result.asked.failed + result.answered.failed]
    if lost or failed:
        raise SystemExit(f"not everything was kept or answered: {lost + failed}")


def _answers(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT count(*) FROM quiz_answers")).scalar_one()
    engine.dispose()
    return int(counted)


if __name__ == "__main__":
    main()

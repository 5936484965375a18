"""`python -m benchmarks.delivery`: personal notices to many members, beside what people send them with today.

Everybody sends to the same bare platform that answers after 50 ms, one after the other, round by round: what the
machine does besides meets all of them, so the ratios within a round are what counts. The effects are counted: each
person once at the platform, and with Zhibu each row `sent`, with the platform's message id and the credit gone.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks import platform, servers
from benchmarks.databases import REDIS, a_database, empty_redis
from benchmarks.messages import openids
from benchmarks.platform import Count, Platform
from benchmarks.senders import FIELDS, TEMPLATE
from commands import valkey
from storage.db import Database, embedded_url
from storage.deliveries import deliveries
from storage.people import contacts, credits_, persons
from storage.runs import Run, Runs
from storage.states import RunState
from storage.wording import Content

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "20000"))
IN_FLIGHT = int(os.environ.get("BENCH_IN_FLIGHT", "400"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
FEW = 64  # threads of the pool, and in flight in each of one worker or two
RUN = "bench:2026-11-26"
AT_ONCE = 1000  # rows of one INSERT
READY_SECONDS = 60.0
END_SECONDS = 300.0

POOL, LOOP = f"wechatpy, {FEW} threads", f"aiohttp, {IN_FLIGHT} in flight"
POSTGRES, EMBEDDED = f"Zhibu on PostgreSQL, {IN_FLIGHT} in flight", f"Zhibu embedded, {IN_FLIGHT} in flight"
ONE, TWO = f"Zhibu, one worker, {FEW} in flight", f"Zhibu, two workers, {FEW} in flight each"


@dataclass(frozen=True)
class Sent:
    """What came of it: the platform's count, and of what Zhibu wrote down the rows that are right."""

    count: Count
    kept: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether each person got it once, and that is known."""
        once = (self.count.sends, self.count.people, self.count.most_for_one) == (MEMBERS, MEMBERS, 1)
        return once and self.kept in (None, MEMBERS)


def by_hand(which: str, at: Platform, *, in_flight: int) -> Sent:
    """One of `benchmarks.senders`."""
    at.forget()
    command = [sys.executable, "-m", "benchmarks.senders", which, at.address, str(MEMBERS), str(in_flight)]
    subprocess.run(command, cwd=servers.ROOT, check=True)
    return Sent(at.count())


def by_zhibu(at: Platform, *, embedded: bool = False, workers: int = 1, in_flight: int) -> Sent:
    """`zhibu worker`, or the whole of `zhibu run` on what is embedded: a paused run is resumed when all are there."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-bench-")))
        url = embedded_url(folder) if embedded else stack.enter_context(a_database())
        program = servers.installed(
            folder,
            port=servers.free_port(),
            database="embedded" if embedded else url,
            redis="embedded" if embedded else REDIS,
        )
        fill(url)
        empty_redis()
        at.forget()
        environ = {
            "ZHIBU_WEB__WORKERS": "1",
            "ZHIBU_ACCOUNTS__OFFICIAL__API_BASE": at.address,
            "ZHIBU_PUSH__IN_FLIGHT": str(in_flight),
            "ZHIBU_PUSH__A_SECOND": "100000",  # more than anybody here can
        }
        for _ in range(workers):
            stack.enter_context(_running([*program, "run" if embedded else "worker"], environ))
        _wait(lambda: _workers(folder if embedded else None) >= workers, READY_SECONDS)
        resume = [*program, "broadcast", "resume", RUN]
        subprocess.run(resume, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environ})
        _wait(lambda: not _open(url), END_SECONDS)
        return Sent(at.count(), kept=_kept(url))


def fill(url: str) -> None:
    """A paused run of notices for everybody, each with one credit."""
    now = datetime.now(UTC)
    database = Database(url, statement_seconds=60)
    store = Runs(database)
    store.open_run(
        Run(
            key=RUN,
            broadcast="bench",
            title="本周学习提醒",
            content=Content(text="学习", fields=FIELDS, channels=("notice",), template_id=TEMPLATE),
            due_at=now,
            expires_at=now + timedelta(hours=12),
            planned_at=now,
            state=RunState.PAUSED,
        )
    )
    members = openids(MEMBERS)
    for start in range(0, MEMBERS, AT_ONCE):
        some = [(f"{number:032x}", members[number]) for number in range(start, min(start + AT_ONCE, MEMBERS))]
        row = {"key": RUN, "account": "official", "channel": "notice", "state": "due", "wake_at": now}
        with database.begin() as connection:
            connection.execute(persons.insert(), [{"id": each, "since": now.date()} for each, _ in some])
            connection.execute(
                contacts.insert(),
                [{"id": each, "person": each, "account": "official", "openid": openid} for each, openid in some],
            )
            connection.execute(
                credits_.insert(), [{"contact": each, "template": TEMPLATE, "left": 1} for each, _ in some]
            )
            connection.execute(deliveries.insert(), [{**row, "person": each, "contact": each} for each, _ in some])
    database.close()


@contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=servers.ROOT, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _workers(folder: Path | None) -> int:
    """How many take keys from the queue: each tells the broker that it lives."""
    try:
        client = redis.Redis.from_url(valkey.url(folder) if folder else REDIS)
        return int(client.zcard("zhibu:broker:__heartbeats__"))
    except (valkey.NoValkey, redis.RedisError):
        return 0


def _wait(fact: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > until:
            raise SystemExit("it never came to that: see the lines above")
        time.sleep(0.2)


def _open(url: str) -> bool:
    """Asked while it is measured, so that it ends at the first that it meets."""
    return bool(_counted(url, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state IN ('due', 'in_hand'))"))


def _kept(url: str) -> int:
    """Rows that are sent, with an id of the platform's that no other has, and whose credit is spent."""
    return _counted(
        url,
        "SELECT count(DISTINCT d.message_id) FROM deliveries d JOIN credits c ON c.contact = d.contact"
        """ WHERE d.state = 'sent' AND d.message_id <> '' AND c."left" = 0""",
    )


def _counted(url: str, query: str) -> int:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return int(connection.execute(sa.text(query)).scalar_one())


def measure(at: Platform) -> list[dict[str, Sent]]:
    """All senders, round by round."""
    senders: Mapping[str, Callable[[], Sent]] = {
        POOL: lambda: by_hand("pool", at, in_flight=FEW),
        LOOP: lambda: by_hand("loop", at, in_flight=IN_FLIGHT),
        POSTGRES: lambda: by_zhibu(at, in_flight=IN_FLIGHT),
        EMBEDDED: lambda: by_zhibu(at, embedded=True, in_flight=IN_FLIGHT),
        ONE: lambda: by_zhibu(at, in_flight=FEW),
        TWO: lambda: by_zhibu(at, workers=2, in_flight=FEW),
    }
    return [{name: send() for name, send in senders.items()} for _ in range(ROUNDS)]


def report(rounds: list[dict[str, Sent]]) -> None:
    """One table: the median over the rounds of the rates, and of each round's ratios."""
    table = Table("", "messages/s", "× pool", "× loop", "× one worker", "most at once", "kept")
    for name in rounds[0]:
        sent = [each[name] for each in rounds]
        kept = "nothing" if sent[0].kept is None else f"{sum(each.kept or 0 for each in sent)} of {MEMBERS * ROUNDS}"
        table.add_row(
            name,
            f"{statistics.median(each.count.rate for each in sent):.0f}",
            *(f"{_ratio(rounds, name, to):.2f}" for to in (POOL, LOOP, ONE)),
            str(max(each.count.most_at_once for each in sent)),
            kept,
        )
    Console(width=130).print(table)


def _ratio(rounds: list[dict[str, Sent]], one: str, other: str) -> float:
    return statistics.median(each[one].count.rate / each[other].count.rate for each in rounds)


def main() -> None:
    """Measure all, print ratios, and fail where somebody got nothing, or twice, or it wasn't written down."""
    with platform.running() as at:
        rounds = measure(at)
    report(rounds)
    broken = {name for each in rounds for name, sent in each.items() if not sent.is_whole}
    if broken:
        raise SystemExit(f"not everybody got it once, or it wasn't written down: {sorted(broken)}")


if __name__ == "__main__":
    main()

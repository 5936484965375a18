"""`python -m benchmarks.study [PART ...]`: a large bank, many answers, and an exam that thousands begin at once.

What is asked of it stands beside each figure. A turn at many answers and at few is measured on two servers beside each
other, volley by volley in turns: their ratio counts. Afterwards the answers are counted in SQL: one that was given and
isn't there is a failure. Parts are starts, embedded and PostgreSQL; without a word it is all of them.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks import servers
from benchmarks.crowd import an_id, analyse, load
from benchmarks.databases import REDIS, a_database, empty_redis
from benchmarks.load import Volley, fire
from benchmarks.messages import openids, shots
from content.compiled import Compiled
from content.shelf import Shelf
from handlers.quiz.engine import Daily
from handlers.quiz.service import Service
from storage.cards import Cards
from storage.db import Database, embedded_url
from storage.item_numbers import ItemNumbers
from storage.places import Places
from storage.quiz import QuizStore, answers, rounds
from storage.sittings import Sittings
from storage.upgrade import upgrade


def _told(name: str, else_: int) -> int:
    return int(os.environ.get(f"BENCH_{name}", str(else_)))


QUESTIONS = _told("QUESTIONS", 100_000)
MANY, FEW = _told("ANSWERS", 1_000_000), _told("FEW_ANSWERS", 1000)
SITTING = _told("EXAM", 2000)
MEMBERS = _told("TURN_MEMBERS", 500)  # of a volley
DRAWS = _told("DRAWS", 200)
VOLLEYS = _told("VOLLEYS", 10)
A_PERSON = 100  # answers that each has given
ASKED = 5  # questions of a draw, and of the exam
CONNECTIONS = 32
AT_ONCE = 64  # connections of the exam
READING_SECONDS = 1.5  # between the exam's answers: the same word sooner is a double tap (docs/decisions/0007)
ZONE = ZoneInfo("Asia/Shanghai")
QUESTION = """
[[question]]
id = "q{number:06d}"
type = "single"
stem = "第 {number} 题：企业、农村、机关、学校等基层单位，凡是有正式党员几人以上的，都应当成立党的基层组织？"
options = [
    {{ id = "a", text = "三人" }}, {{ id = "b", text = "五人" }},
    {{ id = "c", text = "七人" }}, {{ id = "d", text = "十人" }},
]
answer = ["a"]
explanation = "党章第三十条：凡是有正式党员三人以上的，都应当成立党的基层组织。"
difficulty = "{difficulty}"
source = "《中国共产党章程》第三十条"
"""
EXAM = f"""
title = "党章"
minutes = 60

[[part]]
bank = "large"
count = {ASKED}
"""


@dataclass(frozen=True)
class Figure:
    """What was measured, and what is asked; `met` is None where nothing is."""

    name: str
    measured: str
    asked: str = ""
    met: bool | None = None


def a_pack(folder: Path) -> Path:
    """The sample pack with a large bank, and one exam from it."""
    shutil.copytree(servers.PACK, folder)
    shutil.rmtree(folder / "exams")
    (folder / "exams").mkdir()
    (folder / "exams/large.toml").write_text(EXAM, encoding="utf-8")
    written = (QUESTION.format(number=number, difficulty="易中难"[number % 3]) for number in range(QUESTIONS))
    text = 'title = "大题库"\ntopic = "dangzhang"\n' + "".join(written)
    (folder / "quizzes/large.toml").write_text(text, encoding="utf-8")
    return folder


# -- the start and the memory ------------------------------------------------------------------------------------


def of_starts(pack: Path) -> Iterator[Figure]:
    """The first start, which compiles, and another when nothing changed."""
    with tempfile.TemporaryDirectory(prefix="zhibu-bench-") as place:
        port = servers.free_port()
        folder = Path(place)
        program = servers.installed(folder, port=port, database="embedded", redis="embedded", content=pack)
        began = time.perf_counter()
        with _running(program, port, seconds=900):
            yield Figure("first start, compiling", f"{time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        with _running(program, port, seconds=60) as pid:
            took, busy = time.perf_counter() - began, servers.processor_seconds(pid)
            said = f"{took:.2f} s, {busy:.1f} s of processors"
            yield Figure("start when nothing changed", said, "under 5 s", took < 5)
            path = "/wechat/official"
            members = openids(MEMBERS)
            for number, said in enumerate(("答题", "A"), start=1):
                fire(port, shots(path, members, said, first_number=number * 10**9), connections=CONNECTIONS)
            size = servers.Server(port, path, pid).worker_megabytes()
            yield Figure("a web worker's PSS", f"{size:.0f} MB", "under 300 MB", size < 300)


@contextmanager
def _running(program: Sequence[str], port: int, *, seconds: float) -> Iterator[int]:
    """Everything, from its first moment until it says that it is ready."""
    process = subprocess.Popen([*program, "run"], cwd=servers.ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + seconds
        while not _is_ready(port):
            if time.monotonic() > until or process.poll() is not None:
                raise SystemExit("zhibu didn't start")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


# -- many answers ------------------------------------------------------------------------------------------------


def fill(url: str, count: int) -> None:
    """So many answers, each person's to questions by chance; rounds of five, one on each of the days before today."""
    database, now, chance = Database(url, statement_seconds=600), datetime.now(UTC), random.Random(1)
    upgrade(database)

    def given_at(round_: int) -> datetime:
        return now - timedelta(days=A_PERSON // ASKED - round_ % (A_PERSON // ASKED))

    load(
        database,
        rounds,
        ("id", "person", "name", "day", "questions"),
        (
            (an_id("r", n), an_id("p", n * ASKED // A_PERSON), f"topic:{n}", given_at(n).date(), "[]")
            for n in range(-(-count // ASKED))
        ),
    )
    load(
        database,
        answers,
        ("round", "position", "person", "question", "said", "right", "at", "message"),
        (
            (
                an_id("r", n // ASKED),
                n % ASKED,
                an_id("p", n // A_PERSON),
                f"q{chance.randrange(QUESTIONS):06d}",
                "a",
                chance.random() < 0.7,
                given_at(n // ASKED),
                f"m{n}",
            )
            for n in range(count)
        ),
    )
    analyse(database)
    database.close()


def of_draws(where: str, url: str, pack: Path, kept: Path) -> Iterator[Figure]:
    """A draw of five of a topic, what was never answered first, by people with a history."""
    now = datetime.now(UTC)
    database = Database(url)
    service = Service(
        store=QuizStore(database),
        cards=Cards(database),
        places=Places(database),
        sittings=Sittings(database),
        shelf=Shelf(pack, zone=ZONE, clock=lambda: now, compiled=Compiled(kept)),
        zone=ZONE,
        drawn=Daily(ASKED),
        reviews_a_day=10,
        questions_a_round=ASKED,
        organisation=lambda _: "",
    )
    taken = []
    for number in range(DRAWS):
        person = an_id("p", number % max(1, MANY // A_PERSON))
        began = time.perf_counter()
        drawn = service.of_topic(person, service.day(now), topic="dangzhang", asked_by=f"bench {number}")
        taken.append((time.perf_counter() - began) * 1000)
        if drawn is None or len(drawn.questions) != ASKED:
            raise SystemExit("a draw was short")
    database.close()
    middle = statistics.median(taken)
    yield Figure(f"a draw of five, {where}", f"{middle:.2f} ms p50", "≤ 2 ms", middle <= 2)


def of_items(where: str, url: str) -> Iterator[Figure]:
    """The numbers of all questions."""
    database = Database(url)
    items = ItemNumbers(database)
    began = time.perf_counter()
    found = len(items.sums()), len(items.again())
    took = time.perf_counter() - began
    database.close()
    yield Figure(f"item numbers of all answers, {where}", f"{took:.1f} s for {found[0]} questions")


def of_turns(where: str, few: servers.Server, many: servers.Server) -> tuple[Figure, int]:
    """A turn at few answers and at many; and how many answers each server was given.

    Two volleys of the same words, one after the other, are a pair: what else the machine does meets both.
    """
    seconds: dict[int, list[float]] = {few.port: [], many.port: []}
    given = {few.port: 0, many.port: 0}
    everybody = openids(MEMBERS * VOLLEYS)
    for volley in range(VOLLEYS):
        members = everybody[volley * MEMBERS :][:MEMBERS]
        for number, said in enumerate(("答题", "A"), start=1):
            for server in (few, many) if volley % 2 else (many, few):
                sent = shots(server.path, members, said, first_number=(2 * volley + number) * 10**9)
                came = fire(server.port, sent, connections=CONNECTIONS)
                seconds[server.port].append(came.seconds / max(1, came.answered))
                given[server.port] += came.answered if said == "A" else 0
    if given[few.port] != given[many.port]:
        raise SystemExit("not every turn was answered")
    pairs = zip(seconds[many.port], seconds[few.port], strict=True)
    ratio = statistics.median(at_many / at_few for at_many, at_few in pairs)
    name = f"a turn at {MANY:,} answers, to one at {FEW:,}, {where}"
    return Figure(name, f"× {ratio:.2f}", "≤ × 1.2", ratio <= 1.2), given[few.port]


# -- an exam -----------------------------------------------------------------------------------------------------


def of_exam(where: str, server: servers.Server, url: str) -> Iterator[Figure]:
    """All begin it at once and answer all of it."""
    members = openids(SITTING)
    said = ("考试", "1", "1", *("A" for _ in range(ASKED)))
    volleys: list[Volley] = []
    for number, words in enumerate(said, start=100):
        time.sleep(READING_SECONDS)
        volleys.append(
            fire(server.port, shots(server.path, members, words, first_number=number * 10**10), connections=AT_ONCE)
        )
    slowest = max(volley.percentile(1) for volley in volleys) / 1000
    failed = sum(volley.failed for volley in volleys)
    kept, wanted = _count(url, "exam:"), SITTING * ASKED
    all_begun = sum(volley.seconds for volley in volleys[:3])
    yield Figure(f"{SITTING} begin an exam, {where}", f"{all_begun:.0f} s", "in a minute", all_begun < 60)
    yield Figure(f"the slowest answer of the exam, {where}", f"{slowest:.2f} s", "≤ 5 s", slowest <= 5)
    yield Figure(f"answers of the exam kept, {where}", f"{kept} of {wanted}", "all", kept == wanted and not failed)


def _count(url: str, named: str) -> int:
    """The answers in rounds whose names begin so."""
    engine = sa.create_engine(url)
    asked = sa.select(sa.func.count()).select_from(answers.join(rounds, rounds.c.id == answers.c.round))
    with engine.connect() as connection:
        counted = connection.execute(asked.where(rounds.c.name.startswith(named))).scalar_one()
    engine.dispose()
    return int(counted)


# -- all of it ---------------------------------------------------------------------------------------------------


def on(where: str, pack: Path, kept: Path, *, embedded: bool) -> Iterator[Figure]:
    """What depends on the database, on one kind of it."""
    with ExitStack() as stack:
        made = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-bench-"))) for _ in range(2)]
        urls = [embedded_url(folder) if embedded else stack.enter_context(a_database()) for folder in made]
        for url, count, folder in zip(urls, (FEW, MANY), made, strict=True):
            fill(url, count)
            shutil.copytree(kept, folder / "compiled")
        yield from of_draws(where, urls[1], pack, kept)
        yield from of_items(where, urls[1])
        if not embedded:
            empty_redis()
        few, many = (
            stack.enter_context(
                servers.zhibu(
                    folder,
                    database="embedded" if embedded else url,
                    redis="embedded" if embedded else REDIS,
                    content=pack,
                )
            )
            for folder, url in zip(made, urls, strict=True)
        )
        figure, given = of_turns(where, few, many)
        yield figure
        stored = _count(urls[1], "daily:")
        yield Figure(f"answers of these turns kept, {where}", f"{stored} of {given}", "all", stored == given)
        yield from of_exam(where, many, urls[1])


def main() -> None:
    """Measure all, print it, and fail where something asked isn't met."""
    table = Table(f"a bank of {QUESTIONS:,}", "measured", "asked", "")
    missed = []
    with tempfile.TemporaryDirectory(prefix="zhibu-bench-") as place:
        pack, kept = a_pack(Path(place) / "pack"), Path(place) / "compiled"
        Shelf(pack, zone=ZONE, clock=lambda: datetime.now(UTC), compiled=Compiled(kept))
        parts = {
            "starts": lambda: of_starts(pack),
            "embedded": lambda: on("embedded", pack, kept, embedded=True),
            "PostgreSQL": lambda: on("PostgreSQL", pack, kept, embedded=False),
        }
        for name in sys.argv[1:] or parts:
            for each in parts[name]():
                table.add_row(each.name, each.measured, each.asked, {True: "met", False: "MISSED", None: ""}[each.met])
                missed += [each.name] if each.met is False else []
    Console(width=130).print(table)
    if missed:
        raise SystemExit(f"missed: {missed}")


if __name__ == "__main__":
    main()

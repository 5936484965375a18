"""`python -m benchmarks.opinions`: opinions through the whole talk on two workers, and what guessing at receipts finds.

Members without a name send theirs step by step, each to the receipt, and read what they are answered: who is asked to
say it again does, and who is answered anything else than the next question begins anew. Afterwards all is counted: what
was shown a receipt and isn't kept under it is a failure, and so is a receipt that the chat doesn't know.
"""

import asyncio
import os
import re
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import xmltodict  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table
from wechatpy.crypto import WeChatCrypto

from benchmarks import servers
from benchmarks.databases import REDIS, a_database, empty_redis
from benchmarks.messages import AES_KEY, APPID, TOKEN, shots
from handlers.opinion.engine import receipts
from storage.db import Database, embedded_url
from storage.opinion import Opinions
from storage.sealing import Keys

OPINIONS = int(os.environ.get("BENCH_OPINIONS", "10000"))
TALKERS = int(os.environ.get("BENCH_TALKERS", "16"))  # as many as two workers let wait for a receipt, and some
GUESSES = int(os.environ.get("BENCH_GUESSES", "1000000"))
OUTSTANDING, ALL_GUESSES = 100_000, 10**9
WANTED = 10_000 / 3600  # a second
TRIES, MOMENT_SECONDS = 10, 1.5  # a question is read before it is answered: what comes sooner is taken for a double tap
PUSHES = 3  # of one message, where there is no answer: as often as the platform makes them
RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
WORDS = "第{}条：宿舍热水晚上九点就停，能不能晚一些，夜班的人回来洗不上"
ASKS = (
    "想怎么提",
    "属于哪一类",
    "请说吧",
    "已经记下",
    "请看一遍",
)  # what each step is answered with, before the receipt
AGAIN = ("还在处理，请稍等", "请过几分钟再发", "请稍后再试", "没能确认这一条存好了没有")  # who is told so says it again


@dataclass
class Street:
    """Members who talk at the same time; `shown` are the receipts with the words that each is for."""

    server: servers.Server
    shown: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0
    stumbles: Counter[str] = field(default_factory=Counter)  # answers that did not lead on, by how they begin
    messages: int = 0
    seconds: float = 0.0

    def send(self, count: int) -> None:
        """So many opinions, as fast as they are taken."""
        began = time.perf_counter()
        asyncio.run(self._all(iter(range(count))))
        self.seconds = time.perf_counter() - began

    async def _all(self, numbers: Iterator[int]) -> None:
        async def talk() -> None:
            async with _Line(self.server) as line:
                for number in numbers:
                    await self._one(line, f"obench{number:022d}", WORDS.format(number))

        await asyncio.gather(*(talk() for _ in range(TALKERS)))

    async def _one(self, line: "_Line", openid: str, words: str) -> None:
        for _ in range(TRIES):
            if found := await self._to_the_receipt(line, openid, words):
                self.shown[found] = words
                return
            await self._hear(line, openid, "退出")
        self.unanswered += 1

    async def _to_the_receipt(self, line: "_Line", openid: str, words: str) -> str:
        """The receipt, "" where one step was not answered as it should be."""
        for said, asks in zip(("意见", "1", "4", words, "好了"), ASKS, strict=True):
            if asks not in await self._hear(line, openid, said, asks):
                return ""
        found = RECEIPT.search(await self._hear(line, openid, "1", "回执码"))
        return found[0] if found else ""

    async def _hear(self, line: "_Line", openid: str, said: str, asks: str = "") -> str:
        """The answer, once it is another one than to say it again."""
        answer = ""
        for _ in range(TRIES):
            self.messages += 1
            answer = await line.say(openid, said)
            if asks in answer:
                return answer
            self.stumbles[answer.split("\n")[0][:24]] += 1
            await asyncio.sleep(MOMENT_SECONDS)
            if answer and not any(each in answer for each in AGAIN):
                return answer
        return answer

    def unknown(self) -> int:
        """How many receipts the chat doesn't know."""
        return asyncio.run(self._unknown())

    async def _unknown(self) -> int:
        codes, found = iter(self.shown), Counter[bool]()

        async def look() -> None:
            async with _Line(self.server) as line:
                for code in codes:
                    answer = await self._hear(line, f"olooks{secrets.token_hex(11)}", f"查询 {code}", "等待办理")
                    found["等待办理" in answer] += 1

        await asyncio.gather(*(look() for _ in range(TALKERS)))
        return found[False]


class _Line:
    """A kept-alive connection, and one message after the other over it."""

    def __init__(self, server: servers.Server) -> None:
        self._server = server
        self._crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def say(self, openid: str, text: str) -> str:
        """The words that are answered to a message, pushed again as the platform does; "" for none."""
        (shot,) = shots(self._server.path, [openid], text, first_number=secrets.randbits(52))
        for _ in range(PUSHES):
            if answer := await self._push(shot.request):
                return answer
        return ""

    async def _push(self, request: bytes) -> str:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        if not head.startswith(b"HTTP/1.1 200") or b"Encrypt" not in body:
            return ""
        told = xmltodict.parse(body)["xml"]
        plain = self._crypto.decrypt_message(told, told["MsgSignature"], str(told["TimeStamp"]), told["Nonce"])
        return str(xmltodict.parse(plain)["xml"].get("Content") or "")


@dataclass(frozen=True)
class Result:
    """What was done, and what of it is kept in SQL under its receipt."""

    name: str
    street: Street
    kept: int
    beside: int  # kept, and nobody was shown a receipt for it
    unknown: int

    @property
    def rate(self) -> float:
        """Opinions a second."""
        return len(self.street.shown) / self.street.seconds

    @property
    def is_whole(self) -> bool:
        """Whether each was shown a receipt, and is kept under it, and found by it."""
        return len(self.street.shown) == self.kept == OPINIONS and not self.unknown and not self.street.unanswered


def measure(name: str, server: servers.Server, folder: Path, database: str) -> Result:
    """Send all, count what SQL has, and ask for every receipt."""
    street = Street(server)
    street.send(OPINIONS)
    db = Database(database)
    opinions = Opinions(db, Keys(f"a secret key of the benchmarks, {folder}"))
    words = {each.id: each.words for each in opinions.of_days(opinions.days(most=3))}
    kept = sum(words.get(opinions.id_of(receipts.read(code))) == said for code, said in street.shown.items())
    db.close()
    return Result(name, street, kept, len(words) - kept, street.unknown())


def on_postgres() -> Result:
    """On PostgreSQL and Redis."""
    with a_database() as url, tempfile.TemporaryDirectory() as folder:
        empty_redis()
        with servers.zhibu(Path(folder), database=url, redis=REDIS) as server:
            return measure("PostgreSQL + Redis", server, Path(folder), url)


def on_embedded() -> Result:
    """On SQLite and its own Valkey."""
    with (
        tempfile.TemporaryDirectory(prefix="zhibu-bench-") as folder,
        servers.zhibu(Path(folder), database="embedded", redis="embedded") as server,
    ):
        return measure("embedded", server, Path(folder), embedded_url(Path(folder)))


# -- guessing --------------------------------------------------------------------------------------------------------


def codes() -> int:
    """How many receipt codes there are, counted: those whose check letter is one of the letters."""
    ways = Counter({0: 1})
    for weight in range(1, receipts.CODE_LETTERS):
        longer: Counter[int] = Counter()
        for total, count in ways.items():
            for letter in range(len(receipts.ALPHABET)):
                longer[(total + weight * letter) % 29] += count
        ways = longer
    return sum(count for total, count in ways.items() if total < len(receipts.ALPHABET))


@dataclass(frozen=True)
class Guessing:
    """What guesses of well-made codes hit, expected and tried; and how many one guesser can make in a minute."""

    expected: float
    tried: int
    hits: int
    in_a_minute: int
    seconds: float


def guess(server: servers.Server) -> Guessing:
    """Try at codes in memory, and at the chat's door from one member, for a while."""
    outstanding = {receipts.drawn(secrets.randbelow) for _ in range(OUTSTANDING)}
    hits = sum(receipts.drawn(secrets.randbelow) in outstanding for _ in range(GUESSES))
    began = time.perf_counter()
    looked_up = asyncio.run(_guess_in_the_chat(server))
    return Guessing(ALL_GUESSES * OUTSTANDING / codes(), GUESSES, hits, looked_up, time.perf_counter() - began)


async def _guess_in_the_chat(server: servers.Server) -> int:
    """How many of a hundred guesses in a row were looked up."""
    found = 0
    async with _Line(server) as line:
        for _ in range(100):
            answer = await line.say("oguesser00000000000000000000", f"查询 {receipts.drawn(secrets.randbelow)}")
            found += "没有找到" in answer
    return found


def report(results: list[Result], guessing: Guessing) -> None:
    """What was reached."""
    table = Table("", "opinions/s", f"× {WANTED:.2f} wanted", "messages/s", "shown", "kept", "unknown", "said again")
    for each in results:
        street = each.street
        table.add_row(
            each.name,
            f"{each.rate:.2f}",
            f"{each.rate / WANTED:.2f}",
            f"{street.messages / street.seconds:.0f}",
            f"{len(street.shown)} of {OPINIONS}",
            f"{each.kept} (+{each.beside})",
            str(each.unknown),
            str(street.stumbles.total()),
        )
    console = Console(width=130)
    console.print(table)
    for each in results:
        for answer, times in each.street.stumbles.most_common():
            console.print(f"{each.name}: {times} × {answer or 'no answer'}")
    console.print(
        f"{ALL_GUESSES:.0e} guesses at {OUTSTANDING} receipts are expected to hit {guessing.expected:.4f} times; "
        f"{guessing.tried} tried: {guessing.hits}. Of 100 guesses of one member in {guessing.seconds:.1f} s "
        f"{guessing.in_a_minute} were looked up."
    )


def main() -> None:
    """Measure both, print, and fail where something was lost, too slow, or guessed."""
    results = [on_postgres(), on_embedded()]
    with (
        tempfile.TemporaryDirectory(prefix="zhibu-bench-") as folder,
        servers.zhibu(Path(folder), database="embedded", redis="embedded") as server,
    ):
        guessing = guess(server)
    report(results, guessing)
    if broken := [each.name for each in results if not each.is_whole]:
        raise SystemExit(f"not everything was kept under its receipt: {broken}")
    if guessing.hits or guessing.expected >= 1:
        raise SystemExit("receipts can be guessed")


if __name__ == "__main__":
    main()

"""A bare platform: takes whatever is posted, says ok after a while, and counts what it was asked.

A process of its own, with no HTTP library, so that it costs little beside those who are measured.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 0.05
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Count:
    """What the platform was asked since it was told to forget: `seconds` from the first send to the last answer."""

    sends: int
    people: int
    most_for_one: int
    tokens: int
    most_at_once: int
    seconds: float

    @property
    def rate(self) -> float:
        """Sends a second."""
        return self.sends / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Platform:
    """One that runs."""

    address: str

    def count(self) -> Count:
        """What it was asked."""
        return Count(**self._told("/count"))

    def forget(self) -> None:
        """Begin to count anew."""
        self._told("/forget")

    def _told(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:  # noqa: S310 - our own
            return json.load(answer)


@contextmanager
def running() -> Iterator[Platform]:
    """A platform in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as door:
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        command = [sys.executable, "-m", "benchmarks.platform", str(door.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[door.fileno()])
    try:
        yield Platform(address)
    finally:
        process.terminate()
        process.wait(10)


class _Record:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.people: Counter[str] = Counter()
        self.tokens = self.at_once = self.most_at_once = 0
        self.first = self.last = 0.0

    def told(self) -> dict[str, Any]:
        return {
            "sends": self.people.total(),
            "people": len(self.people),
            "most_for_one": max(self.people.values(), default=0),
            "tokens": self.tokens,
            "most_at_once": self.most_at_once,
            "seconds": self.last - self.first,
        }


class _Door(asyncio.Protocol):
    """One connection; a client asks the next thing when it has its answer."""

    def __init__(self, record: _Record) -> None:
        self._record = record
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._heard = b""
        path = head.split(b" ", 2)[1]
        if path.startswith((b"/cgi-bin/token", b"/cgi-bin/stable_token")):
            self._record.tokens += 1
            self._say({"access_token": "a-token-of-the-bare-platform", "expires_in": 7200})
        elif path == b"/count":
            self._say(self._record.told())
        elif path == b"/forget":
            self._say({})
            self._record.forget()
        else:
            self._take(json.loads(body)["touser"])

    def _take(self, openid: str) -> None:
        record = self._record
        record.people[openid] += 1
        record.at_once += 1
        record.most_at_once = max(record.most_at_once, record.at_once)
        loop = asyncio.get_running_loop()
        record.first = record.first or loop.time()
        loop.call_later(ANSWER_SECONDS, self._accept, time.monotonic_ns())

    def _accept(self, number: int) -> None:
        self._record.at_once -= 1
        self._record.last = asyncio.get_running_loop().time()
        self._say({"errcode": 0, "errmsg": "ok", "msgid": number})

    def _say(self, fields: dict[str, Any]) -> None:
        body = json.dumps(fields).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def _serve(door: socket.socket) -> None:
    record = _Record()
    server = await asyncio.get_running_loop().create_server(lambda: _Door(record), sock=door, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1]))))

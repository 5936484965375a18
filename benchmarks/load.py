"""A client that costs little: ready bytes over kept-alive connections, answers counted and timed."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.messages import Shot


@dataclass(frozen=True)
class Volley:
    """What came back: answers with a body worth the name, and how long each took in seconds, sorted."""

    seconds: float
    answered: int
    failed: int
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the answers stayed below, in milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))] * 1000


def fire(port: int, shots: Sequence[Shot], *, connections: int, rate: float | None = None) -> Volley:
    """Send every shot once, as fast as it goes or at `rate` a second; at a rate, waiting in line counts as latency."""
    return asyncio.run(_fire(port, shots, connections, rate))


async def _fire(port: int, shots: Sequence[Shot], connections: int, rate: float | None) -> Volley:
    began = time.perf_counter()
    waiting = iter(enumerate(shots))
    taken: list[float] = []
    failed = 0

    async def gun() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, shot in waiting:
            start = time.perf_counter()
            if rate is not None:
                due = began + number / rate
                if due > start:
                    await asyncio.sleep(due - start)
                start = due
            writer.write(shot.request)
            good = await _is_answered(reader)
            taken.append(time.perf_counter() - start)
            failed += not good
        writer.close()

    await asyncio.gather(*(gun() for _ in range(connections)))
    return Volley(time.perf_counter() - began, len(taken) - failed, failed, sorted(taken))


async def _is_answered(reader: asyncio.StreamReader) -> bool:
    """Whether it was 200 with more than a bare `success`."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200") and b"Encrypt" in body

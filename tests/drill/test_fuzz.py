"""A hundred thousand mutated pushes over HTTP: nothing that anyone sends makes a fault."""

import contextlib
import http.client
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.drill.mutation import Shot, Strangers
from tests.end_to_end.running import Program, a_program
from tests.servers import Servers

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

BODIES = 100_000
CONNECTIONS = 6
SEED = 20261123
KEY = "drilldrilldrilldrilldrilldrilldrilldrilldri"
ACCOUNTS = {
    "plain": {"kind": "service", "mode": "plain"},
    "compat": {"kind": "subscription", "mode": "compat"},
    "mini": {"kind": "miniprogram", "mode": "safe"},
}
SHOW_EVERY_SECONDS = 10.0
WARM = BODIES // 5
SWALLOWED = 32 * 1024  # what is longer may not have left when the server answers and hangs up
LARGEST_WORKER = 400  # MiB of resident memory, of which a part is shared
GROWTH = 60  # MiB from when it is warm: what a leak of a kilobyte a request would pass


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[Program]:
    more = {}
    for name, account in ACCOUNTS.items():
        secrets = {"appid": f"wxexample{name}", "secret": "example-secret", "token": "exampletoken"}
        for key, value in {**account, **secrets, "encoding_aes_key": KEY}.items():
            more[f"ZHIBU_ACCOUNTS__{name.upper()}__{key.upper()}"] = value
    folder, named = tmp_path_factory.mktemp("fuzz"), tuple(ACCOUNTS)
    with a_program(folder, servers, memory="embedded", more=more, accounts=named) as program:
        program.start()
        yield program
        program.stop()


class Gunner:
    """Fires over one kept connection, and notes what came back."""

    def __init__(self, program: Program, seed: int) -> None:
        self._strangers = Strangers(program.settings.accounts, seed)
        self._address = program.web.removeprefix("http://")
        self._wire = http.client.HTTPConnection(self._address, timeout=15)
        self.seen: Counter[int] = Counter()
        self.bad: list[tuple[object, Shot]] = []

    def fire(self, count: int) -> None:
        for _ in range(count):
            shot = self._strangers.shot()
            status, reason = self._answer(shot)
            self.seen[status] += 1
            if status >= 500 or (not status and len(shot.body) < SWALLOWED):
                self.bad.append((status or reason, shot))
        self._wire.close()

    def _answer(self, shot: Shot) -> tuple[int, str]:
        """The status, 0 for none: a server may hang up on a connection that it kept, and on who sends too much."""
        reason = ""
        for _ in range(2):
            try:
                return self._ask(shot), ""
            except (http.client.HTTPException, OSError) as error:
                reason = type(error).__name__
                self._wire.close()
                self._wire = http.client.HTTPConnection(self._address, timeout=15)
        return 0, reason

    def _ask(self, shot: Shot) -> int:
        body = iter([shot.body]) if shot.chunked and shot.body else shot.body
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # an answer may have come before all was sent
            self._wire.request(shot.method, shot.target, body=body, encode_chunked=shot.chunked)
        answer = self._wire.getresponse()
        answer.read()
        return answer.status


def memory_of(program: Program) -> dict[int, int]:
    """MiB resident, by worker."""
    command = ["ps", "-o", "pid=,rss=", "-p", ",".join(map(str, program.workers()))]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {int(pid): int(rss) // 1024 for pid, rss in map(str.split, rows)}


def test_a_hundred_thousand_mutated_bodies_make_no_fault(program, capsys):
    gunners = [Gunner(program, SEED + number) for number in range(CONNECTIONS)]
    threads = [threading.Thread(target=gunner.fire, args=(BODIES // CONNECTIONS + 1,)) for gunner in gunners]
    before = memory_of(program)
    began, warm = time.monotonic(), before
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(SHOW_EVERY_SECONDS)
        now, fired = memory_of(program), sum(gunner.seen.total() for gunner in gunners)
        warm = now if fired <= WARM else warm
        seconds = time.monotonic() - began
        with capsys.disabled():
            print(f"\n{fired:>7} bodies in {seconds:4.0f} s, {fired / seconds:4.0f} a second, MiB {now}", flush=True)  # noqa: T201
    after = memory_of(program)
    seen = sum((gunner.seen for gunner in gunners), Counter())
    with capsys.disabled():
        print(f"\n{dict(seen.most_common())}", flush=True)  # noqa: T201

    assert [bad for gunner in gunners for bad in gunner.bad] == []
    assert seen.total() >= BODIES
    assert seen[200] > BODIES / 5, "too few came through to what is behind the door"
    assert set(after) == set(before), "a worker did not live through it"
    assert max(after.values()) < LARGEST_WORKER
    assert all(after[worker] - warm[worker] < GROWTH for worker in after), (warm, after)
    printed = program.said()
    assert "Traceback" not in printed
    assert '"level": "error"' not in printed, next(line for line in printed.splitlines() if '"level": "error"' in line)
    assert program.is_ready()

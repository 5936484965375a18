"""Three machines on one database and one Redis: a worker and a clock each, and a folder of their own."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL

import pytest

from commands import installed
from tests.end_to_end.pushing import Crowd, Push, add_broadcast
from tests.end_to_end.running import ZHIBU, Program, a_program, within
from tests.servers import Servers

pytestmark = [pytest.mark.drill, pytest.mark.timeout(400)]

PEOPLE = 1500
EACH_TAKES_SECONDS = 0.25
REPLACED_SECONDS = 15.0
SWEPT_SECONDS = 180.0
STRETCHES = 12  # four of each worker


@dataclass
class Machine:
    """Another machine's worker and clock."""

    worker: subprocess.Popen[bytes]
    clock: subprocess.Popen[bytes]
    folder: Path

    def is_at_work(self) -> bool:
        """Whether both have come so far as to speak to their stores."""
        return all(_has_connections(each.pid) for each in (self.worker, self.clock))

    def leads(self) -> bool:
        return '"leads"' in (self.folder / "clock").read_text()


def _has_connections(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return any(str(each.readlink()).startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


@contextlib.contextmanager
def a_machine(program: Program, folder: Path) -> Iterator[Machine]:
    """One that shares nothing with the program but its two stores, its pack and its secret."""
    folder.mkdir()
    config = shutil.copy(program.config, folder / "config.toml")
    own = {
        **program.environment(),
        "ZHIBU_STORAGE__FOLDER": str(folder / "var"),
        "ZHIBU_STORAGE__DATABASE": program.database,
        "ZHIBU_STORAGE__REDIS": installed.redis_url(program.settings),
    }
    with contextlib.ExitStack() as open_files:
        parts = {}
        for part in ("worker", "clock"):
            said = open_files.enter_context((folder / part).open("wb"))
            parts[part] = subprocess.Popen([ZHIBU, "--config", config, part], stdout=said, stderr=said, env=own)
        try:
            yield Machine(**parts, folder=folder)
        finally:
            for each in parts.values():
                each.send_signal(SIGKILL)
                each.wait()


@pytest.fixture
def program(tmp_path: Path, servers: Servers) -> Iterator[Program]:
    (tmp_path / "first").mkdir()
    with a_program(tmp_path / "first", servers, memory="embedded") as program:
        add_broadcast(program, "shared")
        program.start()
        yield program
        program.stop()


def test_they_share_a_run_and_whoever_is_left_ends_it(program, tmp_path):
    crowd = Crowd.written(program, PEOPLE)
    push = Push(program, "shared")
    (first_clock,), (first_worker,) = program.parts("clock"), program.parts("worker")
    with a_machine(program, tmp_path / "second") as second, a_machine(program, tmp_path / "third") as third:
        others = (second, third)
        assert within(90, lambda: all(each.is_at_work() for each in others))
        followed = not any(each.leads() for each in others)
        program.halt(first_worker)  # so that the others do it
        push.begin(each_takes=EACH_TAKES_SECONDS)
        program.halt(first_clock)
        replaced = within(REPLACED_SECONDS, lambda: any(each.leads() for each in others))
        only_one = sum(each.leads() for each in others) == 1
        with push.falls(after=300, stretches=STRETCHES, frozen=False):
            leader, other = sorted(others, key=lambda each: not each.leads())
            for process in (leader.worker, leader.clock):
                process.send_signal(SIGKILL)
            push.in_flight |= push.at_work()
        again = within(REPLACED_SECONDS, other.leads)
        for process in (first_worker, first_clock):
            program.kill(process, SIGCONT)
        push.goes_out(150)
        assert within(SWEPT_SECONDS, lambda: push.states()["in_hand"] == 0), push.states()

    push.holds(crowd)
    assert (followed, replaced, only_one, again) == (True,) * 4

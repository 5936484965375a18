"""The HTTP servers of the parts: Granian, told what we have measured about it."""

import gc
import os
from functools import partial
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from commands import logs
from commands.cli import Server, fail
from commands.parent import follow
from commands.valkey import NoValkey

GARBAGE = 5_000  # objects in rings, perhaps, before somebody looks


def serve(server: Server, *, part: str, threads: int) -> None:
    """Serve what the server's factory makes until SIGTERM or SIGINT.

    A worker that dies comes back; workers whose main process was killed end too. There is no access log: WeChat puts
    openids into its URLs.
    """
    gc.freeze()  # what the workers share with this process stays shared only while nobody looks through it
    Granian(
        server.factory,
        address=server.host,
        port=server.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=server.workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        log_level=LogLevels.error,
        log_access=False,
        log_dictconfig={"handlers": {}, "formatters": {}, "loggers": {"_granian": {}, "granian.access": {}}},
    ).serve(target_loader=partial(_load, os.getpid(), part, server.factory), wrap_loader=False)


def _load(main: int, part: str, factory: str) -> Any:
    logs.configure(part)
    follow(main)
    module, _, function = factory.partition(":")
    try:
        application = getattr(import_module(module), function)()
    except NoValkey as error:
        fail(f"{part}: {error}")
    _spare_the_collector()
    return application


def _spare_the_collector() -> None:
    """Look for rings of garbage less often: what is here stays, and most of what a request makes goes by itself.

    Measured, the looking was a tenth of what an answer takes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 10, 10)

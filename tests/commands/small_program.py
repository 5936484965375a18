"""A program small enough to start often: the real commands around parts that do next to nothing."""

import os
import sys
import time
import tomllib
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from commands import cli, db, processes, run, valkey
from storage.audit import Audit
from storage.db import Database, embedded_url
from storage.erasures import FILE, Erasures
from storage.lasting import Lasting, Purpose
from storage.sealing import Keys

KEYS = Keys("a secret that nothing is sealed with")


def web():
    valkey.url(Path(os.environ["ZHIBU_CONFIG"]).parent / "var")

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

    return app


def wait_for_the_end(folder: Path, ready: cli.Ready):
    valkey.url(folder)
    ready()
    while True:
        time.sleep(1)


def load(config: Path) -> cli.Installation:
    told = tomllib.loads(config.read_text())
    folder = config.parent / "var"
    return cli.Installation(
        folder=folder,
        embedded_redis=True,
        embedded_database=True,
        web=cli.Server(factory="small_program:web", host="127.0.0.1", port=told["web"], workers=2),
        sandbox=cli.Server(factory="small_program:web", host="127.0.0.1", port=told["sandbox"]),
        clock=partial(wait_for_the_end, folder),
        worker=partial(wait_for_the_end, folder),
        database=lambda: Database(embedded_url(folder)),
        audit=lambda database: Audit(database, KEYS),
        erasures=lambda database: Erasures(database, mark=Lasting(database, KEYS, Purpose.ERASED), file=folder / FILE),
        erasing=lambda: nullcontext(lambda _connection, _person: None),
        keys=KEYS,
        accounts=(),
        move_time=lambda _folder, _to: None,
    )


if __name__ == "__main__":
    processes.START_METHOD = os.environ.get("START_METHOD", processes.START_METHOD)
    cli.make(load, [run.run, run.web, run.clock, run.worker, run.sandbox, db.db])(sys.argv[1:])

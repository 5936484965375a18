"""A program small enough to start often: the real commands around parts that do next to nothing."""

import os
import sys
import time
import tomllib
from pathlib import Path

from commands import cli, db, processes, run
from storage.db import Database, embedded_url


def web():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(os.getpid()).encode()]

    return app


def wait_for_the_end():
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
        clock=wait_for_the_end,
        worker=wait_for_the_end,
        database=lambda: Database(embedded_url(folder)),
        accounts=(),
        move_time=lambda _folder, _to: None,
    )


if __name__ == "__main__":
    processes.START_METHOD = os.environ.get("START_METHOD", processes.START_METHOD)
    cli.make(load, [run.run, run.web, run.clock, run.worker, run.sandbox, db.db])(sys.argv[1:])

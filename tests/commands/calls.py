"""Calling `zhibu` in this process, with an installation that tests hand in."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click
from click.testing import CliRunner, Result

from commands import cli
from storage.audit import Audit
from storage.db import Database
from storage.erasures import FILE, Erasures
from storage.lasting import Lasting, Purpose
from storage.sealing import Keys

KEYS = Keys("a secret that only the tests know")


def an_installation(folder: Path, url: str) -> cli.Installation:
    return cli.Installation(
        folder=folder,
        embedded_redis=False,
        embedded_database=True,
        web=cli.Server(factory="", host="", port=0),
        sandbox=None,
        clock=lambda _ready: None,
        worker=lambda _ready: None,
        database=lambda: Database(url),
        audit=lambda database: Audit(database, KEYS),
        erasures=lambda database: Erasures(database, mark=Lasting(database, KEYS, Purpose.ERASED), file=folder / FILE),
        erasing=lambda: nullcontext(_nobody_comes_back),
        keys=KEYS,
        accounts=(),
        move_time=lambda _folder, _to: None,
    )


def _nobody_comes_back(_connection: object, _person: str) -> None:
    raise AssertionError("somebody came back")


def call(
    place: cli.Installation | None,
    commands: Sequence[click.Command],
    *arguments: object,
    typed: str | bytes | None = None,
) -> Result:
    """What `zhibu ARGUMENTS` prints and exits with; an error that no command caught is raised."""

    def load(_config: Path) -> cli.Installation:
        assert place is not None
        return place

    program = cli.make(load, commands, log_as=lambda _command: None)
    result = CliRunner().invoke(program, ["--config", "config.toml", *map(str, arguments)], input=typed)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result

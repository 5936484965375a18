"""The `zhibu` command: its groups, and what app.py hands them."""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from commands import logs, privacy
from commands.valkey import NoValkey
from content.faults import BadContent
from content.roles import Casting
from storage.audit import Audit, NotNoted
from storage.db import Database, Gone
from storage.erasures import Erasures
from storage.sealing import Keys
from storage.vault import NoKey

T = TypeVar("T")
Erase = Callable[[Any, str], None]
Ready = Callable[[], None]  # said by a part that has all it needs and begins
USUAL = ("config.toml", "config.example.toml")  # read in this order where none is named


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where an HTTP part listens, and what makes its WSGI app: "module:function", which reads ZHIBU_CONFIG."""

    factory: str
    host: str
    port: int
    workers: int = 1


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One configured Zhibu as the commands see it; app.py makes it from the settings. Making it opens nothing."""

    folder: Path
    embedded_redis: bool
    embedded_database: bool
    web: Server
    sandbox: Server | None
    clock: Callable[[Ready], None]  # these two run until SystemExit, which SIGTERM and Ctrl-C raise in them
    worker: Callable[[Ready], None]
    database: Callable[[], Database]
    audit: Callable[[Database], Audit]
    erasures: Callable[[Database], Erasures]
    erasing: Callable[[], AbstractContextManager[Erase]]  # what erases a person everywhere, in a transaction
    keys: Keys
    accounts: Sequence[str]
    move_time: Callable[[Path, datetime], None]  # for a sandbox that keeps its state in that folder
    casting: Callable[[], Casting] = Casting.usual
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    groups: Sequence[str] = ()
    secret_mark: str = ""  # a keyed hash that tells one secret_key from another, and nothing of either
    content_faults: Callable[[], Sequence[str]] = (
        tuple  # what keeps the parts from starting on the content, a line each
    )


def made(folder: Path) -> Path:
    """The storage folder, made where it is not there, and shut to others; what this command writes from now on is too.

    Ends with exit 1 and how to mend it where that can't be.
    """
    _write_for_ourselves()
    if Path(__file__).resolve().is_relative_to(folder.resolve()):
        fail(f"storage.folder: the program itself is in {folder}: name one for nothing but what is kept, such as var.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        privacy.shut(folder)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        why = os.strerror(error.errno or 0)
    if why:
        fail(f"storage.folder: {folder} can't be used ({why}): name a folder that this user may write to.")
    return folder


def _write_for_ourselves() -> None:
    before = os.umask(privacy.OTHERS)
    if context := click.get_current_context(silent=True):
        context.call_on_close(lambda: os.umask(before))


@dataclass(frozen=True)
class Here:
    """This call of `zhibu`: the configuration it was given, and the installation that it describes."""

    load: Callable[[Path], Installation]
    config: Path
    lacking: bool = False  # none was given, and none lies here

    @cached_property
    def installation(self) -> Installation:
        """The installation that the configuration describes."""
        return self.open(self.load)

    def open(self, opener: Callable[[Path], T]) -> T:
        """What `opener` makes of the configuration file; ends with exit 1 and the reason when it can't."""
        if self.lacking:
            fail(
                f"There is no configuration: neither {' nor '.join(USUAL)} lies in {Path.cwd()}. "
                "Go where one lies, or name one with --config or ZHIBU_CONFIG."
            )
        try:
            return opener(self.config)
        except FileNotFoundError:
            fail(f"There is no configuration at {self.config}. Name one with --config or ZHIBU_CONFIG.")
        except (ValueError, OSError, NoValkey, BadContent) as error:
            fail(str(error))


def fail(*lines: str) -> NoReturn:
    """Say what is wrong on stderr and exit 1."""
    for line in lines:
        click.echo(line, err=True)
    raise SystemExit(1)


class _Zhibu(click.Group):
    """Whatever a command does to a database that refuses, or has other keys, the operator reads why."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NoKey as error:
            fail(str(error))
        except Gone as error:
            why = str(error.orig).partition("\n")[0]
            fail(f"storage.database: {why}. See whether its server runs, and whether address and password are right.")
        except NotNoted:
            fail("The audit trail takes no entry now, so nothing was done: see `zhibu doctor`.")


def make(
    load: Callable[[Path], Installation],
    commands: Sequence[click.Command],
    *,
    log_as: Callable[[str], None] = logs.configure,
) -> click.Group:
    """The `zhibu` command with these commands in it.

    `load` reads the configuration file; its ValueError says the key, what is wrong and how to mend it. `log_as` sends
    the logs of this process to stderr, under the command's name: stdout is for what was asked.
    """

    @click.group(name="zhibu", cls=_Zhibu, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        envvar="ZHIBU_CONFIG",
        show_default=f"{USUAL[0]} in this folder, else {USUAL[1]}",
        show_envvar=True,
        help="The configuration file.",
    )
    @click.pass_context
    def zhibu(context: click.Context, config: Path | None) -> None:
        """A WeChat account for a party organisation: chat, study, digests, opinions and broadcasts."""
        log_as(context.invoked_subcommand or "zhibu")
        found = config or next((path for path in map(Path, USUAL) if path.is_file()), None)
        context.obj = Here(load, (found or Path(USUAL[0])).resolve(), lacking=found is None)

    for command in commands:
        zhibu.add_command(command)
    return zhibu

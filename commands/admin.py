"""`zhibu admin`: who may sign in to the console."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing

import click

from commands.cli import Here, fail
from handlers.access import UnfitName, UnfitPassword, fitting, hashed
from storage.admins import AdminExists, Admins
from storage.db import Database


@click.group()
def admin() -> None:
    """Look after the console's accounts."""


def _fitting(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    try:
        return fitting(name)
    except UnfitName as error:
        raise click.BadParameter(f"{error}.") from None


@admin.command()
@click.argument("name", callback=_fitting)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--replace", is_flag=True, help="Give an account that is there a new password; its sessions end.")
@click.pass_obj
def create(here: Here, name: str, password_stdin: bool, replace: bool) -> None:  # noqa: FBT001 (click hands them in)
    """Let NAME sign in to the console."""
    password = _given() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        try:
            _set(admins, name, hashed(password), replace=replace)
        except (UnfitPassword, AdminExists) as error:
            fail(str(error) or f"There is an account {name!r} already: --replace gives it a new password.")
    click.echo(f"{name} may sign in.")


@admin.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print the names as JSON.")
@click.pass_obj
def list_(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Show who may sign in to the console, a name a line."""
    with closing(here.installation.database()) as database:
        names = Admins(database).names()
    if as_json:
        click.echo(json.dumps([{"name": name} for name in names], ensure_ascii=False))
    elif names:
        click.echo("\n".join(names))
    else:
        click.echo("Nobody may sign in: see `zhibu admin create --help`.", err=True)


@admin.command()
@click.argument("name")
@click.pass_obj
def remove(here: Here, name: str) -> None:
    """Let NAME sign in no more; their sessions end at once."""
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        if name not in admins.names() or not admins.remove(name=name):  # a database is not asked for just any bytes
            fail(f"There is no account {name!r}: see `zhibu admin list`.")
    click.echo(f"{name} may sign in no more.")


def _given() -> str:
    line = sys.stdin.buffer.readline()
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        fail("The password on standard input is not UTF-8: send it in UTF-8, as a browser will.")


def names(database: Database) -> Sequence[str]:
    """Who may sign in."""
    return Admins(database).names()


def _set(admins: Admins, name: str, password_hash: str, *, replace: bool) -> None:
    if not (replace and admins.change_password(name=name, password_hash=password_hash)):
        admins.add(name=name, password_hash=password_hash)

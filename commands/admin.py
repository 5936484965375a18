"""`zhibu admin`: who may sign in to the console."""

import sys
from contextlib import closing

import click

from commands.cli import Here, fail
from handlers.access import WeakPassword, hashed
from storage.admins import AdminExists, Admins


@click.group()
def admin() -> None:
    """Look after the console's accounts."""


@admin.command()
@click.argument("name")
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
        except (WeakPassword, AdminExists) as error:
            fail(str(error) or f"There is an account {name!r} already: --replace gives it a new password.")
    click.echo(f"{name} may sign in.")


def _given() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _set(admins: Admins, name: str, password_hash: str, *, replace: bool) -> None:
    if not (replace and admins.change_password(name=name, password_hash=password_hash)):
        admins.add(name=name, password_hash=password_hash)

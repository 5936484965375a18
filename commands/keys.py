"""`zhibu keys`: the keys under which names, numbers and phones lie in the database."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from commands.cli import Here
from storage.rotation import Rotation

LAST_LOOK_SECONDS = 3.0  # longer than any statement of a reader takes, who has the words and no key yet
STAYS = (
    "Backups and archives of the database's log made before still have the old key, sealed with the secret_key of "
    "then: let them go as soon as you may. Programs that run have it in memory until they are started again."
)

_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


def group(open_rotation: Callable[[Path], Rotation]) -> click.Group:
    """The group. `open_rotation` makes what changes the keys of the database that a configuration file names."""

    @click.group()
    def keys() -> None:
        """Look after the keys under which names and numbers are sealed in the database."""

    keys.add_command(_list(open_rotation))
    keys.add_command(_rotate(open_rotation))
    return keys


def _list(open_rotation: Callable[[Path], Rotation]) -> click.Command:
    @click.command("list")
    @_json
    @click.pass_obj
    def list_command(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Print the data keys: since when each is there, and how many rows are sealed with it. Never a key itself."""
        with closing(here.open(open_rotation)) as rotation:
            stock = rotation.stock()
        if as_json:
            click.echo(json.dumps([asdict(each) for each in stock], default=date.isoformat))
            return
        for each in stock:
            under = ", still sealed with previous_secret_key" if each.under_previous else ""
            click.echo(f"key {each.number}, since {each.since:%Y-%m-%d}: {each.rows} rows{under}")
        if len(stock) != 1:
            click.echo(
                "Nothing was sealed yet: the first name makes the first key."
                if not stock
                else "A change of keys was broken off, or is under way: `zhibu keys rotate` goes on with it.",
                err=True,
            )

    return list_command


def _rotate(open_rotation: Callable[[Path], Rotation]) -> click.Command:
    @click.command()
    @_json
    @click.pass_obj
    def rotate(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Seal everything with a new data key, and destroy the old one. Works while Zhibu runs.

        Broken off at any moment, it has lost nothing: call it again and it goes on. With a new secret_key in the
        configuration, and the one before as previous_secret_key, it also seals the data keys with the new one.
        """
        with closing(here.open(open_rotation)) as rotation:
            to = rotation.begin()
            rows = _reseal(rotation, to)
            time.sleep(LAST_LOOK_SECONDS if rows else 0)
            gone = rotation.end(to)
        if as_json:
            click.echo(json.dumps({"key": to, "rows": rows, "destroyed": [*gone]}))
        else:
            destroyed = f"; destroyed: {', '.join(map(str, gone))}" if gone else ""
            click.echo(f"{rows} rows are sealed with key {to}{destroyed}")
        click.echo(STAYS, err=True)

    return rotate


def _reseal(rotation: Rotation, to: int) -> int:
    done = 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Sealing", total=rotation.left(to))
        for rows in rotation.reseal(to):
            done += rows
            progress.advance(task, rows)
    return done

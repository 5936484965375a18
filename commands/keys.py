"""`zhibu keys`: the keys under which what is sealed lies in the database."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from commands.cli import Here
from storage.resealing import Resealing
from storage.rotation import Rotation
from storage.sealing import Under

LAST_LOOK_SECONDS = 3.0  # longer than any statement of a reader takes, who has the words and no key yet
STAYS = (
    "Backups and archives of the database's log made before still have the old key, sealed with the secret_key of "
    "then: let them go as soon as you may. Programs that run have it in memory until they are started again."
)
MAY_GO = "Nothing needs previous_secret_key any more: take it out of the configuration, and start everything again."
STILL_NEEDED = (
    "previous_secret_key still has to stay: {left}. A program that runs with the old secret_key may be writing: start "
    "all of them again, and call `zhibu keys rotate` once more."
)
UNDER_FORMER = "{rows} rows of {table} that only previous_secret_key opens"
UNDER_UNKNOWN = "{rows} rows of {table} that no secret_key of this configuration opens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """What is sealed: under data keys, and under `secret_key` itself, with the one before where that is named."""

    rotation: Rotation
    resealing: Resealing
    has_previous: bool

    def close(self) -> None:
        """Let go of every connection to the database."""
        self.rotation.close()


_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


def group(open_safe: Callable[[Path], Safe]) -> click.Group:
    """The group. `open_safe` makes what changes the keys of the database that a configuration file names."""

    @click.group()
    def keys() -> None:
        """Look after the keys under which names, numbers and words are sealed in the database."""

    keys.add_command(_list(open_safe))
    keys.add_command(_rotate(open_safe))
    return keys


def _list(open_safe: Callable[[Path], Safe]) -> click.Command:
    @click.command("list")
    @_json
    @click.pass_obj
    def list_command(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Print the data keys: since when each is there, and how many rows are sealed with it. Never a key itself.

        What lies under secret_key itself (words, pictures, talks, measures, notes) is told of where that secret_key
        doesn't open it.
        """
        with closing(here.open(open_safe)) as safe:
            stock = safe.rotation.stock()
            left = {} if as_json else safe.resealing.left()
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
        for line in lines(left):
            click.echo(line)

    return list_command


def lines(left: Mapping[str, Under]) -> list[str]:
    """What `secret_key` doesn't open, in words."""
    former = [UNDER_FORMER.format(rows=each.former, table=table) for table, each in left.items() if each.former]
    unknown = [UNDER_UNKNOWN.format(rows=each.unknown, table=table) for table, each in left.items() if each.unknown]
    return [*former, *unknown]


def _rotate(open_safe: Callable[[Path], Safe]) -> click.Command:
    @click.command()
    @_json
    @click.pass_obj
    def rotate(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
        """Seal names and numbers with a new data key, and destroy the old one. Works while Zhibu runs.

        Broken off at any moment, it has lost nothing: call it again and it goes on. With a new secret_key in the
        configuration, and the one before as previous_secret_key, it also seals the data keys with the new one, and
        everything else that the previous one opens.
        """
        with closing(here.open(open_safe)) as safe:
            rotation = safe.rotation
            to = rotation.begin()
            rows = _told(rotation.reseal(to), total=rotation.left(to))
            anew = _told(safe.resealing.reseal(), total=_former(safe)) if safe.has_previous else 0
            time.sleep(LAST_LOOK_SECONDS if rows else 0)
            gone = rotation.end(to)
            left = safe.resealing.left() if safe.has_previous else {}
        if as_json:
            told = {"key": to, "rows": rows, "destroyed": [*gone]}
            click.echo(json.dumps({**told, "under_secret_key": anew} if safe.has_previous else told))
        else:
            destroyed = f"; destroyed: {', '.join(map(str, gone))}" if gone else ""
            click.echo(f"{rows} rows are sealed with key {to}{destroyed}")
            if safe.has_previous:
                click.echo(f"{anew} rows that the previous secret_key had sealed are sealed with secret_key")
        click.echo(STAYS, err=True)
        if safe.has_previous:
            needed = lines({table: Under(each.former) for table, each in left.items()})
            click.echo(STILL_NEEDED.format(left="; ".join(needed)) if needed else MAY_GO, err=True)

    return rotate


def _former(safe: Safe) -> int:
    return sum(each.former for each in safe.resealing.left().values())


def _told(pieces: Iterable[int], *, total: int) -> int:
    """How many rows these pieces have, shown as they come."""
    done = 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Sealing", total=total)
        for rows in pieces:
            done += rows
            progress.advance(task, rows)
    return done

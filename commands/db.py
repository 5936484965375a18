"""`zhibu db`: the database's shape."""

from contextlib import closing

import click

from commands.cli import Here, Installation, fail, made
from storage import upgrade
from storage.vault import Vault


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@click.pass_obj
def upgrade_command(here: Here) -> None:
    """Bring the database to the shape this program wants. Safe to repeat."""
    made(here.installation.folder)
    with closing(here.installation.database()) as database:
        before = upgrade.found(database)
        upgrade.upgrade(database, here.installation.keys)
        after = upgrade.found(database)
        Vault(database, here.installation.keys).check()
    click.echo(f"The database is at {after} already." if before == after else f"{before or 'empty'} → {after}")


def bring_to_head(installation: Installation) -> None:
    """Upgrade an embedded database; refuse to touch another one, which may serve other programs of another version."""
    if installation.embedded_database:
        with closing(installation.database()) as database:
            upgrade.upgrade(database, installation.keys)
            Vault(database, installation.keys).check()
    else:
        refuse_another_schema(installation)


def refuse_another_schema(installation: Installation) -> None:
    """End with exit 1 and the command to run, unless the database has the shape this program wants."""
    with closing(installation.database()) as database:
        found, wanted = upgrade.found(database), upgrade.wanted()
        if found != wanted:
            fail(f"The database has revision {found or 'none'}, the program wants {wanted}. Run: zhibu db upgrade")
        Vault(database, installation.keys).check()

"""`zhibu backup` and `zhibu restore`: all that must not be lost, in one file that fits either database."""

import base64
import contextlib
import importlib
import io
import json
import os
import pkgutil
import sys
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

import storage
from commands import operator, ports
from commands.cli import Here, Installation, fail, made
from commands.installed import now
from storage import erasures, lasting, upgrade
from storage.audit import Act, Deed
from storage.db import Database, metadata
from storage.erasures import Erasures
from storage.vault import Vault

FORMAT = 1
BATCH = 500
MANIFEST = "manifest.json"
LOST = (
    "Without its own key opinions and their pictures can't be opened, receipts find nothing, names and phones are lost "
    "(zhibu roster import takes the list in again), join codes that nobody has used are void (zhibu roster reissue), "
    "the mini-program has to sign in again, the audit trail can't be verified, and whoever was erased since is there "
    "again. With its own as previous_secret_key all of that stays, but the codes and sessions: run `zhibu keys rotate`."
)
NO_DATE = (1980, 1, 1, 0, 0, 0)  # what a zip file puts for none


class Unfit(Exception):
    """The backup can't be made or put back; the text says why and what to do."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what was saved as JSON.")
@click.pass_obj
def backup(here: Here, file: Path, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Save everything in the database to FILE, which only you may read. Works while Zhibu runs."""
    if file.exists():
        fail(f"{file} is there already: name another file, or move it away.")
    if not file.parent.is_dir():
        fail(f"There is no folder {file.parent}: make it first, or name another file.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        _note_export(here.installation)
        with _private(unfinished) as archive:
            manifest = save(here.installation, archive)
        unfinished.rename(file)
    except (Unfit, OSError) as error:
        fail(str(error))
    finally:
        unfinished.unlink(missing_ok=True)
    _report(manifest, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace what the database holds.")
@click.option("--other-key", is_flag=True, help=f"Restore under another secret_key than the backup's. {LOST}")
@click.option(
    "--erased",
    "lists",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="The file `erased` of another machine's storage folder: who is in one of them stays erased too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was put back as JSON.")
@click.pass_obj
def restore(here: Here, file: Path, force: bool, other_key: bool, lists: Sequence[Path], as_json: bool) -> None:  # noqa: FBT001 (click hands them in)
    """Put back what `zhibu backup` saved to FILE, into an empty database. Zhibu must not be running.

    Whoever was erased since the backup was made is erased again: see the file `erased` in the storage folder.
    """
    lock = made(here.installation.folder) / "run.lock"
    try:
        with ports.held(lock, otherwise="End `zhibu run` first"), zipfile.ZipFile(file) as archive:
            warning = _refuse_other_key(_manifest(archive), here.installation, willing=other_key)
            erased = {mark for each in lists for mark in erasures.read(each)}
            manifest = put_back(here.installation, archive, force=force, erased=erased)
    except zipfile.BadZipFile:
        fail(f"{file} is no backup of Zhibu, or it is damaged.")
    except (Unfit, ports.Taken, OSError) as error:
        fail(str(error))
    if warning:
        click.echo(warning, err=True)
    _report(manifest, as_json=as_json)


def save(installation: Installation, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Write one moment of the database into the archive; gives the manifest, which counts the rows of each table.

    Rows are in the order of their keys: the order in which they came stays untold.
    """
    tables = _tables()
    with contextlib.closing(installation.database()) as database, _snapshot(database) as connection:
        _refuse_other_schema(upgrade.found(database))
        _refuse_unknown_tables(connection.dialect.get_table_names(connection))
        rows = {}
        for table in _shown(tables, "Saving"):
            found = connection.execute(
                table.select().order_by(*table.primary_key), execution_options={"yield_per": BATCH}
            )
            rows[table.name] = _write_rows(archive, table.name, found.mappings())
    manifest = {
        "format": FORMAT,
        "schema": upgrade.wanted(),
        "release": version("zhibu"),
        "secret_mark": installation.secret_mark,
        "rows": rows,
    }
    archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=1))
    return manifest


def put_back(
    installation: Installation, archive: zipfile.ZipFile, *, force: bool, erased: Collection[str] = ()
) -> dict[str, Any]:
    """Fill the database, all or nothing; gives the manifest, with how many were erased again; raises Unfit."""
    manifest = _manifest(archive)
    _refuse_other_program(manifest)
    tables = _tables()
    with contextlib.closing(installation.database()) as database:
        upgrade.upgrade(database, installation.keys)
        gone = installation.erasures(database)
        with database.begin() as connection:
            if not force and any(connection.execute(table.select().limit(1)).first() for table in tables):
                raise Unfit("The database is not empty. Restore with --force to replace everything in it.")
            marks, keys = (
                {*erased, *gone.written(), *gone.noted(connection)},
                lasting.kept(connection, installation.keys),
            )
            trail = installation.audit(database)
            replaced = trail.last(connection)
            for table in reversed(tables):
                connection.execute(table.delete())
            for table in _shown(tables, "Restoring"):
                found = _insert(connection, table, archive)
                if found != manifest["rows"].get(table.name):
                    raise Unfit(f"The file doesn't have all rows of the table {table.name}. Nothing was changed.")
            Vault(database, installation.keys).drop_strange(connection)
            lasting.drop_strange(connection, installation.keys)
            lasting.keep(connection, installation.keys, also=keys)
            manifest["erased_again"] = _erase_again(installation, connection, gone, marks | gone.noted(connection))
            trail.put(connection, _told(replaced), now=now())
        gone.write()
    return manifest


def _erase_again(installation: Installation, connection: Any, gone: Erasures, marks: Collection[str]) -> int:
    """Erase whoever has one of these marks, and keep the marks; gives how many came back."""
    returned = gone.returned(connection, marks)
    if returned:
        with installation.erasing() as erase:
            for person in returned:
                erase(connection, person)
    gone.add(connection, marks)
    return len(returned)


def _note_export(installation: Installation) -> None:
    """Put into the trail that all of it is about to be taken, and how many rows that is."""
    with contextlib.closing(installation.database()) as database:
        _refuse_other_schema(upgrade.found(database))
        taken = operator.deed(Act.EXPORT, "backup", door="zhibu backup", about=str(database.count(_tables())))
        installation.audit(database).note(taken, now=now())


def _told(replaced: tuple[int, str]) -> Deed:
    """What the trail says of it: which trail went, so that a hash kept of that one is understood."""
    entries, head = replaced
    about = f"{entries} {head}" if entries else ""
    return operator.deed(Act.RESTORE, "backup", door="zhibu restore", about=about)


def _shown(tables: list[Any], doing: str) -> Iterable[Any]:
    return track(tables, doing, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _insert(connection: Any, table: Any, archive: zipfile.ZipFile) -> int:
    count = 0
    for batch in _read_rows(archive, table.name):
        connection.execute(table.insert(), batch)
        count += len(batch)
    return count


def _tables() -> list[Any]:
    """Every table of ours, those that others point to first, whoever has imported their modules so far."""
    for module in pkgutil.iter_modules(storage.__path__, "storage."):
        importlib.import_module(module.name)
    return metadata.sorted_tables


@contextlib.contextmanager
def _snapshot(database: Database) -> Iterator[Any]:
    """One moment of the whole database, which keeps nobody from writing meanwhile."""
    with database.read() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def _refuse_other_schema(found: str) -> None:
    if found != (wanted := upgrade.wanted()):
        raise Unfit(
            f"The database is of revision {found or 'none'}, this program knows {wanted}. "
            "Use the program that wrote it."
        )


def _refuse_other_program(manifest: Mapping[str, Any]) -> None:
    """An older backup is for the program of its time, whose release it names since there was a name for it."""
    found, wanted = manifest["schema"], upgrade.wanted()
    if found != wanted:
        release = f" (Zhibu {manifest['release']})" if manifest.get("release") else ""
        older = "Restore it with that program, then update and run `zhibu db upgrade`."
        raise Unfit(
            f"The backup is of revision {found}{release}, this program ({version('zhibu')}) knows {wanted}. "
            f"{older if found < wanted else 'Update this program first.'}"
        )


def _refuse_other_key(manifest: Mapping[str, Any], here: Installation, *, willing: bool) -> str:
    """Refuse what was made under another secret_key, unless that is wanted; gives what to say afterwards."""
    made_under = manifest.get("secret_mark", "")
    if made_under == here.secret_mark:
        return ""
    if not made_under:
        return (
            f"An older program made this backup, and it doesn't tell under which secret_key. If it was another: {LOST}"
        )
    if not willing:
        raise Unfit(
            "This backup was made under another secret_key. Put that one into the configuration, "
            f"or restore with --other-key. {LOST}"
        )
    return f"It was made under another secret_key. {LOST}"


def _refuse_unknown_tables(names: Iterable[str]) -> None:
    if unknown := sorted(set(names) - set(metadata.tables) - {"alembic_version"}):
        raise Unfit(f"The database has tables that this program doesn't know and would not save: {', '.join(unknown)}.")


@contextlib.contextmanager
def _private(path: Path) -> Iterator[zipfile.ZipFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
        yield archive


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, NO_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _write_rows(archive: zipfile.ZipFile, table: str, rows: Iterable[Any]) -> int:
    count = 0
    with archive.open(_entry(f"{table}.jsonl"), "w", force_zip64=True) as lines:
        for row in rows:
            line = json.dumps({key: _plain(value) for key, value in row.items()}, ensure_ascii=False)
            lines.write(line.encode() + b"\n")
            count += 1
    return count


def _read_rows(archive: zipfile.ZipFile, table: str) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with archive.open(f"{table}.jsonl") as lines:
        for line in io.TextIOWrapper(lines, "utf-8"):
            batch.append({key: _typed(value) for key, value in json.loads(line).items()})
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
    return value


def _typed(value: Any) -> Any:
    match value:
        case {"moment": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"bytes": text}:
            return base64.b64decode(text)
    return value


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError):
        raise Unfit("This file is no backup of Zhibu.") from None
    if manifest.get("format") != FORMAT:
        raise Unfit(f"This backup has format {manifest.get('format')}; this program reads format {FORMAT}.")
    return manifest


def _report(manifest: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(manifest))
        return
    click.echo(f"{sum(manifest['rows'].values())} rows of {len(manifest['rows'])} tables")
    if again := manifest.get("erased_again"):
        click.echo(f"{again} who were erased since were erased again.")

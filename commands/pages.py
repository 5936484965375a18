"""`zhibu pages`: the public digests as plain files, for a web server that knows nothing of Zhibu."""

import fcntl
import glob
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from commands.cli import Here, fail

File = tuple[str, str | bytes]
ReadPages = Callable[[Path], Iterable[File]]
FOLDER_MODE, FILE_MODE = 0o755, 0o644  # for the web server's user
LINGERS_SECONDS = 60  # who was led into a folder finds it for so long, however often it is written meanwhile


class NotOurs(Exception):
    """There is something else under this name."""


def group(read: ReadPages) -> click.Group:
    """The group. `read` gives the names and contents of the files that a configuration's content makes."""

    @click.group()
    def pages() -> None:
        """Publish the public digests without this program."""

    @pages.command("write")
    @click.argument("folder", type=click.Path(path_type=Path))
    @click.pass_obj
    def write_pages(here: Here, folder: Path) -> None:
        """Write what is out now into FOLDER, all of it or nothing; run it again (by cron, say) for what is new.

        FOLDER becomes a link to the newest of the folders beside it, so a web server never sees half of one.
        """
        try:
            count = write(folder, here.open(read))
        except NotOurs:
            fail(f"{folder} is there, and zhibu didn't write it: name a folder that isn't there yet.")
        except OSError as error:
            fail(f"{folder} can't be written ({error.strerror}): what was there before still stands.")
        click.echo(f"{folder}: {count} files.")

    return pages


def write(folder: Path, files: Iterable[File], *, now: Callable[[], float] = time.time) -> int:
    """Put these files in place of what `folder` leads to, in one step; gives how many. Raises `NotOurs` or OSError."""
    folder = folder.absolute()
    if folder.exists() and not folder.is_symlink():
        raise NotOurs
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        new = folder.parent / f".{folder.name}-{secrets.token_hex(4)}"
        try:
            count = _fill(new, files)
            _leave(folder, now())
            link = new.with_name(f"{new.name}.link")
            link.symlink_to(new.name)
            link.replace(folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        finally:
            _clear(folder, older_than=now() - LINGERS_SECONDS)
    return count


def _standing(folder: Path) -> str:
    return folder.readlink().name if folder.is_symlink() else ""


def _fill(new: Path, files: Iterable[File]) -> int:
    count = 0
    new.mkdir()
    for name, content in files:
        file = new / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(FILE_MODE)
        count += 1
    for each in (new, *(path for path in new.iterdir() if path.is_dir())):
        each.chmod(FOLDER_MODE)
    return count


def _leave(folder: Path, now: float) -> None:
    """Note at the folder that stood there when it was left."""
    if folder.is_symlink():
        with suppress(FileNotFoundError):
            os.utime(folder, (now, now))


def _clear(folder: Path, *, older_than: float) -> None:
    """Remove our folders that were left long enough ago, and what a kill left half done."""
    for other in folder.parent.glob(f".{glob.escape(folder.name)}-*"):
        if other.is_symlink():
            other.unlink()
        elif other.name != _standing(folder) and other.stat().st_mtime < older_than:
            shutil.rmtree(other)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two that write at once follow one another."""
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

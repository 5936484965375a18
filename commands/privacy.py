"""What lies in the storage folder is for the user who runs Zhibu, and for nobody else on the machine."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

OTHERS = 0o077  # what the group and everybody else may do


def shut(folder: Path) -> None:
    """Take from everybody else what lies in the folder: folders become 0700 and files 0600 (0700 if executable).

    What can't be shut (somebody else's, or on a disk without modes) stays as it is: `zhibu doctor` tells.
    """
    for path in standing_open(folder):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OTHERS)


def standing_open(folder: Path) -> Iterator[Path]:
    """The folder, and what lies in it, where others may do anything with it. Nothing behind a link in it is looked at.

    A folder that everybody puts things into, such as /tmp, is not ours to shut: of that one nothing is told.
    """
    with contextlib.suppress(FileNotFoundError):
        if not folder.stat().st_mode & stat.S_ISVTX:
            yield from filter(_is_open, _all(folder.resolve()))


def _all(folder: Path) -> Iterator[Path]:
    yield folder
    for within, folders, files in os.walk(folder):
        yield from (Path(within) / name for name in (*folders, *files))


def _is_open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return bool(mode & OTHERS) and not stat.S_ISLNK(mode)

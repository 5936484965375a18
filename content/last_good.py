"""The last good pack in one file of ours: a bad change must not stop the process that starts after it."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from content import library
from content.agreement import Known
from content.compiled import Compiled
from content.faults import BadContent
from content.files import Stamp
from content.library import Library


def keep(folder: Path, seen: Mapping[str, Stamp], *, at: Path) -> None:
    """Keep the files of a good pack as they were seen; many processes may, and each finds a whole one.

    What changes meanwhile is kept changed: the next look takes it, and keeps it again if it is good.
    """
    mark = _mark(seen)
    if _marked(at) == mark:
        return
    at.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=at.parent, prefix=f"{at.name}.")
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        kept.comment = mark
        for name in seen:
            kept.write(folder / name, name)
    Path(new).replace(at)


def load(at: Path, *, zone: tzinfo, known: Known | None, compiled: Compiled | None = None) -> Library | None:
    """The pack that was kept; None where there is none, or none that is good for this program."""
    try:
        with tempfile.TemporaryDirectory(prefix="zhibu-pack-") as folder, zipfile.ZipFile(at) as kept:
            kept.extractall(folder)
            return library.load(Path(folder), zone=zone, known=known, compiled=compiled)
    except (OSError, zipfile.BadZipFile, BadContent):
        return None


def _mark(seen: Mapping[str, Stamp]) -> bytes:
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest().encode()


def _marked(at: Path) -> bytes:
    try:
        with zipfile.ZipFile(at) as kept:
            return kept.comment
    except (OSError, zipfile.BadZipFile):
        return b""

"""Where one file of a pack is changed: read safely, the whole pack checked as it would be, written whole or not at all.

What is served takes no notice until a change lies in the folder.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from content import faults, files, library, rights
from content.agreement import Known, Pack
from content.compiled import Compiled
from content.faults import BadContent, Finding, Unreadable
from content.files import BANKS, FILES, FOLDERS
from content.library import Library
from content.positions import line_of
from content.reading import BOM, text_of
from content.shelf import Shelf

MOST_BYTES = 2**20
PICTURES = (".png", ".jpg", ".jpeg", ".gif")
NOT_HERE = frozenset({"roles.toml"})  # which role may do what is the security administrator's
_NAME = re.compile(r"[\w-][\w.-]{0,79}")
_WORDS = (".toml", ".md", ".j2")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
_OPENED = os.O_NOFOLLOW | os.O_CLOEXEC


class Untouchable(Exception):
    """A file can't be read or written here.

    `why` is `name`, `rights`, `link`, `large`, `changed` or, of the disk, `full`, `closed` or `other`.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a change would do: `faults` are its own, `before` those that the pack has without it.

    `library` is the pack as it would be; None where it has a fault.
    """

    faults: Sequence[Finding]
    before: Sequence[Finding]
    advice: Sequence[Finding]
    library: Library | None


def mark(data: bytes | None) -> str:
    """Give what tells one content from any other; "" where there is no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def suffixes_of(kind: str) -> tuple[str, ...]:
    """Give how the names of a kind's files end, the usual one first."""
    if kind == "pictures":
        return PICTURES
    usual = (FOLDERS[kind][0] or ".j2",)
    return (*usual, *BANKS) if kind == "quizzes" else usual


def is_words(file: str) -> bool:
    """Whether a file is written and read as words."""
    return file.endswith(_WORDS) or file.startswith(("templates/", "originals/"))


def may_be_called(file: str) -> bool:
    """Whether the pack has a place for a file of this name."""
    inner, _, name = file.rpartition("/")
    if file in FILES:
        return True
    if not _NAME.fullmatch(name) or files.LEFT_BEHIND.match(name):
        return False
    if inner == "templates":
        return True
    return inner in (*FOLDERS, "pictures") and name.lower().endswith(suffixes_of(inner))


def written(text: str, like: bytes | None) -> bytes:
    """Give the bytes of a text from a form: in UTF-8, with the line ends and the mark that the file had before."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix(BOM)
    plain = f"{plain.rstrip()}\n" if plain.strip() else ""
    if like and b"\r\n" in like:
        plain = plain.replace("\n", "\r\n")
    return (BOM if like and like.startswith(BOM.encode()) else "").encode() + plain.encode()


def read_as(data: bytes | None) -> str | None:
    """Give the text of a file; None where it has none, or is in no encoding that the pack may have."""
    try:
        return None if data is None else text_of(data)
    except Unreadable:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The folder of the pack that is on the shelf, and what it is checked against."""

    folder: Path
    zone: tzinfo
    known: Known
    shelf: Shelf
    compiled: Compiled | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything can be written there."""
        return os.access(self.folder, os.W_OK)

    def listed(self) -> Mapping[str, int]:
        """Give every file that has a place in the pack, with its size."""
        return {file: stamp.size for file, stamp in files.scan(self.folder).items() if may_be_called(file)}

    def stamps(self) -> Mapping[str, files.Stamp]:
        """Give what tells this pack from what it was before any file of it was written."""
        return files.scan(self.folder)

    def read(self, file: str) -> bytes | None:
        """Give what is in a file now, None where there is none; raises `Untouchable`."""
        with self._inside(file) as inside:
            if inside is None:
                return None
            try:
                opened = os.open(Path(file).name, os.O_RDONLY | os.O_NONBLOCK | _OPENED, dir_fd=inside)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise _untouchable(error) from None
            with os.fdopen(opened, "rb") as found:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    raise Untouchable("link")
                data = found.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Untouchable("large")
        return data

    def write(self, file: str, data: bytes | None, *, was: str) -> None:
        """Put that in a file, or take it away for None, where it still is what it `was`; raises `Untouchable`.

        It is there whole, on the disk, when this returns, or nothing has happened.
        """
        if file in NOT_HERE:
            raise Untouchable("rights")
        lies = mark(self.read(file))
        if lies == mark(data):
            return
        if lies != was:
            raise Untouchable("changed")
        try:
            with self._inside(file, make=True) as inside:
                if inside is not None:
                    _put(Path(file).name, data, inside)
        except OSError as error:
            raise _untouchable(error) from None

    def look(self, file: str, data: bytes | None) -> Looked:
        """Check the whole pack as it would be with that in a file, or without the file."""
        now = self.shelf.current()
        before = [each for each in self.shelf.fault or () if each.file != file]
        own: list[Finding] = []
        would_be: Library | None = None
        with tempfile.TemporaryDirectory(prefix="zhibu-look-") as made:
            at = Path(made)
            self._lay_out(at, file, data)
            try:
                would_be = library.load(at, zone=self.zone, previous=now, known=self.known, compiled=self.compiled)
                pack = Pack(would_be.sources, self.known, self.zone)
            except BadContent as bad:
                own += [each for each in bad.faults if each not in before]
                pack, _ = library.examine(at, zone=self.zone, previous=now, known=self.known, compiled=self.compiled)
            own += self._taken(now, pack, at)
        advice = [each for each in would_be.advice if each.file == file] if would_be else ()
        return Looked(faults=own, before=() if would_be else before, advice=advice, library=None if own else would_be)

    def _taken(self, now: Library, pack: Pack, at: Path) -> Iterator[Finding]:
        """The rights that would be others than those which are served."""
        for clash in rights.changed(Pack(now.sources, self.known, self.zone), pack):
            line = line_of(clash.place, files.positions_in(at / clash.file, None))
            yield faults.finding(clash.code, file=clash.file, line=line, **clash.facts)

    def _lay_out(self, made: Path, file: str, data: bytes | None) -> None:
        """The pack again, by links: what hasn't changed has the stamps that it has, and isn't read again."""
        for inner in (*FOLDERS, "pictures"):
            (made / inner).mkdir()
        for each in files.scan(self.folder):
            if each != file:
                (made / each).symlink_to((self.folder / each).resolve())
        if data is not None:
            (made / file).write_bytes(data)

    @contextmanager
    def _inside(self, file: str, *, make: bool = False) -> Iterator[int | None]:
        """The folder that a file is in, held open, so that nobody puts another in its place meanwhile."""
        if not may_be_called(file):
            raise Untouchable("name")
        inner = file.rpartition("/")[0]
        at = self.folder / inner if inner else self.folder
        if make and not at.exists():
            at.mkdir()
            at.chmod(stat.S_IMODE(self.folder.stat().st_mode))
        try:
            opened = os.open(at, os.O_RDONLY | os.O_DIRECTORY | (_OPENED if inner else os.O_CLOEXEC))
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise _untouchable(error) from None
        try:
            yield opened
        finally:
            os.close(opened)


def _put(name: str, data: bytes | None, inside: int) -> None:
    """Let a name in a folder have that content; what reads the pack passes over the name it has until then."""
    if data is None:
        os.unlink(name, dir_fd=inside)
        os.fsync(inside)
        return
    beside = f".{name[:80]}.{secrets.token_hex(4)}.tmp"
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPENED, 0o666, dir_fd=inside)
    try:
        with os.fdopen(opened, "wb") as new:
            os.fchmod(opened, _mode(name, inside))
            new.write(data)
            new.flush()
            os.fsync(opened)
        os.replace(beside, name, src_dir_fd=inside, dst_dir_fd=inside)
    except OSError:
        with suppress(OSError):
            os.unlink(beside, dir_fd=inside)
        raise
    os.fsync(inside)


def _mode(name: str, inside: int) -> int:
    """Who may read and write a file: as before, a new one as its folder."""
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return os.fstat(inside).st_mode & 0o666


def _untouchable(error: OSError) -> Untouchable:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Untouchable("link")
    return Untouchable("full" if error.errno in _FULL else "closed" if error.errno in _CLOSED else "other")

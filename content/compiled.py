"""Large banks in a compiled form: made from a file of the pack once, of no worth in itself, and quick to open.

A file of ours has the name of what it was made from: the bank's file, all that is in it, and the code that read it.
In it stand a mark, the hash of all that follows, the length of the index, the index as JSON, and a JSON a question.
"""

import base64
import contextlib
import fcntl
import gc
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from pydantic import TypeAdapter

import content
from content import files
from content.faults import Finding, Level
from content.files import Questions, Source, Stamp
from content.large_banks import LargeBank
from content.models import Cite, Difficulty, Outline, Question, QuestionType

MARK = b"zhibu bank 1\n"
HASH_BYTES = hashlib.sha256().digest_size
LENGTH_BYTES = 8
MOST_SECONDS = 900  # for all that is compiled at once: 100 000 questions take a minute on a busy machine
STAY_DAYS = 30  # that a file stays which nobody opens
_USUAL = {each.name: each.default for each in fields(Question)}


@dataclass(frozen=True, slots=True)
class Compiled:
    """The folder of compiled banks; many processes share it. A bank that takes longer is held, as a small one is."""

    folder: Path
    most_seconds: float = MOST_SECONDS

    def __post_init__(self) -> None:
        """Know the code that runs, before another is laid over it."""
        _code()

    def sources(self, asked: Mapping[str, tuple[Stamp, Path]]) -> Mapping[str, Source]:
        """Open the compiled form of each of these files of the pack; what there is none of is compiled first.

        That takes a process of its own, so that neither its memory nor its time are ours, and one at a time. What can't
        be compiled is left out.
        """
        opened = self._opened(asked)
        if len(opened) < len(asked):
            missing = {file: it for file, it in asked.items() if file not in opened}
            try:
                opened |= self._made(missing)
            except (OSError, subprocess.TimeoutExpired) as error:
                log = structlog.get_logger("content")
                log.warning("large banks not compiled", files=sorted(missing), error=type(error).__name__)
        return opened

    def _opened(self, asked: Mapping[str, tuple[Stamp, Path]]) -> dict[str, Source]:
        found = {file: self._open(file, stamp, path) for file, (stamp, path) in asked.items()}
        return {file: source for file, source in found.items() if source}

    def _made(self, missing: Mapping[str, tuple[Stamp, Path]]) -> dict[str, Source]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            opened = self._opened(missing)  # another may have made them while we waited
            left = {file: str(path) for file, (_, path) in missing.items() if file not in opened}
            if left:
                self._forget()
                _compile(self.folder, left, most_seconds=self.most_seconds)
        return opened | self._opened({file: missing[file] for file in left})

    def _open(self, file: str, stamp: Stamp, path: Path) -> Source | None:
        try:
            name = _name(file, path)
            return opened(self.folder / name, name, file, stamp)
        except OSError:
            return None

    def _forget(self) -> None:
        until = time.time() - STAY_DAYS * 86400
        for path in self.folder.iterdir():
            if path.name != "lock" and path.stat().st_mtime < until:
                path.unlink(missing_ok=True)


def _compile(folder: Path, wanted: Mapping[str, str], *, most_seconds: float) -> None:
    """Have files of the pack compiled by another process."""
    asked = json.dumps({"folder": str(folder), "files": dict(wanted)})
    beside = str(Path(content.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-m", "content.compiling"],
        input=asked.encode(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (beside, os.environ.get("PYTHONPATH"))))},
        stdout=subprocess.DEVNULL,
        timeout=most_seconds,
        check=False,
    )


# -- writing -----------------------------------------------------------------------------------------------------


def make(folder: Path, file: str, path: Path) -> None:
    """Read a file of the pack and write its compiled form, whole or not at all; not where it is changed meanwhile."""
    stamp, name = files.stamp_of(path), _name(file, path)
    source = files.read(file, stamp, path, zone=UTC)  # a bank has days, and no times
    if files.stamp_of(path) != stamp or _name(file, path) != name:
        return
    handle, new = tempfile.mkstemp(dir=folder, prefix="new.")
    try:
        with os.fdopen(handle, "wb") as file_:
            _write(file_, name, source)
        Path(new).replace(folder / name)
    finally:
        Path(new).unlink(missing_ok=True)


def _write(file: BinaryIO, name: str, source: Source) -> None:
    made = source.made if isinstance(source.made, Questions) else None
    questions = made.bank.questions if made else ()
    words = [_words(each) for each in questions]
    advice = json.dumps([asdict(each) for each in source.found], ensure_ascii=False).encode()
    is_good = made is not None and all(each.level is Level.ADVICE for each in source.found)
    index = {
        "name": name,
        "bank": {name: getattr(made.bank, name) for name in ("name", "title", "topic", "tags")} if made else None,
        "outlines": _columns(questions),
        "marks": _packed("Q", (mark for marks in made.marks for mark in (marks[0], marks[-1]))) if made else "",
        "rows": _packed("Q", made.rows) if made else "",
        "sizes": _packed("Q", map(len, (*words, advice))),
        "is_good": is_good,
    }
    head = json.dumps(index, ensure_ascii=False).encode()
    rest = b"".join((len(head).to_bytes(LENGTH_BYTES, "big"), head, *words, advice))
    file.write(MARK + hashlib.sha256(rest).digest() + rest)


def _words(question: Question) -> bytes:
    said = {name: getattr(question, name) for name in _USUAL}
    told = {name: value for name, value in said.items() if value != _USUAL[name]}
    return json.dumps(told, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else asdict(value)


def _columns(questions: Sequence[Question]) -> dict[str, Any]:
    """What outlines are made of, each field by itself; what cites are the same is said once."""
    cites = list(dict.fromkeys(each.cites for each in questions))
    number = {cited: at for at, cited in enumerate(cites)}
    return {
        "ids": [each.id for each in questions],
        "types": [each.type for each in questions],
        "difficulties": "".join(each.difficulty for each in questions),
        "cites": [[asdict(each) for each in cited] for cited in cites],
        "cited": _packed("L", (number[each.cites] for each in questions)),
        "score": {at: each.score for at, each in enumerate(questions) if each.score != 1},
        **{
            name: {at: getattr(each, name) for at, each in enumerate(questions) if getattr(each, name)}
            for name in ("case", "alias", "audience", "pictures", "has_parts")
        },
        **{
            name: {at: day.isoformat() for at, each in enumerate(questions) if (day := getattr(each, name))}
            for name in ("effective_from", "effective_to", "as_of")
        },
    }


# -- reading -----------------------------------------------------------------------------------------------------


def opened(path: Path, name: str, file: str, stamp: Stamp) -> Source | None:
    """Open a compiled form by its name; None where there is none, or one that is broken or another's."""
    if not path.exists():
        return None
    with path.open("rb") as found:
        index, begin = _index(found)
        if index is None or index["name"] != name:
            return None
        words = _Words(os.dup(found.fileno()), begin, _unpacked("Q", index["sizes"]))
    with contextlib.suppress(OSError):  # of a folder that can't be written nothing is forgotten either
        os.utime(path)  # somebody needs it
    made = _questions(index, words) if index["bank"] else None
    if index["is_good"]:
        return Source(file, stamp, made, (), words.findings)
    return Source(file, stamp, made, tuple(words.findings()))


def _index(found: BinaryIO) -> tuple[dict[str, Any] | None, int]:
    """The index, and where the words begin."""
    head = found.read(len(MARK) + HASH_BYTES)
    if head != MARK + hashlib.file_digest(found, "sha256").digest():  # type: ignore[arg-type] # a file as it wants one
        return None, 0
    found.seek(len(head))
    length = int.from_bytes(found.read(LENGTH_BYTES), "big")
    return json.loads(found.read(length)), len(head) + LENGTH_BYTES + length


class _Words:
    """The part of a file that is read when it is asked for; it stays open, whatever becomes of its name."""

    def __init__(self, descriptor: int, begin: int, sizes: Sequence[int]) -> None:
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)
        self._ends = array("Q", [begin])
        for size in sizes:
            self._ends.append(self._ends[-1] + size)

    def question(self, place: int) -> Question:
        return _reader().validate_json(self._part(place))

    def findings(self) -> Iterator[Finding]:
        for each in json.loads(self._part(len(self._ends) - 2)):
            yield Finding(**{**each, "level": Level(each["level"])})

    def _part(self, place: int) -> bytes:
        begin, end = self._ends[place], self._ends[place + 1]
        return os.pread(self._descriptor, end - begin, begin)


class _Pairs:
    """Two marks a question, in as little room as they take."""

    def __init__(self, marks: Sequence[int]) -> None:
        self._marks = marks

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._marks[::2], self._marks[1::2], strict=True)


@cache
def _reader() -> TypeAdapter[Question]:
    return TypeAdapter(Question)


def _questions(index: Mapping[str, Any], words: _Words) -> Questions:
    said = {**index["bank"], "tags": tuple(index["bank"]["tags"])}
    bank = LargeBank(**said, outlines=_outlines(index["outlines"]), read=words.question)
    return Questions(bank, _Pairs(_unpacked("Q", index["marks"])), _unpacked("Q", index["rows"]))


def _outlines(columns: Mapping[str, Any]) -> tuple[Outline, ...]:
    ids, types = columns["ids"], {each.value: each for each in QuestionType}
    difficulties = {each.value: each for each in Difficulty}
    cites = [tuple(Cite(**each) for each in cited) for cited in columns["cites"]]
    days = cache(date.fromisoformat)

    def spread(name: str, usual: Any, read: Any = tuple) -> list[Any]:
        """A column of which only what is unusual was written."""
        column = [usual] * len(ids)
        for at, value in columns[name].items():
            column[int(at)] = read(value)
        return column

    rows = zip(
        range(len(ids)),
        ids,
        map(types.__getitem__, columns["types"]),
        map(difficulties.__getitem__, columns["difficulties"]),
        spread("case", "", str),
        map(cites.__getitem__, _unpacked("L", columns["cited"])),
        spread("alias", ()),
        spread("audience", ()),
        spread("pictures", ()),
        spread("score", 1, int),
        spread("has_parts", usual=False, read=bool),
        spread("effective_from", None, days),
        spread("effective_to", None, days),
        spread("as_of", None, days),
        strict=True,
    )
    with _undisturbed():
        return tuple(map(Outline._make, rows))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nobody look for garbage while much is made that stays: measured, that was half of what it takes."""
    is_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_looking:
            gc.enable()


# -- names and numbers -------------------------------------------------------------------------------------------


def _name(file: str, path: Path) -> str:
    with path.open("rb") as read:
        whole = hashlib.file_digest(read, partial(hashlib.sha256, f"{_code()}\0{file}\0".encode()))
    return f"{whole.hexdigest()}.bank"


@cache
def _code() -> str:
    """What tells the code that reads content from any other: what another has compiled is none of ours."""
    here = Path(content.__file__).parent
    whole = hashlib.sha256(repr((sys.version_info[:2], sys.byteorder)).encode())
    for path in sorted(here.rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _packed(kind: str, numbers: Any) -> str:
    return base64.b64encode(array(kind, numbers).tobytes()).decode()


def _unpacked(kind: str, packed: str) -> Sequence[int]:
    numbers = array(kind)
    numbers.frombytes(base64.b64decode(packed))
    return numbers

"""Taking a file into the pack, seen before it is done, and undone as long as nobody has changed what it made."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from content import reading, unseen
from content.importers import banks, canonical, merging
from content.importers.banks import Reading
from content.importers.merging import Fate, Merged
from content.importers.sentences import Note, Refused, Weight
from content.importers.telling import Tell, silent
from content.large_banks import AnyBank
from content.models import Bank

MOST_KEPT = 100
_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class Target:
    """The bank that a file goes to: what it has now, the other banks, and the pack's pictures.

    `text` is its file's, "" where there is none yet, and `lines` says where each of its questions begins.
    """

    path: Path
    bank: Bank | None
    text: str
    lines: Sequence[int]
    others: Mapping[str, AnyBank]
    pictures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking a file in would do. `bank` is what the target's file would hold, `text` how."""

    file: str
    target: Target
    reading: Reading
    merged: Merged
    bank: Bank
    text: str

    def notes(self) -> list[Note]:
        """Give all that is to be said, row by row."""
        return sorted((*self.reading.said(), *self.merged.notes), key=lambda note: (note.row, note.code))

    @property
    def errors(self) -> list[Note]:
        """What keeps a question, or all of the file, from being taken."""
        return [note for note in self.notes() if note.weight is Weight.ERROR]

    def counts(self) -> dict[str, int]:
        """Count the rows that are fine, doubtful and wrong, and what becomes of the questions."""
        weights: dict[tuple[str, int], set[Weight]] = {(each.sheet, each.row): set() for each in self.reading.drafts}
        for note in self.notes():
            weights.get((note.sheet, note.row), set()).add(note.weight)
        bad = sum(Weight.ERROR in each for each in weights.values())
        doubtful = sum(Weight.WARNING in each and Weight.ERROR not in each for each in weights.values())
        fates = {fate.value: len(self.merged.of(fate)) for fate in Fate}
        return {"ok": len(weights) - bad - doubtful, "warnings": doubtful, "errors": bad, **fates}


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that was taken in: what it did to which bank, and by which name it is undone."""

    name: str
    at: str
    file: str
    bank: str
    new: int
    changed: int
    before: str | None  # the bank's text before, None where there was none
    after: str  # a hash of the text since


def plan(
    name: str,
    data: bytes,
    target: Target,
    said: tuple[str, str] = ("", ""),
    *,
    most: int | None = None,
    tell: Tell = silent,
) -> Plan:
    """Say what taking a file in would do; rows with errors are left out.

    A new bank's title and topic are those that are `said`, else the file's own. Raises `Refused` where it can't be read
    or has more than `most` questions.
    """
    found = banks.read(name, data, most=most, tell=tell)
    merged = merging.merge(found.drafts, bank=target.bank, others=target.others, pictures=target.pictures, tell=tell)
    clashing = {(note.sheet, note.row) for note in merged.notes if note.weight is Weight.ERROR}
    merged = Merged([each for each in merged.found if (each.draft.sheet, each.draft.row) not in clashing], merged.notes)
    return _planned(Path(unseen.typed(name)), target, found, merged, said)


def _planned(file: Path, target: Target, found: Reading, merged: Merged, said: tuple[str, str]) -> Plan:
    changed, added = merged.of(Fate.CHANGED), [each.question for each in merged.of(Fate.NEW)]
    if not merged.found:
        raise Refused("none_good", count=len(found.drafts))
    if target.bank is None:
        name = target.path.stem
        bank = Bank(
            name=name,
            title=said[0] or found.title or file.stem,
            topic=said[1] or found.topic or name,
            questions=tuple(added),
        )
        return Plan(file.name, target, found, merged, bank, canonical.write(bank))
    at = {question.id: index for index, question in enumerate(target.bank.questions)}
    by_index = {at[each.old.id]: each.question for each in changed if each.old}
    text = canonical.rewrite(target.text, target.lines, changed=by_index, added=added)
    kept = [by_index.get(index, question) for index, question in enumerate(target.bank.questions)]
    bank = Bank(name=target.bank.name, title=target.bank.title, topic=target.bank.topic, questions=(*kept, *added))
    return Plan(file.name, target, found, merged, bank, text)


@dataclass(frozen=True, slots=True)
class Batches:
    """What was taken in, in a folder of ours: the newest are kept."""

    folder: Path

    def take(self, plan: Plan, *, now: datetime) -> Batch:
        """Write what was planned, whole or not at all; raises `Refused` where the bank was changed since."""
        path = plan.target.path
        before = path.read_bytes() if path.exists() else None
        if (reading.text_of(before) if before is not None else "") != plan.target.text:
            raise Refused("changed_since", said=path.name)
        batch = Batch(
            name=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            at=now.isoformat(timespec="seconds"),
            file=plan.file,
            bank=path.name,
            new=len(plan.merged.of(Fate.NEW)),
            changed=len(plan.merged.of(Fate.CHANGED)),
            before=None if before is None else before.decode("latin-1"),  # byte by byte, whatever its encoding
            after=_hash(plan.text.encode()),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / f"{batch.name}.json", json.dumps(asdict(batch)).encode())
        _write(path, plan.text.encode())
        for old in sorted(self.folder.glob("*.json"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
        return batch

    def all(self) -> Iterator[Batch]:
        """Give what was taken in and can be undone, the newest first."""
        for path in sorted(self.folder.glob("*.json"), reverse=True):
            yield Batch(**json.loads(path.read_text()))

    def undo(self, name: str, *, quizzes: Path) -> Batch:
        """Give a bank its text from before a batch; raises `Refused` for an unknown batch or a bank changed since."""
        kept = self.folder / f"{name}.json"
        if not _NAME.fullmatch(name) or not kept.exists():
            raise Refused("batch_unknown", said=name)
        batch = Batch(**json.loads(kept.read_text()))
        path = quizzes / batch.bank
        if not path.exists() or _hash(path.read_bytes()) != batch.after:
            raise Refused("changed_since", said=batch.bank)
        if batch.before is None:
            path.unlink()
        else:
            _write(path, batch.before.encode("latin-1"))
        kept.unlink()
        return batch


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Nobody sees half of it: what reads the pack passes over files with such a name."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    beside.write_bytes(data)
    beside.replace(path)

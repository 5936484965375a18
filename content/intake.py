"""Where files become banks of the pack, or digests, and banks files: for the command and the console alike."""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import chain, count
from pathlib import Path

from content import files, library
from content.agreement import Pack
from content.files import Questions
from content.importers import aiken, batches, cards, cloze, gift, workbooks
from content.importers.batches import Batch, Batches, Plan, Target
from content.importers.cards import Card
from content.importers.cloze import Proposal
from content.importers.drafts import NAME
from content.importers.sentences import Note, Refused
from content.importers.telling import Tell, silent
from content.large_banks import AnyBank, LargeBank
from content.library import Library
from content.models import Account, Drawn
from content.positions import Positions
from content.regulations import Regulations

WRITERS: dict[str, Callable[[AnyBank], bytes]] = {
    "xlsx": workbooks.write,
    "gift": lambda bank: gift.write(bank).encode(),
    "aiken": lambda bank: aiken.write(bank).encode(),
}
LONGEST_NAME = 12  # of a digest that is named after a file: its name is in its address, nine bytes a hanzi
SUFFIXES = {"aiken": "txt"}  # where a kind of file isn't called after itself


@dataclass(frozen=True, slots=True)
class Exported:
    """A bank as a file, and what isn't in it."""

    data: bytes
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Cards:
    """Digests that are proposed, by the files that they would be; and the file that keeps the text they quote."""

    cards: Mapping[str, Card]
    file: str
    words: str


@dataclass(frozen=True, slots=True)
class Intake:
    """The way into the pack in `folder` and out of it; `kept` is a folder of ours for what is needed to undo."""

    folder: Path
    kept: Path
    zone: tzinfo
    clock: Callable[[], datetime]
    previous: Callable[[], Library | None] = lambda: None

    def plan(
        self,
        name: str,
        data: bytes,
        *,
        to: str = "",
        title: str = "",
        topic: str = "",
        most: int | None = None,
        most_bytes: int | None = None,
        tell: Tell = silent,
    ) -> Plan:
        """Say what taking a file in would do, to the bank `to` or one named after the file; nothing is written.

        Raises `Refused` where the file can't be read or the bank can't be written; or where the one has more than
        `most` questions or the other more than `most_bytes`: all of both is held meanwhile.
        """
        pack, bank = self._pack(), to or files.named(Path(name))
        target = self._target(pack, bank, math.inf if most_bytes is None else most_bytes)
        made = batches.plan(name, data, target, (title, topic), most=most, tell=tell)
        return _with_topic(made, pack.one(Account))

    def propose(self, name: str, data: bytes) -> list[Proposal]:
        """Propose fill-in questions out of a text; raises `Refused` where it can't be read or there are none."""
        pack = self._pack()
        law = pack.one(Regulations) or Regulations()
        return cloze.read(name, data, terms=_terms(pack), regulations=law.regulations)

    def blanks(self, name: str, data: bytes) -> tuple[str, bytes]:
        """Give the workbook of what is proposed, with what it is called; raises `Refused` as `propose` does."""
        return cloze.called(name), cloze.write(self.propose(name, data))

    def cards(self, name: str, data: bytes) -> Cards:
        """Propose digests out of a document; raises `Refused` where it can't be read or has nothing to quote."""
        pack = self._pack()
        account = pack.one(Account)
        made = cards.read(name, data, topics=account.topics if account else (), terms=_terms(pack))
        words = cards.original(name, data)
        called = f"{files.named(Path(name))[:LONGEST_NAME]}-{hashlib.sha256(words.encode()).hexdigest()[:6]}"
        day = self.clock().astimezone(self.zone).date()
        slugs = _free(f"{day}-{files.named(Path(name))[:LONGEST_NAME]}", taken=self.folder / "digests")
        named = {f"digests/{slug}.md": replace(each, original=called) for slug, each in zip(slugs, made, strict=False)}
        return Cards(named, f"originals/{called}.txt", words)

    def take(self, plan: Plan) -> Batch:
        """Write what was planned; raises `Refused` where the bank was changed since."""
        return Batches(self.kept).take(plan, now=self.clock().astimezone(self.zone))

    def batches(self) -> Iterator[Batch]:
        """Give what can be undone, the newest first."""
        return Batches(self.kept).all()

    def undo(self, name: str) -> Batch:
        """Undo a batch; raises `Refused` where it isn't known or its bank was changed since."""
        return Batches(self.kept).undo(name, quizzes=self.folder / "quizzes")

    def is_large(self, batch: Batch) -> bool:
        """Whether a batch's bank is compiled before it is used, which takes its time."""
        path = self.folder / "quizzes" / batch.bank
        return path.exists() and files.stamp_of(path).size >= files.LARGE_BYTES

    def export(self, name: str, kind: str) -> Exported:
        """Give a bank as a file of a kind of `WRITERS`; raises `Refused` where there is none of this name."""
        pack = self._pack()
        found = next((made.bank for _, made in pack.every(Questions) if made.bank.name == name), None)
        if found is None:
            known = "、".join(sorted(made.bank.name for _, made in pack.every(Questions)))
            raise Refused("bank_unknown", said=name, allowed=known)
        left = aiken.left_behind(found.outlines) if kind == "aiken" else left_behind(found.outlines)
        return Exported(WRITERS[kind](found), [*left])

    def _pack(self) -> Pack:
        pack, _ = library.examine(self.folder, zone=self.zone, previous=self.previous())
        return pack

    def _target(self, pack: Pack, name: str, most_bytes: float) -> Target:
        if not NAME.fullmatch(name) or files.LEFT_BEHIND.match(f"{name}.toml"):
            raise Refused("bank_name", said=name)
        file = f"quizzes/{name}.toml"
        banks: dict[str, tuple[str, AnyBank]] = {
            made.bank.name: (file, made.bank) for file, made in pack.every(Questions)
        }
        pictures = frozenset(pack.pictures())
        others = {each: bank for each, (_, bank) in banks.items() if each != name}
        path = self.folder / file
        if name not in banks:
            if path.exists():
                raise Refused("bank_broken", said=file)
            return Target(path, None, "", (), others, pictures)
        owner, found = banks[name]
        if owner != file:
            raise Refused("bank_elsewhere", said=owner, name=name)
        if (size := files.stamp_of(path).size) > most_bytes:
            raise Refused("bank_large", name=name, size=size // 2**20)
        text = files.text_in(path)
        bank = found.held() if isinstance(found, LargeBank) else found
        lines = _lines(files.positions_in(path, None), len(bank.questions))
        return Target(path, bank, text, lines, others, pictures)


def left_behind(questions: Iterable[Drawn]) -> Iterator[Note]:
    """Say what of a bank's questions is in no file that it is exported to."""
    pictures = sorted({each for question in questions for each in question.pictures})
    if pictures:
        yield Note("pictures_beside", 1, facts={"said": "、".join(pictures), "count": len(pictures)})


def _free(slug: str, *, taken: Path) -> Iterator[str]:
    """Give names of digests that there are none of yet, without end."""
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return (each for each in names if not (taken / f"{each}.md").exists())


def _terms(pack: Pack) -> Iterator[str]:
    """What a pack is about: its topics, and the tags of its banks."""
    for account in filter(None, [pack.one(Account)]):
        yield from (topic.name for topic in account.topics)
    for _, made in pack.every(Questions):
        yield from made.bank.tags


def _lines(positions: Positions, count: int) -> list[int]:
    return [positions["question", index] for index in range(count)]


def _with_topic(plan: Plan, account: Account | None) -> Plan:
    """A topic that members can subscribe to may be named as they see it; one that there isn't is told."""
    topics = {each.id: each.name for each in account.topics} if account else {}
    ids = {name: id_ for id_, name in topics.items()}
    topic = plan.bank.topic
    if plan.target.bank is not None or topic in topics:
        return plan
    if topic in ids:
        text = re.sub(r"(?m)^topic = .*$", lambda _: f'topic = "{ids[topic]}"', plan.text, count=1)
        return replace(plan, bank=replace(plan.bank, topic=ids[topic]), text=text)
    note = Note("topic_none", 1, facts={"said": topic, "allowed": "、".join(topics) or "（还没有）"})
    return replace(plan, merged=replace(plan.merged, notes=(*plan.merged.notes, note)))

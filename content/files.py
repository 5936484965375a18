"""The files of a pack, each read once: what it holds, or what is wrong with it."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from content import faults, markdown, pictures, reading, words
from content.broadcasts import Broadcast
from content.exams import Exam
from content.faults import Finding, Unreadable
from content.importers import banks
from content.importers.safety import FORMATS, OTHER_OFFICE
from content.importers.sentences import Refused, Weight
from content.large_banks import AnyBank
from content.menus import Menu
from content.models import Account, Bank, Block, Digest, Question, QuestionType, Voice
from content.opinions import Matters, ReadyReply, Watched
from content.organisations import MOST_LEVELS, Organisations, lies_too_deep
from content.pictures import PictureFile
from content.positions import Place, Positions, line_of
from content.privacy import Notice
from content.reading import Parsed
from content.regulations import Regulations
from content.roles import Roles
from content.surveys import Survey
from content.talks import Hosts
from content.words import Template
from content.workdays import WorkYear

SHIPPED_PHRASES = Path(__file__).parent / "phrases"
SHIPPED_AS = "content/phrases"
# What editors, systems and people leave behind: never content, never a fault.
LEFT_BEHIND = re.compile(
    r"[.~#]|.*(~|\.bak|\.tmp|\.swp|\.part|\.orig)$|(thumbs\.db|desktop\.ini|readme(\..+)?)$", re.IGNORECASE
)
LARGE_BYTES = 2**16  # of a bank's file: some 150 questions, as TOML
NO_BODY = (Block(voice=Voice.REPORT, plain="", html=""),)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another without opening it."""

    modified_ns: int
    changed_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase and where it was written."""

    words: Template
    place: Place


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one file by their full keys."""

    by_key: Mapping[str, Phrase]


@dataclass(frozen=True, slots=True)
class Questions:
    """A bank and, question by question, the marks that two questions alike have in common.

    `rows` says where each stands in a file of another kind than TOML.
    """

    bank: AnyBank
    marks: Iterable[Sequence[int]]
    rows: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Searchable:
    """A digest, its words as search sees them, and the pictures in its body.

    `quoted` is what it quotes, where it names the text that this stands in.
    """

    digest: Digest
    folded: str
    pictures: tuple[markdown.Shown, ...] = ()
    quoted: tuple[markdown.Quoted, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """A text that digests quote, as they are compared with it: without any space."""

    bare: str


Content = (
    Account
    | Original
    | Menu
    | Organisations
    | Regulations
    | Phrases
    | Questions
    | Searchable
    | Broadcast
    | Template
    | WorkYear
    | Exam
    | ReadyReply
    | Matters
    | Watched
    | PictureFile
    | Hosts
    | Survey
    | Roles
    | Notice
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it was read: `made` is what could be made of it, `found` what is to be mended in it.

    The advice on a large bank is read when it is asked for: `advice` gives it.
    """

    file: str
    stamp: Stamp
    made: Content | None
    found: tuple[Finding, ...]
    advice: Callable[[], Iterable[Finding]] = tuple

    @property
    def is_large(self) -> bool:
        """Whether it is a bank's, and too large to be held by every process."""
        return _is_large(self.file, self.stamp)


def _is_large(file: str, stamp: Stamp) -> bool:
    return file.startswith("quizzes/") and stamp.size >= LARGE_BYTES


@dataclass(slots=True)
class _Draft:
    """One file being read; what is to be mended is gathered so that all is told at once."""

    file: str
    parsed: Parsed
    zone: tzinfo
    found: list[Finding] = field(default_factory=list)

    @property
    def stem(self) -> str:
        return PurePosixPath(self.file).stem

    def attempt(self, make: Callable[[], Made], *, line: int | None = None) -> Made | None:
        """Make something of the file; a failure is noted, at `line` where its own line means nothing here."""
        try:
            return make()
        except Unreadable as error:
            self.found.append(faults.finding(error.code, file=self.file, line=line or error.line, **error.facts))
        except ValidationError as error:
            self.found += faults.of_model(error, file=self.file, positions=self.parsed.positions())
        return None

    def model(self, model: type[Made], **given: Any) -> Made | None:
        """Make a model of the tables and what is `given` from outside them."""
        for key in given.keys() & self.parsed.tables.keys():
            self.note("unexpected_keyword_argument", (key,), key=key, guess=faults.guess(key, ()))
        fields = {**self.parsed.tables, **given}
        return self.attempt(lambda: TypeAdapter(model).validate_python(fields, context={"zone": self.zone}))

    def note(self, code: str, place: Place, **facts: Any) -> None:
        """Note what is to be mended at a place."""
        line = line_of(place, self.parsed.positions())
        self.found.append(faults.finding(code, file=self.file, line=line, **facts))


# What each file is read as


def _account(draft: _Draft) -> Account | None:
    return draft.model(Account)


def _menu(draft: _Draft) -> Menu | None:
    return draft.model(Menu)


def _organisations(draft: _Draft) -> Organisations | None:
    made = draft.model(Organisations)
    parents = {each.id: each.parent for each in made.organisations} if made else {}
    for index, id_ in enumerate(parents):
        if lies_too_deep(id_, parents):
            draft.note("organisation_deep", ("organisation", index), said=id_, most=MOST_LEVELS)
            return None
    return made


def _regulations(draft: _Draft) -> Regulations | None:
    return draft.model(Regulations)


def _bank(draft: _Draft) -> Questions | None:
    bank = draft.model(Bank, name=draft.stem)
    if bank is None:
        return None
    for index, question in enumerate(bank.questions):
        _advise(draft, question, ("question", index))
    return Questions(bank, tuple(map(marks, bank.questions)))


def _advise(draft: _Draft, question: Question, place: Place) -> None:
    """Note what could be better in a question that can be asked as it is."""
    if not question.source and not question.cites:
        draft.note("question_source", place)
    if question.letters_said:
        draft.note("explanation_letter", (*place, "explanation"), said=question.letters_said)
    if question.type is QuestionType.MULTI and len(question.right) == 1:
        draft.note("multi_answer", (*place, "answer"))


def _digest(draft: _Draft) -> Searchable | None:
    parsed = draft.parsed
    blocks = draft.attempt(lambda: markdown.blocks(parsed.body, first_line=parsed.body_line))
    shown = tuple(markdown.pictures(parsed.body, first_line=parsed.body_line))
    for each in shown:
        if not each.file:
            draft.found.append(faults.finding("body_image", file=draft.file, line=each.line))
        elif not each.words:
            draft.found.append(faults.finding("body_image_words", file=draft.file, line=each.line, said=each.file))
    digest = draft.model(Digest, slug=draft.stem, blocks=blocks or NO_BODY)
    if digest is None:
        return None
    quoted = tuple(markdown.quotations(parsed.body, first_line=parsed.body_line)) if digest.original else ()
    return Searchable(digest, folded(f"{digest.title}\n{digest.summary}\n{digest.plain}"), shown, quoted)


def _original(draft: _Draft) -> Original:
    return Original(bare(draft.parsed.body))


def _broadcast(draft: _Draft) -> Broadcast | None:
    broadcast = draft.model(Broadcast)
    for place, source in broadcast.gaps() if broadcast else ():
        line = line_of(place, draft.parsed.positions())
        draft.attempt(partial(words.template, source), line=line)
    return broadcast


def _exam(draft: _Draft) -> Exam | None:
    return draft.model(Exam, key=draft.stem)


def _hosts(draft: _Draft) -> Hosts | None:
    return draft.model(Hosts)


def _roles(draft: _Draft) -> Roles | None:
    return draft.model(Roles)


def _notice(draft: _Draft) -> Notice | None:
    parsed = draft.parsed
    blocks = draft.attempt(lambda: markdown.blocks(parsed.body, first_line=parsed.body_line))
    return draft.model(Notice, blocks=blocks or NO_BODY)


def _matters(draft: _Draft) -> Matters | None:
    return draft.model(Matters)


def _watched(draft: _Draft) -> Watched | None:
    return draft.model(Watched)


def _reply(draft: _Draft) -> ReadyReply | None:
    return draft.model(ReadyReply, key=draft.stem)


def _survey(draft: _Draft) -> Survey | None:
    return draft.model(Survey, key=draft.stem)


def _work_year(draft: _Draft) -> WorkYear | None:
    return draft.model(WorkYear, year=draft.stem)


def _template(draft: _Draft) -> Template | None:
    return draft.attempt(lambda: words.template(draft.parsed.body))


def _pack_phrases(draft: _Draft) -> Phrases:
    return _phrases(draft, prefix="")


def _shipped_phrases(draft: _Draft) -> Phrases:
    return _phrases(draft, prefix=f"{draft.stem}.")


def _phrases(draft: _Draft, *, prefix: str) -> Phrases:
    by_key = {}
    for place, said in _leaves(draft.parsed.tables):
        key = prefix + ".".join(map(str, place))
        if not isinstance(said, str):
            draft.note("phrase_text", place, said=key)
            continue
        line = line_of(place, draft.parsed.positions())
        compiled = draft.attempt(partial(words.template, said), line=line)
        if compiled:
            by_key[key] = Phrase(compiled, place)
    return Phrases(by_key)


def _leaves(table: Mapping[str, Any], around: Place = ()) -> Iterator[tuple[Place, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*around, key))
        else:
            yield (*around, key), value


Maker = Callable[[_Draft], Content | None]
FILES: Mapping[str, Maker] = {
    "account.toml": _account,
    "menu.toml": _menu,
    "organisations.toml": _organisations,
    "roles.toml": _roles,
    "regulations.toml": _regulations,
    "matters.toml": _matters,
    "watched.toml": _watched,
    "talks.toml": _hosts,
    "phrases.toml": _pack_phrases,
    "privacy.md": _notice,
}
BANKS = tuple(FORMATS)  # what a bank may be beside TOML
FOLDERS: Mapping[str, tuple[str, Maker]] = {
    "quizzes": (".toml", _bank),
    "digests": (".md", _digest),
    "originals": (".txt", _original),
    "broadcasts": (".toml", _broadcast),
    "templates": ("", _template),
    "calendar": (".toml", _work_year),
    "exams": (".toml", _exam),
    "replies": (".toml", _reply),
    "surveys": (".toml", _survey),
}
KINDS = (*FOLDERS, "pictures", *(PurePosixPath(file).stem for file in FILES))  # what an admin may say of a file
ALL_KINDS = "all"


def kind_of(file: str) -> str:
    """Give the kind of a file: its folder, or its own name without the ending."""
    inner, _, name = file.rpartition("/")
    return inner or PurePosixPath(name).stem


# Scanning and reading


def scan(folder: Path) -> dict[str, Stamp]:
    """Give the stamp of every file that could be content, by its path within the pack; a missing folder is empty."""
    found = {name: stamp for name, stamp in _listed(folder) if name in FILES or name.endswith(".toml")}
    for inner in (*FOLDERS, "pictures"):
        found |= {f"{inner}/{name}": stamp for name, stamp in _listed(folder / inner)}
    return found


def _listed(folder: Path) -> Iterator[tuple[str, Stamp]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)  # no two file systems list alike
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        try:
            if entry.is_file() and not LEFT_BEHIND.match(entry.name):
                yield entry.name, _stamp(entry.stat())
        except FileNotFoundError:
            continue  # gone between the listing and the look


def stamp_of(path: Path) -> Stamp:
    """Give the stamp of a file as it is now; raises `OSError`."""
    return _stamp(path.stat())


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


Large = Callable[[Mapping[str, tuple[Stamp, Path]]], Mapping[str, Source]]


def sources(
    folder: Path, *, zone: tzinfo, shipped: Path, known: Mapping[str, Source], large: Large
) -> dict[str, Source]:
    """Read every file of the pack and the shipped phrases; one whose stamp is in `known` is taken from there.

    Files of banks that must be read otherwise for their size are handed to `large`; what it doesn't give is read as all
    others are.
    """
    there_are = {file: (stamp, folder / file) for file, stamp in scan(folder).items()}
    there_are |= {
        f"{SHIPPED_AS}/{name}": (stamp, shipped / name) for name, stamp in _listed(shipped) if name.endswith(".toml")
    }
    old = {file: known[file] for file, (stamp, _) in there_are.items() if file in known and known[file].stamp == stamp}
    new = {file: it for file, it in there_are.items() if file not in old}
    taken = large({file: it for file, it in new.items() if _is_large(file, it[0])})
    return {
        file: old.get(file) or taken.get(file) or read(file, stamp, path, zone=zone)
        for file, (stamp, path) in there_are.items()
    }


def read(file: str, stamp: Stamp, path: Path, *, zone: tzinfo) -> Source:
    """Read one file."""
    make = _shipped_phrases if file.startswith(SHIPPED_AS) else _maker(file)
    return _source(file, stamp, path, make=make, zone=zone)


def _maker(file: str) -> Maker | Unreadable:
    """Give what reads a file, or why nothing does."""
    inner, _, name = file.rpartition("/")
    if inner in FOLDERS:
        suffix, make = FOLDERS[inner]
        allowed = "、".join((suffix, *BANKS)) if inner == "quizzes" else suffix
        return make if name.endswith(suffix) else Unreadable("file_unexpected", suffix=allowed)
    if file in FILES:
        return FILES[file]
    near = faults.nearest(name, FILES) or "account.toml"
    return Unreadable("file_unknown", allowed="、".join(FILES), guess=near)


def _source(file: str, stamp: Stamp, path: Path, *, make: Maker | Unreadable, zone: tzinfo) -> Source:
    if file.startswith("pictures/"):
        return _picture(file, stamp, path)
    if file.startswith("quizzes/") and path.suffix.lower() in (*BANKS, *OTHER_OFFICE):
        return _dropped_in(file, stamp, path)
    try:
        if isinstance(make, Unreadable):
            raise make
        draft = _Draft(file, _parsed(path), zone)
        made = make(draft)
    except Unreadable as error:
        return Source(file, stamp, None, (faults.finding(error.code, file=file, line=error.line, **error.facts),))
    except RecursionError:
        return Source(file, stamp, None, (faults.finding("too_deep", file=file, line=1),))
    return Source(file, stamp, made, tuple(draft.found))


def _dropped_in(file: str, stamp: Stamp, path: Path) -> Source:
    """A bank as an admin has it, in whatever program."""
    try:
        found = banks.read(path.name, _bytes(path))
    except Unreadable as error:
        return Source(file, stamp, None, (faults.finding(error.code, file=file, line=error.line, **error.facts),))
    except Refused as refused:
        return Source(file, stamp, None, (refused.note.finding(file),))
    notes = [note.finding(file) for note in (*found.said(), *found.nameless()) if note.weight is not Weight.DONE]
    taken = [(each.row, each.question) for each in found.drafts if each.question]
    notes += [
        faults.finding("explanation_letter", file=file, line=row, said=question.letters_said)
        for row, question in taken
        if question.letters_said
    ]
    name = named(path)
    bank = Bank(name=name, title=found.title or path.stem, topic=found.topic or name, questions=tuple(found.questions))
    return Source(
        file, stamp, Questions(bank, tuple(map(marks, bank.questions)), tuple(row for row, _ in taken)), (*notes,)
    )


def _picture(file: str, stamp: Stamp, path: Path) -> Source:
    try:
        return Source(file, stamp, pictures.read(_bytes(path)), ())
    except Unreadable as error:
        return Source(file, stamp, None, (faults.finding(error.code, file=file, line=1, **error.facts),))


def named(path: Path) -> str:
    """Give the name of the bank in a file that may be called anything."""
    return re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:64] or "bank"


def text_in(path: Path) -> str:
    """Give the text of a file; raises `Unreadable`."""
    return reading.text_of(_bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable("file_unreadable", reason=error.strerror or "") from None


def _parsed(path: Path) -> Parsed:
    text = text_in(path)
    if path.name == "menu.toml":
        return reading.within("menu", reading.toml(text))
    parse = {".toml": reading.toml, ".md": reading.markdown}.get(path.suffix if path.parent.name != "templates" else "")
    return parse(text) if parse else Parsed({}, dict, body=text)


def positions_in(path: Path, source: Source | None) -> Positions:
    """Give the lines of a file's values, nothing where it can't be read any more."""
    if source and isinstance(source.made, Questions) and source.made.rows:
        return {("question", index): row for index, row in enumerate(source.made.rows)}
    try:
        return _parsed(path).positions()
    except Unreadable:
        return {}


# What makes two questions one, and words findable


def bare(text: str) -> str:
    """Give text as a quotation and its source are compared: where lines end is nothing that they say."""
    return re.sub(r"\s+", "", text)


def folded(text: str) -> str:
    """Give text as search compares it: full width, case and compatibility forms don't count."""
    return unicodedata.normalize("NFKC", text).casefold()


def marks(question: Question) -> tuple[int, ...]:
    """Two questions with a mark in common are alike: one stem, and one right answer or one set of options.

    A mark has 64 bits and is the same in every process.
    """
    stem = f"{_bare(question.stem)} {question.case}"
    if not question.options:
        return (_mark(stem),)
    texts = {option.id: _bare(option.text) for option in question.options}
    right = {texts[each] for each in question.right}
    return (_mark(stem, "right", *sorted(right)), _mark(stem, "all", *sorted(set(texts.values()))))


def _mark(*words: str) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(words).encode(), digest_size=8).digest(), "big")


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", folded(text))

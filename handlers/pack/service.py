"""What becomes of a change of the pack, whichever page it was come by: begun, looked at, agreed to, written, undone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from content import files
from content.broadcasts import Broadcast
from content.files import Questions, Searchable
from content.library import Library
from content.models import Digest
from content.shelf import Shelf
from content.workshop import MOST_BYTES, Looked, Untouchable, Workshop, mark
from handlers.feature import Preview
from handlers.pack import engine
from storage.pack import Change, Changes

DIES_AFTER = timedelta(seconds=30)  # a writer takes less than one
Previewing = Callable[[Library, str], Preview]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the pack's files are changed. `previews` say what features make of a file."""

    shelf: Shelf
    workshop: Workshop
    changes: Changes
    previews: Callable[[], Sequence[Previewing]]
    clock: Callable[[], datetime]

    # -- one change ----------------------------------------------------------------------------------------------

    def begin(self, file: str, after: bytes | None, *, base: str, by: str, undoes: str = "") -> str:
        """Keep a change of a file that was `base` when it was begun, as a draft; raises `Untouchable`."""
        lies = self.workshop.read(file)
        return self.changes.begin(file, before=base, after=after, by=by, now=self.clock(), lies=lies, undoes=undoes)

    def go_on(self, change: Change, after: bytes | None, *, base: str, by: str) -> bool:
        """Let a draft be another; raises `Untouchable`."""
        lies = self.workshop.read(change.file)
        return self.changes.go_on(change.id, before=base, after=after, by=by, now=self.clock(), lies=lies)

    def hand_in(self, file: str, after: bytes, *, by: str) -> bool:
        """Ask a second admin to agree to what another page of the console would write; False where none need agree.

        Raises `Untouchable`.
        """
        if not self.needs_two(file):
            return False
        if len(after) > MOST_BYTES:
            raise Untouchable("large")
        change = self.begin(file, after, base=mark(self.workshop.read(file)), by=by)
        return self.changes.ask(change, after=mark(after), by=by, now=self.clock())

    def after(self, change: Change) -> bytes | None:
        """What the file would hold."""
        return self.changes.content(change.after)

    def look(self, change: Change) -> Looked:
        """Check the pack with the change in it."""
        return self.workshop.look(change.file, self.after(change))

    def needs_two(self, file: str) -> bool:
        """Whether another admin must agree to a change of this file."""
        library = self.shelf.current()
        made = _made(library, file)
        was_agreed = isinstance(made, Broadcast) and made.four_eyes
        return engine.needs_two(files.kind_of(file), library.account.approval, was_agreed=was_agreed)

    def take(self, change: Change, *, agreed: str = "") -> str:
        """Put a change into the pack, and say what became of it: `done`, or why not.

        What is said is a key of the words for admins. `agreed` is the second admin.
        """
        if self.needs_two(change.file) and not agreed:
            return "needs_two"
        looked_at = self.workshop.stamps()
        if self.look(change).faults:
            return "faults"
        now, kept = self.clock(), self.changes
        if not kept.begin_writing(change.id, before=change.before, after=change.after, agreed=agreed, now=now):
            return "moved"
        if self.workshop.stamps() != looked_at:  # with what was written meanwhile it may be at fault
            kept.not_written(change.id, now=self.clock())
            return "moved"
        try:
            self.workshop.write(change.file, self.after(change), was=change.before)
        except Untouchable as untouched:
            kept.not_written(change.id, now=self.clock())
            return untouched.why
        kept.written(change.id, now=self.clock())
        return "done"

    def undo(self, change: Change, *, by: str) -> tuple[str, str]:
        """Give the file what it held before a change: the id of that change, and what became of it."""
        before = self.changes.content(change.before)
        if self.lies(change.file) != change.after or (before is None and change.before):
            return change.id, "changed"
        new = self.begin(change.file, before, base=change.after, by=by, undoes=change.id)
        begun = self.changes.get(new)
        return new, self.take(begun) if begun else "moved"

    def lies(self, file: str) -> str:
        """The mark of what the file holds now; "?" where that can't be told."""
        try:
            return mark(self.workshop.read(file))
        except Untouchable:
            return "?"

    def keep(self, file: str, data: bytes) -> bool:
        """Put a text that members never see into the pack, where nothing else has its name; False where it can't be."""
        try:
            if self.workshop.read(file) != data:
                self.workshop.write(file, data, was="")
        except Untouchable:
            return False
        return True

    def settle(self) -> None:
        """Note what became of changes whose writer died: the file tells."""
        for change in self.changes.unsettled(before=self.clock() - DIES_AFTER):
            is_there = self.lies(change.file) == change.after
            (self.changes.written if is_there else self.changes.not_written)(change.id, now=self.clock())

    # -- what is shown -------------------------------------------------------------------------------------------

    def title(self, file: str, library: Library | None = None) -> str:
        """What a file is called by its readers, "" for nothing: as it is served, or as it would be in a `library`."""
        made = _made(library or self.shelf.current(), file)
        match made:
            case Searchable():
                return made.digest.title
            case Questions():
                return made.bank.title
        return str(getattr(made, "title", ""))

    def opens(self, library: Library, file: str) -> datetime | None:
        """When members first see what a file says, where that is still to come."""
        made = _made(library, file)
        opens = made.digest.publish_at if isinstance(made, Searchable) else None
        return opens if opens and opens > self.clock() else None

    def preview(self, library: Library, file: str) -> Preview:
        """What members would see of a file."""
        found = [each(library, file) for each in self.previews()]
        said = [*(line for each in found for line in each.said), *self._pushed(library, file)]
        if file == "account.toml":
            said.append(("welcome", "\n".join(library.account.welcome)))
        page = next((each.page for each in found if each.page), "")
        return Preview(said=[(what, words) for what, words in said if words], page=page)

    def _pushed(self, library: Library, file: str) -> Iterator[tuple[str, str]]:
        """What a broadcast would say now, or those whose template it is: to all, to some, in groups and as a notice."""
        made = _made(library, file)
        for each in library.broadcasts.values():
            if each is made or any(template is made for template in library.templates_of(each)):
                yield from self._said_by(each, library)

    def _said_by(self, broadcast: Broadcast, library: Library) -> Iterator[tuple[str, str]]:
        now = self.clock()
        named = [library.digests[slug] for slug in broadcast.digests if slug in library.digests]
        digests = named or library.newest(now=now, topics=broadcast.audience.topics) or library.newest(now=now)
        if not digests:
            return  # there is nothing to say
        given: Given = {"digests": digests, "now": now}
        yield "pushed", library.words_of(broadcast, **given)
        for variant in broadcast.variants:
            yield "varied", library.words_of(broadcast, variant=variant, **given)
        yield "notice", _fields(library.notice_of(broadcast, **given))
        if broadcast.groups:
            yield "grouped", library.group_words_of(broadcast, **given)


class Given(TypedDict):
    """What a broadcast's words are filled with."""

    digests: Sequence[Digest]
    now: datetime


def _made(library: Library, file: str) -> object:
    return library.sources[file].made if file in library.sources else None


def _fields(filled: Mapping[str, str]) -> str:
    return "\n".join(filled.values())

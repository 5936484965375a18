"""A new file of the pack: what kinds there are, what each begins with, and what it may be called."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flask import abort, request
from flask.typing import ResponseReturnValue

from content import files, workshop
from content.files import FILES
from content.workshop import NOT_HERE
from handlers.pack.admin.files import Files, Unfit
from handlers.pack.admin.room import Room

STARTERS = Path(workshop.__file__).with_name("starters")


@dataclass(frozen=True, slots=True)
class NewFiles:
    """The pages of a file that isn't there yet; it is kept as the others are."""

    room: Room
    files: Files

    def fresh(self) -> ResponseReturnValue:
        """A form for a new file of ?kind=, with what such a file begins with; or the kinds there are."""
        kind = request.args.get("kind", "")
        return self._fresh(kind, text=_starter(kind))

    def add(self) -> ResponseReturnValue:
        """Keep a new file as a change."""
        kind, name = request.form.get("kind", ""), request.form.get("name", "").strip()
        if kind not in self._kinds():
            abort(404)
        try:
            file, after = self._added(kind, name)
        except Unfit as unfit:
            return self._fresh(kind, text=request.form.get("text", ""), name=name, fault=unfit.said), 422
        return self.files.kept(file, after)

    def _added(self, kind: str, name: str) -> tuple[str, bytes | None]:
        faults, sent = self.room.words["faults"], request.files.get("file")
        said = PurePosixPath((sent.filename or "").replace("\\", "/")).name if sent else ""
        suffixes = _singles().get(kind) or workshop.suffixes_of(kind)
        if kind == "quizzes" and PurePosixPath(said).suffix.lower() in files.BANKS:
            raise Unfit(faults["bank"])
        if not said.lower().endswith(suffixes) and said:
            raise Unfit(faults["not_this"].format(suffix="、".join(suffixes)))
        if kind == "pictures" and not said:
            raise Unfit(faults["no_file"])
        stem = name.removesuffix(suffixes[0]) or said.rpartition(".")[0]
        ending = PurePosixPath(said).suffix if kind == "pictures" else suffixes[0]
        file = f"{kind}{_singles()[kind][0]}" if kind in _singles() else f"{kind}/{stem}{ending}"
        if not (stem or kind in _singles()) or not workshop.may_be_called(file):
            raise Unfit(faults["bad_name"])
        if self.room.desk.lies(file):
            raise Unfit(faults["taken"])
        return file, sent.stream.read() if sent and said else self.files.sent(file, None)

    def _fresh(self, kind: str, *, text: str, name: str = "", fault: str = "") -> str:
        return self.room.page(
            "new",
            kind=kind if kind in self._kinds() else "",
            kinds=self._kinds(),
            is_single=kind in _singles(),
            text=text,
            name=name,
            fault=fault,
        )

    def _kinds(self) -> list[str]:
        """What a new file may be: a folder's, or one there is only one of, and isn't yet."""
        there_are = self.room.desk.workshop.listed()
        singles = {kind: f"{kind}{ending}" for kind, (ending,) in _singles().items()}
        mine = [kind for kind in self.room.words["kinds"] if kind not in singles or singles[kind] not in there_are]
        return [kind for kind in mine if f"{kind}.toml" not in NOT_HERE]


def _singles() -> dict[str, tuple[str, ...]]:
    """The kinds of which there is one file, and how that ends."""
    return {files.kind_of(file): (PurePosixPath(file).suffix,) for file in FILES}


def _starter(kind: str) -> str:
    """What a file of a kind begins with."""
    found = next(iter(STARTERS.glob(f"{kind}.*")), None) if kind in files.KINDS else None
    return found.read_text("utf-8") if found else ""

"""The pack's files in the console: a list, and each of them to be read, edited, sent in anew or taken away."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask import abort, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from content import files, workshop
from content.workshop import NOT_HERE
from handlers import access
from handlers.asking import Asked
from handlers.finding import Found, has, wanted
from handlers.pack.admin.room import Room, picture
from storage.pack import Change

SHOWN = 200  # files of a list, at once


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the list."""

    file: str
    kind: str
    title: str
    size: int
    opened: Sequence[Change]


@dataclass(frozen=True)
class Filter(Asked):
    """Which files are meant: by words of their names and titles, and by their kind."""

    q: str
    kind: str

    def means(self, row: Row) -> bool:
        """Whether this one is."""
        return self.kind in {"", row.kind} and has(wanted(self.q), row.file, row.title, row.kind)


class Unfit(Exception):
    """What was sent can't be kept; `said` says why."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Files:
    """The pages of files that are there."""

    room: Room

    def listed(self) -> ResponseReturnValue:
        """The state of the pack, what is being changed, and the files of ?kind= with the words of ?q= in them."""
        self.room.desk.settle()
        shelf, asked, opened = self.room.desk.shelf, Filter.of_request(), self.room.desk.changes.open()
        rows = [*self._rows(opened)]
        return self.room.page(
            "list",
            faults=shelf.fault or (),
            advice=shelf.current().advice,
            is_reading=shelf.is_reading,
            opened=opened,
            rows=[row for row in rows if asked.means(row)],
            shown=SHOWN,
            asked=asked,
            there_are={row.kind for row in rows},
        )

    def search(self, words: Sequence[str]) -> Iterator[Found]:
        """The files whose name or title has these words."""
        for row in self._rows(()):
            if has(words, row.file, row.title):
                yield Found(
                    row.title or row.file, self.room.words["kinds"][row.kind], url_for("pack.one", file=row.file)
                )

    def _rows(self, opened: Sequence[Change]) -> Iterator[Row]:
        kinds = list(self.room.words["kinds"])
        listed = self.room.desk.workshop.listed()
        newest_first = sorted(listed, reverse=True)  # digests begin with their day
        ordered = sorted(newest_first, key=lambda file: kinds.index(files.kind_of(file)))
        for file in ordered:
            theirs = [each for each in opened if each.file == file]
            yield Row(file, files.kind_of(file), self.room.desk.title(file), listed[file], theirs)

    def one(self, file: str) -> ResponseReturnValue:
        """A file: read, and edited where that may be."""
        data, why = self.room.read(file)
        if data is None and not why:
            abort(404)
        return self._file(file, data, why=why)

    def download(self, file: str) -> ResponseReturnValue:
        """A file as it is."""
        data, _ = self.room.read(file)
        if data is None:
            abort(404)
        return send_file(io.BytesIO(data), as_attachment=True, download_name=PurePosixPath(file).name)

    def save(self, file: str) -> ResponseReturnValue:
        """Keep what was written or sent in, or that the file is to go, as a change: its page checks it."""
        now, why = self.room.read(file)
        if why or file in NOT_HERE:
            return self._file(file, now, why=why), 403
        try:
            after = self.sent(file, now)
        except Unfit as unfit:
            return self._file(file, now, fault=unfit.said, text=request.form.get("text")), 422
        return self.kept(file, after)

    def sent(self, file: str, now: bytes | None) -> bytes | None:
        """What the file is to be, None where it is to go; raises `Unfit`."""
        if "delete" in request.form:
            return None
        sent = request.files.get("file")
        if sent is not None and sent.filename:
            self._fits(file, PurePosixPath(sent.filename.replace("\\", "/")).suffix)
            return sent.stream.read()
        if "text" not in request.form:
            raise Unfit(self.room.words["faults"]["no_file"])
        if not request.form["text"].strip():
            raise Unfit(self.room.words["faults"]["no_words"])
        return workshop.written(request.form["text"], now)

    def _fits(self, file: str, suffix: str) -> None:
        own = PurePosixPath(file).suffix.lower()
        if suffix.lower() != own and not (suffix.lower() == ".txt" and workshop.is_words(file)):
            elsewhere = files.kind_of(file) == "quizzes" and suffix.lower() in files.BANKS
            said = self.room.words["faults"]["bank" if elsewhere else "not_this"]
            raise Unfit(said.format(suffix=own))

    def kept(self, file: str, after: bytes | None) -> ResponseReturnValue:
        """Keep it as a new change, or in place of an own draft."""
        by, base = access.who_is_in(), request.form.get("base", "")
        if workshop.mark(after) == base == self.room.desk.lies(file):
            self.room.tells("same")
            return redirect(url_for("pack.one", file=file), 303)
        draft = self.room.desk.changes.get(request.form.get("change", ""))
        if draft and draft.file == file and self.room.desk.go_on(draft, after, base=base, by=by):
            return redirect(url_for("pack.change", id_=draft.id), 303)
        return redirect(url_for("pack.change", id_=self.room.desk.begin(file, after, base=base, by=by)), 303)

    def _file(self, file: str, data: bytes | None, *, why: str = "", fault: str = "", text: str | None = None) -> str:
        why = why or self._why_shown_only(file)
        return self.room.page(
            "file",
            file=file,
            kind=files.kind_of(file),
            title=self.room.desk.title(file),
            text=(workshop.read_as(data) or "") if text is None else text,
            has_text=workshop.is_words(file) and workshop.read_as(data) is not None,
            is_there=data is not None,
            picture=picture(file, data),
            base=workshop.mark(data),
            shown_only=self.room.words["shown_only"].get(why, ""),
            suffix=PurePosixPath(file).suffix,
            opened=self.room.desk.changes.open(file),
            changes=self.room.desk.changes.done(file, most=5),
            fault=fault,
        )

    def _why_shown_only(self, file: str) -> str:
        if file in NOT_HERE:
            return "rights"
        return "" if self.room.desk.workshop.is_open else "closed"

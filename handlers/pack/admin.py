"""The pack's files in the console: a list, one to read and edit, a change from its first word to its undoing."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from content import files, workshop
from content.files import FILES
from content.roles import Duty
from content.workshop import NOT_HERE, Looked, Untouchable
from handlers import access
from handlers.access import needs
from handlers.feature import Preview, Waiting
from handlers.finding import Found, has
from handlers.pack import engine
from handlers.pack.service import Desk
from storage.pack import Change, State

FORM_BYTES = workshop.MOST_BYTES + 2**16
SHOWN = 200  # files of a list, at once
LONGEST_REMARK = 500
CAME_TO_PASS = {"done", "undone", "asked", "sent_back", "taken_back", "dropped"}
STARTERS = Path(workshop.__file__).with_name("starters")


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the list."""

    file: str
    kind: str
    title: str
    size: int
    opened: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the pages show."""

    desk: Desk
    zone: ZoneInfo
    words: Mapping[str, Any]

    def waiting(self, name: str) -> Sequence[Waiting]:
        """Changes that wait for a second admin, for those who may be that, but for their authors."""
        may = access.may(Duty.APPROVE_CONTENT, whole=True)
        asked = [each for each in self._asked_for() if each.author != name] if may else []
        said = self.words["waits"]["asked"].format(len(asked))
        return [Waiting(count=len(asked), said=said, link=url_for("pack.asked"))] if asked else []

    def _asked_for(self) -> list[Change]:
        return [each for each in self.desk.changes.open() if each.state is State.ASKED]

    # -- files ---------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """The state of the pack, what is being changed, and the files of ?kind= with the words of ?q= in them."""
        self.desk.settle()
        shelf, kind, words = self.desk.shelf, request.args.get("kind", ""), request.args.get("q", "").strip()[:60]
        opened = self.desk.changes.open()
        rows = [*self._rows(opened)]
        found = [
            row for row in rows if kind in {"", row.kind} and engine.matching(words, (row.file, row.title, row.kind))
        ]
        return self._page(
            "list",
            faults=shelf.fault or (),
            advice=shelf.current().advice,
            is_reading=shelf.is_reading,
            opened=opened,
            rows=found,
            shown=SHOWN,
            kind=kind,
            words=words,
            there_are={row.kind for row in rows},
        )

    def search(self, words: Sequence[str]) -> Iterator[Found]:
        """The files whose name or title has these words."""
        for row in self._rows(()):
            if has(words, row.file, row.title):
                yield Found(row.title or row.file, self.words["kinds"][row.kind], url_for("pack.one", file=row.file))

    def _rows(self, opened: Sequence[Change]) -> Iterator[Row]:
        kinds = list(self.words["kinds"])
        listed = self.desk.workshop.listed()
        newest_first = sorted(listed, reverse=True)  # digests begin with their day
        ordered = sorted(newest_first, key=lambda file: kinds.index(files.kind_of(file)))
        for file in ordered:
            theirs = [each for each in opened if each.file == file]
            yield Row(file, files.kind_of(file), self.desk.title(file), listed[file], theirs)

    def one(self, file: str) -> ResponseReturnValue:
        """A file: read, and edited where that may be."""
        data, why = self._read(file)
        if data is None and not why:
            abort(404)
        return self._file(file, data, why=why)

    def download(self, file: str) -> ResponseReturnValue:
        """A file as it is."""
        data, _ = self._read(file)
        if data is None:
            abort(404)
        return send_file(io.BytesIO(data), as_attachment=True, download_name=PurePosixPath(file).name)

    def save(self, file: str) -> ResponseReturnValue:
        """Keep what was written or sent in, or that the file is to go, as a change: its page checks it."""
        now, why = self._read(file)
        if why or file in NOT_HERE:
            return self._file(file, now, why=why), 403
        try:
            after = self._sent(file, now)
        except _Unfit as unfit:
            return self._file(file, now, fault=unfit.said, text=request.form.get("text")), 422
        return self._kept(file, after)

    def _sent(self, file: str, now: bytes | None) -> bytes | None:
        """What the file is to be, None where it is to go; raises `_Unfit`."""
        if "delete" in request.form:
            return None
        sent = request.files.get("file")
        if sent is not None and sent.filename:
            self._fits(file, PurePosixPath(sent.filename.replace("\\", "/")).suffix)
            return sent.stream.read()
        if "text" not in request.form:
            raise _Unfit(self.words["faults"]["no_file"])
        if not request.form["text"].strip():
            raise _Unfit(self.words["faults"]["no_words"])
        return workshop.written(request.form["text"], now)

    def _fits(self, file: str, suffix: str) -> None:
        own = PurePosixPath(file).suffix.lower()
        if suffix.lower() != own and not (suffix.lower() == ".txt" and workshop.is_words(file)):
            elsewhere = files.kind_of(file) == "quizzes" and suffix.lower() in files.BANKS
            said = self.words["faults"]["bank" if elsewhere else "not_this"]
            raise _Unfit(said.format(suffix=own))

    def _kept(self, file: str, after: bytes | None) -> ResponseReturnValue:
        """Keep it as a new change, or in place of an own draft."""
        by, base = access.who_is_in(), request.form.get("base", "")
        if workshop.mark(after) == base == self.desk.lies(file):
            self._tells("same")
            return redirect(url_for("pack.one", file=file), 303)
        draft = self.desk.changes.get(request.form.get("change", ""))
        if draft and draft.file == file and self.desk.go_on(draft, after, base=base, by=by):
            return redirect(url_for("pack.change", id_=draft.id), 303)
        return redirect(url_for("pack.change", id_=self.desk.begin(file, after, base=base, by=by)), 303)

    # -- a new one -----------------------------------------------------------------------------------------------

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
        except _Unfit as unfit:
            return self._fresh(kind, text=request.form.get("text", ""), name=name, fault=unfit.said), 422
        return self._kept(file, after)

    def _added(self, kind: str, name: str) -> tuple[str, bytes | None]:
        faults, sent = self.words["faults"], request.files.get("file")
        said = PurePosixPath((sent.filename or "").replace("\\", "/")).name if sent else ""
        suffixes = _singles().get(kind) or workshop.suffixes_of(kind)
        if kind == "quizzes" and PurePosixPath(said).suffix.lower() in files.BANKS:
            raise _Unfit(faults["bank"])
        if not said.lower().endswith(suffixes) and said:
            raise _Unfit(faults["not_this"].format(suffix="、".join(suffixes)))
        if kind == "pictures" and not said:
            raise _Unfit(faults["no_file"])
        stem = name.removesuffix(suffixes[0]) or said.rpartition(".")[0]
        ending = PurePosixPath(said).suffix if kind == "pictures" else suffixes[0]
        file = f"{kind}{_singles()[kind][0]}" if kind in _singles() else f"{kind}/{stem}{ending}"
        if not (stem or kind in _singles()) or not workshop.may_be_called(file):
            raise _Unfit(faults["bad_name"])
        if self.desk.lies(file):
            raise _Unfit(faults["taken"])
        return file, sent.stream.read() if sent and said else self._sent(file, None)

    def _fresh(self, kind: str, *, text: str, name: str = "", fault: str = "") -> str:
        return self._page(
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
        there_are = self.desk.workshop.listed()
        singles = {kind: f"{kind}{ending}" for kind, (ending,) in _singles().items()}
        mine = [kind for kind in self.words["kinds"] if kind not in singles or singles[kind] not in there_are]
        return [kind for kind in mine if f"{kind}.toml" not in NOT_HERE]

    # -- a change ------------------------------------------------------------------------------------------------

    def change(self, id_: str) -> ResponseReturnValue:
        """A change: what is another line, what is wrong with it, what members would see, and what comes next."""
        self.desk.settle()
        return self._change(self._found(id_), is_second=False)

    def asked(self) -> ResponseReturnValue:
        """The changes that wait for a second admin."""
        return self._page("asked", opened=self._asked_for())

    def second(self, id_: str) -> ResponseReturnValue:
        """A change as the second admin looks at it."""
        change = self._found(id_)
        if change.state is not State.ASKED:
            self._tells("moved" if change.is_open else "over")
            return redirect(url_for("pack.asked"))
        return self._change(change, is_second=True)

    def _found(self, id_: str) -> Change:
        change = self.desk.changes.get(id_)
        if change is None:
            self._tells("gone")
            abort(redirect(url_for("console.overview"), 303))
        return change

    def _change(self, change: Change, *, is_second: bool) -> str:
        desk, after = self.desk, self.desk.after(change)
        looked = desk.look(change) if change.is_open else None
        would_be = looked.library if looked else None
        lies = desk.lies(change.file)
        has_moved = change.is_open and lies not in (change.before, change.after)
        text = workshop.read_as(after) or ""
        return self._page(
            "change",
            change=change,
            kind=files.kind_of(change.file),
            looked=looked,
            has_moved=has_moved,
            lies=lies,
            is_words=workshop.is_words(change.file),
            text=text,
            lines=self._difference(change, after, now=has_moved),
            excerpts=engine.excerpts(text, _own(looked, change.file)),
            preview=desk.preview(would_be, change.file) if would_be and after else Preview(),
            menu=would_be.menu.buttons if would_be and change.file == "menu.toml" else (),
            picture=_picture(change.file, after),
            needs_two=desk.needs_two(change.file),
            is_second=is_second,
            is_mine=change.author == access.who_is_in(),
            seen=engine.seen(change.id, change.before, change.after),
            may_be_undone=change.state is State.DONE and lies == change.after,
        )

    def _difference(self, change: Change, after: bytes | None, *, now: bool) -> Sequence[engine.Line]:
        before = self._read(change.file)[0] if now else self.desk.changes.content(change.before)
        return engine.difference(workshop.read_as(before) or "", workshop.read_as(after) or "")

    def page(self, id_: str) -> ResponseReturnValue:
        """The page that members would see."""
        change = self._found(id_)
        looked = self.desk.look(change)
        html = self.desk.preview(looked.library, change.file).page if looked.library else ""
        if not html:
            abort(404)
        answer = Response(html)
        answer.cache_control.no_store = True
        return answer

    def act(self, id_: str, act: str) -> ResponseReturnValue:
        """Take it, ask for it, take it back, or throw it away: each of them its author, as it was seen."""
        change = self._found(id_)
        acts = {"take": self.desk.take, "ask": self._ask, "back": self._take_back, "drop": self._drop}
        if act not in acts:
            abort(404)
        may = self._is_as_seen(change) and change.author == access.who_is_in()
        said = acts[act](change) if may else "moved"
        self._tells(said)
        return redirect(url_for("pack.listed") if said == "dropped" else url_for("pack.change", id_=id_), 303)

    def agree(self, id_: str) -> ResponseReturnValue:
        """Take what another admin asked for, as it was seen."""
        change, by = self._found(id_), access.who_is_in()
        said = self.desk.take(change, agreed=by) if self._may_be_second(change) else "moved"
        self._tells(said)
        return redirect(url_for("pack.asked") if said == "done" else url_for("pack.second", id_=id_), 303)

    def send_back(self, id_: str) -> ResponseReturnValue:
        """Give it back to its author, with a remark."""
        change, remark = self._found(id_), request.form.get("remark", "").strip()[:LONGEST_REMARK]
        may = self._may_be_second(change)
        is_back = may and self.desk.changes.send_back(id_, remark=remark, now=self.desk.clock())
        self._tells("sent_back" if is_back else "moved")
        return redirect(url_for("pack.asked"), 303)

    def _may_be_second(self, change: Change) -> bool:
        return self._is_as_seen(change) and change.author != access.who_is_in()

    def _is_as_seen(self, change: Change) -> bool:
        return request.form.get("seen") == engine.seen(change.id, change.before, change.after)

    def _ask(self, change: Change) -> str:
        if self.desk.look(change).faults:
            return "faults"
        is_asked = self.desk.changes.ask(change.id, after=change.after, by=change.author, now=self.desk.clock())
        return "asked" if is_asked else "moved"

    def _take_back(self, change: Change) -> str:
        is_back = self.desk.changes.send_back(change.id, remark="", now=self.desk.clock())
        return "taken_back" if is_back else "moved"

    def _drop(self, change: Change) -> str:
        return "dropped" if self.desk.changes.drop(change.id, by=change.author) else "moved"

    def undo(self, id_: str) -> ResponseReturnValue:
        """Give a file what it held before a change that was the last."""
        change = self._found(id_)
        if change.state is not State.DONE:
            abort(403)
        new, became = self.desk.undo(change, by=access.who_is_in())
        self._tells({"done": "undone", "needs_two": "undo_needs_two"}.get(became, became))
        return redirect(url_for("pack.change", id_=new), 303)

    def history(self) -> ResponseReturnValue:
        """What was changed, of ?file= or of all: when, by whom."""
        self.desk.settle()
        file = request.args.get("file", "").replace("\0", "")
        return self._page("history", file=file, changes=self.desk.changes.done(file))

    def too_large(self, _: RequestEntityTooLarge) -> ResponseReturnValue:
        """Say how large a file may be."""
        return self._page("too_large", fault=self.words["faults"]["too_large"]), 413

    # -- what is shown -------------------------------------------------------------------------------------------

    def _read(self, file: str) -> tuple[bytes | None, str]:
        """What a file holds, or why it can't be shown."""
        try:
            return self.desk.workshop.read(file), ""
        except Untouchable as untouched:
            if untouched.why == "name":
                abort(404)
            return None, untouched.why

    def _file(self, file: str, data: bytes | None, *, why: str = "", fault: str = "", text: str | None = None) -> str:
        why = why or self._why_shown_only(file)
        return self._page(
            "file",
            file=file,
            kind=files.kind_of(file),
            title=self.desk.title(file),
            text=(workshop.read_as(data) or "") if text is None else text,
            has_text=workshop.is_words(file) and workshop.read_as(data) is not None,
            is_there=data is not None,
            picture=_picture(file, data),
            base=workshop.mark(data),
            shown_only=self.words["shown_only"].get(why, ""),
            suffix=PurePosixPath(file).suffix,
            opened=self.desk.changes.open(file),
            changes=self.desk.changes.done(file, most=5),
            fault=fault,
        )

    def _why_shown_only(self, file: str) -> str:
        if file in NOT_HERE:
            return "rights"
        return "" if self.desk.workshop.is_open else "closed"

    def _page(self, template: str, **values: Any) -> str:
        return render_template(f"pack/{template}.html", named=self.words, at=self._at, **values)

    def _tells(self, became: str) -> None:
        """Tell on the next page what became of a press; what didn't come to pass stands out."""
        flash(self.words["said"][became], "message" if became in CAME_TO_PASS else "warning")

    def _at(self, change: Change) -> str:
        return f"{change.at.astimezone(self.zone):%Y-%m-%d %H:%M}"


class _Unfit(Exception):
    """What was sent can't be kept; `said` says why."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


def _singles() -> dict[str, tuple[str, ...]]:
    """The kinds of which there is one file, and how that ends."""
    return {files.kind_of(file): (PurePosixPath(file).suffix,) for file in FILES}


def _starter(kind: str) -> str:
    """What a file of a kind begins with."""
    found = next(iter(STARTERS.glob(f"{kind}.*")), None) if kind in files.KINDS else None
    return found.read_text("utf-8") if found else ""


def _picture(file: str, data: bytes | None) -> str:
    """A picture as an address that holds it."""
    suffix = PurePosixPath(file).suffix.lower().replace(".jpg", ".jpeg").lstrip(".")
    is_one = data is not None and files.kind_of(file) == "pictures"
    return f"data:image/{suffix};base64,{base64.b64encode(data or b'').decode()}" if is_one else ""


def _own(looked: Looked | None, file: str) -> Iterator[int]:
    """The lines of a file of which something is found."""
    found = (*looked.faults, *looked.advice) if looked else ()
    return (each.line for each in found if each.file == file)


def _lines() -> ResponseReturnValue:
    return Response(render_template("pack/lines.js"), mimetype="text/javascript")


def blueprint(pages: Pages) -> Blueprint:
    """Serve /admin/content."""
    doors = Blueprint("pack", __name__, url_prefix="/admin/content", template_folder="../templates")
    one, asked, posted = "/changes/<id_>", "/asked/<id_>", ["POST"]
    doors.add_url_rule("", "listed", needs(Duty.CONTENT, pages.listed, whole=True))
    doors.add_url_rule("/files/<path:file>", "one", needs(Duty.CONTENT, pages.one, whole=True))
    doors.add_url_rule("/files/<path:file>", "save", needs(Duty.CONTENT, pages.save, whole=True), methods=posted)
    doors.add_url_rule("/download/<path:file>", "download", needs(Duty.CONTENT, pages.download, whole=True))
    doors.add_url_rule("/lines.js", "lines", needs(Duty.CONTENT, _lines, whole=True))
    doors.add_url_rule("/new", "fresh", needs(Duty.CONTENT, pages.fresh, whole=True))
    doors.add_url_rule("/new", "add", needs(Duty.CONTENT, pages.add, whole=True), methods=posted)
    doors.add_url_rule("/history", "history", needs(Duty.CONTENT, pages.history, whole=True))
    doors.add_url_rule(one, "change", needs(Duty.CONTENT, pages.change, whole=True))
    doors.add_url_rule(f"{one}/page", "page", needs(Duty.CONTENT, pages.page, whole=True))
    doors.add_url_rule(f"{one}/undo", "undo", needs(Duty.CONTENT, pages.undo, whole=True), methods=posted)
    doors.add_url_rule(f"{one}/<act>", "act", needs(Duty.CONTENT, pages.act, whole=True), methods=posted)
    doors.add_url_rule("/asked", "asked", needs(Duty.APPROVE_CONTENT, pages.asked, whole=True))
    doors.add_url_rule(asked, "second", needs(Duty.APPROVE_CONTENT, pages.second, whole=True))
    doors.add_url_rule(f"{asked}/page", "second_page", needs(Duty.APPROVE_CONTENT, pages.page, whole=True))
    doors.add_url_rule(f"{asked}/agree", "agree", needs(Duty.APPROVE_CONTENT, pages.agree, whole=True), methods=posted)
    doors.add_url_rule(
        f"{asked}/back", "send_back", needs(Duty.APPROVE_CONTENT, pages.send_back, whole=True), methods=posted
    )
    doors.register_error_handler(RequestEntityTooLarge, pages.too_large)

    @doors.url_value_preprocessor
    def _larger(_endpoint: str | None, _values: object) -> None:
        """A file may be larger than what a form holds; this comes before anything reads the form."""
        request.max_content_length = request.max_form_memory_size = FORM_BYTES

    return doors

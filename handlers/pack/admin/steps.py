"""A change of the pack from its first word to its undoing: looked at, agreed to, and what was changed before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from content import files, workshop
from content.roles import Duty
from content.workshop import Looked
from handlers import access, guards
from handlers.feature import Preview, Waiting
from handlers.pack import engine
from handlers.pack.admin.room import Room, picture
from storage.pack import Change, State

LONGEST_REMARK = 500


@dataclass(frozen=True, slots=True)
class Steps:
    """The pages of a change, its author's and the second admin's."""

    room: Room

    def waiting(self, name: str) -> Sequence[Waiting]:
        """What others asked for, for those who may agree; and what they sent back, for its author."""
        opened = self.room.desk.changes.open()
        may_agree, may_write = (guards.may(each, whole=True) for each in (Duty.APPROVE_CONTENT, Duty.CONTENT))
        asked = [each for each in opened if may_agree and each.state is State.ASKED and each.author != name]
        back = [each for each in opened if may_write and each.was_sent_back and each.author == name]
        said = self.room.words["waits"]
        waits = (("asked", asked, url_for("pack.asked")), ("sent_back", back, url_for("pack.listed")))
        return [
            Waiting(count=len(found), said=said[what].format(len(found)), link=link)
            for what, found, link in waits
            if found
        ]

    def asked_for(self) -> list[Change]:
        """Those that wait for a second admin."""
        return [each for each in self.room.desk.changes.open() if each.state is State.ASKED]

    def change(self, id_: str) -> ResponseReturnValue:
        """A change: what is another line, what is wrong with it, what members would see, and what comes next."""
        self.room.desk.settle()
        return self._change(self._found(id_), is_second=False)

    def asked(self) -> ResponseReturnValue:
        """The changes that wait for a second admin."""
        return self.room.page("asked", opened=self.asked_for())

    def second(self, id_: str) -> ResponseReturnValue:
        """A change as the second admin looks at it."""
        change = self._found(id_)
        if change.state is not State.ASKED:
            self.room.tells("moved" if change.is_open else "over")
            return redirect(url_for("pack.asked"))
        return self._change(change, is_second=True)

    def _found(self, id_: str) -> Change:
        change = self.room.desk.changes.get(id_)
        if change is None:
            self.room.tells("gone")
            abort(redirect(url_for("console.overview"), 303))
        return change

    def _change(self, change: Change, *, is_second: bool) -> str:
        desk, after = self.room.desk, self.room.desk.after(change)
        looked = desk.look(change) if change.is_open else None
        would_be = looked.library if looked else None
        lies = desk.lies(change.file)
        has_moved = change.is_open and lies not in (change.before, change.after)
        text = workshop.read_as(after) or ""
        opens = desk.opens(would_be, change.file) if would_be and after else None
        return self.room.page(
            "change",
            change=change,
            title=desk.title(change.file, would_be),
            opens=self.room.moment(opens) if opens else "",
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
            picture=picture(change.file, after),
            needs_two=desk.needs_two(change.file),
            is_second=is_second,
            is_mine=change.author == access.who_is_in(),
            seen=engine.seen(change.id, change.before, change.after),
            may_be_undone=change.state is State.DONE and lies == change.after,
        )

    def _difference(self, change: Change, after: bytes | None, *, now: bool) -> Sequence[engine.Line]:
        before = self.room.read(change.file)[0] if now else self.room.desk.changes.content(change.before)
        return engine.difference(workshop.read_as(before) or "", workshop.read_as(after) or "")

    def page(self, id_: str) -> ResponseReturnValue:
        """The page that members would see."""
        change = self._found(id_)
        looked = self.room.desk.look(change)
        html = self.room.desk.preview(looked.library, change.file).page if looked.library else ""
        if not html:
            abort(404)
        answer = Response(html)
        answer.cache_control.no_store = True
        return answer

    def act(self, id_: str, act: str) -> ResponseReturnValue:
        """Take it, ask for it, take it back, or throw it away: each of them its author, as it was seen."""
        change = self._found(id_)
        acts = {"take": self.room.desk.take, "ask": self._ask, "back": self._take_back, "drop": self._drop}
        if act not in acts:
            abort(404)
        may = self._is_as_seen(change) and change.author == access.who_is_in()
        said = acts[act](change) if may else "moved"
        self.room.tells(said)
        return redirect(url_for("pack.listed") if said == "dropped" else url_for("pack.change", id_=id_), 303)

    def agree(self, id_: str) -> ResponseReturnValue:
        """Take what another admin asked for, as it was seen."""
        change, by = self._found(id_), access.who_is_in()
        said = self.room.desk.take(change, agreed=by) if self._may_be_second(change) else "moved"
        self.room.tells(said)
        return redirect(url_for("pack.asked") if said == "done" else url_for("pack.second", id_=id_), 303)

    def send_back(self, id_: str) -> ResponseReturnValue:
        """Give it back to its author, with a remark."""
        change, remark = self._found(id_), request.form.get("remark", "").strip()[:LONGEST_REMARK]
        may = self._may_be_second(change)
        is_back = may and self.room.desk.changes.send_back(id_, remark=remark, now=self.room.desk.clock())
        self.room.tells("sent_back" if is_back else "moved")
        return redirect(url_for("pack.asked"), 303)

    def _may_be_second(self, change: Change) -> bool:
        return self._is_as_seen(change) and change.author != access.who_is_in()

    def _is_as_seen(self, change: Change) -> bool:
        return request.form.get("seen") == engine.seen(change.id, change.before, change.after)

    def _ask(self, change: Change) -> str:
        if self.room.desk.look(change).faults:
            return "faults"
        is_asked = self.room.desk.changes.ask(
            change.id, after=change.after, by=change.author, now=self.room.desk.clock()
        )
        return "asked" if is_asked else "moved"

    def _take_back(self, change: Change) -> str:
        is_back = self.room.desk.changes.send_back(change.id, remark="", now=self.room.desk.clock())
        return "taken_back" if is_back else "moved"

    def _drop(self, change: Change) -> str:
        return "dropped" if self.room.desk.changes.drop(change.id, by=change.author) else "moved"

    def undo(self, id_: str) -> ResponseReturnValue:
        """Give a file what it held before a change that was the last."""
        change = self._found(id_)
        if change.state is not State.DONE:
            abort(403)
        new, became = self.room.desk.undo(change, by=access.who_is_in())
        self.room.tells({"done": "undone", "needs_two": "undo_needs_two"}.get(became, became))
        return redirect(url_for("pack.change", id_=new), 303)

    def history(self) -> ResponseReturnValue:
        """What was changed, of ?file= or of all: when, by whom."""
        self.room.desk.settle()
        file = request.args.get("file", "").replace("\0", "")
        return self.room.page("history", file=file, changes=self.room.desk.changes.done(file))


def _own(looked: Looked | None, file: str) -> Iterator[int]:
    """The lines of a file of which something is found."""
    found = (*looked.faults, *looked.advice) if looked else ()
    return (each.line for each in found if each.file == file)

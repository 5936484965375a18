"""Digests that are proposed out of a document: seen, mended and begun as drafts, which somebody has to take."""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import PurePosixPath
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from content.importers.cards import Card
from content.importers.sentences import Note, Refused
from content.importers.waiting import Waiting
from content.intake import Cards, Intake
from content.roles import Duty
from content.shelf import Shelf
from handlers import access, uploads
from handlers.finding import Found, has
from handlers.guards import needs

MOST_BYTES = 10 * 2**20
NAME = re.compile(r"[\w-][\w.-]{0,63}")
OPENS = "08:00"  # what is proposed comes out tomorrow at that time, where nobody says another
TYPED = ("title", "kind", "source_name", "source_url", "doc_no", "issued_on", "publish_at", "summary")
SEPARATOR = b"\0"  # between the name of a file that waits and what is in it


class Drafts(Protocol):
    """Where files of the pack are begun that aren't in it yet."""

    def begin(self, file: str, after: bytes | None, *, base: str, by: str) -> str:
        """Keep a change of a file that was `base`, "" for none, as a draft, and give its id."""

    def keep(self, file: str, data: bytes) -> bool:
        """Put a text that members never see into the pack; False where it can't be written."""

    def lies(self, file: str) -> str:
        """A mark of what the file holds, "" where there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A card on the page: the name of its file without the ending, and whether somebody wants it."""

    number: int
    slug: str
    card: Card
    is_chosen: bool = False

    @property
    def file(self) -> str:
        """The file that it would be."""
        return f"digests/{self.slug}.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposing:
    """What the pages show."""

    shelf: Shelf
    intake: Intake
    waiting: Waiting
    drafts: Drafts
    clock: Callable[[], datetime]
    zone: ZoneInfo
    words: Mapping[str, Any]

    def search(self, words: Sequence[str]) -> Iterator[Found]:
        """The digests that have these words, out or not."""
        for digest in self.shelf.current().digests.values():
            if has(words, digest.title, digest.summary, digest.plain):
                kind = self.words["kinds"][digest.kind]
                yield Found(digest.title, kind, url_for("pack.one", file=f"digests/{digest.slug}.md"))

    def form(self) -> ResponseReturnValue:
        """A form for a document."""
        return self._form()

    def propose(self) -> ResponseReturnValue:
        """Take a document in, to be looked at; nothing is written."""
        if (sent := uploads.sent(MOST_BYTES)) is None:
            return self._form(fault=self.words["no_file"]), 422
        try:
            self.intake.cards(*sent)
        except Refused as refused:
            return self._form(refused=refused.note), 422
        return redirect(url_for("digest_admin.proposed", token=self._keep(*sent)), 303)

    def proposed(self, token: str) -> ResponseReturnValue:
        """What is proposed out of a document, to be mended and chosen."""
        found = self._waiting(token)
        if found is None:
            return self._form(fault=self.words["too_late"]), 410
        tomorrow = f"{self.clock().astimezone(self.zone) + timedelta(days=1):%Y-%m-%d} {OPENS}"
        rows = [
            Row(number, PurePosixPath(file).stem, replace(card, publish_at=tomorrow))
            for number, (file, card) in enumerate(self.intake.cards(*found).cards.items(), start=1)
        ]
        return self._proposed(token, found[0], rows)

    def blanks(self, token: str) -> ResponseReturnValue:
        """Fill-in questions proposed out of the same document, as a workbook to mark."""
        found = self._waiting(token)
        if found is None:
            return self._form(fault=self.words["too_late"]), 410
        try:
            called, made = self.intake.blanks(*found)
        except Refused as refused:
            return self._form(refused=refused.note), 422
        return send_file(io.BytesIO(made), as_attachment=True, download_name=called)

    def begin(self, token: str) -> ResponseReturnValue:
        """Begin those that were chosen as drafts, as they were mended; before that, keep the text that they quote."""
        rows, sent = [*_rows()], uploads.sent(MOST_BYTES)
        token = self._keep(*sent) if sent else token
        found = self._waiting(token)
        original = self._original(found) if found else None
        fault = self._fault(rows, original)
        if original and not fault and not self.drafts.keep(original.file, original.words.encode()):
            fault = self.words["unwritable"]
        if fault or not original:
            name = request.form.get("name", "")
            return self._proposed(token, name, rows, fault=fault, is_gone=original is None), 422
        return self._begun([row for row in rows if row.is_chosen])

    def _begun(self, chosen: Sequence[Row]) -> ResponseReturnValue:
        by = access.who_is_in()
        begun = [self.drafts.begin(row.file, row.card.text().encode(), base="", by=by) for row in chosen]
        flash(self.words["begun"].format(count=len(begun)))
        one = url_for("pack.change", id_=begun[0])
        return redirect(one if len(begun) == 1 else url_for("pack.listed"), 303)

    def _original(self, found: tuple[str, bytes]) -> Cards | None:
        """The text that the cards on the page quote; None where another document was sent."""
        try:
            made = self.intake.cards(*found)
        except Refused:
            return None
        return made if PurePosixPath(made.file).stem == request.form.get("original") else None

    def _fault(self, rows: Sequence[Row], original: Cards | None) -> str:
        chosen = [row for row in rows if row.is_chosen]
        bad = next((row for row in chosen if not NAME.fullmatch(row.slug)), None)
        slugs = [row.slug for row in chosen]
        taken = next((row for row in chosen if slugs.count(row.slug) > 1 or self.drafts.lies(row.file)), None)
        if original is None:
            return str(self.words["other_file" if request.files.get("file") else "gone"])
        if not chosen:
            return str(self.words["none_chosen"])
        unread = next((row for row in chosen if not row.card.topics), None)
        code, row = ("bad_name", bad) if bad else ("taken", taken) if taken else ("no_topic", unread)
        return str(self.words[code].format(number=row.number)) if row else ""

    def _keep(self, name: str, data: bytes) -> str:
        return self.waiting.keep(name.encode() + SEPARATOR + data, by=access.who_is_in(), now=self.clock())

    def _waiting(self, token: str) -> tuple[str, bytes] | None:
        """A document that waits: what it is called, and what is in it."""
        kept = self.waiting.get(token, by=access.who_is_in(), now=self.clock())
        if kept is None:
            return None
        name, _, data = kept.partition(SEPARATOR)
        return name.decode(), data

    def _form(self, *, fault: str = "", refused: Note | None = None) -> str:
        most = MOST_BYTES // 2**20
        return render_template("digest/admin/form.html", most=most, fault=fault, refused=refused)

    def _proposed(self, token: str, name: str, rows: Sequence[Row], *, fault: str = "", is_gone: bool = False) -> str:
        return render_template(
            "digest/admin/proposed.html",
            token=token,
            name=name,
            rows=rows,
            original=rows[0].card.original if rows else "",
            kinds=self.words["kinds"],
            topics=self.shelf.current().account.topics_of_study,
            fault=fault,
            is_gone=is_gone,
        )


def _rows() -> Iterator[Row]:
    """The cards as the form has them."""
    for number in count(1):
        if f"{number}.title" not in request.form:
            return
        said = {name: request.form.get(f"{number}.{name}", "").strip() for name in TYPED}
        card = Card(
            **{
                **said,
                "publish_at": said["publish_at"].replace("T", " "),
                "summary": " ".join(said["summary"].split()),
            },
            topics=request.form.getlist(f"{number}.topics"),
            body=request.form.get(f"{number}.body", "").replace("\r\n", "\n"),
            original=request.form.get("original", ""),
        )
        yield Row(number, request.form.get(f"{number}.slug", "").strip(), card, f"{number}.chosen" in request.form)


def blueprint(proposing: Proposing) -> Blueprint:
    """Serve /admin/content/from-file/."""
    doors = Blueprint("digest_admin", __name__, url_prefix="/admin/content/from-file", template_folder="../templates")
    for rule, name, view, methods in (
        ("/", "form", proposing.form, ["GET"]),
        ("/", "propose", proposing.propose, ["POST"]),
        ("/proposed/<token>", "proposed", proposing.proposed, ["GET"]),
        ("/proposed/<token>", "begin", proposing.begin, ["POST"]),
        ("/proposed/<token>/blanks", "blanks", proposing.blanks, ["POST"]),
    ):
        doors.add_url_rule(rule, name, needs(Duty.CONTENT, view, whole=True), methods=methods)
    uploads.taken_by(doors, {"propose", "begin"}, most=MOST_BYTES, form="digest_admin.form")
    return doors

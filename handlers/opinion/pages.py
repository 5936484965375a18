"""The opinion box in a phone's browser: one address, and a form for each step that is posted there.

Between the steps nothing lies anywhere but in the browser: what was chosen and written comes along in each form. The
address tells neither the step nor the way, and whoever has no name is treated as docs/anonymity.md says. The key that
makes a repeat the same (docs/decisions/0012) is drawn for a form and kept by nobody here.

Beside it lie the addresses where the platform finds a picture of a named opinion that it is to judge.
"""

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import TooManyRequests

from content.models import Account
from handlers.conversation import Say
from handlers.guessing import Guesses
from handlers.problems import Problem, Refused
from storage.checks import Checks
from storage.opinion import Opinions
from storage.pictures import Pictures

ANONYMOUS, NAMED = "anonymous", "named"
VOICE_TOO_LARGE = Problem(413, "opinion.problem_voice_too_large")
PICTURE_TOO_LARGE = Problem(413, "opinion.problem_picture_too_large")
FORM_TOO_OLD = Problem(400, "opinion.problem_form_too_old")
FORM_BYTES = 64 * 1024  # all but the pictures
_MOST_TOGETHER = 3  # of the largest pictures in one form
_MEGABYTE = 1024 * 1024
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
_POLE = 90  # degrees
_PLACE = re.compile(r"(-?\d{1,2}\.\d{5}),(-?\d{1,3}\.\d{5}),(\d{1,8})", re.ASCII)
_LANGUAGE = "zh"
_TOO_SOON, _SENT_BEFORE = 503, 409
_KEY_BYTES = 16
_FOR_NOBODY_ELSE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Disposition": "inline",
}


class Step(StrEnum):
    """Which button was pressed."""

    WAY = "way"
    LOOK = "look"
    EDIT = "edit"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a form bears. `key` is drawn once for an opinion and goes from form to form; `place` is a script's."""

    way: str
    category: str = ""
    words: str = ""
    name: str = ""
    pictures: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    place: str = ""
    key: str

    @property
    def where(self) -> tuple[float, float, int] | None:
        """Where the browser said that it is: degrees of WGS-84, and within how many metres; None where it didn't."""
        found = _PLACE.fullmatch(self.place)
        if found is None or abs(float(found[1])) > _POLE or abs(float(found[2])) > 2 * _POLE:
            return None
        return float(found[1]), float(found[2]), int(found[3])

    @property
    def named(self) -> bool:
        """Whether it is to be sent under a name."""
        return self.way == NAMED


class Form(Protocol):
    """What an opinion may be, for the reader of this request."""

    categories: list[str]
    shortest: int
    longest: int
    pictures: int
    picture_bytes: int
    voices: int
    voice_bytes: int
    name: str
    anonymous: bool


class Kept(Protocol):
    """What is shown of an opinion that is kept. `sure`: the holidays until then are known."""

    receipt: str
    due: date
    sure: bool


class Became(Protocol):
    """What became of an opinion."""

    day: date
    category: str
    state: Any
    reply: str
    answered_on: date | None
    due: date | None
    overdue: bool
    talk: Any
    asks: Any
    ticket: str
    measure: Any
    lost: int


class Box(Protocol):
    """What the pages ask of the box: its rules are those of the chat and of the API. All of it may raise `Refused`."""

    def form(self) -> Form:
        """What an opinion may be."""

    def check(self, written: Written) -> None:
        """Refuse what would not be taken; keep nothing."""

    def place_of(self, written: Written) -> str:
        """The place as it would be kept, "" for none."""

    def send(self, written: Written) -> Kept:
        """Keep it; give the receipt, and by when it is answered."""

    def take_picture(self, data: bytes) -> str:
        """Keep a picture that is to go with a name; give its id."""

    def take_voice(self, data: bytes) -> str:
        """The same of a voice."""

    def hear(self, ticket: str, words: str, solved: str, *, reopen: bool) -> None:
        """Keep what the sender says to our last words."""

    def look_up(self, typed: str) -> Became:
        """What became of the opinion with this receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where it is written, looked through and sent, and where a receipt is looked up."""

    box: Box
    guesses: Guesses
    say: Say
    account: Callable[[], Account]
    clock: Callable[[], datetime]

    # -- writing -------------------------------------------------------------------------------------------------

    def begin(self) -> ResponseReturnValue:
        """Ask for the way."""
        return self._page("way", form=self.box.form())

    def step(self) -> ResponseReturnValue:
        """Take a form; one that fits no step begins anew."""
        form = self.box.form()
        request.max_content_length = FORM_BYTES + _MOST_TOGETHER * form.picture_bytes
        why = self._too_old()
        written, step = _written(), request.form.get("step", "")
        if written.way not in {ANONYMOUS, NAMED} or step not in set(Step):
            return self.begin()
        if why:
            return self._write(form, written, why)
        steps = {Step.WAY: self._write, Step.EDIT: self._write, Step.LOOK: self._look, Step.SEND: self._send}
        return steps[Step(step)](form, written)

    def _too_old(self) -> Refused | None:
        """Whether the form's token has had its time: then nothing is done, and nothing of what was written is lost.

        Another site's form doesn't come so far: the cookie of who is signed in doesn't go with it.
        """
        try:
            current_app.extensions["csrf"].protect()  # by hand: it reads the form, which may be larger than others
        except CSRFError:
            return Refused(FORM_TOO_OLD)
        return None

    def _write(self, form: Form, written: Written, why: Refused | None = None) -> ResponseReturnValue:
        """The form to write in; with what is wrong, where something is, and all that was written."""
        if not (why or written.named or written.words or form.anonymous):
            return self._page("way", form=form, spent=True)
        page = self._page(
            "write",
            form=form,
            written=written,
            place=self.box.place_of(written),
            fault=self._said(why),
            at=why.field if why else "",
            together=_MOST_TOGETHER * form.picture_bytes // _MEGABYTE,
        )
        return page, (why.problem.status if why else 200)

    def _look(self, form: Form, written: Written) -> ResponseReturnValue:
        """All of it once more, before it is sent."""
        written, why = self._with_pictures(form, written, request.files.getlist("new_picture"))
        if not why:
            written, why = self._with_voices(form, written, request.files.getlist("new_voice"))
        why = why or self._refusal(written)
        if why:
            return self._write(form, written, why)
        return self._page("look", form=form, written=written, place=self.box.place_of(written))

    def _refusal(self, written: Written) -> Refused | None:
        try:
            self.box.check(written)
        except Refused as why:
            return why
        return None

    def _send(self, form: Form, written: Written) -> ResponseReturnValue:
        """Keep it and show the receipt, in the answer itself: it must be in no address."""
        try:
            kept = self.box.send(written)
        except Refused as why:
            if why.problem.status == _SENT_BEFORE:  # what was changed since then is another opinion
                written = replace(written, key=secrets.token_hex(_KEY_BYTES))
            if why.problem.status != _TOO_SOON:
                return self._write(form, written, why)
            place, fault = self.box.place_of(written), self._said(why)
            return self._page("look", form=form, written=written, place=place, fault=fault), why.problem.status
        return self._page("sent", written=written, kept=kept)

    def _with_pictures(
        self, form: Form, written: Written, files: Collection[FileStorage]
    ) -> tuple[Written, Refused | None]:
        """With the pictures that were chosen, up to one that is not taken; none goes with words without a name."""
        chosen = [each for each in files if each.filename] if written.named else []
        for each in chosen[: max(form.pictures - len(written.pictures), 0) + 1]:  # one too many is said to be so
            try:
                taken = self.box.take_picture(_read(each, form.picture_bytes, PICTURE_TOO_LARGE, "pictures"))
            except Refused as why:
                return written, why
            written = replace(written, pictures=(*written.pictures, taken))
        return written, None

    def _with_voices(
        self, form: Form, written: Written, files: Collection[FileStorage]
    ) -> tuple[Written, Refused | None]:
        """The same with voices."""
        chosen = [each for each in files if each.filename] if written.named else []
        for each in chosen[: max(form.voices - len(written.voices), 0) + 1]:
            try:
                taken = self.box.take_voice(_read(each, form.voice_bytes, VOICE_TOO_LARGE, "voices"))
            except Refused as why:
                return written, why
            written = replace(written, voices=(*written.voices, taken))
        return written, None

    # -- looking up ----------------------------------------------------------------------------------------------

    def ask(self) -> ResponseReturnValue:
        """Ask for a receipt."""
        return self._page("receipt")

    def found(self) -> ResponseReturnValue:
        """What became of it; the receipt is in the body, so that no log on the way keeps it."""
        self._pace()
        typed = request.form.get("receipt", "")[:64]
        try:
            became = self.box.look_up(typed)
        except Refused as why:
            return self._page("receipt", typed=typed, fault=self._said(why)), why.problem.status
        return self._page("became", became=became, asks=became.asks, ticket=became.ticket, said={})

    def hear(self) -> ResponseReturnValue:
        """Take what a sender says to our last words; the ticket tells to which, so that nothing is looked up."""
        self._pace()
        fields = request.form
        words, solved, ticket = fields.get("words", ""), fields.get("solved", ""), fields.get("ticket", "")[:512]
        asks = "verdict" if "verdict" in fields else "question"
        try:
            self.box.hear(ticket, words, solved, reopen="reopen" in fields)
        except Refused as why:
            said = {"words": words, "solved": solved, "reopen": "reopen" in fields}
            page = self._page("say", asks=asks, ticket=ticket, said=said, fault=self._said(why), at=why.field)
            return page, why.problem.status
        return self._page("heard", reopened="reopen" in fields, asks=asks)

    def _pace(self) -> None:
        wait = self.guesses.of_address(self.clock())
        if wait:
            raise TooManyRequests(retry_after=wait)

    # -- showing -------------------------------------------------------------------------------------------------

    def _said(self, why: Refused | None) -> str:
        return why.problem.message(self.say, _LANGUAGE, **why.values) if why else ""

    def _page(self, name: str, /, **values: object) -> Response:
        """A page that nobody keeps."""
        page = render_template(f"opinion/pages/{name}.html", account=self.account(), **values)
        response = make_response(page)
        response.headers["Cache-Control"] = "no-store"
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Shows what is being judged: each address leads to one picture, until its verdict and for an hour at most."""

    checks: Checks
    opinions: Opinions
    pictures: Pictures
    clock: Callable[[], datetime]

    def picture(self, address: str) -> Response:
        """The picture, or 404 for what is judged, too late, made up, or of somebody who was erased."""
        check = self.checks.at(address, now=self.clock())
        opinion = self.opinions.get(check.opinion) if check else None
        data = self.pictures.get(check.part) if check and opinion and opinion.person else None
        if data is None:
            abort(404)
        return Response(data, mimetype="image/jpeg", headers=_FOR_NOBODY_ELSE)


def _read(file: FileStorage, most: int, too_large: Problem, field: str) -> bytes:
    with file.stream as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise Refused(too_large, field=field, most=most // _MEGABYTE)
    return data


def _written() -> Written:
    """What this form bears; lines end as they do elsewhere, so that the repeat of a form says the same."""
    fields = request.form
    named = fields.get("way") == NAMED
    key = fields.get("key", "")
    return Written(
        way=fields.get("way", ""),
        category=fields.get("category", ""),
        words=fields.get("words", "").replace("\r\n", "\n").strip(),
        name=" ".join(fields.get("name", "").split()) if named else "",
        pictures=_once_each(fields.getlist("picture")) if named else (),
        voices=_once_each(fields.getlist("voice")) if named else (),
        place=fields.get("place", "") if named else "",
        key=key if _KEY.fullmatch(key) else secrets.token_hex(_KEY_BYTES),
    )


def _once_each(ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def blueprint(desk: Desk) -> Blueprint:
    """Serve /p/opinion, for members, and the one script of its form."""
    doors = Blueprint("opinion_pages", __name__, url_prefix="/p/opinion", template_folder="../templates")
    doors.add_url_rule("", "begin", desk.begin)
    doors.add_url_rule("", "step", desk.step, methods=["POST"])
    doors.add_url_rule("/place.js", "place_script", _place_script)
    doors.record(lambda state: state.app.extensions["csrf"].exempt(desk.step))
    return doors


def _place_script() -> ResponseReturnValue:
    return Response(render_template("opinion/pages/place.js"), mimetype="text/javascript")


def for_anyone(desk: Desk, gallery: Gallery) -> Blueprint:
    """Serve /p/opinion/receipt and /p/opinion/receipt/said, since whoever holds a receipt may ask and answer.

    Also /p/opinion/pictures/<address>.jpg: the platform tells a picture by its ending too.
    """
    doors = Blueprint("opinion_open", __name__, url_prefix="/p/opinion", template_folder="../templates")
    doors.add_url_rule("/receipt", "ask", desk.ask)
    doors.add_url_rule("/receipt", "found", desk.found, methods=["POST"])
    doors.add_url_rule("/receipt/said", "hear", desk.hear, methods=["POST"])
    doors.add_url_rule("/pictures/<address>.jpg", "picture", gallery.picture)
    return doors

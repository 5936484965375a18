"""What admins see of opinions: the list, one opinion, its answer and its state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from handlers.opinion import engine
from handlers.opinion.engine import Promise, State
from storage.checks import WORDS, Checks
from storage.opinion import Opinion, Opinions
from storage.pictures import Pictures

LONGEST_ANSWER = 500  # characters: what fits the platform's text with a line before it
OVERDUE = "overdue"
_DAYS_A_PAGE = 14


class NotNext(Exception):
    """That state can't follow the one the opinion is in."""


class Phone(Protocol):
    """A number that a member lets us call."""

    @property
    def number(self) -> str:
        """Without the country's code."""


PhoneOf = Callable[[str], Phone | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where opinions are handled."""

    opinions: Opinions
    checks: Checks
    pictures: Pictures
    tell_answers: Callable[[], None]
    today: Callable[[], date]
    promise: Promise
    phone_of: PhoneOf

    def find(self, name: str) -> Opinion:
        """The opinion of this name in an address, or 404."""
        return self.opinions.at(name) or abort(404)

    # -- pages ---------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """The opinions of some days, the newest first: all, those in one state, or those whose day has gone by."""
        state, only_overdue = request.args.get("state", ""), request.args.get("due") == OVERDUE
        days = self.opinions.days(before=_day(request.args.get("before", "")), most=_DAYS_A_PAGE)
        some = [each for each in self.opinions.of_days(days) if state in {"", each.state}]
        older = days[-1] if days and self.opinions.days(before=days[-1], most=1) else None
        left = {each.id: self._left(each) for each in some}
        wanted = [each for each in some if not only_overdue or (left[each.id] or 0) < 0]
        rows = [(self.opinions.address_of(opinion.id), opinion, left[opinion.id]) for opinion in wanted]
        return render_template(
            "opinion/list.html",
            rows=rows,
            waiting=self.checks.opinions(),
            states=list(State),
            state=state,
            due=OVERDUE if only_overdue else None,
            older=older,
        )

    def _left(self, opinion: Opinion) -> int | None:
        return self.promise.left(opinion.state, opinion.due, self.today())

    def one(self, name: str) -> ResponseReturnValue:
        """One opinion, to read, answer and move on."""
        return self._page(name, self.find(name))

    def picture(self, name: str, number: int) -> ResponseReturnValue:
        """One of its pictures."""
        found = self.find(name).pictures
        data = self.pictures.get(found[number]) if number < len(found) else None
        if data is None:
            abort(404)
        safe = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Disposition": "inline"}
        return Response(data, mimetype="image/jpeg", headers=safe)

    def answer(self, name: str) -> ResponseReturnValue:
        """Keep the answer; a named sender is told of it."""
        opinion = self.find(name)
        reply = request.form.get("reply", "").strip().replace("\r\n", "\n")
        if not 0 < len(reply) <= LONGEST_ANSWER:
            return self._page(name, opinion, fault="reply_length", typed=reply), 422
        today = self.today()

        def answered(now: Opinion) -> Opinion:
            if now.reply == reply:
                return now
            after = replace(now, reply=reply, answered_on=today, answers=now.answers + 1)
            return _moved(after, State.ANSWERED)

        moved = self._change(name, opinion, answered)
        self.tell_answers()
        return moved

    def move(self, name: str) -> ResponseReturnValue:
        """Put the opinion in another state."""
        opinion = self.find(name)
        wanted = request.form.get("state", "")
        return self._change(name, opinion, lambda now: now if now.state == wanted else _moved(now, wanted))

    def looked(self, name: str) -> ResponseReturnValue:
        """A person has looked at what there is: that is decided. A picture that is still to come isn't."""
        opinion = self.find(name)
        self.checks.done_with(opinion.id, {WORDS, *opinion.pictures})
        return self._change(name, opinion, lambda now: replace(now, review="", doubted=()))

    def _change(self, name: str, opinion: Opinion, changed: Callable[[Opinion], Opinion]) -> ResponseReturnValue:
        try:
            after = self.opinions.change(opinion.id, changed)
        except NotNext:
            return self._page(name, opinion, fault="not_next"), 422
        if after is None:
            abort(404)
        return redirect(url_for("opinion_admin.one", name=self.opinions.address_of(after.id)), 303)

    def _page(self, name: str, opinion: Opinion, *, fault: str = "", typed: str = "") -> str:
        parts = self.checks.parts_of(opinion.id)
        following = [state for state in State if engine.may_become(opinion.state, state) and state != State.ANSWERED]
        return render_template(
            "opinion/one.html",
            name=name,
            opinion=opinion,
            left=self._left(opinion),
            doubts=dict(opinion.doubted),
            words_wait=WORDS in parts,
            pictures_wait=len(parts - {WORDS}),
            phone=self.phone_of(opinion.person) if opinion.named and opinion.person else None,
            following=following,
            longest=LONGEST_ANSWER,
            can_answer=engine.may_become(opinion.state, State.ANSWERED),
            fault=fault,
            typed=typed or opinion.reply,
        )


def _moved(opinion: Opinion, wanted: str) -> Opinion:
    if not engine.may_become(opinion.state, wanted):
        raise NotNext
    return replace(opinion, state=wanted)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def blueprint(desk: Desk) -> Blueprint:
    """The pages under /admin/opinion; who may see them is the business of whoever hangs them."""
    pages = Blueprint("opinion_admin", __name__, url_prefix="/admin/opinion", template_folder="../templates")
    rules: Mapping[str, tuple[str, Callable[..., ResponseReturnValue]]] = {
        "listed": ("/", desk.listed),
        "one": ("/<name>", desk.one),
        "picture": ("/<name>/pictures/<int:number>", desk.picture),
    }
    for endpoint, (rule, view) in rules.items():
        pages.add_url_rule(rule, endpoint, view)
    pages.add_url_rule("/<name>/answer", "answer", desk.answer, methods=["POST"])
    pages.add_url_rule("/<name>/review", "looked", desk.looked, methods=["POST"])
    pages.add_url_rule("/<name>/state", "move", desk.move, methods=["POST"])
    return pages

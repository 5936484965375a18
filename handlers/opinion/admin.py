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
from storage.opinion import Opinion, Opinions, no_note
from storage.opinion_notes import INTERNAL, Note
from storage.pictures import Pictures

OVERDUE = "overdue"
_DAYS_A_PAGE = 14


class NotNext(Exception):
    """That state can't follow the one the opinion is in."""


class Meanwhile(Exception):
    """Somebody else has said something since the page was opened."""


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
    author: Callable[[], str]
    phone_of: PhoneOf

    def find(self, name: str) -> Opinion:
        """The opinion of this name in an address, or 404."""
        return self.opinions.at(name) or abort(404)

    # -- pages ---------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """The opinions of some days, the newest first: all, those in one state, or those whose day has gone by."""
        state, only_overdue = request.args.get("state", ""), request.args.get("due") == OVERDUE
        days = self.opinions.days(before=_day(request.args.get("before", "")), most=_DAYS_A_PAGE)
        everyone = map(self.promise.current, self.opinions.with_heard(days))
        some = [each for each in everyone if state in {"", each.state}]
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
        """Keep the answer, to all of it or to a part."""
        outcome = State.PARTLY if request.form.get("outcome") == State.PARTLY else State.ANSWERED
        today = self.today()

        def answered(now: Opinion, words: str) -> Opinion:
            return replace(now, reply=words, answered_on=today, answers=now.answers + 1)

        return self._say(name, "reply", outcome, answered)

    def ask(self, name: str) -> ResponseReturnValue:
        """Ask the sender something; the clock stands still until they answer."""
        today = self.today()

        def asked(now: Opinion, words: str) -> Opinion:  # noqa: ARG001 - it isn't kept here
            return replace(now, stopped_on=today)

        return self._say(name, "question", State.ASKED, asked)

    def close(self, name: str) -> ResponseReturnValue:
        """End it, with the reason."""
        return self._say(name, "reason", State.CLOSED, _as_it_is)

    def note(self, name: str) -> ResponseReturnValue:
        """Keep a note that nobody sees outside the console."""
        opinion, words = self.find(name), engine.cleaned(request.form.get("note", ""))
        if not 0 < len(words) <= engine.NOTE_LONGEST:
            return self._page(name, opinion, fault="note_length", typed={"note": words}), 422
        self.opinions.notes.add(opinion.id, self._noted(opinion, INTERNAL, words))
        return self._back(opinion)

    def move(self, name: str) -> ResponseReturnValue:
        """Take the opinion in hand: all other states come with words."""
        opinion = self.find(name)
        if request.form.get("state") != State.IN_HAND:
            return self._page(name, opinion, fault="not_next"), 422
        return self._change(name, opinion, lambda now: self._moved(now, State.IN_HAND))

    def looked(self, name: str) -> ResponseReturnValue:
        """A person has looked at what there is: that is decided. A picture that is still to come isn't."""
        opinion = self.find(name)
        self.checks.done_with(opinion.id, {WORDS, *opinion.pictures})
        return self._change(name, opinion, lambda now: replace(now, review="", doubted=()))

    def _say(self, name: str, field: str, state: State, also: Callable[[Opinion, str], Opinion]) -> ResponseReturnValue:
        """Say something to the sender, which brings about a state; a named one is told of it."""
        opinion, words = self.find(name), engine.cleaned(request.form.get(field, ""))
        if not 0 < len(words) <= engine.NOTE_LONGEST:
            return self._page(name, opinion, fault=f"{field}_length", typed={field: words}), 422

        last = engine.talk(self.opinions.notes.of(opinion.id), opinion.heard)[-1:]
        if [(each.ours, each.kind, each.words) for each in last] == [(True, state, words)]:
            return self._back(opinion)  # pressed twice
        turn = request.form.get("turn", type=int)

        def said(now: Opinion) -> Opinion:
            if turn not in {None, now.turns}:
                raise Meanwhile
            return also(replace(self._moved(now, state), turns=now.turns + 1), words)

        changed = self._change(
            name, opinion, said, note=lambda after: self._noted(after, state, words), typed={field: words}
        )
        self.tell_answers()
        return changed

    def _change(
        self,
        name: str,
        opinion: Opinion,
        changed: Callable[[Opinion], Opinion],
        *,
        note: Callable[[Opinion], Note | None] = no_note,
        typed: Mapping[str, str] | None = None,
    ) -> ResponseReturnValue:
        """Change it as it stands after what its sender said."""

        def current(now: Opinion) -> Opinion:
            return changed(self.promise.current(replace(now, heard=opinion.heard)))

        try:
            after = self.opinions.change(opinion.id, current, note=note)
        except NotNext:
            return self._page(name, self.find(name), fault="not_next", typed=typed), 422
        except Meanwhile:
            return self._page(name, self.find(name), fault="meanwhile", typed=typed), 409
        return self._back(after or abort(404))

    def _back(self, opinion: Opinion) -> ResponseReturnValue:
        return redirect(url_for("opinion_admin.one", name=self.opinions.address_of(opinion.id)), 303)

    def _noted(self, opinion: Opinion, kind: str, words: str) -> Note:
        return Note(turn=opinion.turns, kind=kind, words=words, day=self.today(), author=self.author())

    def _moved(self, opinion: Opinion, wanted: State) -> Opinion:
        """In that state; a clock that stood still goes on, and what was ended is promised anew."""
        if not engine.may_become(opinion.state, wanted):
            raise NotNext
        due, today = opinion.due, self.today()
        if opinion.state == State.ASKED:
            due = self.promise.gone_on(opinion, today)
        elif wanted == State.IN_HAND and opinion.state in engine.ENDS:
            due = self.promise.due(opinion.category, today)
        return opinion.at(state=wanted, due=due)

    def _page(self, name: str, opinion: Opinion, *, fault: str = "", typed: Mapping[str, str] | None = None) -> str:
        parts, opinion = self.checks.parts_of(opinion.id), self.promise.current(opinion)
        notes = self.opinions.notes.of(opinion.id)
        return render_template(
            "opinion/one.html",
            name=name,
            opinion=opinion,
            left=self._left(opinion),
            doubts=dict(opinion.doubted),
            words_wait=WORDS in parts,
            pictures_wait=len(parts - {WORDS}),
            phone=self.phone_of(opinion.person) if opinion.named and opinion.person else None,
            talk=engine.talk(notes, opinion.heard),
            notes=[each for each in notes if each.kind == INTERNAL],
            longest=engine.NOTE_LONGEST,
            may={state: engine.may_become(opinion.state, state) for state in State},
            fault=fault,
            typed={"reply": opinion.reply if opinion.state in engine.ANSWERS else "", **(typed or {})},
        )


def _as_it_is(opinion: Opinion, words: str) -> Opinion:  # noqa: ARG001 - a note keeps them
    return opinion


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
    acts = {"answer": desk.answer, "ask": desk.ask, "close": desk.close, "note": desk.note}
    for act, view in {**acts, "review": desk.looked, "state": desk.move}.items():
        pages.add_url_rule(f"/<name>/{act}", act, view, methods=["POST"])
    return pages

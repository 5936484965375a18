"""What admins see of opinions: the list, one opinion, its answer and its state."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from content.opinions import ReadyReply
from content.roles import Duty
from content.unseen import typed
from handlers import masks
from handlers.guards import needs
from handlers.opinion import engine
from handlers.opinion.engine import Remedy, State, thread
from handlers.opinion.engine.promises import Promise
from handlers.opinion.service import Hands, Meanwhile, NotNext, NotTogether, Remedies
from handlers.opinion.service.inbox import HEARD, NOBODY, OF_ORGANISATION, UNSEEN_BY_US, Filter, Inbox
from storage.checks import WORDS, Checks
from storage.opinion import Opinion, Opinions, no_note
from storage.opinion_notes import INTERNAL, UNSEEN, Note
from storage.pictures import Pictures
from storage.voices import form_of

SHOWN = "opinions"  # of members, some under their names
_DAYS_A_PAGE = 14
_FROM_SENDERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


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
    hands: Hands
    inbox: Inbox
    said: Mapping[str, str]
    tell_answers: Callable[[], None]
    today: Callable[[], date]
    promise: Promise
    remedies: Remedies
    phone_of: PhoneOf
    looked_at: Callable[[str, str], None]
    revealed: Callable[[str, str, str], None]
    replies: Callable[[], Mapping[str, ReadyReply]]
    escalates_after: int  # workdays, as in the reminders

    def find(self, name: str) -> Opinion:
        """The opinion of this name in an address, or 404; 403 where others are entrusted with it."""
        opinion = self.opinions.at(name) or abort(404)
        if not self.hands.confidence.may_read(self.hands.author(), opinion):
            abort(403)
        return opinion

    # -- pages ---------------------------------------------------------------------------------------------------

    def listed(self) -> ResponseReturnValue:
        """The opinions that the filter in the address takes, those of the newest days first."""
        wanted, staff, me = Filter.of_request(), self.hands.staff, self.hands.author()
        everyone, reaches = self.inbox.read_by(me), staff.reaches(Duty.OPINIONS)
        reach = reaches[me]
        taken = {each.id: (each, left) for each, left in everyone if wanted.takes(each, left, staff)}
        before = _day(request.args.get("before", "")) or date.max
        days = sorted({each.day for each, _ in taken.values() if each.day < before}, reverse=True)
        shown, older = days[:_DAYS_A_PAGE], days[_DAYS_A_PAGE:]
        full = {each.id: each for each in self.opinions.of_days(shown)}
        rows = [
            (self.opinions.address_of(id_), _standing(full[id_], taken[id_][0]), taken[id_][1])
            for id_ in full
            if id_ in taken
        ]
        return render_template(
            "opinion/list.html",
            rows=rows,
            count=len(taken),
            unread=self.inbox.unread_by(me),
            waiting=self.checks.opinions(),
            states=[*State, UNSEEN_BY_US, HEARD],
            categories=sorted({each.category for each, _ in everyone} - {""}),
            tags=sorted({tag for each, _ in everyone for tag in each.tags}),
            organisations={
                f"{OF_ORGANISATION}{each.id}": each.name
                for each in staff.organisations()
                if reach.covers(each.id) and staff.within(each.id)
            },
            others=[name for name, theirs in reaches.items() if name != me and theirs.meets(reach)],
            me=me,
            nobody=NOBODY,
            matters=sorted(self.hands.confidence.matters()),
            entrusted=sorted(self.hands.confidence.entrusted),
            strangers=sorted({*self.hands.confidence.entrusted} - {*staff.names()}),
            wanted=wanted,
            masked=masks.name,
            older=shown[-1] if older else None,
        )

    def _left(self, opinion: Opinion) -> int | None:
        return self.promise.left(opinion.state, opinion.due, self.today())

    def _step(self, opinion: Opinion) -> int:
        return self.promise.escalates_after(opinion.category, self.escalates_after)

    def one(self, name: str) -> ResponseReturnValue:
        """One opinion, to read, answer and move on."""
        opinion = self.find(name)
        self.hands.was_read(opinion)
        self._note(opinion)
        return self._page(name, opinion)

    def _note(self, opinion: Opinion) -> None:
        """Whose opinion is looked at goes into the trail; of what has no name nothing does, nor that it was there."""
        if opinion.named and opinion.person:
            self.looked_at("opinion", opinion.person)

    def picture(self, name: str, number: int) -> ResponseReturnValue:
        """One of its pictures."""
        opinion = self.find(name)
        found = opinion.pictures
        self._note(opinion)
        data = self.pictures.get(found[number]) if number < len(found) else None
        if data is None:
            abort(404)
        return Response(data, mimetype="image/jpeg", headers={**_FROM_SENDERS, "Content-Disposition": "inline"})

    def voice(self, name: str, number: int) -> ResponseReturnValue:
        """One of its voices: a file of sound, which nothing takes for a page or a script."""
        opinion = self.find(name)
        found = opinion.voices
        self._note(opinion)
        data = self.pictures.get(found[number]) if number < len(found) else None
        form = form_of(data) if data else None
        if data is None or form is None:
            abort(404)
        kept = {"Content-Disposition": f"attachment; filename=voice-{number + 1}.{form.suffix}"}
        answer = Response(data, mimetype=form.mime, headers={**_FROM_SENDERS, **kept})
        return answer.make_conditional(request, accept_ranges=True, complete_length=len(data))

    def number(self, name: str) -> ResponseReturnValue:
        """The number of a sender who agreed to a call, for a reason that is noted."""
        opinion, reason = self.find(name), typed(request.form.get("why", ""))
        if self._phone(opinion) is None:
            abort(404)
        if not 0 < len(reason) <= engine.WHY_LONGEST:
            return self._page(name, opinion, fault="why", typed={"why": reason}), 422
        self.revealed("phone", opinion.person, reason)
        return self._page(name, opinion, reveals=True), 200, {"Cache-Control": "no-store"}

    def _phone(self, opinion: Opinion) -> Phone | None:
        return self.phone_of(opinion.person) if opinion.named and opinion.person else None

    def answer(self, name: str) -> ResponseReturnValue:
        """Keep the answer, to all of it or to a part."""
        outcome = State.PARTLY if request.form.get("outcome") == State.PARTLY else State.ANSWERED
        today = self.today()

        def answered(now: Opinion, words: str) -> Opinion:
            return replace(now, reply=words, answered_on=today, answers=now.answers + 1)

        words, chosen = request.form.get("reply", ""), {"outcome": str(outcome)}
        if ready := self.replies().get(request.form.get("ready", "")):
            both = "\n".join(filter(None, (words.rstrip(), ready.words)))
            return self._page(name, self.find(name), typed={"reply": both, **chosen})
        if outcome is State.ANSWERED and self._is_early(name):
            return self._page(name, self.find(name), fault="measure_runs", typed={"reply": words, **chosen}), 422
        if engine.gaps(words, (each.words for each in self.replies().values())):
            return self._page(name, self.find(name), fault="gaps", typed={"reply": words, **chosen}), 422
        return self._say(name, "reply", outcome, answered)

    def ask(self, name: str) -> ResponseReturnValue:
        """Ask the sender something; the clock stands still until they answer."""
        today = self.today()

        def asked(now: Opinion, words: str) -> Opinion:  # noqa: ARG001 - it isn't kept here
            return replace(now, stopped_on=today)

        return self._say(name, "question", State.ASKED, asked)

    def close(self, name: str) -> ResponseReturnValue:
        """End it, with the reason."""
        if self._is_early(name):
            typed = {"reason": request.form.get("reason", "")}
            return self._page(name, self.find(name), fault="measure_runs", typed=typed), 422
        return self._say(name, "reason", State.CLOSED, _as_it_is)

    def _is_early(self, name: str) -> bool:
        """Whether it would be ended while a measure runs, and whoever does it didn't say that they know.

        What was merged into it is ended with it.
        """
        opinion = self.find(name)
        stand = self.remedies.stand(opinion, *self.hands.with_it(opinion))
        return not request.form.get("anyway") and stand is Remedy.RUNS

    def assign(self, name: str) -> ResponseReturnValue:
        """Give it to one of the console's accounts, or to nobody."""
        opinion, to = self.find(name), request.form.get("assignee", "")
        if to not in {"", *self.hands.may_be_given_to(opinion)}:
            return self._page(name, opinion, fault="no_such_admin"), 422
        self.hands.assign(opinion, to)
        return self._back(opinion, "assigned" if to else "nobodys", to)

    def tag(self, name: str) -> ResponseReturnValue:
        """Put other tags on it."""
        opinion, written = self.find(name), request.form.get("tags", "")
        found = engine.tags(written)
        if found is None:
            return self._page(name, opinion, fault="tags", typed={"tags": written}), 422
        self.opinions.change(opinion.id, lambda now: replace(now, tags=found))
        return self._back(opinion, "tagged")

    def merge(self, name: str) -> ResponseReturnValue:
        """Let it go with another one that says the same."""
        opinion, into = self.find(name), self.find(request.form.get("into", ""))
        try:
            self.hands.merge(opinion, into)
        except NotTogether:
            return self._page(name, opinion, fault="not_together"), 422
        return self._back(opinion, "merged")

    def part(self, name: str) -> ResponseReturnValue:
        """Let it go its own way again."""
        opinion = self.find(name)
        self.hands.part(opinion)
        return self._back(opinion, "parted")

    def note(self, name: str) -> ResponseReturnValue:
        """Keep a note that nobody sees outside the console."""
        opinion, words = self.find(name), typed(request.form.get("note", ""))
        if not 0 < len(words) <= engine.NOTE_LONGEST:
            return self._page(name, opinion, fault="note_length", typed={"note": words}), 422
        self.opinions.notes.add(opinion.id, self.hands.noted(opinion, INTERNAL, words))
        return self._back(opinion, "noted")

    def move(self, name: str) -> ResponseReturnValue:
        """Take the opinion in hand: all other states come with words."""
        opinion = self.find(name)
        if request.form.get("state") != State.IN_HAND:
            return self._page(name, opinion, fault="not_next"), 422
        changed = self._change(name, opinion, lambda now: self.hands.moved(now, State.IN_HAND))
        self._the_same_to_those_with_it(opinion, lambda now: self.hands.moved(now, State.IN_HAND))
        return changed

    def looked(self, name: str) -> ResponseReturnValue:
        """A person has looked at what the page showed: that is decided. What was found or came since isn't."""
        opinion = self.find(name)
        seen = dict(each.rpartition(":")[::2] for each in request.form.getlist("seen"))
        self.checks.done_with(opinion.id, seen)

        def decided(now: Opinion) -> Opinion:
            doubted = tuple((part, why) for part, why in now.doubted if seen.get(part) != why)
            return replace(now, review="" if seen.get(WORDS) == now.review else now.review, doubted=doubted)

        after = self.hands.change(opinion, decided) or abort(404)
        if after.review or after.doubted:
            return self._page(name, self.find(name), fault="found_meanwhile"), 409
        return self._back(after, "looked")

    def _say(self, name: str, field: str, state: State, also: Callable[[Opinion, str], Opinion]) -> ResponseReturnValue:
        """Say something to the sender, which brings about a state; a named one is told of it."""
        opinion, words = self.find(name), typed(request.form.get(field, ""))
        chosen = {"outcome": request.form.get("outcome", "")}
        if not 0 < len(words) <= engine.NOTE_LONGEST:
            return self._page(name, opinion, fault=f"{field}_length", typed={field: words, **chosen}), 422

        last = thread.talk(self.opinions.notes.of(opinion.id), opinion.heard)[-1:]
        if [(each.ours, each.kind, each.words) for each in last] == [(True, state, words)]:
            return self._back(opinion)  # pressed twice
        turn = request.form.get("turn", type=int)

        def said(now: Opinion) -> Opinion:
            if turn not in {None, now.turns}:
                raise Meanwhile
            return to_say(now)

        def to_say(now: Opinion) -> Opinion:
            return also(replace(self.hands.moved(now, state), turns=now.turns + 1), words)

        def noted(after: Opinion) -> Note:
            return self.hands.noted(after, state, words)

        changed = self._change(name, opinion, said, note=noted, typed={field: words, **chosen})
        if state in engine.ENDS and _is_done(changed):
            self._the_same_to_those_with_it(opinion, to_say, noted)
        self.tell_answers()
        return changed

    def _the_same_to_those_with_it(
        self, opinion: Opinion, changed: Callable[[Opinion], Opinion], note: Callable[[Opinion], Note | None] = no_note
    ) -> None:
        """Each sender hears what the one hears; what is ended, and can't be said so to any more, stays as it is."""
        for each in self.hands.with_it(opinion):
            with suppress(NotNext):
                self.hands.change(each, changed, note)

    def _change(
        self,
        name: str,
        opinion: Opinion,
        changed: Callable[[Opinion], Opinion],
        *,
        note: Callable[[Opinion], Note | None] = no_note,
        typed: Mapping[str, str] | None = None,
    ) -> ResponseReturnValue:
        """Change it, or say why it can't be."""
        try:
            after = self.hands.change(opinion, changed, note)
        except NotNext:
            return self._page(name, self.find(name), fault="not_next", typed=typed), 422
        except Meanwhile:
            return self._page(name, self.find(name), fault="meanwhile", typed=typed), 409
        after = after or abort(404)
        return self._back(after, after.state)

    def _back(self, opinion: Opinion, said: str = "", *of_it: str) -> ResponseReturnValue:
        """To its page, where it is said what was done."""
        if said:
            flash(self.said[said].format(*of_it))
        return redirect(url_for("opinion_admin.one", name=self.opinions.address_of(opinion.id)), 303)

    def _page(
        self,
        name: str,
        opinion: Opinion,
        *,
        fault: str = "",
        typed: Mapping[str, str] | None = None,
        reveals: bool = False,
    ) -> str:
        parts, opinion = self.checks.parts_of(opinion.id), self.promise.current(opinion)
        notes, with_it = self.opinions.notes.of(opinion.id), self.hands.with_it(opinion)
        readers, me = self.hands.confidence.readers(), self.hands.author()
        readable = [each for each in with_it if readers.may_read(me, each)]
        voices = [form_of(self.pictures.get(each) or b"") for each in opinion.voices]
        phone = self._phone(opinion)
        left, staff, address = self._left(opinion), self.hands.staff, self.opinions.address_of
        reply = opinion.reply if opinion.state in thread.ANSWERS else ""
        return render_template(
            "opinion/one.html",
            name=name,
            opinion=opinion,
            left=left,
            told=sorted(staff.hear_of_late(opinion.assignee, -min(left or 0, 0), step=self._step(opinion))),
            doubts=dict(opinion.doubted),
            seen=_to_look_at(opinion),
            voices=voices,
            words_wait=WORDS in parts,
            pictures_wait=len(parts - {WORDS}),
            phone=phone and (phone.number if reveals else masks.phone(phone.number)),
            reveals=reveals,
            why_longest=engine.WHY_LONGEST,
            talk=thread.talk(notes, opinion.heard),
            notes=[each for each in notes if each.kind in UNSEEN],
            names=self.hands.may_be_given_to(opinion),
            lead=address(opinion.same_as) if opinion.same_as else "",
            number_with_it=len(with_it),
            with_it=[(address(each.id), each) for each in readable],
            alike=[(address(each.id), each) for each in self._alike(opinion) if readers.may_read(me, each)],
            measures=self.remedies.of(opinion, *readable),
            measure_page=self.remedies.page,
            replies=[each for each in self.replies().values() if each.is_for(opinion.category)],
            longest=engine.NOTE_LONGEST,
            most_tags=engine.TAGS,
            tag_longest=engine.TAG_LONGEST,
            may={state: engine.may_become(opinion.state, state) for state in State},
            fault=fault,
            typed={"reply": reply, "tags": "、".join(opinion.tags), **(typed or {})},
        )

    def _alike(self, opinion: Opinion) -> list[Opinion]:
        is_apart = not opinion.same_as and opinion.state not in engine.ENDS
        return [each for each, _ in self.hands.alike(opinion)] if is_apart else []


def _to_look_at(opinion: Opinion) -> Mapping[str, str]:
    """Each part that is shown, with why a person has to look at it, "" for no reason."""
    doubts = dict(opinion.doubted)
    return {WORDS: opinion.review, **{each: doubts.get(each, "") for each in (*opinion.pictures, *opinion.voices)}}


def _standing(opinion: Opinion, now: Opinion) -> Opinion:
    return replace(opinion, state=now.state, due=now.due, heard=now.heard, assignee=now.assignee)


def _is_done(changed: ResponseReturnValue) -> bool:
    return not isinstance(changed, tuple)  # a page that says why not comes with its status


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
        "voice": ("/<name>/voices/<int:number>", desk.voice),
    }
    for endpoint, (rule, view) in rules.items():
        pages.add_url_rule(rule, endpoint, needs(Duty.OPINIONS, view, shows=SHOWN))
    says = {"number": desk.number, "answer": desk.answer, "ask": desk.ask, "close": desk.close, "note": desk.note}
    hands = {"assign": desk.assign, "tags": desk.tag, "merge": desk.merge, "part": desk.part}
    for act, view in {**says, **hands, "review": desk.looked, "state": desk.move}.items():
        pages.add_url_rule(f"/<name>/{act}", act, needs(Duty.OPINIONS, view, shows=SHOWN), methods=["POST"])
    return pages

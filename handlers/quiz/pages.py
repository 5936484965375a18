"""The quiz in a phone's browser: one question a page, marked here, explained with its source; forms and no scripts.

A round is the same one that the chat and the mini-program go on with. A form bears the place of its question and the
look of it, and an answer's message is its place: neither a second tap nor an old page answers anything twice.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from content.large_banks import AnyBank
from content.library import Library
from content.shelf import Shelf
from handlers import session
from handlers.guessing import Guesses
from handlers.quiz import engine
from handlers.quiz.engine import Mode, blanks
from handlers.quiz.engine.marking import Answer, Asked, Kept
from handlers.quiz.service import Service
from handlers.quiz.service.duels import Duelling
from handlers.quiz.service.regards import Regarding
from storage.quiz import QuizStore, Round
from storage.sittings import Sitting, Sittings

_ID = re.compile("[0-9a-f]{32}", re.ASCII)
READ_AT_ONCE = 10  # questions of a bank that is read through
_BACK = re.compile(r"/p/quiz/[\w.%/-]+(\?[\w.%=&-]*)?(#[\w-]+)?")  # a page of these
_NUMBER = re.compile("[0-9A-Z]{8}", re.ASCII)
_ASIDE = re.compile(r"^证书编号|[\s:：-]")  # what stands around a certificate's number where it was copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """What the pages do. Only a form's POST writes; every page can be opened again."""

    service: Service
    duelling: Duelling
    regarding: Regarding
    clock: Callable[[], datetime]

    def home(self) -> ResponseReturnValue:
        """Today's round as far as it is done, and how many mistakes there are to go through again."""
        today = self._today()
        begun = self.store.find(person=self._person, name=engine.daily(today))
        total = len(begun.questions if begun else self.service.drawn_on(self._person, today))
        sits = self._sits()
        open_one = begun is not None and self._open_at(begun) < total
        reviews = self.service.reviews(self._person, today)
        return self._page(
            "home",
            begun=begun,
            total=total,
            open_one=open_one,
            reviews=reviews,
            due=sum(each.day <= today for each in reviews.waiting),
            exams=bool(self.service.papers(self._person, self.clock())),
            sits=sits,
            until=self._local(sitting.ends_at) if sits and (sitting := self._sitting(sits)) else None,
            going_again=self.service.going_again(self._person, today) is not None,
            nothing_again="none" in request.args,
            once=secrets.token_hex(16),
        )

    def begin(self) -> ResponseReturnValue:
        """Begin a round, or go on with the one that is open."""
        person, today, chosen = self._person, self._today(), request.form.get("id", "")
        match request.form.get("of"):
            case "mistakes" if self._sits():
                return self._to("home")
            case "mistakes":
                going = self.service.mistakes(person, today, name=engine.of_mistakes(self._once()))
            case Mode.TOPIC:
                going = self.service.of_topic(person, today, topic=chosen, asked_by=self._once())
            case Mode.SEQUENCE:
                going = self.service.in_order(person, today, bank=chosen)
            case Mode.EXAM:
                going = self.service.exam(person, self.clock(), key=chosen, asked_by=self._once())
            case Mode.CHALLENGE:
                going = self.service.challenge(person, today, asked_by=self._once())
            case Mode.KEPT:
                going = self.regarding.practice(person, today, asked_by=self._once())
            case _:
                going = self.service.todays(person, today)
        return self._to("round", found=going.id) if going else redirect(url_for(".home", none=1), 303)

    def more(self) -> ResponseReturnValue:
        """The topics, the banks with one's place in each, and the challenge."""
        today = self._today()
        return self._page(
            "more",
            topics=self.service.topics(self._person, today),
            banks=self.service.banks(self._person, today),
            challenge=self.service.going(self._person, today, named=f"{Mode.CHALLENGE}:"),
            lives=engine.LIVES,
            once=secrets.token_hex(16),
        )

    def read(self, name: str) -> ResponseReturnValue:
        """A bank's questions with their answers."""
        bank = self._library.banks.get(name) or abort(404)
        return self._reads(self.service.read_through(self._person, self._today(), bank=name), bank=bank)

    def kept(self) -> ResponseReturnValue:
        """What one keeps, with its answers."""
        return self._reads(self.regarding.kept(self._person, self._today()), bank=None)

    def _reads(self, ids: Sequence[str], *, bank: AnyBank | None) -> str:
        """So many a page; not while an exam's clock runs."""
        at = max(0, min(request.args.get("after", 0, type=int), (len(ids) - 1) // READ_AT_ONCE * READ_AT_ONCE))
        is_sitting = self._sits() is not None
        found = [] if is_sitting else [self.service.question(each) for each in ids[at:][:READ_AT_ONCE]]
        return self._page(
            "read",
            bank=bank,
            shown=[self.service.shown(each, seed="") for each in found if each],
            after=at,
            at_once=READ_AT_ONCE,
            total=len(ids),
            is_sitting=is_sitting,
            regards=self.regarding.regards.of(self._person),
            once=secrets.token_hex(16),
        )

    def regard(self) -> ResponseReturnValue:
        """Keep a question or keep it no longer, or say whether it was of use; then the page that it was said on."""
        person, question, back = self._person, request.form.get("question", "")[:64], request.form.get("back", "")
        match request.form.get("act"):
            case "keep" | "drop" as act:
                regard = self.regarding.keep(person, question, self.clock(), kept=act == "keep")
            case "useful" | "useless" as act:
                regard = self.regarding.rate(person, question, self.clock(), useful=act == "useful")
            case _:
                abort(400)
        if regard is None:
            abort(404)
        return redirect(back if _BACK.fullmatch(back) else url_for(".kept"), 303)

    def study(self) -> ResponseReturnValue:
        """Where one stands, and what might be next; not while an exam's clock runs: its answers are among it."""
        if self._sits():
            return self._to("home")
        study = self.service.study(self._person, self._today())
        return self._page("study", study=study, once=secrets.token_hex(16))

    def exams(self) -> ResponseReturnValue:
        """The exams that can be begun, and those that were sat."""
        papers = self.service.papers(self._person, self.clock())
        return self._page("exams", papers=papers, once=secrets.token_hex(16), local=self._local)

    def duels(self, *, fault: str = "", said: str = "") -> ResponseReturnValue:
        """One's own duels; one can be begun here, or taken up by its code."""
        found = [(each, self._local(each.ends_at)) for each in self.duelling.of(self._person, self.clock())]
        can_be_named = bool(session.who().name)
        page = self._page(
            "duels", found=found, can_be_named=can_be_named, fault=fault, said=said, once=secrets.token_hex(16)
        )
        return page, 422 if fault else 200

    def duel(self) -> ResponseReturnValue:
        """Begin a duel, or take up the one of a code; the one that is open goes on."""
        person, now, named = self._person, self.clock(), "named" in request.form and bool(session.who().name)
        if "code" not in request.form:
            going = self.duelling.invite(person, now, asked_by=self._once(), named=named)
            return self._to("round", found=going.id) if going else self.duels(fault="none")
        said = request.form["code"][:40]
        taken = self.duelling.take(session.who(), now, said=said, named=named)
        return self._to("round", found=taken.id) if isinstance(taken, Round) else self.duels(fault=taken, said=said)

    def round(self, found: str) -> ResponseReturnValue:
        """The open question of a round, or what it came to."""
        going = self._own(found)
        at = self._open_at(going)
        asked = self.service.asked(going, at, seed=going.id)
        return self._asks(going, asked, at) if asked else self._result(going)

    def answer(self, found: str) -> ResponseReturnValue:
        """Mark and keep an answer: the first one of a question counts, wherever it was given."""
        going, at = self._own(found), request.form.get("position", -1, int)
        asked = self.service.asked(going, at, seed=going.id)
        said = _said(asked) if asked else frozenset()
        if asked and 0 <= at < going.answered:
            return self._answered(going, at, asked.kept(said))
        if asked is None or at != self._open_at(going):
            return self._to("round", found=found)
        if request.form.get("look") != asked.look:
            return self._asks(going, asked, at, fault="changed")
        if not asked.takes(said):
            return self._asks(going, asked, at, fault="many" if said and not asked.is_written else "none", said=said)
        message = f"page:{going.id}:{at}"
        self.service.keep(self._person, going.id, at, asked, said, message=message, now=self.clock())
        return self._answered(going, at, asked.kept(said))

    def verdict(self, found: str, position: int) -> ResponseReturnValue:
        """What was answered at a place of a round, and what is right."""
        going = self._own(found)
        asked = self.service.asked(going, position, seed=going.id)
        is_told = engine.mode(going) is not Mode.EXAM or self._open_at(going) >= len(going.questions)
        given = self.store.given(round=going.id, position=position) if asked and is_told else None
        if given is None or asked is None:
            return self._to("round", found=found)
        said = asked.was(Kept(given.said, given.written))
        return self._page(
            "verdict",
            going=going,
            position=position,
            asked=asked,
            said=said,
            mark=asked.mark(said),
            mode=engine.mode(going),
            is_first="first" in request.args,
            is_last=self._open_at(going) >= len(going.questions),
            regard=self.regarding.regards.to(self._person, asked.question.id),
        )

    # -- how -----------------------------------------------------------------------------------------------------

    def _answered(self, going: Round, at: int, kept: Kept) -> ResponseReturnValue:
        """Show what counts; who has answered something else than that is told why. An exam goes straight on."""
        given = self.store.given(round=going.id, position=at)
        was_before = given is not None and (given.said, given.written) != kept
        first = 1 if was_before else None
        if engine.mode(going) is Mode.EXAM:
            return self._to("round", found=going.id, first=first)
        return self._to("verdict", found=going.id, position=at, first=first)

    @staticmethod
    def _once() -> str:
        """What makes the rounds that a form begins one, however often it is sent."""
        once = request.form.get("once", "")
        if not _ID.fullmatch(once):
            abort(400)
        return f"page:{once}"

    def _asks(
        self, going: Round, asked: Asked, at: int, *, fault: str = "", said: Answer = frozenset()
    ) -> ResponseReturnValue:
        page = self._page(
            "question",
            going=going,
            position=at,
            asked=asked,
            fault=fault,
            said=said,
            is_first="first" in request.args,
            mode=engine.mode(going),
            lives=engine.LIVES,
            until=self._local(sitting.ends_at) if (sitting := self._sitting(going)) else None,
            **self._duel_of(going),
        )
        return page, 422 if fault else 200

    def _result(self, going: Round) -> str:
        marks = self.store.marks(going.id)
        answered = [(at, self.service.question(going.questions[at]), right) for at, right in sorted(marks.items())]
        kept = [(at, question.stem, right) for at, question, right in answered if question]
        sitting = self.service.closed(self._person, going)
        mode = engine.mode(going)
        return self._page("result", going=going, kept=kept, mode=mode, sitting=sitting, **self._duel_of(going))

    def _duel_of(self, going: Round) -> dict[str, Any]:
        duel = self.duelling.standing(self._person, going, self.clock())
        return {"duel": duel, "ends": self._local(duel.ends_at) if duel else None}

    def _sits(self) -> Round | None:
        """The exam whose clock runs."""
        return self.service.going_exam(self._person, self.clock())

    def _own(self, found: str) -> Round:
        going = self.store.own(found, person=self._person) if _ID.fullmatch(found) else None
        if going is None:
            abort(404)
        return going

    def _open_at(self, going: Round) -> int:
        return self.service.open_at(going, self._sitting(going), now=self.clock())

    def _sitting(self, going: Round) -> Sitting | None:
        return self.service.sitting(self._person, going)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.service.zone)

    def _page(self, name: str, /, **values: Any) -> str:
        return render_template(f"quiz/{name}.html", account=self._library.account, **values)

    @staticmethod
    def _to(page: str, **where: Any) -> ResponseReturnValue:
        return redirect(url_for(f".{page}", **where), 303)

    def _today(self) -> date:
        return self.service.day(self.clock())

    @property
    def store(self) -> QuizStore:
        """Where answers are kept."""
        return self.service.store

    @property
    def _person(self) -> str:
        return session.who().person

    @property
    def _library(self) -> Library:
        return self.service.shelf.current()


def _said(asked: Asked) -> Answer:
    """What a form says: what was chosen, or written into the blanks."""
    if not asked.is_written:
        return frozenset(request.form.getlist("chosen"))
    filled = request.form.getlist("filled")[: asked.blanks]
    return tuple(words.strip()[: blanks.MOST_LETTERS] for words in filled)


def blueprint(quiz: Quiz) -> Blueprint:
    """Serve /p/quiz and what is under it."""
    doors = Blueprint("quiz", __name__, url_prefix="/p/quiz", template_folder="../templates")
    doors.add_url_rule("", "home", quiz.home)
    doors.add_url_rule("", "begin", quiz.begin, methods=["POST"])
    doors.add_url_rule("/more", "more", quiz.more)
    doors.add_url_rule("/read/<name>", "read", quiz.read)
    doors.add_url_rule("/kept", "kept", quiz.kept)
    doors.add_url_rule("/kept", "regard", quiz.regard, methods=["POST"])
    doors.add_url_rule("/exams", "exams", quiz.exams)
    doors.add_url_rule("/study", "study", quiz.study)
    doors.add_url_rule("/duels", "duels", quiz.duels)
    doors.add_url_rule("/duels", "duel", quiz.duel, methods=["POST"])
    doors.add_url_rule("/<found>", "round", quiz.round)
    doors.add_url_rule("/<found>", "answer", quiz.answer, methods=["POST"])
    doors.add_url_rule("/<found>/<int:position>", "verdict", quiz.verdict)
    return doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What anybody can see: by a certificate's number what it is of. It says no names."""

    sittings: Sittings
    guesses: Guesses
    shelf: Shelf
    clock: Callable[[], datetime]
    zone: tzinfo

    def ask(self) -> ResponseReturnValue:
        """A form for a certificate's number."""
        return self._page(number="", is_number=False)

    def found(self) -> ResponseReturnValue:
        """What there is under a number."""
        now = self.clock()
        wait = self.guesses.of_address(now)
        if wait:
            raise TooManyRequests(retry_after=wait)
        said = unicodedata.normalize("NFKC", request.form.get("number", "")[:40]).strip()
        number = _ASIDE.sub("", said).upper()
        is_number = _NUMBER.fullmatch(number) is not None
        sitting = self.sittings.certified(number) if is_number else None
        if sitting is None:
            self.guesses.missed(now)
            return self._page(number=number if is_number else said, is_number=is_number), 404
        return self._page(number=number, sitting=sitting, day=sitting.begun_at.astimezone(self.zone).date())

    def _page(self, **values: Any) -> str:
        return render_template("quiz/certificate.html", account=self.shelf.current().account, **values)


def for_anyone(public: Public) -> Blueprint:
    """Serve /p/quiz/certificate, since whoever is shown a number may check it."""
    doors = Blueprint("quiz_open", __name__, url_prefix="/p/quiz", template_folder="../templates")
    doors.add_url_rule("/certificate", "ask", public.ask)
    doors.add_url_rule("/certificate", "found", public.found, methods=["POST"])
    return doors

"""The opinion box for the mini-program: a word under one's name or none, pictures with it, and what became of it.

The anonymous door writes nothing itself: the postman takes the words to the letterbox at a time of its own
(docs/anonymity.md). A repeat is told by the receipt: the same request with the same key draws the same one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from threading import BoundedSemaphore
from typing import Protocol

import structlog

from content.unseen import typed
from handlers import problems, session
from handlers.conversation import Say
from handlers.guessing import Guesses
from handlers.openapi import Effect, Once
from handlers.opinion import engine
from handlers.opinion.api.shapes import First, Form, Line, Picture, Receipt, Said, Status, Taken, Voice, Way, Word
from handlers.opinion.engine import Review, State, drafts, promises, receipts, thread
from handlers.opinion.engine.drafts import Bounds, Draft
from handlers.opinion.engine.promises import Promise
from handlers.opinion.engine.thread import Asks
from handlers.opinion.service import Confidence, Remedies
from handlers.problems import Problem, Refused
from scheduler.postman import NotKept
from storage.checks import Checks, Due
from storage.opinion import Heard, Letter, Opinion, Opinions, Unread
from storage.opinion_quota import Quota
from storage.pictures import NotAPicture, Pictures, redrawn
from storage.voices import LARGEST_BYTES as VOICE_BYTES
from storage.voices import NotAVoice, form_of, stripped
from wechat.errors import WeChatError

TOO_SHORT = Problem(422, "opinion.problem_too_short")
TOO_LONG = Problem(422, "opinion.problem_too_long")
HAS_CODE = Problem(422, "opinion.problem_has_code")
NOT_A_NAME = Problem(422, "opinion.problem_not_a_name")
TOO_MANY_PICTURES = Problem(422, "opinion.problem_too_many_pictures")
TOO_MANY_VOICES = Problem(422, "opinion.problem_too_many_voices")
VOICES_NEED_A_NAME = Problem(422, "opinion.problem_voices_need_a_name")
NO_PLACE_WITHOUT_NAME = Problem(422, "opinion.problem_no_place_without_name")
NO_SUCH_VOICE = Problem(422, "opinion.problem_no_such_voice")
NOT_A_VOICE = Problem(422, "opinion.problem_not_a_voice")
PICTURES_NEED_A_NAME = Problem(422, "opinion.problem_pictures_need_a_name")
NO_SUCH_PICTURE = Problem(422, "opinion.problem_no_such_picture")
NOT_A_PICTURE = Problem(422, "opinion.problem_not_a_picture")
NOT_A_CODE = Problem(422, "opinion.problem_not_a_code")
NO_SUCH_CODE = Problem(404, "opinion.problem_no_such_code")
CANNOT_BE_READ = Problem(503, "opinion.problem_cannot_be_read")
NOT_A_VERDICT = Problem(422, "opinion.problem_not_a_verdict")
NOT_ASKED = Problem(409, "opinion.problem_not_asked")
SAID_BEFORE = Problem(409, "opinion.problem_said_before")
SENT_BEFORE = Problem(409, "opinion.problem_sent_before")
ELSEWHERE = Problem(422, "opinion.problem_elsewhere")
QUOTA_SPENT = Problem(429, "opinion.problem_quota_spent")
NOT_KEPT_YET = Problem(503, "opinion.problem_not_kept_yet")
_SAID: Mapping[drafts.Problem, tuple[Problem, str]] = {
    drafts.Problem.TOO_SHORT: (TOO_SHORT, "words"),
    drafts.Problem.TOO_LONG: (TOO_LONG, "words"),
    drafts.Problem.HAS_CODE: (HAS_CODE, "words"),
    drafts.Problem.NOT_A_NAME: (NOT_A_NAME, "name"),
    drafts.Problem.TOO_MANY_PICTURES: (TOO_MANY_PICTURES, "pictures"),
    drafts.Problem.TOO_MANY_VOICES: (TOO_MANY_VOICES, "voices"),
    drafts.Problem.NO_PLACE_WITHOUT_NAME: (NO_PLACE_WITHOUT_NAME, "place"),
    drafts.Problem.NOT_A_VERDICT: (NOT_A_VERDICT, "solved"),
}
_MEGABYTE = 1024 * 1024
PICTURE_BYTES = 4 * _MEGABYTE  # phones send less when they are asked to compress


class Verdict(Protocol):
    """What a check found."""

    @property
    def suggest(self) -> str:
        """pass, review or risky."""


class Judge(Protocol):
    """A mini-program's way to the platform's check of words (msgSecCheck)."""

    def check_text(self, openid: str, words: str, /) -> Verdict:
        """Judge the words of somebody who was here within two hours; raises `WeChatError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What the doors do; `post` as in `Outside`."""

    opinions: Opinions
    post: Callable[[Letter], bool]
    pictures: Pictures
    quota: Quota
    say: Say
    bounds: Bounds
    promise: Promise
    confidence: Confidence
    agreed: Callable[[str, datetime], None]
    marked: Callable[[str], str]  # why a person looks at these words first, "" for no reason
    remedies: Remedies
    guesses: Guesses
    clock: Callable[[], datetime]
    zone: tzinfo
    effect: Effect
    room: BoundedSemaphore  # pictures being redrawn: each takes a core for a while
    checks: Checks
    judges: Mapping[str, Judge]  # by account
    checking: BoundedSemaphore  # words being judged: each waits for the platform
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("opinion"))

    def form(self) -> Form:
        """What there is to fill in."""
        who = session.who()
        return Form(
            categories=list(self._categories),
            shortest=self.bounds.shortest,
            longest=self.bounds.longest,
            pictures=self.bounds.pictures,
            picture_bytes=PICTURE_BYTES,
            voices=self.bounds.voices,
            voice_bytes=VOICE_BYTES,
            name=who.name if who.verified else "",
            first=[First.model_validate(each) for each in self.confidence.matters().values()],
            taken=bool(self.confidence.entrusted),
            anonymous=not self._spent(),
        )

    def check(self, said: Said) -> None:
        """Raise `Refused` where it would not be taken, and keep nothing."""
        self._draft(said, "")
        if said.way is Way.ANONYMOUS and self._spent():
            raise self._no_more()

    def send(self, said: Said, once: Once) -> Receipt:
        """Keep it and show the receipt."""
        code = self._receipt(said, once)
        draft = self._draft(said, code)
        today = self._now().date()
        due = self.promise.due(said.category, today)
        opinion = Opinion(
            id=self.opinions.id_of(code),
            day=today,
            named=draft.named,
            name=draft.name,
            verified=draft.verified,
            category=said.category,
            words=draft.words,
            state=State.RECEIVED,
            pictures=draft.pictures,
            voices=draft.voices,
            place=draft.place,
            review=self.marked(engine.to_judge(draft.words, name=draft.name, verified=draft.verified)),
            due=due,
            restricted=self.confidence.matter(said.category) is not None,
        )
        keep = self._keep_named if draft.named else self._keep_anonymous
        keep(opinion, once)
        return Receipt(receipt=receipts.shown(code), due=due, sure=self.promise.is_sure(due))

    def _receipt(self, said: Said, once: Once) -> str:
        """Drawn from the request itself, so that its repeat draws the same; the member is no part of it."""
        place = (said.place.model_dump_json(),) if said.place else ()
        parts = (once.idempotency_key, said.way, said.category, said.name, said.words, *said.pictures)
        parts = (*parts, *said.voices, *place)
        return receipts.drawn(self.opinions.secret_numbers(*parts))

    def _draft(self, said: Said, code: str) -> Draft:
        if said.category not in self._categories:
            raise Refused(problems.INVALID, field="category", kind="not_offered")
        if not self.confidence.is_taken(said.category):
            raise Refused(ELSEWHERE, field="category", matter=self.confidence.matter(said.category))
        if said.pictures and said.way is Way.ANONYMOUS:
            raise Refused(PICTURES_NEED_A_NAME, field="pictures")
        if said.voices and said.way is Way.ANONYMOUS:
            raise Refused(VOICES_NEED_A_NAME, field="voices")
        draft = self._signed(Draft(receipt=code), said)
        draft = self._good(drafts.with_words(draft, said.words, self.bounds))
        draft = self._with_files(draft, said)
        if said.place:
            place = said.place
            draft = self._good(drafts.with_place(draft, place.latitude, place.longitude, place.label))
        return self._good(drafts.finished(draft, self.bounds))

    def _with_files(self, draft: Draft, said: Said) -> Draft:
        for picture in dict.fromkeys(said.pictures):
            draft = self._good(drafts.with_picture(draft, picture, self.bounds))
        for voice in dict.fromkeys(said.voices):
            draft = self._good(drafts.with_voice(draft, voice, self.bounds))
        if not all(self._is_voice(each) is False for each in draft.pictures):
            raise Refused(NO_SUCH_PICTURE, field="pictures")
        if not all(map(self._is_voice, draft.voices)):
            raise Refused(NO_SUCH_VOICE, field="voices")
        return draft

    def _is_voice(self, found: str) -> bool | None:
        """Whether what has this id is a voice; None where there is nothing."""
        data = self.pictures.get(found)
        return None if data is None else form_of(data) is not None

    def _signed(self, draft: Draft, said: Said) -> Draft:
        who = session.who()
        if said.way is Way.ANONYMOUS:
            return draft
        if who.verified:
            return replace(draft, named=True, name=who.name, verified=True)
        return self._good(drafts.with_name(replace(draft, named=True), said.name))

    def _good(self, draft: Draft | drafts.Problem) -> Draft:
        if isinstance(draft, Draft):
            return draft
        problem, field = _SAID[draft]
        most = self.bounds.voices if problem is TOO_MANY_VOICES else self.bounds.pictures
        raise Refused(problem, field=field, longest=self.bounds.longest, most=most)

    def _keep_anonymous(self, opinion: Opinion, _: Once) -> None:
        who, now, is_new = session.who(), self._now(), False
        if not self.quota.take(account=who.account, openid=who.openid, now=now):
            if self.opinions.get(opinion.id):
                return
            raise self._no_more()
        try:
            is_new = self.post(opinion)
        except NotKept:
            raise Refused(NOT_KEPT_YET, wait=2) from None
        finally:
            if not is_new:
                self.quota.give_back(account=who.account, openid=who.openid, now=now)

    def _keep_named(self, opinion: Opinion, once: Once) -> None:
        person = session.who().person
        before = self.opinions.get(opinion.id)
        if before is None:
            review = engine.worse(opinion.review, self._review(opinion))
            judged = replace(opinion, person=person, review=review, doubted=self._unjudged(opinion))
            if self.opinions.keep_named(judged, message=self.effect(once), beside=self._pictures_due(opinion)):
                self.agreed(person, self._now())
                return
            before = self.opinions.get(opinion.id)
        if before is None or before.person != person:
            raise Refused(SENT_BEFORE)

    def _unjudged(self, opinion: Opinion) -> tuple[tuple[str, str], ...]:
        """Voices are for a person: the platform's check knows not all of their forms."""
        voices = opinion.voices if session.who().account in self.judges else ()
        return tuple((each, Review.UNCHECKED.value) for each in voices)

    def _pictures_due(self, opinion: Opinion) -> Due:
        """The pictures are judged soon after: the platform fetches them, and tells later."""
        account = session.who().account
        parts = opinion.pictures if account in self.judges else ()
        return self.checks.due(opinion.id, parts, account=account, until=self._now() + engine.JUDGED_WITHIN)

    def _review(self, opinion: Opinion) -> str:
        """Why a person has to look first, "" where the platform lets the words pass. Nothing is refused for it."""
        who = session.who()
        judge = self.judges.get(who.account)
        words = engine.to_judge(opinion.words, name=opinion.name, verified=opinion.verified)
        if judge is None or not words:
            return ""
        if not self.checking.acquire(blocking=False):
            return Review.UNCHECKED
        try:
            return engine.review_of(judge.check_text(who.openid, words).suggest)
        except WeChatError as error:
            self.log.warning("words not checked", errcode=error.errcode, error=type(error).__name__)
            return Review.UNCHECKED
        finally:
            self.checking.release()

    def _no_more(self) -> Refused:
        return Refused(QUOTA_SPENT, most=self.quota.a_day)

    def _spent(self) -> bool:
        who = session.who()
        return self.quota.spent(account=who.account, openid=who.openid, now=self._now())

    def ask(self, typed: str) -> Status:
        """The same by the member of this request: who guesses is slowed, a right guess counted like all."""
        wait = self.guesses.of_member(session.who(), self._now())
        if wait:
            raise Refused(problems.TOO_FAST, wait=wait)
        return self.look_up(typed)

    def look_up(self, typed: str) -> Status:
        """What became of the opinion with this receipt: who holds it may know, signed in as whoever."""
        code = receipts.read(typed)
        if not receipts.is_code(code):
            raise Refused(NOT_A_CODE, field="receipt")
        found = self.opinions.of_receipt(code)
        if found is None:
            self.guesses.missed(self._now())
            raise Refused(NO_SUCH_CODE, field="receipt")
        if isinstance(found, Unread):
            raise Refused(CANNOT_BE_READ)
        opinion, today = self.promise.current(found), self._now().date()
        asked = thread.asks(opinion.state, opinion.turns, opinion.heard)
        left = self.promise.left(opinion.state, opinion.due, today)
        return Status(
            day=opinion.day,
            category=opinion.category,
            state=State(opinion.state),
            reply=opinion.reply,
            answered_on=opinion.answered_on,
            due=opinion.due,
            overdue=left is not None and left < 0,
            talk=[Line.model_validate(each) for each in thread.talk(self.opinions.notes.of(opinion.id), opinion.heard)],
            asks=asked or "",
            ticket=self.opinions.ticket_of(opinion.id, opinion.turns, asked, today) if asked else "",
            measure=self.remedies.stand(opinion) or "",
            lost=opinion.lost,
        )

    def hear(self, word: Word) -> Taken:
        """Keep what a sender says to our last words. All that is known of it is in the ticket: nothing is read here."""
        today = self._now().date()
        ticket = self.opinions.of_ticket(word.ticket, today)
        if ticket is None:
            raise Refused(NOT_ASKED, field="ticket")
        opinion, turn, asked = ticket
        words, verdict = typed(word.words), asked == Asks.VERDICT
        reopen = verdict and word.reopen
        found = thread.trouble(Asks(asked), words, solved=word.solved, reopen=reopen, shortest=self.bounds.shortest)
        if found:
            problem, field = _SAID[found]
            raise Refused(problem, field=field, longest=thread.SAID_LONGEST)
        id_ = self.opinions.heard_id(opinion, turn)
        solved = str(word.solved) if verdict else ""
        try:
            is_new = self.post(Heard(id=id_, day=today, turn=turn, words=words, solved=solved, reopen=reopen))
        except NotKept:
            raise Refused(NOT_KEPT_YET, wait=2) from None
        if not is_new:
            raise Refused(SAID_BEFORE)
        return Taken()

    def take_picture(self, data: bytes) -> Picture:
        """Keep a picture, redrawn: it has no place, date or device any more, and hangs on nobody."""
        with self._room():
            try:
                clean = redrawn(data)
            except NotAPicture:
                raise Refused(NOT_A_PICTURE, field="picture") from None
        return Picture(id=self.pictures.take_in(clean, day=self._now().date()))

    def take_voice(self, data: bytes) -> Voice:
        """Keep a voice, stripped: nothing is left of it but what was said, and it hangs on nobody."""
        try:
            clean = stripped(data)
        except NotAVoice:
            raise Refused(NOT_A_VOICE, field="voices", most=VOICE_BYTES // _MEGABYTE) from None
        return Voice(id=self.pictures.take_in(clean, day=self._now().date()))

    @contextmanager
    def _room(self) -> Iterator[None]:
        if not self.room.acquire(timeout=5):
            raise Refused(problems.AWAY, wait=5)
        try:
            yield
        finally:
            self.room.release()

    def _now(self) -> datetime:
        return self.clock().astimezone(self.zone)

    @property
    def _categories(self) -> tuple[str, ...]:
        return promises.listed(self.say("opinion.categories"))

"""The opinion box for the mini-program: a word under one's name or none, pictures with it, and what became of it.

The anonymous door writes nothing itself: the postman takes the words to the letterbox at a time of its own
(docs/anonymity.md). A repeat is told by the receipt: the same request with the same key draws the same one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from threading import BoundedSemaphore
from typing import Literal, Protocol

import structlog
from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import RequestEntityTooLarge

from handlers import openapi, problems, session
from handlers.conversation import Say
from handlers.openapi import Effect, Once
from handlers.openapi import Line as Typed
from handlers.opinion import engine
from handlers.opinion.engine import Remedy, Review, State, drafts, promises, receipts, thread
from handlers.opinion.engine.drafts import Bounds, Draft
from handlers.opinion.engine.promises import Promise
from handlers.opinion.engine.thread import Asks, Solved
from handlers.opinion.service import Confidence, Remedies
from handlers.problems import Problem, Refused
from scheduler.postman import NotKept
from storage.checks import Checks, Due
from storage.opinion import Heard, Letter, Opinion, Opinions, Quota
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


class Way(StrEnum):
    """Under one's name or none."""

    ANONYMOUS = "anonymous"
    NAMED = "named"


class First(BaseModel):
    """A category whose official channels come first; what is sent here is read by few."""

    model_config = ConfigDict(from_attributes=True)

    category: str
    channels: list[str]
    source: str = Field(description="Where the channels are from.")
    workdays: int | None = Field(description="Within how many it is answered here; null as all others.")


class Form(BaseModel):
    """What an opinion may be."""

    categories: list[str] = Field(examples=[["工作建议", "生活困难"]])
    shortest: int
    longest: int = Field(description="Characters.")
    pictures: int = Field(description="How many may come with a named one; with an anonymous one, none.")
    picture_bytes: int = Field(description="How large each may be.")
    voices: int = Field(description="How many may come with a named one; with an anonymous one, none.")
    voice_bytes: int = Field(description="How large each may be.")
    name: str = Field(description="Whom a named one would be from; empty where the member is not bound and types one.")
    first: list[First] = Field(description="To be shown before one of these categories is written about.")
    taken: bool = Field(description="Whether those are taken here: false where nobody is entrusted with reading them.")
    anonymous: bool = Field(description="Whether another anonymous one may be sent today.")


class Place(BaseModel):
    """Where it is, in degrees of GCJ-02, as `wx.chooseLocation` gives it."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: Typed = Field("", max_length=128)


class Said(BaseModel):
    """An opinion. A bound member's name is known and `name` is not looked at."""

    way: Way
    category: Typed = Field(max_length=64)
    words: str = Field(max_length=4000)
    name: Typed = Field("", max_length=64)
    pictures: list[str] = Field([], max_length=20, description="Ids that /opinion/pictures gave; only with a name.")
    voices: list[str] = Field([], max_length=20, description="Ids that /opinion/voices gave; only with a name.")
    place: Place | None = Field(None, description="Only what the sender chose to tell, and only with a name.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "way": "anonymous",
                    "category": "工作建议",
                    "words": "The canteen closes before the late shift ends.",
                    "pictures": [],
                }
            ]
        }
    )


class Receipt(BaseModel):
    """The only key to what becomes of it: shown now, and kept as a hash."""

    receipt: str = Field(examples=["4F7K-2MXP-90T5"])
    due: date = Field(description="By when it is answered.")
    sure: bool = Field(description="False while that year's holidays aren't announced, and Monday to Friday count.")


class TypedReceipt(BaseModel):
    """A receipt as it was typed: any case, spaces and dashes."""

    receipt: Typed = Field(min_length=1, max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"receipt": "4f7k 2mxp 90t5"}]})


class Line(BaseModel):
    """Something that was said to and fro: `kind` is what our words made of it, or what the sender was asked."""

    model_config = ConfigDict(from_attributes=True)

    ours: bool
    kind: State | Asks
    words: str
    day: date
    solved: Solved | Literal[""]
    reopen: bool


class Status(BaseModel):
    """What became of an opinion."""

    day: date
    category: str
    state: State
    reply: str
    answered_on: date | None
    due: date | None = Field(description="By when it was said to be answered.")
    overdue: bool = Field(description="It isn't answered, and that day is over.")
    talk: list[Line] = Field(description="What was said to and fro since, the oldest first.")
    asks: Asks | Literal[""] = Field(description="What may be said to it now, once: an answer, or a verdict of ours.")
    ticket: str = Field(description="To be handed in with it, today.")
    measure: Remedy | Literal[""] = Field(description="How far what is done about it beyond an answer has come.")
    lost: int = Field(description="Pictures that could not be had from the platform.")


class Word(BaseModel):
    """An answer to what was asked, or what the sender thinks of an answer: `reopen` needs words."""

    ticket: str = Field(max_length=512)
    words: str = Field("", max_length=4000)
    solved: Solved | Literal[""] = ""
    reopen: bool = False

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "…", "words": "The one on the third floor.", "reopen": False}]}
    )


class Taken(BaseModel):
    """It is kept."""

    kept: bool = True


class Picture(BaseModel):
    """A picture, ready to go with a named opinion; one that goes with none is dropped after some days."""

    id: str = Field(examples=["3f2a9c81d07b4e5566aa90c1"])


class Voice(BaseModel):
    """A voice, ready to go with a named opinion; one that goes with none is dropped after some days."""

    id: str = Field(examples=["3f2a9c81d07b4e5566aa90c1"])


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
    marked: Callable[[str], str]  # why a person looks at these words first, "" for no reason
    remedies: Remedies
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
        if self._spent():
            if self.opinions.get(opinion.id):
                return
            raise self._no_more()
        try:
            is_new = self.post(opinion)
        except NotKept:
            raise Refused(NOT_KEPT_YET, wait=2) from None
        if is_new:
            who = session.who()
            self.quota.count(account=who.account, openid=who.openid, now=self._now())

    def _keep_named(self, opinion: Opinion, once: Once) -> None:
        person = session.who().person
        before = self.opinions.get(opinion.id)
        if before is None:
            review = engine.worse(opinion.review, self._review(opinion))
            judged = replace(opinion, person=person, review=review, doubted=self._unjudged(opinion))
            if self.opinions.keep_named(judged, message=self.effect(once), beside=self._pictures_due(opinion)):
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

    def look_up(self, typed: str) -> Status:
        """What became of the opinion with this receipt: who holds it may know, signed in as whoever."""
        code = receipts.read(typed)
        if not receipts.is_code(code):
            raise Refused(NOT_A_CODE, field="receipt")
        found = self.opinions.get(self.opinions.id_of(code))
        if found is None:
            raise Refused(NO_SUCH_CODE, field="receipt")
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
        words, verdict = engine.cleaned(word.words), asked == Asks.VERDICT
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


def _uploaded(field: str, most: int) -> bytes:
    """The file; a body may be chunked and say no length, so a little more than is allowed is read."""
    request.max_content_length = most + openapi.LARGEST_BYTES
    file = request.files.get(field)
    if file is None:
        raise Refused(problems.INVALID, field=field, kind="missing")
    with file.stream as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise RequestEntityTooLarge
    return data


def _one_file(field: str, media: str) -> dict[str, object]:
    """How a body with one file is described."""
    file = {"type": "string", "contentMediaType": media}
    schema = {"type": "object", "properties": {field: file}, "required": [field]}
    return {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}


def blueprint(box: Box) -> APIBlueprint:
    """Serve /api/v1/opinion."""
    doors, say = openapi.doors("opinion"), box.say

    @doors.get("")
    @doors.output(Form)
    @doors.doc(summary="What an opinion may be")
    def form() -> Form:
        return box.form()

    @doors.post("")
    @doors.input(Said)
    @doors.input(Once, location="headers")
    @doors.output(Receipt, 201)
    @doors.doc(
        summary="Send an opinion",
        description="An anonymous one is tied to nobody: not to the token, not to the device, not to the minute.",
        responses=openapi.says(
            say,
            TOO_SHORT,
            TOO_LONG,
            HAS_CODE,
            NOT_A_NAME,
            TOO_MANY_PICTURES,
            PICTURES_NEED_A_NAME,
            NO_SUCH_PICTURE,
            TOO_MANY_VOICES,
            VOICES_NEED_A_NAME,
            NO_SUCH_VOICE,
            NO_PLACE_WITHOUT_NAME,
            SENT_BEFORE,
            QUOTA_SPENT,
            NOT_KEPT_YET,
        ),
    )
    def send(json_data: Said, headers_data: Once) -> Receipt:
        return box.send(json_data, headers_data)

    @doors.post("/lookup")
    @doors.input(TypedReceipt)
    @doors.output(Status)
    @doors.doc(
        summary="What became of an opinion",
        description="The receipt is in the body, so that no log on the way keeps it.",
        responses=openapi.says(say, NOT_A_CODE, NO_SUCH_CODE),
    )
    def look_up(json_data: TypedReceipt) -> Status:
        return box.look_up(json_data.receipt)

    @doors.post("/said")
    @doors.input(Word)
    @doors.output(Taken, 201)
    @doors.doc(
        summary="Answer what was asked, or say whether it is solved",
        description="Once to each of our words, with the ticket that `lookup` gave today. It is kept as an anonymous "
        "opinion is, also where the opinion has a name: tied to nobody.",
        responses=openapi.says(say, TOO_SHORT, TOO_LONG, HAS_CODE, NOT_A_VERDICT, NOT_ASKED, SAID_BEFORE, NOT_KEPT_YET),
    )
    def hear(json_data: Word) -> Taken:
        return box.hear(json_data)

    @doors.post("/pictures")
    @doors.output(Picture, 201)
    @doors.doc(
        summary="Hand a picture in, to send it with a named opinion",
        description="multipart/form-data with one file named `picture`. It is kept at once, and that tells a time: "
        "so none goes with an anonymous one.",
        responses=openapi.says(say, NOT_A_PICTURE),
        extensions=_one_file("picture", "image/*"),
    )
    def take_picture() -> Picture:
        return box.take_picture(_uploaded("picture", PICTURE_BYTES))

    @doors.post("/voices")
    @doors.output(Voice, 201)
    @doors.doc(
        summary="Hand a voice in, to send it with a named opinion",
        description="multipart/form-data with one file named `voice`: amr, mp3 or Speex in Ogg. It is kept as it was "
        "spoken, without what lies around the sound. Its time is told, so none goes with an anonymous one.",
        responses=openapi.says(say, NOT_A_VOICE),
        extensions=_one_file("voice", "audio/*"),
    )
    def take_voice() -> Voice:
        return box.take_voice(_uploaded("voice", VOICE_BYTES))

    return doors

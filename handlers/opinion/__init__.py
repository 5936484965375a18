"""Opinion box: people write under their name or none, admins read and answer."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from threading import BoundedSemaphore

from pydantic import BaseModel, ConfigDict, Field

from content.models import Account
from content.opinions import Matter, ReadyReply
from content.roles import Reach
from handlers import access, noting
from handlers.conversation import Say
from handlers.feature import Feature, Keeps, Sheet, words_beside
from handlers.guessing import Guesses
from handlers.openapi import Effect, Once
from handlers.opinion import admin, api, chat, engine, jobs, pages
from handlers.opinion.admin import PhoneOf
from handlers.opinion.api import shapes
from handlers.opinion.api.box import Box
from handlers.opinion.chat.following import Following
from handlers.opinion.engine import drafts, near, promises, thread
from handlers.opinion.engine.promises import listed as categories_in
from handlers.opinion.jobs import Fetch, FromPlatform, Judge, NotNow, PictureGone
from handlers.opinion.service import Confidence, Hands, Measure, Readers, Remedies, Subjects
from handlers.opinion.service.inbox import Inbox
from scheduler.reminders import Reminder, Tell
from scheduler.staff import Staff
from scheduler.workdays import Workdays
from storage.checks import Check, Checks
from storage.opinion import Letter, Opinion, Opinions
from storage.opinion_quota import Quota
from storage.paces import Paces
from storage.people import People
from storage.pictures import Pictures

__all__ = [
    "Fetch",
    "FromPlatform",
    "Judge",
    "NotNow",
    "OpinionSettings",
    "Outside",
    "PictureGone",
    "Readers",
    "Stores",
    "alike",
    "categories_in",
    "feature",
    "of_days",
    "subjects",
]


CHECKS_AT_ONCE = 4  # whoever sends words waits for the platform: at most half of a worker's threads do
PICTURES_AT_ONCE = 2  # to redraw one takes a core for a while
BEIJING = timezone(timedelta(hours=8))  # the time of the whole country


class OpinionSettings(BaseModel):
    """The table [handlers.opinion]. An opinion is at most 1000 characters: each lies in a row of the same size.

    It is answered within so many `workdays`, where the phrase of the categories says nothing else; each
    `escalate_workdays` that it is late, the organisation above its admin's is told too. The pack's matters may say
    less of both. `entrusted` are the console's accounts that alone read what comes of these matters. Who subscribes to
    the pack's `answered_topic` hears of weeks in which anonymous ones were answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shortest: int = Field(5, ge=1, le=50)
    longest: int = Field(1000, ge=50, le=1000)
    pictures: int = Field(9, ge=0, le=9)
    voices: int = Field(3, ge=0, le=3)
    anonymous_a_day: int = Field(5, ge=1, le=100)
    workdays: int = Field(15, ge=1, le=60)
    escalate_workdays: int = Field(3, ge=1, le=60)
    entrusted: tuple[str, ...] = ()
    answered_topic: str = "niming-dafu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What the box keeps, and the people who write to it."""

    opinions: Opinions
    checks: Checks
    pictures: Pictures
    quota: Quota
    people: People


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world around the box: how to tell a sender, fetch a picture and name an effect, and the zone of its days.

    `looked_at` notes what is looked at and whose it is, `revealed` what is shown in full, whose and why. `post` has an
    anonymous opinion, or what a sender says later, kept, and says whether it was not before; it raises
    scheduler.postman.NotKept. `judges` judge what is sent under a name, by account, and fetch its pictures below
    `public_url`, "" for nowhere; `phone_of` gives the number of who agreed to a call. `account` is whose pages they
    are, `paces` counts who guesses at receipts. `workdays` are the calendar's, `admins` those who handle
    opinions, `readers` which of them may read which, `replies` the pack's words for them, `matters` its categories that
    go elsewhere first, `watched` the words over which a person looks first, and `wanted_by` gives the persons who
    subscribe to a topic; `author` is the admin of a request. `agreed` notes
    the consent of who sends under a name. `measures` gives those of some ids, and
    `measure_page` is where one is begun.
    """

    tell: Tell
    effect: Effect
    post: Callable[[Letter], bool]
    account: Callable[[], Account]
    paces: Paces
    workdays: Workdays
    admins: Staff
    readers: Callable[[], Readers]
    agreed: Callable[[str, datetime], None] = lambda _person, _now: None
    replies: Callable[[], Mapping[str, ReadyReply]] = dict
    matters: Callable[[], Mapping[str, Matter]] = dict
    watched: Callable[[], Collection[str]] = tuple
    wanted_by: Callable[[str], Collection[str]] = lambda _: ()
    measures: Callable[[Collection[str]], Sequence[Measure]] = lambda _: ()
    measure_page: str = ""
    author: Callable[[], str] = access.who_is_in
    looked_at: Callable[[str, str], None] = noting.looked_at
    revealed: Callable[[str, str, str], None] = noting.revealed
    fetch: Fetch | None = None
    judges: Mapping[str, Judge] = field(default_factory=dict)
    public_url: str = ""
    phone_of: PhoneOf = lambda _: None
    zone: tzinfo = BEIJING


@dataclass(frozen=True, slots=True)
class _Counter:
    """The box as the pages ask it: one set of rules and one way of keeping, whichever door somebody comes by."""

    box: Box

    def form(self) -> shapes.Form:
        return self.box.form()

    def check(self, written: pages.Written) -> None:
        self.box.check(self._said(written))

    def place_of(self, written: pages.Written) -> str:
        place = self._place(written)
        return drafts.place_told(place.latitude, place.longitude, place.label) if place else ""

    def send(self, written: pages.Written) -> shapes.Receipt:
        return self.box.send(self._said(written), Once(idempotency_key=written.key))

    def take_picture(self, data: bytes) -> str:
        return self.box.take_picture(data).id

    def take_voice(self, data: bytes) -> str:
        return self.box.take_voice(data).id

    def look_up(self, typed: str) -> shapes.Status:
        return self.box.look_up(typed)

    def hear(self, ticket: str, words: str, solved: str, *, reopen: bool) -> None:
        known = {each.value: each for each in thread.Solved}
        self.box.hear(shapes.Word(ticket=ticket, words=words[:4000], solved=known.get(solved, ""), reopen=reopen))

    def _said(self, written: pages.Written) -> shapes.Said:
        """As it is: what is too long or empty is for the box to say, in words that a person reads."""
        return shapes.Said.model_construct(
            way=shapes.Way(written.way),
            category=written.category,
            words=written.words,
            name=written.name,
            pictures=list(written.pictures),
            voices=list(written.voices),
            place=self._place(written),
        )

    def _place(self, written: pages.Written) -> shapes.Place | None:
        """What the browser said; its degrees aren't those that WeChat gives, so it is told whose they are."""
        if written.where is None:
            return None
        latitude, longitude, metres = written.where
        label = self.box.say("opinion.place_of_browser", metres=metres)
        return shapes.Place.model_construct(latitude=latitude, longitude=longitude, label=label)


def alike(one: str, other: str) -> bool:
    """Whether two opinions may say the same."""
    return near.likeness(one, other, fillers=words_beside(__file__)["told"]["fillers"]) >= near.ALIKE


def of_days(opinions: Opinions, readers: Callable[[], Readers], days: Collection[date], reach: Reach) -> list[Opinion]:
    """The opinions of these days within a reach, as what their senders said left them."""
    covers = readers().covers
    found = [each for each in opinions.with_heard(days) if covers(reach, each)]
    return [replace(each, state=thread.left_in(each.state, each.turns, each.heard)) for each in found]


def subjects(opinions: Opinions, readers: Callable[[], Readers]) -> Subjects:
    """Opinions for a feature that does something about them, with who may read which."""
    return Subjects(opinions=opinions, readers=readers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What holds at every door."""

    promise: promises.Promise
    confidence: Confidence
    remedies: Remedies
    bounds: drafts.Bounds
    marked: Callable[[str], str]
    today: Callable[[], date]


def feature(
    *,
    stores: Stores,
    say: Say,
    outside: Outside,
    clock: Callable[[], datetime],
    settings: OpinionSettings,
) -> Feature:
    """The opinion box. Without `outside.fetch` it says honestly that pictures can't be sent."""
    opinions, pictures = stores.opinions, stores.pictures
    rules = _rules(stores, say, outside, clock, settings)
    verdicts = jobs.Verdicts(opinions=opinions, checks=stores.checks, clock=clock)
    answers = jobs.Answers(opinions=opinions, say=say, tell=outside.tell)
    inbox = Inbox(
        opinions=opinions,
        promise=rules.promise,
        staff=outside.admins,
        confidence=rules.confidence,
        today=rules.today,
        words=words_beside(__file__)["waiting"],
    )
    counter = _counter(stores, say, outside, rules, clock)
    browsers = pages.Desk(
        box=_Counter(counter), guesses=_guesses(outside), say=say, account=outside.account, clock=clock
    )
    gallery = pages.Gallery(checks=stores.checks, opinions=opinions, pictures=pictures, clock=clock)

    def show(person: str) -> list[str]:
        found = Counter(opinion.state for opinion in opinions.of_person(person))
        states = [(say(f"opinion.state_{state}_short"), found[state]) for state in engine.State if found[state]]
        return [say("opinion.kept", count=found.total(), states=states)]

    def export(person: str) -> list[Sheet]:
        rows = [
            (
                *(each.day, each.name, each.category, each.words, each.place),
                *(len(each.pictures), len(each.voices)),
                *(say(f"opinion.state_{each.state}_short"), each.reply, each.answered_on),
            )
            for each in opinions.of_person(person)
        ]
        return [Sheet.of(say("opinion.opinions_table"), rows)]

    return Feature(
        name="opinion",
        chat=chat.routes(_box(stores, say, outside, rules, verdicts)),
        api=api.blueprint(counter),
        pages_for_anyone=pages.for_anyone(browsers, gallery),
        pages=pages.blueprint(browsers),
        admin=admin.blueprint(_desk(stores, outside, rules, inbox, answers, settings)),
        jobs=jobs.rounds(
            opinions=opinions,
            pictures=pictures,
            answers=answers,
            bell=jobs.Bell(
                opinions=opinions,
                say=say,
                tell=outside.tell,
                wanted_by=lambda: outside.wanted_by(settings.answered_topic),
                paces=outside.paces,
            ),
            album=jobs.Album(opinions=opinions, pictures=pictures, fetch=outside.fetch) if outside.fetch else None,
            bench=_bench(stores, outside, verdicts),
            watch=_watch(outside, rules, inbox, settings),
            zone=outside.zone,
        ),
        keeps=Keeps(
            tables=("named_opinions",),
            show=show,
            export=export,
            erase=lambda connection, person: pictures.let_go(connection, opinions.untie(connection, person)),
            unite=opinions.unite,
        ),
        waits=inbox.waits,
        queue=inbox.queue,
    )


def _rules(
    stores: Stores, say: Say, outside: Outside, clock: Callable[[], datetime], settings: OpinionSettings
) -> _Rules:
    return _Rules(
        promise=promises.Promise(
            workdays=outside.workdays,
            days=settings.workdays,
            categories=lambda: say("opinion.categories"),
            urgent=lambda: {each.category: each.workdays for each in outside.matters().values() if each.workdays},
        ),
        confidence=Confidence(
            matters=outside.matters, entrusted=frozenset(settings.entrusted), readers=outside.readers
        ),
        remedies=Remedies(opinions=stores.opinions, find=outside.measures, page=outside.measure_page),
        bounds=drafts.Bounds(
            shortest=settings.shortest, longest=settings.longest, pictures=settings.pictures, voices=settings.voices
        ),
        marked=lambda words: engine.watched(words, outside.watched()),
        today=lambda: clock().astimezone(outside.zone).date(),
    )


def _box(stores: Stores, say: Say, outside: Outside, rules: _Rules, verdicts: jobs.Verdicts) -> chat.OpinionBox:
    """The chat's."""
    return chat.OpinionBox(
        opinions=stores.opinions,
        checks=stores.checks,
        judged=outside.judges.keys(),
        picture_id=stores.pictures.id_of,
        told=verdicts,
        post=outside.post,
        quota=stores.quota,
        people=stores.people,
        say=say,
        bounds=rules.bounds,
        promise=rules.promise,
        confidence=rules.confidence,
        marked=rules.marked,
        agreed=outside.agreed,
        following=Following(
            opinions=stores.opinions,
            post=outside.post,
            say=say,
            bounds=rules.bounds,
            promise=rules.promise,
            remedies=rules.remedies,
            guesses=_guesses(outside),
            zone=outside.zone,
        ),
        takes_pictures=outside.fetch is not None and rules.bounds.pictures > 0,
        takes_voices=outside.fetch is not None and rules.bounds.voices > 0,
        zone=outside.zone,
    )


def _counter(stores: Stores, say: Say, outside: Outside, rules: _Rules, clock: Callable[[], datetime]) -> Box:
    """The mini-program's and the pages'."""
    return Box(
        opinions=stores.opinions,
        post=outside.post,
        pictures=stores.pictures,
        quota=stores.quota,
        say=say,
        bounds=rules.bounds,
        promise=rules.promise,
        confidence=rules.confidence,
        marked=rules.marked,
        agreed=outside.agreed,
        remedies=rules.remedies,
        guesses=_guesses(outside),
        clock=clock,
        zone=outside.zone,
        effect=outside.effect,
        room=BoundedSemaphore(PICTURES_AT_ONCE),
        checks=stores.checks,
        judges=outside.judges,
        checking=BoundedSemaphore(CHECKS_AT_ONCE),
    )


def _desk(
    stores: Stores,
    outside: Outside,
    rules: _Rules,
    inbox: Inbox,
    answers: jobs.Answers,
    settings: OpinionSettings,
) -> admin.Desk:
    """The console's."""
    words = words_beside(__file__)
    return admin.Desk(
        opinions=stores.opinions,
        checks=stores.checks,
        pictures=stores.pictures,
        hands=Hands(
            opinions=stores.opinions,
            promise=rules.promise,
            staff=outside.admins,
            confidence=rules.confidence,
            today=rules.today,
            author=outside.author,
            tell=outside.tell,
            words=words["told"],
        ),
        inbox=inbox,
        said=words["said"],
        tell_answers=answers,
        today=rules.today,
        promise=rules.promise,
        remedies=rules.remedies,
        phone_of=outside.phone_of,
        looked_at=outside.looked_at,
        revealed=outside.revealed,
        replies=outside.replies,
        escalates_after=settings.escalate_workdays,
    )


def _bench(stores: Stores, outside: Outside, verdicts: jobs.Verdicts) -> jobs.Bench:
    """Where what a mini-program took is judged."""

    def address_of(check: Check, until: datetime) -> str:
        return f"{outside.public_url}/p/opinion/pictures/{stores.checks.address_of(check, until=until)}.jpg"

    return jobs.Bench(
        opinions=stores.opinions,
        checks=stores.checks,
        verdicts=verdicts,
        people=stores.people,
        judges=outside.judges,
        address_of=address_of if outside.public_url else None,
    )


def _guesses(outside: Outside) -> Guesses:
    """At receipts, by the chat, the mini-program and the pages together."""
    return Guesses(kind="receipt", paces=outside.paces)


def _watch(outside: Outside, rules: _Rules, inbox: Inbox, settings: OpinionSettings) -> jobs.Watch:
    """What reminds admins."""
    words = words_beside(__file__)
    return jobs.Watch(
        inbox=inbox,
        promise=rules.promise,
        confidence=rules.confidence,
        reminder=Reminder(
            about="opinion",
            workdays=outside.workdays,
            staff=outside.admins,
            escalates_after=settings.escalate_workdays,
            tell=outside.tell,
            paces=outside.paces,
            words=words["told"],
            calls=words["calls"],
        ),
    )

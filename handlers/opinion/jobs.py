"""By the clock: pictures are fetched, words and pictures judged, answers told, anonymous opinions laid anew."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

import structlog

from handlers.conversation import Say
from handlers.opinion import engine
from handlers.opinion.engine import Review, State, thread
from handlers.opinion.engine.promises import Promise
from handlers.opinion.service import Confidence, Readers
from handlers.opinion.service.inbox import Inbox
from scheduler.job import Job
from scheduler.reminders import Pending, Reminder, Tell
from storage.checks import WORDS, Check, Checks
from storage.opinion import Opinion, Opinions
from storage.paces import Paces
from storage.people import People
from storage.pictures import NotAPicture, Pictures, redrawn
from storage.voices import NotAVoice, form_of, stripped
from wechat.api.line import Media
from wechat.api.miniprogram import Medium
from wechat.errors import BadRequest, QuotaSpent, Retryable, WeChatError

_PICTURES_WAIT = timedelta(days=7)  # longer than any opinion waits for its pictures
_WEEK, _DAYS_LOOKED_AT = 7, 366
_NIGHTS = 3  # so many are looked at, in case one was missed
VERDICT_WITHIN = timedelta(hours=1)  # the platform promises half of it: sec-check/api_mediacheckasync
_MEDIA_LIVE = timedelta(days=3)  # wechat-platform notes §7: a member's media can be had for three days


class PictureGone(Exception):
    """The platform no longer has this picture, or never had it."""


class NotNow(Exception):
    """The platform can't be asked now; another time it may answer."""


class Fetch(Protocol):
    """Brings a picture that a member sent."""

    def __call__(self, *, account: str, media_id: str) -> bytes:
        """The picture's bytes. Raises PictureGone or NotNow."""


class Downloads(Protocol):
    """An account's way to its media."""

    def download(self, media_id: str) -> Media:
        """The file. Raises WeChatError."""


@dataclass(frozen=True, slots=True)
class FromPlatform:
    """Fetches from the platform, by the account the picture was sent to."""

    accounts: Mapping[str, Downloads]

    def __call__(self, *, account: str, media_id: str) -> bytes:
        """See `Fetch`."""
        if account not in self.accounts:
            raise PictureGone
        try:
            return self.accounts[account].download(media_id).content
        except BadRequest:
            raise PictureGone from None
        except WeChatError:
            raise NotNow from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Tells named senders what we said to their opinion."""

    opinions: Opinions
    say: Say
    tell: Tell

    def __call__(self) -> None:
        """Tell everyone who has not heard. Safe to repeat: the key is the same for the same answer."""
        for opinion in self.opinions.to_tell():
            self.tell(opinion.person, self._line(opinion), f"opinion:{opinion.id}:{opinion.answers}:{opinion.turns}")
            self.opinions.told(opinion)

    def _line(self, opinion: Opinion) -> str:
        """Our last words."""
        about = {"day": self.say("opinion.day", day=opinion.day), "category": opinion.category}
        said = [each for each in thread.talk(self.opinions.notes.of(opinion.id), ()) if each.ours]
        words, kind = (said[-1].words, said[-1].kind) if said else (opinion.reply, State.ANSWERED)
        if kind == State.ASKED:
            return self.say("opinion.asked_back", **about, words=words)
        if kind == State.CLOSED:
            return self.say("opinion.closed_because", **about, words=words)
        return self.say("opinion.answered", **about, reply=words, partly=kind == State.PARTLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """Tells who asked for it that some anonymous opinions were answered in the week before, and nothing else of them.

    They asked apart from sending anything, and all hear the same: nobody knows whose were among them.
    """

    opinions: Opinions
    say: Say
    tell: Tell
    wanted_by: Callable[[], Iterable[str]]
    paces: Paces

    def __call__(self, today: date) -> None:
        """Say it once a week to each, however often this is run."""
        monday = today - timedelta(days=today.weekday())
        last = {monday - timedelta(days=back) for back in range(1, _WEEK + 1)}
        said = self.opinions.of_days(self.opinions.days(most=_DAYS_LOOKED_AT))
        if not any(each.answered_on in last for each in said if not each.named):
            return
        line = self.say("opinion.some_answered")
        for person in self.wanted_by():
            if not self._was_told(person, monday):
                self.tell(person, line, f"opinion:some answered:{monday.isoformat()}")

    def _was_told(self, person: str, monday: date) -> bool:
        day = datetime.combine(monday, time(), UTC)
        return bool(self.paces.wait("opinion bell", person, most=1, seconds=_WEEK * 24 * 60 * 60, now=day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """Brings the pictures of opinions home, redrawn, and the voices, stripped: the bytes tell which they are."""

    opinions: Opinions
    pictures: Pictures
    fetch: Fetch

    def __call__(self, today: date) -> None:
        """Fetch what is still with the platform, opinions in random order; what can't be had now is tried again.

        Those of anonymous opinions stay there until the day is over: what is fetched is written, and tells a time.
        """
        days = [today - timedelta(days=back) for back in range(_MEDIA_LIVE.days + 2)]
        found = [opinion for opinion in self.opinions.of_days(days) if opinion.awaited]
        waiting = [opinion for opinion in found if opinion.named or opinion.day < today]
        random.SystemRandom().shuffle(waiting)
        for opinion in waiting:
            self._bring(opinion, last_try=today - opinion.day > _MEDIA_LIVE)

    def _bring(self, opinion: Opinion, *, last_try: bool) -> None:
        brought = _Brought()
        for account, media_id in opinion.awaited:
            try:
                brought.take(*self._kept(account, media_id, opinion.day))
            except (PictureGone, NotAPicture, NotAVoice):
                brought.lost += 1
            except NotNow:
                brought.later.append((account, media_id))
        if last_try:
            brought.lost, brought.later = brought.lost + len(brought.later), []
        if tuple(brought.later) != opinion.awaited:
            self._settle(opinion, brought)

    def _kept(self, account: str, media_id: str, day: date) -> tuple[str, bool]:
        """Its id, and whether it is a voice."""
        data = self.fetch(account=account, media_id=media_id)
        is_voice = form_of(data) is not None
        found = self.pictures.id_of(account=account, media_id=media_id)
        self.pictures.keep(found, stripped(data) if is_voice else redrawn(data), day=day)
        return found, is_voice

    def _settle(self, opinion: Opinion, brought: "_Brought") -> None:
        def settled(now: Opinion) -> Opinion:
            if now.awaited != opinion.awaited:
                return now  # another clock was quicker
            voices = () if now.named and not now.person else brought.voices  # of who was erased meanwhile
            return replace(
                now,
                pictures=(*now.pictures, *brought.pictures),
                voices=(*now.voices, *voices),
                lost=now.lost + brought.lost,
                awaited=tuple(brought.later),
            )

        self.opinions.change(opinion.id, settled)


@dataclass(slots=True)
class _Brought:
    """What was had of an opinion's pictures and voices, what can't be, and what may be another time."""

    pictures: list[str] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)
    lost: int = 0
    later: list[tuple[str, str]] = field(default_factory=list)

    def take(self, found: str, is_voice: bool) -> None:  # noqa: FBT001 - as it comes
        (self.voices if is_voice else self.pictures).append(found)


class Verdict(Protocol):
    """What a check of words found."""

    @property
    def suggest(self) -> str:
        """pass, review or risky."""


class Judge(Protocol):
    """A mini-program's way to the platform's judgement, of somebody who was there within two hours."""

    def check_text(self, openid: str, words: str, /) -> Verdict:
        """Judge words (msgSecCheck); raises `WeChatError`."""

    def check_media(self, openid: str, address: str, medium: Medium, /) -> str:
        """Have what lies at an address judged (mediaCheckAsync); the trace under which the verdict will come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Notes with an opinion what was found of its words and pictures."""

    opinions: Opinions
    checks: Checks
    clock: Callable[[], datetime]

    def __call__(self, account: str, trace: str, review: str) -> None:
        """The platform tells of a trace; the same twice, or of one that is nobody's any more, changes nothing."""
        check = self.checks.told(account, trace, review, until=self.clock() + VERDICT_WITHIN)
        if check:
            self.settle(check, review)

    def settle(self, check: Check, review: str) -> None:
        """It is judged: nothing of it is waited for any more."""

        def marked(now: Opinion) -> Opinion:
            if check.part == WORDS:
                return replace(now, review=engine.worse(now.review, review))
            known = dict(now.doubted)
            worst = engine.worse(known.get(check.part, ""), review)
            return replace(now, doubted=tuple({**known, check.part: worst}.items())) if worst else now

        self.opinions.change_named(check.opinion, marked)
        self.checks.done(check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Has the platform judge what waits for it; where it can't be asked, or says nothing in time, a person decides.

    `address_of` is where the platform finds the picture of a check, None where it finds nothing of ours.
    """

    opinions: Opinions
    checks: Checks
    verdicts: Verdicts
    people: People
    judges: Mapping[str, Judge]  # by account
    address_of: Callable[[Check, datetime], str] | None
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("opinion"))

    def __call__(self, now: datetime) -> None:
        """Ask for what was not asked for, and give up what nobody will answer any more."""
        busy: set[str] = set()
        for check in self.checks.waiting():
            opinion = self.opinions.named(check.opinion)
            if opinion is None or self._lacks(opinion, check.part):
                self.checks.done(check)
            elif check.until <= now:
                self.verdicts.settle(check, Review.UNCHECKED)
            elif not check.asked and check.account not in busy and not self._is_awaited(opinion, check.part):
                self._ask(check, opinion, now, busy)
        self.checks.forget_strangers(now=now)

    def _is_awaited(self, opinion: Opinion, part: str) -> bool:
        return part not in {WORDS, *opinion.pictures}

    def _lacks(self, opinion: Opinion, part: str) -> bool:
        """Whether it was a picture that could not be had."""
        return self._is_awaited(opinion, part) and not opinion.awaited

    def _ask(self, check: Check, opinion: Opinion, now: datetime, busy: set[str]) -> None:
        try:
            review = self._judged(check, opinion, now)
        except (Retryable, QuotaSpent):
            busy.add(check.account)  # another time, until it is too late
            return
        except WeChatError as error:
            self.log.warning("not checked", errcode=error.errcode, error=type(error).__name__)
            review = Review.UNCHECKED
        if review is not None:
            self.verdicts.settle(check, review)

    def _judged(self, check: Check, opinion: Opinion, now: datetime) -> str | None:
        """What is found; None where the platform will tell."""
        judge, openid = self.judges.get(check.account), self._openid(opinion, check.account)
        if judge is None or not openid:
            return Review.UNCHECKED
        if check.part == WORDS:
            words = engine.to_judge(opinion.words, name=opinion.name, verified=opinion.verified)
            return engine.review_of(judge.check_text(openid, words).suggest) if words else ""
        if self.address_of is None:
            return Review.UNCHECKED
        until = now + VERDICT_WITHIN
        trace = judge.check_media(openid, self.address_of(check, until), Medium.IMAGE)
        return self.checks.asked(check, trace, until=until)

    def _openid(self, opinion: Opinion, account: str) -> str:
        """The sender's on this account; "" where they are gone."""
        found = self.people.contacts_of([opinion.person]) if opinion.person else ()
        return next((str(contact.openid) for contact in found if contact.account == account), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What there is to remind admins of: opinions that wait for an answer, and what a sender said.

    That a sender spoke is said on the workday after: a time would lie beside their words.
    """

    inbox: Inbox
    promise: Promise
    confidence: Confidence
    reminder: Reminder

    def __call__(self, today: date) -> None:
        """Say it once a day, however often this is run."""
        readers = self.confidence.readers()
        self.reminder((self._pending(each, today, readers) for each in self.inbox.standing()), today)

    def _pending(self, opinion: Opinion, today: date, readers: Readers) -> Pending:
        waits = self.promise.left(opinion.state, opinion.due, today) is not None
        return Pending(
            day=opinion.day,
            due=opinion.due if waits else None,
            by=opinion.assignee,
            known_to=lambda name: readers.may_read(name, opinion),
            organisation="" if opinion.assignee or not waits else readers.organisation_of(opinion),
            escalates_after=self.promise.escalates_after(opinion.category, self.reminder.escalates_after),
            news=("heard",) if self.promise.was_heard(opinion.heard, opinion.turns, today) else (),
        )


def rounds(
    *,
    opinions: Opinions,
    pictures: Pictures,
    answers: Callable[[], None],
    bell: Callable[[date], None],
    album: Album | None,
    bench: Bench,
    watch: Watch,
    zone: tzinfo,
) -> tuple[Job, ...]:
    """The jobs of the opinion box."""

    def tell(now: datetime) -> None:  # noqa: ARG001 - a job
        answers()

    def stir(day: date) -> None:
        opinions.move(before=day)
        opinions.stir(day)
        opinions.stir(day - timedelta(days=1))

    def tidy(day: date) -> None:
        last = day - _PICTURES_WAIT
        for night in (last - timedelta(days=back) for back in range(_NIGHTS)):
            said = opinions.of_days(
                [night, night + timedelta(days=1)]
            )  # one handed in at midnight may be sent after it
            pictures.drop_unused(
                night, used={each for opinion in said for each in (*opinion.pictures, *opinion.voices)}
            )

    def today(act: Callable[[date], object]) -> Callable[[datetime], None]:
        def run(now: datetime) -> None:
            act(now.astimezone(zone).date())

        return run

    jobs = [
        Job(id="opinion.answers", cron="*/5 * * * *", run=tell),
        Job(id="opinion.bell", cron="0 10 * * mon", run=today(bell)),
        Job(id="opinion.checks", cron="* * * * *", run=bench),
        Job(id="opinion.reminder", cron="30 8 * * *", run=today(watch)),
        Job(id="opinion.stir", cron="7 * * * *", run=today(stir)),
        Job(id="opinion.tidy", cron="40 3 * * *", run=today(tidy)),
    ]
    return (*jobs, *([Job(id="opinion.pictures", cron="*/3 * * * *", run=today(album))] if album else []))

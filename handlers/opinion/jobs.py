"""By the clock: pictures are fetched, senders hear of answers, anonymous opinions are moved and laid anew."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Protocol

from handlers.conversation import Say
from scheduler.job import Job
from storage.opinion import Opinion, Opinions
from storage.pictures import NotAPicture, Pictures, redrawn
from wechat.api.line import Media
from wechat.errors import BadRequest, WeChatError

_PICTURES_WAIT = timedelta(days=7)  # longer than any opinion waits for its pictures
_NIGHTS = 3  # so many are looked at, in case one was missed
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


class Tell(Protocol):
    """Brings a line to a person: by a customer-service message while that is allowed, else with their next answer."""

    def __call__(self, person: str, line: str, key: str) -> None:
        """Say `line` once for each `key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Tells named senders that their opinion was answered."""

    opinions: Opinions
    say: Say
    tell: Tell

    def __call__(self) -> None:
        """Tell everyone who has not heard. Safe to repeat: the key is the same for the same answer."""
        for opinion in self.opinions.to_tell():
            day = self.say("opinion.day", day=opinion.day)
            line = self.say("opinion.answered", day=day, category=opinion.category, reply=opinion.reply)
            self.tell(opinion.person, line, f"opinion:{opinion.id}:{opinion.answers}")
            self.opinions.told(opinion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """Brings the pictures of opinions home, redrawn."""

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
        kept: list[str] = []
        lost = 0
        later: list[tuple[str, str]] = []
        for account, media_id in opinion.awaited:
            try:
                kept.append(self._kept(account, media_id, opinion.day))
            except (PictureGone, NotAPicture):
                lost += 1
            except NotNow:
                later.append((account, media_id))
        if last_try:
            lost, later = lost + len(later), []
        if tuple(later) != opinion.awaited:
            self._settle(opinion, kept, lost, later)

    def _kept(self, account: str, media_id: str, day: date) -> str:
        picture = self.pictures.id_of(account=account, media_id=media_id)
        self.pictures.keep(picture, redrawn(self.fetch(account=account, media_id=media_id)), day=day)
        return picture

    def _settle(self, opinion: Opinion, kept: list[str], lost: int, later: list[tuple[str, str]]) -> None:
        def settled(now: Opinion) -> Opinion:
            if now.awaited != opinion.awaited:
                return now  # another clock was quicker
            return replace(now, pictures=(*now.pictures, *kept), lost=now.lost + lost, awaited=tuple(later))

        self.opinions.change(opinion.id, settled)


def rounds(
    *, opinions: Opinions, pictures: Pictures, answers: Callable[[], None], album: Album | None, zone: tzinfo
) -> tuple[Job, ...]:
    """The jobs of the opinion box."""

    def tell(now: datetime) -> None:  # noqa: ARG001 - a job
        answers()

    def stir(now: datetime) -> None:
        today = now.astimezone(zone).date()
        opinions.move(before=today)
        opinions.stir(today)
        opinions.stir(today - timedelta(days=1))

    def tidy(now: datetime) -> None:
        last = now.astimezone(zone).date() - _PICTURES_WAIT
        for day in (last - timedelta(days=back) for back in range(_NIGHTS)):
            said = opinions.of_days([day, day + timedelta(days=1)])  # one handed in at midnight may be sent after it
            pictures.drop_unused(day, used={picture for opinion in said for picture in opinion.pictures})

    def fetch(now: datetime) -> None:
        if album:
            album(now.astimezone(zone).date())

    jobs = [
        Job(id="opinion.answers", cron="*/5 * * * *", run=tell),
        Job(id="opinion.stir", cron="7 * * * *", run=stir),
        Job(id="opinion.tidy", cron="40 3 * * *", run=tidy),
    ]
    return (*jobs, *([Job(id="opinion.pictures", cron="*/3 * * * *", run=fetch)] if album else []))

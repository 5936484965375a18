"""Mass messages of the fake platform."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fake_api.articles import FakeArticles
from tests.fake_api.line import Member
from wechat import limits
from wechat.api.articles import Written
from wechat.api.line import Media
from wechat.api.mass import MassArticles, MassPictures, MassSent, MassState, MassVideo, WeChatId, What
from wechat.messages import Voice

SAME_CLIENT_MSG_ID = timedelta(days=1)
TOO_SOON = timedelta(minutes=1)
CONFIRM = timedelta(minutes=30)
A_MONTH_EACH = 4


@dataclass
class Job:
    """One sending."""

    state: MassState
    at: datetime
    what: What | tuple[Written, ...]
    to: tuple[str, ...]
    article_id: str = ""


class FakeMassMessages(FakeArticles):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._jobs: dict[str, Job] = {}
        self._same: dict[str, str] = {}
        self._got: Counter[tuple[str, str]] = Counter()
        self._speed = 0
        self._protected = False
        self._mass_goes = True
        self.names: dict[str, str] = {}  # openids, by WeChat ID

    def mass_to_all(self, what: What, *, client_msg_id: str) -> MassSent:
        return self._begin("sendall", self._members, what, client_msg_id, waits=self._protected)

    def mass_to_tag(self, what: What, tag: int, *, client_msg_id: str) -> MassSent:
        bearers = [openid for openid, member in self._members.items() if tag in member.tags]
        return self._begin("sendall", bearers, what, client_msg_id, tag=tag)

    def mass_to(self, openids: Sequence[str], what: What, *, client_msg_id: str) -> MassSent:
        limits.check_mass_list(openids)
        return self._begin("send", openids, what, client_msg_id)

    def video_for_mass(self, media_id: str, *, title: str, description: str = "") -> MassVideo:
        limits.check_video(title)
        self._called("/cgi-bin/media/uploadvideo", talk=True)
        self._alive(media_id)
        if not self._is_video(media_id):
            raise self._refusal(40007, "invalid media_id")
        made = f"mpvideo-{next(self._serial)}"
        self._media[made] = (Media(b"", "video/mp4"), self._clock())
        return MassVideo(made, title, description)

    def preview_mass(self, who: str | WeChatId, what: What) -> None:
        self._check(what)
        self._called("/cgi-bin/message/mass/preview", talk=True)
        member = self._member(self._of_name(who.name) if isinstance(who, WeChatId) else who)
        if not member.follows:
            raise self._refusal(43004, "require subscribe")
        self._alive_in(what)
        member.shown.append(what)

    def mass_state(self, sent: str) -> MassState:
        self._called("/cgi-bin/message/mass/get", talk=True)
        job = self._job(sent)
        if job.state is MassState.RUNNING and self._clock() - job.at >= CONFIRM:
            job.state = MassState.FAILED
        return job.state

    def delete_mass(self, sent: str, *, number: int | None = None) -> None:
        self._called("/cgi-bin/message/mass/delete", talk=True)
        job = self._job(sent)
        if not job.article_id and not isinstance(job.what, MassVideo):
            raise self._refusal(40059, "invalid msg id")
        standing = self._published[job.article_id].articles if job.article_id else ()
        if number is not None and not 1 <= number <= len(standing):
            raise self._refusal(40060, "invalid article idx")
        if job.article_id:
            self.unpublish(job.article_id, number=number)
        if number is None:
            job.state = MassState.DELETED

    def mass_speed(self) -> int:
        self._called("/cgi-bin/message/mass/speed/get", talk=True)
        return self._speed

    def set_mass_speed(self, level: int) -> None:
        limits.check_mass_speed(level)
        self._called("/cgi-bin/message/mass/speed/set", talk=True)
        self._speed = level

    def _is_video(self, media_id: str) -> bool:
        kept = self._materials.get(media_id)
        return kept.kind == "video" if kept else self._media[media_id][0].content_type == "video/mp4"

    def _of_name(self, name: str) -> str:
        if name not in self.names:
            raise self._refusal(40132, "invalid username")
        return self.names[name]

    # -- what the account's admin does, and what goes wrong

    def protects_mass(self) -> None:
        """Let sendings to all wait for the admin from now on."""
        self._protected = True

    def answers_mass(self, sent: str, *, confirmed: bool) -> None:
        """Give the admin's word."""
        job = self._job(sent)
        job.state = MassState.DONE if confirmed else MassState.FAILED
        if confirmed:
            self._deliver(job)

    def fails_mass(self) -> None:
        """Let the next sending come to nothing."""
        self._mass_goes = False

    # -- the rules

    def _begin(
        self,
        path: str,
        to: Iterable[str],
        what: What,
        client_msg_id: str,
        *,
        tag: int | None = None,
        waits: bool = False,
    ) -> MassSent:
        limits.check_client_msg_id(client_msg_id)
        self._check(what)
        self._called(f"/cgi-bin/message/mass/{path}", talk=True, notices=path == "send")
        if tag is not None and tag not in self._tags:
            raise self._refusal(40152, "invalid tag id")
        if known := self._before(client_msg_id):
            return MassSent(known)
        self._rationed()
        self._alive_in(what)
        return self._take_on(Job(MassState.RUNNING, self._clock(), what, tuple(to)), client_msg_id, waits=waits)

    def _take_on(self, job: Job, client_msg_id: str, *, waits: bool) -> MassSent:
        if isinstance(job.what, MassArticles):
            publication = self._end(self._take(job.what.media_id))
            job.article_id = publication.article_id
        sent = str(next(self._serial))
        self._jobs[sent], self._same[client_msg_id] = job, sent
        if not waits:
            job.state = MassState.DONE if self._mass_goes else MassState.FAILED
            self._deliver(job)
        return MassSent(sent, sent)

    def _before(self, client_msg_id: str) -> str:
        known = self._same.get(client_msg_id, "")
        if not known or self._clock() - self._jobs[known].at >= SAME_CLIENT_MSG_ID:
            return ""
        if self._clock() - self._jobs[known].at < TOO_SOON:
            raise self._refusal(45066, "same clientmsgid retry too fast")
        return known

    def _rationed(self) -> None:
        """A subscription account has one a day that goes through."""
        today = [job for job in self._jobs.values() if job.at.date() == self._clock().date()]
        if self._kind == "subscription" and any(job.state is not MassState.FAILED for job in today):
            raise self._refusal(45028, "has no masssend quota")

    def _deliver(self, job: Job) -> None:
        month = f"{self._clock():%Y-%m}"
        for openid in job.to if job.state is MassState.DONE else ():
            member = self._members.get(openid)
            if member and self._may_get(openid, member, month):
                self._got[openid, month] += 1
                many = job.what.media_ids if isinstance(job.what, MassPictures) else (job.what,)
                member.shown.extend(many)

    def _may_get(self, openid: str, member: Member, month: str) -> bool:
        willing = member.follows and member.receives and openid not in self._blocked
        return willing and self._got[openid, month] < A_MONTH_EACH

    def _check(self, what: What) -> None:
        match what:
            case str():
                limits.check_text(what)
            case MassPictures():
                limits.check_mass_pictures(what.media_ids)

    def _alive_in(self, what: What) -> None:
        match what:
            case MassPictures():
                for media_id in what.media_ids:
                    self._alive(media_id)
            case Voice():
                self._alive(what.media_id)
            case MassVideo():
                if not self._alive(what.media_id).startswith("mpvideo"):
                    raise self._refusal(40007, "invalid media_id")
            case MassArticles():
                self._draft(what.media_id)

    def _job(self, sent: str) -> Job:
        if sent not in self._jobs:
            raise self._refusal(40059, "invalid msg id")
        return self._jobs[sent]

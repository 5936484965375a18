"""The herald: sends what is for many by one call, and learns what became of it."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from scheduler import reasons
from scheduler.job import Job
from scheduler.planner import Planner
from storage.deliveries import MASS
from storage.mass_jobs import LIST, MassJob, MassJobs
from storage.refusals import Way
from storage.runs import Run, Runs
from storage.states import RunState
from wechat.api.mass import MassArticles, MassSent, MassState, What
from wechat.errors import UNAUTHORIZED, BadRequest, Misconfigured, QuotaSpent, Retryable, Unsure, WeChatError
from wechat.messages import Article, PictureArticle

LOST_AFTER = timedelta(seconds=60)  # longer than a call may take with its time limits
PACES = ((60, timedelta(minutes=1)), (100, timedelta(days=1)))  # calls of an account (§3.5)
ASKED_AFTER = timedelta(minutes=10)  # the platform tells by itself; where its word was lost, it is asked
CONFIRM = timedelta(minutes=30)  # that an account's admin has for their word
LOST_FOR_GOOD = timedelta(days=2)
LONGEST_WAIT_SECONDS = 600.0
SPENT, CONFIRMING, REFUSED = 45028, 89504, 89505


class Masses(Protocol):
    """What the platform does for one account (`wechat.client`)."""

    def add_draft(self, articles: Sequence[Article | PictureArticle]) -> str:
        """Put articles into the drafts, and return their media id."""

    def mass_to(self, openids: Sequence[str], what: What, *, client_msg_id: str) -> MassSent:
        """Send to these."""

    def mass_state(self, sent: str) -> MassState:
        """Tell how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """Several may work on one run: a job is taken before it is sent, and its key lets it be sent again after a kill."""

    store: Runs
    planner: Planner
    clients: Mapping[str, Masses]
    clock: Callable[[], datetime]

    @property
    def _masses(self) -> MassJobs:
        return self.store.masses

    def work(self, run: Run, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Gather who is due into jobs, and send those whose turn has come. `stop` ends it early."""
        if MASS not in run.content.channels:
            return
        for person in self._masses.gather(run.key, now=self.clock()):
            self._divert(run, person)
        for job in self._masses.due(run.key, now=self.clock()):
            if stop() or self.clock() >= run.expires_at:
                return
            self._send(job, run)

    def _send(self, job: MassJob, run: Run) -> None:
        now = self.clock()
        client = self.clients.get(job.account)
        if client is None:
            self._pause(run, Misconfigured(None, reasons.NO_ACCOUNT.format(account=job.account)))
            return
        batch = secrets.token_hex(8)
        if not self._masses.take(job, batch=batch, paces=PACES, now=now, lost_at=now + LOST_AFTER):
            return
        openids = self._masses.openids(job, now=now)
        if len(openids) < LIST.start:  # others have left since
            self._let_go(job, run, error="too_few", reason=reasons.TOO_FEW)
            return
        what = self._said(job, run, client)
        if what is None:
            return
        try:
            sent = client.mass_to(openids, what, client_msg_id=job.client_msg_id)
        except WeChatError as error:
            self._failed(job, run, error)
            return
        now = self.clock()
        self._masses.accepted(job, sent.id, asked_at=now + ASKED_AFTER, now=now)

    def _said(self, job: MassJob, run: Run, client: Masses) -> What | None:
        """What a job says: words, or the draft that is made for it; None where that can't be made now."""
        content = run.content
        if not content.articles:
            return content.said(job.variant).text
        media_id = job.media_id
        try:
            media_id = media_id or client.add_draft(
                [
                    Article(
                        title=each["title"],
                        digest=each["digest"],
                        content=each["content"],
                        source_url=each["source_url"],
                        thumb_media_id=content.mass_cover,
                    )
                    for each in content.articles
                ]
            )
        except Unsure:  # at worst a draft lies there that nobody sends
            self._failed(job, run, Retryable(-1))
            return None
        except WeChatError as error:
            self._failed(job, run, error)
            return None
        self._masses.drafted(job, media_id)
        return MassArticles(media_id, reprint=content.mass_reprint)

    def _failed(self, job: MassJob, run: Run, error: WeChatError) -> None:
        log, now = structlog.get_logger("push"), self.clock()
        log.warning("mass send refused", run=run.key, account=job.account, errcode=error.errcode)
        code, surely = str(error.errcode or type(error).__name__.lower()), error.errcode is not None
        if error.errcode == REFUSED:
            self._masses.end(job, error=code, reason=reasons.of(error), now=now)
        elif isinstance(error, Retryable):
            wait = min(max(error.after_seconds, 2.0**job.attempts), LONGEST_WAIT_SECONDS)
            why = reasons.CONFIRM if error.errcode == CONFIRMING else ""
            self._masses.later(
                job, wake_at=now + timedelta(seconds=wait), error=code, reason=why, is_new=surely and not why
            )
        elif error.errcode in (SPENT, UNAUTHORIZED):
            if error.errcode == UNAUTHORIZED:
                self.planner.refusals.add(Way(job.account, MASS), now=now)
            self._let_go(job, run, error=code, reason=reasons.of(error))
        else:
            self._masses.later(job, wake_at=now, error=code, is_new=surely)
            self._pause(run, error)

    def _let_go(self, job: MassJob, run: Run, *, error: str, reason: str) -> None:
        """Each of them by the next channel."""
        for person in self._masses.dissolve(job, error=error, reason=reason, now=self.clock()):
            self._divert(run, person)

    def _divert(self, run: Run, person: str) -> None:
        others = tuple(name for name in run.content.channels if name != MASS)
        row = self.planner.again(person, replace(run.content, channels=others), now=self.clock()) if others else None
        names = ("contact", "account", "channel", "variant")
        way = {name: getattr(row, name) for name in names} if row is not None and row.channel else None
        self._masses.divert(run.key, person, way, now=self.clock())

    def _pause(self, run: Run, error: WeChatError) -> None:
        why = reasons.of(error) if not isinstance(error, Misconfigured) or error.errcode else error.errmsg
        self.store.move(run.key, before=[RunState.SENDING], after=RunState.PAUSED, reason=why)

    # -- by the clock --------------------------------------------------------------------------------------------

    def look(self, now: datetime) -> None:
        """Decide on what was lost, and ask about what the platform should have told by now."""
        self._masses.sweep(now=now)
        for job in self._masses.asked(now=now):
            client = self.clients.get(job.account)
            if client is not None:
                self._ask(job, client, now)

    def _ask(self, job: MassJob, client: Masses, now: datetime) -> None:
        try:
            state = client.mass_state(job.msg_id)
        except BadRequest:
            self._masses.end(job, error="lost", reason=reasons.UNKNOWN_THERE, now=now)
            return
        except (WeChatError, QuotaSpent):
            self._masses.ask_again(job, at=now + ASKED_AFTER, reason=job.reason)
            return
        if state is MassState.RUNNING:
            self._masses.ask_again(job, at=now + ASKED_AFTER, reason=reasons.CONFIRM)
        else:
            error, reason = ("send fail", reasons.MASS_FAILED) if state is MassState.FAILED else ("", "")
            self._masses.end(job, error=error, reason=reason, now=now)

    def job(self) -> Job:
        """Looking, every minute."""
        return Job(id="push.masses", cron="* * * * *", run=self.look)

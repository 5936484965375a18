"""The herald: sends what is for many by one call, and learns what became of it."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from scheduler import covers, quotas, reasons
from scheduler.channels.mass import tag_of
from scheduler.job import Job
from scheduler.planner import Planner
from storage.deliveries import MASS, Row
from storage.gathering import TOO_FEW, Stray
from storage.mass_jobs import LIST, MassJob, MassJobs
from storage.refusals import Way
from storage.runs import Run, Runs
from wechat.api.mass import MassArticles, MassSent, MassState, What
from wechat.api.tags import Tag
from wechat.errors import UNAUTHORIZED, BadRequest, Misconfigured, Retryable, Unsure, WeChatError

LOST_AFTER = timedelta(seconds=60)  # longer than a call may take with its time limits
PACES = ((60, timedelta(minutes=1)), (100, timedelta(days=1)))  # calls of an account (§3.5)
ASKED_AFTER = timedelta(minutes=10)  # the platform tells by itself; where its word was lost, it is asked
CONFIRM = timedelta(minutes=30)  # that an account's admin has for their word
LOST_FOR_GOOD = timedelta(days=2)
LONGEST_WAIT_SECONDS = 600.0
SPENT, CONFIRMING, REFUSED = 45028, 89504, 89505
NO_TAG = "no_tag"


class Masses(covers.Library, Protocol):
    """What the platform does for one account (`wechat.client`)."""

    def mass_to(self, openids: Sequence[str], what: What, *, client_msg_id: str) -> MassSent:
        """Send to these."""

    def mass_to_all(self, what: What, *, client_msg_id: str) -> MassSent:
        """Send to every follower."""

    def mass_to_tag(self, what: What, tag: int, *, client_msg_id: str) -> MassSent:
        """Send to those who bear a tag."""

    def tags(self) -> list[Tag]:
        """List the account's tags."""

    def mass_state(self, sent: str) -> MassState:
        """Tell how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """Several may work on one run: a job is taken before it is sent, and its key lets it be sent again after a kill."""

    store: Runs
    planner: Planner
    clients: Mapping[str, Masses]
    covers: covers.Covers
    clock: Callable[[], datetime]
    whole: frozenset[str] = frozenset()  # accounts that can't send to a list

    @property
    def _masses(self) -> MassJobs:
        return self.store.masses

    def work(self, run: Run, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Gather who is due into jobs, and send those whose turn has come. `stop` ends it early."""
        if MASS not in run.content.channels:
            return
        gathering = self.store.gathering
        gathering.gather(run.key, but=self.whole, now=self.clock())
        for account in sorted(self.whole):
            gathering.gather_whole(run.key, account, tag=tag_of(run.content), now=self.clock())
        for job in self._masses.due(run.key, now=self.clock()):
            if stop() or self.clock() >= run.expires_at:
                return
            self._send(job, run)
        while not stop() and (strays := gathering.strays(run.key)):
            gathering.divert(run.key, strays, self._ways(run, strays), now=self.clock())

    def _ways(self, run: Run, strays: Sequence[Stray]) -> Sequence[Row]:
        """The broadcast's next channel for each of those whom no mass send reaches."""
        others = tuple(name for name in run.content.channels if name != MASS)
        content = replace(run.content, channels=others)
        persons = [each.person for each in strays]
        return self.planner.others(run.key, persons, content, now=self.clock()) if others else ()

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
        if len(openids) < (1 if job.account in self.whole else LIST.start):  # others have left since
            self._masses.dissolve(job, error=TOO_FEW, reason=reasons.TOO_FEW, now=now)
            return
        what = self._said(job, run, client)
        if what is None:
            return
        try:
            sent = self._call(job, run, client, openids, what)
        except WeChatError as error:
            self._failed(job, run, error)
            return
        now = self.clock()
        if sent is None:
            self._masses.dissolve(job, error=NO_TAG, reason=reasons.NO_TAG, now=now)
            return
        self.store.trust(run.key)
        self._masses.accepted(job, sent.id, asked_at=now + ASKED_AFTER, now=now)

    def _call(self, job: MassJob, run: Run, client: Masses, openids: Sequence[str], what: What) -> MassSent | None:
        """Send to a list, or to all whom the account can send to at once; None where the tag isn't there any more."""
        once = job.client_msg_id
        if job.account not in self.whole:
            return client.mass_to(openids, what, client_msg_id=once)
        tag = tag_of(run.content)
        if not tag:
            return client.mass_to_all(what, client_msg_id=once)
        number = next((each.id for each in client.tags() if each.name == tag), None)
        return None if number is None else client.mass_to_tag(what, number, client_msg_id=once)

    def _said(self, job: MassJob, run: Run, client: Masses) -> What | None:
        """What a job says: words, or the draft that is made for it; None where that can't be made now."""
        content = run.content
        if not content.articles:
            return content.said(job.variant).text
        media_id = job.media_id
        try:
            media_id = media_id or self.covers.draft(content, job.account, client)
        except Unsure:  # at worst a draft lies there that nobody sends
            self._failed(job, run, Retryable(-1))
            return None
        except WeChatError as error:
            self._failed(job, run, error, uncalled=True)
            return None
        self._masses.drafted(job, media_id)
        return MassArticles(media_id, reprint=content.mass_reprint)

    def _failed(self, job: MassJob, run: Run, error: WeChatError, *, uncalled: bool = False) -> None:
        log, now = structlog.get_logger("push"), self.clock()
        log.warning("mass send refused", run=run.key, account=job.account, errcode=error.errcode)
        code, surely = str(error.errcode or type(error).__name__.lower()), uncalled or error.errcode is not None
        if error.errcode == REFUSED:
            why = reasons.of(error)
            self._masses.end(job, error=code, reason=why, pause=reasons.ASKS.format(why=why.rstrip("。")), now=now)
        elif isinstance(error, Retryable):
            wait = min(max(error.after_seconds, 2.0**job.attempts), LONGEST_WAIT_SECONDS)
            why = reasons.CONFIRM if error.errcode == CONFIRMING else ""
            self._masses.later(
                job, wake_at=now + timedelta(seconds=wait), error=code, reason=why, is_new=surely and not why
            )
        elif error.errcode in (SPENT, UNAUTHORIZED):
            if error.errcode == UNAUTHORIZED:
                self.planner.refusals.add(Way(job.account, MASS), now=now)
            self._masses.dissolve(job, error=code, reason=reasons.of(error), now=now)
        else:
            self._masses.later(job, wake_at=now, error=code, is_new=surely)
            self._pause(run, error)

    def _pause(self, run: Run, error: WeChatError) -> None:
        why = reasons.of(error) if not isinstance(error, Misconfigured) or error.errcode else error.errmsg
        quotas.pause(self.store, run, error, why, now=self.clock())

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
        except WeChatError:
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

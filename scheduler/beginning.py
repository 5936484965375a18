"""How a run begins: written down, agreed to by whoever must, planned, and brought to the workers."""

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from content.broadcasts import Broadcast
from scheduler import reasons
from scheduler.composing import Composer, is_early
from scheduler.manners import Manners
from scheduler.naming import Meant
from scheduler.planner import Planner
from scheduler.stopping import Stopping
from storage.group_posts import PostState
from storage.runs import Run, Runs
from storage.states import RunState, State
from storage.wording import Content

ROWS_A_LANE = 1000
LANES = 4  # of one run at the same time; more workers on more machines take them
EYES = 2  # admins that must agree where a broadcast says so


class Beginner:
    """Every method is safe to repeat: a run has a natural key, a person in it one row."""

    def __init__(
        self,
        store: Runs,
        planner: Planner,
        composer: Composer,
        stopping: Stopping,
        *,
        manners: Manners,
        enqueue: Callable[[str], None],
        flush: Callable[[datetime], None],
    ) -> None:
        self._store = store
        self._planner = planner
        self._composer = composer
        self._stopping = stopping
        self._manners = manners
        self._enqueue = enqueue
        self._flush = flush
        self._log = structlog.get_logger("push")

    def opened(self, meant: Meant, now: datetime) -> Run:
        """Write a run. Whether there is nothing new is known when its time has come, and not before."""
        known = self._store.run(meant.key)
        if known is not None:
            return known
        content = self._composer.composed(meant, now)
        run = self.run(meant, content or Content(), now)
        if content is None and meant.due_at <= now:
            reason = reasons.NOBODY_HEARD if meant.broadcast.corrects else reasons.NOTHING_NEW
            run = replace(run, state=RunState.DONE, reason=reason)
        return self._store.open_run(run)

    def run(self, meant: Meant, content: Content, now: datetime) -> Run:
        """A run as it is before it begins. Where two agreed to what was wrong, two must agree to what is right."""
        broadcast = meant.broadcast
        wrong = self._store.run(content.corrects) if content.corrects else None
        return Run(
            key=meant.key,
            broadcast=broadcast.key,
            title=broadcast.title,
            content=content,
            due_at=meant.due_at,
            expires_at=self.expiry(broadcast, meant.due_at),
            planned_at=now,
            state=RunState.PLANNING,
            four_eyes=broadcast.four_eyes or (wrong is not None and wrong.four_eyes),
            priority=broadcast.priority,
        )

    def begins(self, run: Run) -> datetime:
        """When a run may begin: quiet hours move its time, and never take it away."""
        return self._allowed(run, run.due_at)

    def why_later(self, run: Run, now: datetime) -> str:
        """Why it is later than its time, or than now: "" where it isn't."""
        meant = max(run.due_at, now)
        begins = self._allowed(run, meant)
        return reasons.QUIET.format(until=begins) if begins > meant else ""

    def _allowed(self, run: Run, moment: datetime) -> datetime:
        """A moment, or the end of the quiet that it lies in, unless somebody said: quiet or not."""
        return moment if run.at_night else self._manners.next_allowed(moment)

    def expiry(self, broadcast: Broadcast, due: datetime) -> datetime:
        """When what hasn't begun of a run is dropped."""
        return self._manners.next_allowed(due) + broadcast.expires_after

    def begin_late(self, run: Run, now: datetime) -> None:
        """Begin a run whose time has come, or give it up."""
        if run.expires_at <= now:
            self._give_up(run, run.content, reasons.EXPIRED, now)
        elif self._waits_for_tomorrow(run, now):
            return
        elif self._allowed(run, max(run.due_at, now)) <= now:
            content = self._composer.composed_by(run, now)
            if content.is_for_anybody:
                self.begin(run, content, now, expires_at=run.expires_at)
            else:
                self._give_up(run, Content(), reasons.NOTHING_NEW, now)

    def begin(self, run: Run, content: Content, now: datetime, *, expires_at: datetime, by: str = "") -> Run:
        """Plan afresh, since people come, go and speak, and let it go out: once everybody has agreed who must.

        What it corrects is stopped first, and at once: that nobody agreed yet is no reason to say more of it.
        """
        if run.state in (RunState.SENDING, RunState.PAUSED, RunState.STOPPING) or run.reason in reasons.STOPPED:
            return run
        is_known = not content.corrects or self._stopping.correct(content.corrects, now)
        later = max(expires_at, run.expires_at)
        if self.lacks_eyes(run):
            if by or content != run.content:
                self._store.rephrase(run.key, content=content, expires_at=later, now=now, admin=by)
            self.await_eyes(run, now)
            return self._again(run)
        if not is_known:
            self._wait_for(reasons.STOPS_FIRST, run)
            return self._again(run)
        if self._is_stopped(run, content, now, left=expires_at - now):
            return self._again(run)
        if run.state is not RunState.PLANNING or later > run.expires_at or is_early(run):
            self._store.replan(run.key, before=run.state, content=content, expires_at=later, now=now)
            self._store.posts.drop(run.key)
        self.fill(replace(run, content=content), now)
        if self._store.move(run.key, before=[RunState.PLANNING], after=RunState.SENDING):
            self._log.info("run begins", run=run.key)
            self.wake(run.key)
            self._store.finish(run.key)
        return self._again(run)

    def _is_stopped(self, run: Run, content: Content, now: datetime, *, left: timedelta) -> bool:
        """Give a run up that asks for what nobody knows any more; put one off that can't spare who has had enough."""
        if forgotten := self._planner.audience.forgotten(content):
            self._give_up(run, Content(), reasons.FORGOTTEN.format(digests="、".join(forgotten)), now)
        elif self._planner.held_back(run.key, content, now=now):
            self._put_off(run, content, now, left=left)
        else:
            return False
        return True

    def _put_off(self, run: Run, content: Content, now: datetime, *, left: timedelta) -> None:
        """Let a run wait for tomorrow, when nobody has had enough yet; what is left of its time is left then."""
        ends = max(run.expires_at, self._manners.next_day(now) + left)
        if self._store.replan(run.key, before=run.state, content=content, expires_at=ends, now=now):
            self._store.posts.drop(run.key)
            self._wait_for(reasons.FULL, run)

    def _waits_for_tomorrow(self, run: Run, now: datetime) -> bool:
        return run.reason == reasons.FULL and now < self._manners.next_day(run.planned_at)

    def fill(self, run: Run, now: datetime) -> None:
        """Write a row for everybody who is meant, and a post for every group."""
        content = run.content
        if content.channels:  # else it has nothing to say yet, or only to groups
            self._flush(now)
            self._planner.fill(run, now=now)
        self._store.posts.add(run.key, self.groups(content), now=now)
        self._stopping.clear(run, now)

    def groups(self, content: Content) -> Collection[str]:
        """The groups that are told: of those of a correction, who has heard what was wrong."""
        if not content.corrects:
            return content.groups
        heard = self._store.taking_back.groups_that_heard(content.corrects)
        return tuple(name for name in content.groups if name in heard)

    def wake(self, key: str) -> None:
        """Bring a run to as many workers as it has work for."""
        waiting = sum(tally.count for tally in self._store.deliveries.tallies(key) if tally.state is State.DUE)
        waiting += sum(post.state is PostState.DUE for post in self._store.posts.of(key))
        for _ in range(min(LANES, math.ceil(waiting / ROWS_A_LANE))):
            self._enqueue(key)

    def lacks_eyes(self, run: Run) -> bool:
        """Whether another admin must agree."""
        return run.four_eyes and len(self._store.approvals(run.key)) < EYES

    def await_eyes(self, run: Run, now: datetime) -> None:
        """Let a run wait, and say for how many admins, or else for what hour."""
        left = EYES - len(self._store.approvals(run.key))
        self._wait_for(reasons.AWAITS.format(left=left) if left > 0 else self.why_later(run, now), run)

    def _wait_for(self, reason: str, run: Run) -> None:
        self._store.move(run.key, before=[RunState.PLANNING, RunState.PLANNED], after=RunState.PLANNED, reason=reason)

    def _give_up(self, run: Run, content: Content, reason: str, now: datetime) -> None:
        """Close a run that nobody has begun, and drop what was planned for people and groups: nobody waits for it."""
        if self._store.replan(run.key, before=run.state, content=content, expires_at=run.expires_at, now=now):
            self._store.posts.drop(run.key)
            self._store.move(run.key, before=[RunState.PLANNING], after=RunState.DONE, reason=reason)

    def _again(self, run: Run) -> Run:
        return self._store.run(run.key) or run

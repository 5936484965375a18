"""What the clock does with runs: begin what should have begun, decide on what was lost, wake what sleeps."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from content.broadcasts import Broadcast
from content.library import Library
from scheduler import quotas, reasons
from scheduler.beginning import Beginner
from scheduler.channels.groups import verdicts
from scheduler.nights import Nights
from scheduler.stopping import Stopping
from scheduler.timetable import Firing, Timetable
from storage.group_posts import PostState
from storage.runs import Run, Runs
from storage.states import RunState

A_NIGHT = timedelta(days=1)  # the longest that quiet hours can be
MOST_OPEN = 1000  # runs that are looked after at once; each is closed when its time is over
OPEN = (RunState.SENDING, RunState.PAUSED, RunState.STOPPING)


class Sweeper:
    """Each step is safe to repeat and safe to die in. Nothing else remembers what is to be done."""

    def __init__(
        self,
        store: Runs,
        beginner: Beginner,
        stopping: Stopping,
        nights: Nights,
        *,
        library: Callable[[], Library],
        timetable: Timetable,
        repeatable: Sequence[str],
        send: Callable[[str, datetime], object],
    ) -> None:
        self._store = store
        self._beginner = beginner
        self._stopping = stopping
        self._nights = nights
        self._library = library
        self._timetable = timetable
        self._repeatable = repeatable
        self._send = send
        self._sweeping = threading.Lock()
        self._log = structlog.get_logger("push")

    def sweep(self, now: datetime) -> None:
        """Look after every run that is open, and begin what waits; one at a time."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            for run in _in_order(self._store.runs(states=OPEN, limit=MOST_OPEN)):
                self.look_after(run, now)
            for begin in self._waiting(now):
                begin()
        finally:
            self._sweeping.release()

    def unfinished(self) -> list[str]:
        """Keys of the runs that are being sent: a worker that starts takes them up at once."""
        return [run.key for run in _in_order(self._store.runs(states=[RunState.SENDING], limit=MOST_OPEN))]

    def look_after(self, run: Run, now: datetime) -> None:
        """Decide on what was lost of a run, drop what is late, bring it to the workers, close it."""
        if quotas.goes_on(self._store, run, now):
            run = self._store.run(run.key) or run
        if self._nights.rests(run, now):
            run = self._store.run(run.key) or run
        lost = self._store.deliveries.sweep(run.key, repeatable=self._repeatable, now=now)
        if lost:
            self._log.warning("deliveries lost", run=run.key, unsure=lost)
        self._look_after_posts(run, now)
        if run.state is RunState.STOPPING:
            self._stopping.go_on(run.key, now)
            return
        self._store.deliveries.expire(run.key, now=now)
        people, groups = self._store.deliveries.next_wake(run.key), self._store.posts.next_wake(run.key)
        wakes = [wake for wake in (people, groups, self._store.masses.next_wake(run.key, now=now)) if wake]
        if run.state is RunState.SENDING and any(wake <= now for wake in wakes) and not self._is_busy(run.key):
            self._beginner.wake(run.key)
        if run.reason != reasons.HELD or run.expires_at <= now:  # one that waits for its time may have no row yet
            self._store.finish(run.key)

    def _look_after_posts(self, run: Run, now: datetime) -> None:
        lost = self._store.posts.sweep(run.key, reason=verdicts.UNANSWERED, now=now)
        if lost:
            self._log.warning("group posts lost", run=run.key, unsure=lost)
        if run.expires_at <= now:
            self._store.posts.close(run.key, error="expired", reason=reasons.EXPIRED, now=now)

    def _is_busy(self, key: str) -> bool:
        posts = self._store.posts.of(key)
        return self._store.deliveries.is_busy(key) or any(post.state is PostState.IN_HAND for post in posts)

    def _waiting(self, now: datetime) -> Iterator[Callable[[], object]]:
        """What begins a run that should have begun, the more urgent and then the older one first.

        What an older run doesn't say any more, the next one does.
        """
        known = self._store.runs(states=[RunState.PLANNING, RunState.PLANNED], limit=MOST_OPEN)
        begins: list[tuple[int, datetime, Callable[[], object]]] = [
            (-run.priority, run.due_at, partial(self._beginner.begin_late, run, now)) for run in known
        ]
        begins += [
            (-broadcast.priority, firing.due_at, partial(self._send, firing.key, now))
            for broadcast, firing in self._missed(now)
        ]
        return (begin for *_, begin in sorted(begins, key=lambda each: each[:2]))

    def _missed(self, now: datetime) -> Sequence[tuple[Broadcast, Firing]]:
        """The newest time of each broadcast that has come, isn't over, and was promised."""
        broadcasts = self._library().broadcasts
        since = self._store.known_since({key: _timing(each) for key, each in broadcasts.items()}, now=now)
        missed: list[tuple[Broadcast, Firing]] = []
        for key, broadcast in broadcasts.items():
            newest = self._timetable.between(broadcast, now - broadcast.expires_after - A_NIGHT, now)[-1:]
            promised = since[key]
            missed += [
                (broadcast, firing)
                for firing in newest
                if self._beginner.expiry(broadcast, firing.due_at) > now
                and (broadcast.at or promised is None or firing.due_at > promised)
            ]
        return [each for each in missed if self._store.run(each[1].key) is None]


def _timing(broadcast: Broadcast) -> str:
    only = " workdays" if broadcast.workdays else ""
    late = f" +{broadcast.jitter}" if broadcast.jitter else ""
    there = f" {broadcast.zone}" if broadcast.zone else ""
    return f"{broadcast.schedule or broadcast.at}{only}{late}{there}"


def _in_order(runs: Sequence[Run]) -> Sequence[Run]:
    """The more urgent first."""
    return sorted(runs, key=lambda run: -run.priority)

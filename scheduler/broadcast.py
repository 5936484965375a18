"""The desk: a date becomes a run, a run is planned, sent, paused and looked after."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from content.library import Library
from content.models import Broadcast
from scheduler import reasons
from scheduler.planner import Planner
from scheduler.rendering import compose, compose_of_newest
from storage.broadcasts import Broadcasts, Content, Run, RunState, State, Tally

ROWS_A_LANE = 1000
LANES = 4  # of one run at the same time; more workers on more machines take them
LOOKS_BACK = timedelta(days=31)

Fires = Callable[[str, datetime, datetime], Sequence[datetime]]
"""The times of a crontab line after the first moment, up to and with the second."""

MOST_OPEN = 1000  # runs that are looked after at once; each is closed when its time is over


class NoSuchBroadcast(LookupError):
    """Neither a broadcast of the pack nor one of its runs has this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A run with its tallies."""

    run: Run
    tallies: Sequence[Tally]

    @property
    def people(self) -> int:
        """How many have a row."""
        return sum(tally.count for tally in self.tallies)

    def count(self, state: State) -> int:
        """How many deliveries are in a state."""
        return sum(tally.count for tally in self.tallies if tally.state is state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do now: people by channel ("" for those nobody can reach); no content, nobody is bothered."""

    key: str
    due_at: datetime
    content: Content | None
    channels: Mapping[str, int]


class Desk:
    """Every method is safe to repeat: a run has a natural key, a person in it one row.

    A `key` is a broadcast's (`daily-digest`: today's run) or a run's (`daily-digest:2026-11-23`).
    """

    def __init__(
        self,
        store: Broadcasts,
        planner: Planner,
        *,
        library: Callable[[], Library],
        fires: Fires,
        zone: ZoneInfo,
        enqueue: Callable[[str], None],
        flush: Callable[[datetime], None],
        repeatable: Sequence[str],
    ) -> None:
        self._store = store
        self._planner = planner
        self._library = library
        self._fires = fires
        self._zone = zone
        self._enqueue = enqueue
        self._flush = flush
        self._repeatable = repeatable
        self._sweeping = threading.Lock()
        self._log = structlog.get_logger("push")

    # -- what admins do ------------------------------------------------------------------------------------------

    def plan(self, key: str, now: datetime) -> Run:
        """Write the run and its deliveries, unless that was done; nothing is sent before its time."""
        run = self._opened(*self._meant(key, now), now)
        if run.state is RunState.PLANNING:
            self._fill(run, now)
            self._store.move(run.key, before=[RunState.PLANNING], after=RunState.PLANNED)
        return self._found(run.key)

    def send(self, key: str, now: datetime, *, at_once: bool = False) -> Run:
        """Begin to send the run if its time has come, or `at_once`.

        `at_once` also takes in who has come since a run was done: each person still hears it once.
        """
        broadcast, due = self._meant(key, now)
        run = self._opened(broadcast, due, now)
        wanted = self._wanted(broadcast, run, now) if at_once else None
        if wanted is not None:
            return self._begin(run, wanted, now, expires_at=now + broadcast.expires_after)
        if run.due_at <= now and run.state in (RunState.PLANNING, RunState.PLANNED):
            return self._begin(run, run.content, now, expires_at=run.expires_at)
        return self.plan(run.key, now)

    def send_now(self, key: str, *, now: datetime) -> Run:
        """Do as a button does: `send` at once."""
        return self.send(key, now, at_once=True)

    def status(self, key: str) -> Status:
        """A run with its tallies; of a broadcast's key its newest."""
        run = self._found(key)
        return Status(run=run, tallies=self._store.tallies(run.key))

    def runs(self, *, limit: int = 50) -> Sequence[Status]:
        """The newest runs."""
        return [Status(run=run, tallies=self._store.tallies(run.key)) for run in self._store.runs(limit=limit)]

    def forecast(self, key: str, now: datetime) -> Forecast:
        """Who would be reached by which channel if it were sent now; nothing is written."""
        broadcast, due = self._meant(key, now)
        self._flush(now)
        content = self._composed(broadcast, due)
        channels = self._planner.forecast(content, now=now) if content else {}
        return Forecast(key=self._key(broadcast, due), due_at=due, content=content, channels=channels)

    def pause(self, key: str, *, reason: str = reasons.BY_HAND) -> None:
        """Hold a run back, before its time or while it is sent; what is in flight ends, the rest stays due."""
        before = [RunState.PLANNED, RunState.SENDING]
        self._store.move(self._found(key).key, before=before, after=RunState.PAUSED, reason=reason)

    def resume(self, key: str, *, now: datetime) -> None:
        """Go on with a run: it waits for its time again, or is sent."""
        run = self._found(key)
        after = RunState.PLANNED if run.due_at > now else RunState.SENDING
        if self._store.move(run.key, before=[RunState.PAUSED], after=after):
            self._look_after(self._found(run.key), now)

    # -- what the clock does -------------------------------------------------------------------------------------

    def sweep(self, now: datetime) -> None:
        """Begin what should have begun, decide on what was lost, wake what sleeps.

        The clock calls it at every schedule and every minute: a firing is but the sweep that comes in time.
        """
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            for run in self._store.runs(states=[RunState.SENDING, RunState.PAUSED], limit=MOST_OPEN):
                self._look_after(run, now)
            for run in self._store.runs(states=[RunState.PLANNING, RunState.PLANNED], limit=MOST_OPEN):
                self._begin_late(run, now)
            for broadcast, due in self._missed(now):
                self.send(self._key(broadcast, due), now)
        finally:
            self._sweeping.release()

    def unfinished(self) -> list[str]:
        """Keys of the runs that are being sent: a worker that starts takes them up at once."""
        return [run.key for run in self._store.runs(states=[RunState.SENDING], limit=MOST_OPEN)]

    def _missed(self, now: datetime) -> Sequence[tuple[Broadcast, datetime]]:
        """The newest time of each broadcast that has come, isn't over, and was promised."""
        broadcasts = self._library().broadcasts
        since = self._store.known_since({key: _timing(each) for key, each in broadcasts.items()}, now=now)
        missed = []
        for key, broadcast in broadcasts.items():
            due = self._due_times(broadcast, now - broadcast.expires_after, now)[-1:]
            promised = since[key]
            if due and (broadcast.at or promised is None or due[0] > promised):
                missed.append((broadcast, due[0]))
        return [each for each in missed if self._store.run(self._key(*each)) is None]

    def _begin_late(self, run: Run, now: datetime) -> None:
        if run.expires_at <= now:
            self._store.move(run.key, before=[run.state], after=RunState.DONE, reason=reasons.EXPIRED)
        elif run.due_at <= now:
            self._begin(run, run.content, now, expires_at=run.expires_at)

    def _look_after(self, run: Run, now: datetime) -> None:
        lost = self._store.sweep(run.key, repeatable=self._repeatable, now=now)
        if lost:
            self._log.warning("deliveries lost", run=run.key, unsure=lost)
        self._store.expire(run.key, now=now)
        wake = self._store.next_wake(run.key)
        busy = any(tally.state is State.IN_HAND for tally in self._store.tallies(run.key))
        if run.state is RunState.SENDING and wake is not None and wake <= now and not busy:
            self._wake(run.key)
        self._store.finish(run.key)

    # -- how a run begins ----------------------------------------------------------------------------------------

    def _begin(self, run: Run, content: Content, now: datetime, *, expires_at: datetime) -> Run:
        """Plan afresh, since people come, go and speak, and let it go out."""
        if run.state in (RunState.SENDING, RunState.PAUSED):
            return run
        later = max(expires_at, run.expires_at)
        if run.state is not RunState.PLANNING or later > run.expires_at:
            self._store.replan(run.key, before=run.state, content=content, expires_at=later)
        self._fill(replace(run, content=content), now)
        if self._store.move(run.key, before=[RunState.PLANNING], after=RunState.SENDING):
            self._log.info("run begins", run=run.key)
            self._wake(run.key)
            self._store.finish(run.key)
        return self._found(run.key)

    def _wanted(self, broadcast: Broadcast, run: Run, now: datetime) -> Content | None:
        """What is sent by hand: what the run says, or of old what it can where there is nothing new."""
        if run.content.channels and run.due_at <= now:
            return run.content
        return self._composed(broadcast, now) or compose_of_newest(self._library(), broadcast, now=now)

    def _opened(self, broadcast: Broadcast, due: datetime, now: datetime) -> Run:
        key = self._key(broadcast, due)
        known = self._store.run(key)
        if known is not None:
            return known
        content = self._composed(broadcast, due)
        return self._store.open_run(
            Run(
                key=key,
                broadcast=broadcast.key,
                title=broadcast.title,
                content=content or Content(),
                due_at=due,
                expires_at=due + broadcast.expires_after,
                planned_at=now,
                state=RunState.PLANNING if content else RunState.DONE,
                reason="" if content else reasons.NOTHING_NEW,
            )
        )

    def _composed(self, broadcast: Broadcast, at: datetime) -> Content | None:
        return compose(self._library(), broadcast, since=self._since(broadcast, at), now=at)

    def _since(self, broadcast: Broadcast, due: datetime) -> datetime:
        """When this broadcast spoke last: what came out after that is new."""
        earlier = [run.due_at for run in self._store.runs(broadcast=broadcast.key) if run.due_at < due]
        times = earlier[:1] or self._due_times(broadcast, due - LOOKS_BACK, due - timedelta(seconds=1))[-1:]
        return times[0] if times else due - timedelta(days=1)

    def _fill(self, run: Run, now: datetime) -> None:
        self._flush(now)
        self._planner.fill(run, now=now)

    def _wake(self, key: str) -> None:
        waiting = sum(tally.count for tally in self._store.tallies(key) if tally.state is State.DUE)
        for _ in range(min(LANES, math.ceil(waiting / ROWS_A_LANE))):
            self._enqueue(key)

    # -- which run is meant --------------------------------------------------------------------------------------

    def _found(self, key: str) -> Run:
        run = self._store.run(key) or next(iter(self._store.runs(broadcast=key, limit=1)), None)
        if run is None:
            raise NoSuchBroadcast(key)
        return run

    def _meant(self, key: str, now: datetime) -> tuple[Broadcast, datetime]:
        """The broadcast and the time of the run that a key names; a day without its time has `now`."""
        name, _, written = key.partition(":")
        broadcast = self._library().broadcasts.get(name)
        if broadcast is None:
            raise NoSuchBroadcast(key)
        known = self._store.run(key)
        if known is not None:
            return broadcast, known.due_at
        times = self._times_on(broadcast, _day(written) or now.astimezone(self._zone).date())
        if written:
            times = [due for due in times if self._key(broadcast, due) == key]
            if not times:
                raise NoSuchBroadcast(key)
        past = [due for due in times if due <= now]
        return broadcast, (past[-1:] or times[:1] or [now])[0]

    def _times_on(self, broadcast: Broadcast, day: date) -> list[datetime]:
        midnight = datetime.combine(day, time(), self._zone)
        return self._due_times(broadcast, midnight - timedelta(seconds=1), midnight + timedelta(days=1, seconds=-1))

    def _due_times(self, broadcast: Broadcast, after: datetime, until: datetime) -> list[datetime]:
        if broadcast.at is not None:
            return [broadcast.at] if after < broadcast.at <= until else []
        return list(self._fires(broadcast.schedule or "", after, until))

    def _key(self, broadcast: Broadcast, due: datetime) -> str:
        """The day tells a run of one broadcast from another; of those with several a day, the minute does."""
        minute, hour = (broadcast.schedule or "0 0 * * *").split()[:2]
        once_a_day = minute.isdecimal() and hour.isdecimal()
        return f"{broadcast.key}:{due.astimezone(self._zone):{'%Y-%m-%d' if once_a_day else '%Y-%m-%dT%H%M'}}"


def _timing(broadcast: Broadcast) -> str:
    return broadcast.schedule or str(broadcast.at)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None

"""The desk: a date becomes a run, a run is planned, sent, paused and looked after."""

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from content.library import Library
from content.models import Broadcast
from scheduler import reasons
from scheduler.audience import SMALL, tells_of_deeds
from scheduler.channels.groups import verdicts
from scheduler.manners import Manners, QuietHours
from scheduler.nights import Nights
from scheduler.planner import Planner
from scheduler.rendering import compose, compose_of_newest
from scheduler.timetable import Firing, Timetable
from storage.broadcasts import Approval, Broadcasts, Content, Run, RunState, State, Tally
from storage.group_posts import Post, PostState

ROWS_A_LANE = 1000
LANES = 4  # of one run at the same time; more workers on more machines take them
LOOKS_BACK = timedelta(days=31)  # what is older is no news, unless the last firing is older still
A_NIGHT = timedelta(days=1)  # the longest that quiet hours can be

EYES = 2  # admins that must agree where a broadcast says so
SAMPLE = 5  # names that a forecast shows
MOST_OPEN = 1000  # runs that are looked after at once; each is closed when its time is over


class NoSuchBroadcast(LookupError):
    """Neither a broadcast of the pack nor one of its runs has this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A run with its tallies, and with what became of it in the groups."""

    run: Run
    tallies: Sequence[Tally]
    approvals: Sequence[Approval] = ()
    posts: Sequence[Post] = ()

    @property
    def people(self) -> int:
        """How many have a row."""
        return sum(tally.count for tally in self.tallies)

    def count(self, state: State) -> int:
        """How many deliveries are in a state."""
        return sum(tally.count for tally in self.tallies if tally.state is state)


@dataclass(frozen=True, slots=True)
class _Meant:
    """The run that a key names, be it written or not."""

    broadcast: Broadcast
    key: str
    due_at: datetime
    is_provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do now: people by channel ("" for those nobody can reach); no content, nobody is bothered.

    Who has it already is not counted, and of the groups only those that would be told are named. `quiet_until`: it is
    quiet now, and nobody should be bothered before. `is_provisional`: its day is a workday as far as anybody knows, the
    holidays of its year being not out yet. `sample` are some names of those who are meant, where the roster knows them;
    `nobody_is` are roles and tags that are asked for and nobody bears. Where people are chosen by what they did nobody
    is named, and `few` people, fewer than five, are not counted.
    """

    key: str
    due_at: datetime
    content: Content | None
    channels: Mapping[str, int]
    groups: Sequence[str] = ()
    quiet_until: datetime | None = None
    is_provisional: bool = False
    sample: Sequence[str] = ()
    nobody_is: Sequence[str] = ()
    few: bool = False


class Desk:
    """Every method is safe to repeat: a run has a natural key, a person in it one row.

    A `key` is a broadcast's (`daily-digest`: today's run, else the next) or a run's (`daily-digest:2026-11-23`). What
    is sent by hand before its time is a run of its own, one a day: `daily-digest:2026-11-23-by-hand`.
    """

    def __init__(
        self,
        store: Broadcasts,
        planner: Planner,
        *,
        library: Callable[[], Library],
        timetable: Timetable,
        manners: Manners,
        enqueue: Callable[[str], None],
        flush: Callable[[datetime], None],
        repeatable: Sequence[str],
    ) -> None:
        self._store = store
        self._planner = planner
        self._library = library
        self._timetable = timetable
        self._manners = manners
        self._nights = Nights(store, manners)
        self._zone = manners.zone
        self._enqueue = enqueue
        self._flush = flush
        self._repeatable = repeatable
        self._sweeping = threading.Lock()
        self._log = structlog.get_logger("push")

    # -- what admins do ------------------------------------------------------------------------------------------

    def plan(self, key: str, now: datetime) -> Run:
        """Write the run and its deliveries, unless that was done; nothing is sent before its time."""
        run = self._opened(self._meant(key, now), now)
        if run.state is RunState.PLANNING:
            self._fill(run, now)
            begins = self._manners.next_allowed(max(run.due_at, now))
            why = reasons.QUIET.format(until=begins) if begins > max(run.due_at, now) else ""
            self._store.move(run.key, before=[RunState.PLANNING], after=RunState.PLANNED, reason=why)
        return self._found(run.key)

    def send(self, key: str, now: datetime, *, at_once: bool = False, at_night: bool = False, by: str = "") -> Run:
        """Begin to send the run if its time has come, or `at_once`.

        `at_once` also takes in who has come since a run was done: each person still hears it once. In quiet hours a run
        waits for their end; `at_once` raises QuietHours then, unless it shall go out `at_night`: it doesn't rest either
        when they begin. Where two admins must agree, the run waits for them; `by` is the first, the admin who asks.
        """
        meant = self._meant(key, now)
        if at_once:
            if not at_night and self._manners.is_quiet(now):
                raise QuietHours(self._manners.next_allowed(now))
            by_hand = self._by_hand(meant, now)
            wanted = self._wanted(by_hand, now)
            if wanted is not None:
                run = self._store.open_run(self._run(by_hand, wanted, now))
                if at_night:
                    run = self._goes_on_at_night(run, now)
                return self._begin(run, wanted, now, expires_at=now + meant.broadcast.expires_after, by=by)
        run = self._opened(meant, now)
        if self._begins(run) > now:
            return self.plan(run.key, now)
        if run.state in (RunState.PLANNING, RunState.PLANNED):
            self._begin_late(run, now)
        return self._found(run.key)

    def send_now(self, key: str, *, now: datetime, at_night: bool = False, by: str = "") -> Run:
        """Do as a button does: `send` at once."""
        return self.send(key, now, at_once=True, at_night=at_night, by=by)

    def approve(self, key: str, *, by: str, content: Content, now: datetime) -> bool:
        """Note that an admin agrees to a run that says this; with the second it begins, if its time has come.

        False where the run doesn't wait, or says something else by now.
        """
        if not content.is_for_anybody or not self._store.approve(key, admin=by, content=content, now=now):
            return False
        self._log.info("run approved", run=key)
        run = self._found(key)
        self._await_eyes(run)
        if not self._lacks_eyes(run):
            self._begin_late(run, now)
        return True

    def status(self, key: str) -> Status:
        """A run with its tallies; of a broadcast's key its newest."""
        return self._status(self._found(key))

    def runs(self, *, limit: int = 50) -> Sequence[Status]:
        """The newest runs."""
        return [self._status(run) for run in self._store.runs(limit=limit)]

    def _status(self, run: Run) -> Status:
        approvals, posts = self._store.approvals(run.key), self._store.posts.of(run.key)
        return Status(run=run, tallies=self._store.tallies(run.key), approvals=approvals, posts=posts)

    def forecast(self, key: str, now: datetime, *, at_once: bool = False) -> Forecast:
        """Who would be reached by which channel if it were sent now; nothing is written.

        `at_once` looks at what `send` would do `at_once`.
        """
        meant = self._meant(key, now)
        self._flush(now)
        if at_once:
            meant = self._by_hand(meant, now)
        content = self._wanted(meant, now) if at_once else self._composed(meant, now)
        channels = self._planner.forecast(meant.key, content, now=now) if content and content.channels else {}
        audience, total = self._planner.audience, sum(channels.values())
        few = bool(content and tells_of_deeds(content)) and 0 < total < SMALL
        return Forecast(
            key=meant.key,
            due_at=meant.due_at,
            content=content,
            channels={} if few else channels,
            few=few,
            sample=audience.sample(content, most=SAMPLE, now=now) if content and total else (),
            nobody_is=audience.lacking(content) if content else (),
            groups=self._untold(meant.key, content),
            quiet_until=self._manners.next_allowed(now) if self._manners.is_quiet(now) else None,
            is_provisional=meant.is_provisional,
        )

    def _untold(self, key: str, content: Content | None) -> Sequence[str]:
        over = {post.name for post in self._store.posts.of(key) if post.state not in (PostState.DUE, PostState.FAILED)}
        return tuple(name for name in (content.groups if content else ()) if name not in over)

    def composed_now(self, key: str, now: datetime) -> Content | None:
        """What `send` at once would say; None where there is nothing to say."""
        return self._wanted(self._by_hand(self._meant(key, now), now), now)

    def next_firing(self, broadcast: Broadcast, now: datetime) -> Firing | None:
        """When a broadcast goes out next."""
        return self._timetable.next(broadcast, now)

    def pause(self, key: str) -> bool:
        """Hold a run back, before its time or while it is sent; what is in flight ends, the rest stays due.

        False where it neither waits nor is sent.
        """
        run, paused = self._found(key), RunState.PAUSED
        held = self._store.move(run.key, before=[RunState.PLANNED], after=paused, reason=reasons.HELD)
        held = held or self._store.move(run.key, before=[RunState.SENDING], after=paused, reason=reasons.BY_HAND)
        return held or self._store.move(
            run.key, before=[paused], why=reasons.RESTS, after=paused, reason=reasons.BY_HAND
        )

    def resume(self, key: str, *, now: datetime) -> bool:
        """Go on with a run: it waits for its time again, or is sent, at night too. False where it wasn't paused."""
        run = self._found(key)
        after = RunState.PLANNED if run.reason == reasons.HELD else RunState.SENDING
        resumed = self._store.move(run.key, before=[RunState.PAUSED], after=after)
        if resumed:
            self._planner.refusals.forget()
            if after is RunState.SENDING and self._manners.is_quiet(now):
                self._store.allow_night(run.key)
            run = self._found(run.key)
            (self._begin_late if after is RunState.PLANNED else self._look_after)(run, now)
        return resumed

    def settle(self, key: str, state: State, *, now: datetime) -> int:
        """Say what became of all that is `unsure` in a run; gives how many. None of them is sent again."""
        return self._store.decide(self._found(key).key, state, now=now)

    # -- what the clock does -------------------------------------------------------------------------------------

    def sweep(self, now: datetime) -> None:
        """Begin what should have begun, decide on what was lost, wake what sleeps.

        The clock calls it at every schedule and every minute: a firing is but the sweep that comes in time.
        """
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            for run in _in_order(self._store.runs(states=[RunState.SENDING, RunState.PAUSED], limit=MOST_OPEN)):
                self._look_after(run, now)
            for begin in self._waiting(now):
                begin()
        finally:
            self._sweeping.release()

    def unfinished(self) -> list[str]:
        """Keys of the runs that are being sent: a worker that starts takes them up at once."""
        return [run.key for run in _in_order(self._store.runs(states=[RunState.SENDING], limit=MOST_OPEN))]

    def _waiting(self, now: datetime) -> Iterator[Callable[[], object]]:
        """What begins a run that should have begun, the more urgent and then the older one first.

        What an older run doesn't say any more, the next one does.
        """
        known = self._store.runs(states=[RunState.PLANNING, RunState.PLANNED], limit=MOST_OPEN)
        begins: list[tuple[int, datetime, Callable[[], object]]] = [
            (-run.priority, run.due_at, partial(self._begin_late, run, now)) for run in known
        ]
        begins += [
            (-broadcast.priority, firing.due_at, partial(self.send, firing.key, now))
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
                if self._expiry(broadcast, firing.due_at) > now
                and (broadcast.at or promised is None or firing.due_at > promised)
            ]
        return [each for each in missed if self._store.run(each[1].key) is None]

    def _begin_late(self, run: Run, now: datetime) -> None:
        if run.expires_at <= now:
            self._give_up(run, run.content, reasons.EXPIRED, now)
        elif self._begins(run) <= now and not self._manners.is_quiet(now):
            content = self._composed_by(run, now)
            if content.is_for_anybody:
                self._begin(run, content, now, expires_at=run.expires_at)
            else:
                self._give_up(run, Content(), reasons.NOTHING_NEW, now)

    def _look_after(self, run: Run, now: datetime) -> None:
        if self._nights.rests(run, now) or self._nights.wakes(run, now):
            run = self._found(run.key)
        lost = self._store.sweep(run.key, repeatable=self._repeatable, now=now)
        if lost:
            self._log.warning("deliveries lost", run=run.key, unsure=lost)
        self._store.expire(run.key, now=now)
        self._look_after_posts(run, now)
        wakes = [wake for wake in (self._store.next_wake(run.key), self._store.posts.next_wake(run.key)) if wake]
        if run.state is RunState.SENDING and any(wake <= now for wake in wakes) and not self._is_busy(run.key):
            self._wake(run.key)
        if run.reason != reasons.HELD or run.expires_at <= now:  # one that waits for its time may have no row yet
            self._store.finish(run.key)

    def _look_after_posts(self, run: Run, now: datetime) -> None:
        lost = self._store.posts.sweep(run.key, reason=verdicts.UNANSWERED, now=now)
        if lost:
            self._log.warning("group posts lost", run=run.key, unsure=lost)
        if run.expires_at <= now:
            self._store.posts.expire(run.key, reason=reasons.EXPIRED, now=now)

    def _is_busy(self, key: str) -> bool:
        return any(tally.state is State.IN_HAND for tally in self._store.tallies(key)) or any(
            post.state is PostState.IN_HAND for post in self._store.posts.of(key)
        )

    # -- how a run begins ----------------------------------------------------------------------------------------

    def _begin(self, run: Run, content: Content, now: datetime, *, expires_at: datetime, by: str = "") -> Run:
        """Plan afresh, since people come, go and speak, and let it go out: once everybody has agreed who must."""
        if run.state in (RunState.SENDING, RunState.PAUSED):
            return run
        later = max(expires_at, run.expires_at)
        if self._lacks_eyes(run):
            if by or content != run.content:
                self._store.rephrase(run.key, content=content, expires_at=later, now=now, admin=by)
            self._await_eyes(run)
            return self._found(run.key)
        if run.state is not RunState.PLANNING or later > run.expires_at or _is_early(run):
            self._store.replan(run.key, before=run.state, content=content, expires_at=later, now=now)
            self._store.posts.drop(run.key)
        self._fill(replace(run, content=content), now)
        if self._store.move(run.key, before=[RunState.PLANNING], after=RunState.SENDING):
            self._log.info("run begins", run=run.key)
            self._wake(run.key)
            self._store.finish(run.key)
        return self._found(run.key)

    def _goes_on_at_night(self, run: Run, now: datetime) -> Run:
        self._store.allow_night(run.key)
        if run.reason == reasons.RESTS:
            self.resume(run.key, now=now)
        return self._found(run.key)

    def _lacks_eyes(self, run: Run) -> bool:
        return run.four_eyes and len(self._store.approvals(run.key)) < EYES

    def _await_eyes(self, run: Run) -> None:
        left = EYES - len(self._store.approvals(run.key))
        reason = reasons.AWAITS.format(left=left) if left > 0 else ""
        self._store.move(run.key, before=[RunState.PLANNING, RunState.PLANNED], after=RunState.PLANNED, reason=reason)

    def _give_up(self, run: Run, content: Content, reason: str, now: datetime) -> None:
        """Close a run that nobody has begun, and drop what was planned for people and groups: nobody waits for it."""
        if self._store.replan(run.key, before=run.state, content=content, expires_at=run.expires_at, now=now):
            self._store.posts.drop(run.key)
            self._store.move(run.key, before=[RunState.PLANNING], after=RunState.DONE, reason=reason)

    def _wanted(self, meant: _Meant, now: datetime) -> Content | None:
        """What is sent by hand: what the run has said, or of old what it can where there is nothing new."""
        known = self._store.run(meant.key)
        if known is not None and known.content.is_for_anybody and _has_begun(known):
            return known.content
        fresh = self._composed(replace(meant, due_at=now), now)
        return fresh or compose_of_newest(self._library(), meant.broadcast, now=now)

    def _opened(self, meant: _Meant, now: datetime) -> Run:
        """Write a run. Whether there is nothing new is known when its time has come, and not before."""
        known = self._store.run(meant.key)
        if known is not None:
            return known
        content = self._composed(meant, now)
        run = self._run(meant, content or Content(), now)
        if content is None and meant.due_at <= now:
            run = replace(run, state=RunState.DONE, reason=reasons.NOTHING_NEW)
        return self._store.open_run(run)

    def _run(self, meant: _Meant, content: Content, now: datetime) -> Run:
        return Run(
            key=meant.key,
            broadcast=meant.broadcast.key,
            title=meant.broadcast.title,
            content=content,
            due_at=meant.due_at,
            expires_at=self._expiry(meant.broadcast, meant.due_at),
            planned_at=now,
            state=RunState.PLANNING,
            four_eyes=meant.broadcast.four_eyes,
            priority=meant.broadcast.priority,
        )

    def _begins(self, run: Run) -> datetime:
        """When a run may begin: quiet hours move its time, and never take it away."""
        return self._manners.next_allowed(run.due_at)

    def _expiry(self, broadcast: Broadcast, due: datetime) -> datetime:
        return self._manners.next_allowed(due) + broadcast.expires_after

    def _composed_by(self, run: Run, now: datetime) -> Content:
        """What a run says when it begins: what was planned early is composed again, unless somebody agreed to it."""
        broadcast = self._library().broadcasts.get(run.broadcast)
        if broadcast is None or not _is_early(run) or self._store.approvals(run.key):
            return run.content
        return self._composed(_Meant(broadcast, run.key, run.due_at), now) or Content()

    def _composed(self, meant: _Meant, now: datetime) -> Content | None:
        by = max(meant.due_at, now)
        since = self._since(meant, by)
        said = self._store.said(meant.broadcast.key, since=since, until=by, but=meant.key, unsaid=reasons.UNSAID)
        return compose(self._library(), meant.broadcast, since=since, said=said, now=meant.due_at)

    def _since(self, meant: _Meant, by: datetime) -> datetime:
        """How far back news counts: a month or to the last firing, but not to before the broadcast's first period."""
        broadcast = meant.broadcast
        first = min(self._store.first_due(broadcast.key) or by, meant.due_at)
        longest = min(by - LOOKS_BACK, self._timetable.before(broadcast, meant.due_at))
        return max(longest, self._timetable.before(broadcast, first))

    def _fill(self, run: Run, now: datetime) -> None:
        if run.content.channels:  # else it has nothing to say yet, or only to groups
            self._flush(now)
            self._planner.fill(run, now=now)
        self._store.posts.add(run.key, run.content.groups, now=now)

    def _wake(self, key: str) -> None:
        waiting = sum(tally.count for tally in self._store.tallies(key) if tally.state is State.DUE)
        waiting += sum(post.state is PostState.DUE for post in self._store.posts.of(key))
        for _ in range(min(LANES, math.ceil(waiting / ROWS_A_LANE))):
            self._enqueue(key)

    # -- which run is meant --------------------------------------------------------------------------------------

    def _found(self, key: str) -> Run:
        run = self._store.run(key) or next(iter(self._store.runs(broadcast=key, limit=1)), None)
        if run is None:
            raise NoSuchBroadcast(key)
        return run

    def _meant(self, key: str, now: datetime) -> _Meant:
        """The run that a key names; a broadcast's own key names today's, on a day without its time the next."""
        name, _, written = key.partition(":")
        broadcast = self._library().broadcasts.get(name)
        if broadcast is None:
            raise NoSuchBroadcast(key)
        known = self._store.run(key)
        if known is not None:
            return _Meant(broadcast, key, known.due_at)
        times = self._timetable.on(broadcast, _day(written) or now.astimezone(self._zone).date())
        if written:
            times = [firing for firing in times if firing.key == key]
        past = [firing for firing in times if firing.due_at <= now]
        firing = next(iter(past[-1:] or times[:1]), None) or (None if written else self._timetable.next(broadcast, now))
        if firing is None:
            raise NoSuchBroadcast(key)
        return _Meant(broadcast, firing.key, firing.due_at, firing.is_provisional)

    def _by_hand(self, meant: _Meant, now: datetime) -> _Meant:
        """What is sent now: a run whose time has come, else one of its own that leaves the one to come as it is."""
        if meant.due_at <= now:
            return meant
        key = f"{meant.broadcast.key}:{now.astimezone(self._zone):%Y-%m-%d}-by-hand"
        known = self._store.run(key)
        return _Meant(meant.broadcast, key, known.due_at if known else now)


def _timing(broadcast: Broadcast) -> str:
    only = " workdays" if broadcast.workdays else ""
    late = f" +{broadcast.jitter}" if broadcast.jitter else ""
    return f"{broadcast.schedule or broadcast.at}{only}{late}"


def _is_early(run: Run) -> bool:
    """Whether it was planned, and not since its time has come."""
    return run.planned_at < run.due_at


def _in_order(runs: Sequence[Run]) -> Sequence[Run]:
    """The more urgent first."""
    return sorted(runs, key=lambda run: -run.priority)


def _has_begun(run: Run) -> bool:
    return run.state not in (RunState.PLANNING, RunState.PLANNED) and run.reason not in reasons.UNSAID


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None

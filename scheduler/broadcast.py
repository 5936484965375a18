"""The desk: where a push is planned, sent, agreed to, held back, stopped and put right."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from content.broadcasts import Broadcast
from content.library import Library
from scheduler import reasons
from scheduler.beginning import Beginner
from scheduler.composing import Composer
from scheduler.correcting import Correcting
from scheduler.forecast import Forecast, Forecaster
from scheduler.manners import Manners, QuietHours
from scheduler.naming import Naming
from scheduler.nights import Nights
from scheduler.planner import Planner
from scheduler.status import Status, status_of
from scheduler.stopping import Stopping
from scheduler.sweeping import Sweeper
from scheduler.timetable import Firing, Timetable
from storage.runs import Run, Runs
from storage.states import RunState, State
from storage.wording import Content


class Desk:
    """Every method is safe to repeat: a run has a natural key, a person in it one row.

    A `key` is a broadcast's (`daily-digest`: today's run, else the next) or a run's (`daily-digest:2026-11-23`). What
    is sent by hand before its time is a run of its own, one a day: `daily-digest:2026-11-23-by-hand`.
    """

    def __init__(
        self,
        store: Runs,
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
        self._timetable = timetable
        self._manners = manners
        self._stopping = Stopping(store)
        self._naming = Naming(store, timetable, library=library, zone=manners.zone)
        self._composer = Composer(store, timetable, library=library)
        self._beginner = Beginner(
            store, planner, self._composer, self._stopping, manners=manners, enqueue=enqueue, flush=flush
        )
        self._correcting = Correcting(store, library=library)
        self._forecaster = Forecaster(store, planner, manners=manners, flush=flush)
        self._sweeper = Sweeper(
            store,
            self._beginner,
            self._stopping,
            Nights(store, manners),
            library=library,
            timetable=timetable,
            repeatable=repeatable,
            send=self.send,
        )
        self._log = structlog.get_logger("push")

    # -- what admins do ------------------------------------------------------------------------------------------

    def plan(self, key: str, now: datetime) -> Run:
        """Write the run and its deliveries, unless that was done; nothing is sent before its time."""
        run = self._beginner.opened(self._naming.meant(key, now), now)
        if run.state is RunState.PLANNING:
            self._beginner.fill(run, now)
            why = self._beginner.why_later(run, now)
            self._store.move(run.key, before=[RunState.PLANNING], after=RunState.PLANNED, reason=why)
        return self._naming.found(run.key)

    def send(self, key: str, now: datetime, *, at_once: bool = False, at_night: bool = False, by: str = "") -> Run:
        """Begin to send the run if its time has come, or `at_once`.

        `at_once` also takes in who has come since a run was done: each person still hears it once. In quiet hours a run
        waits for their end; `at_once` raises QuietHours then, unless it shall go out `at_night`: it doesn't rest either
        when they begin. Where two admins must agree, the run waits for them; `by` is the first, the admin who asks. A
        correction of what nobody heard raises Uncorrectable `at_once`, and a run that is long over Folded.
        """
        if at_once:
            self._mind_the_hour(now, at_night=at_night)
            by_hand = self._naming.by_hand(key, now)
            self._naming.mind_folded(by_hand.key)
            self._correcting.check(by_hand.broadcast)
            wanted = self._composer.wanted(by_hand, now)
            if wanted is not None:
                run = self._store.open_run(self._beginner.run(by_hand, wanted, now))
                if at_night:
                    run = self._goes_on_at_night(run, now)
                expires_at = now + by_hand.broadcast.expires_after
                return self._beginner.begin(run, wanted, now, expires_at=expires_at, by=by)
        run = self._beginner.opened(self._naming.meant(key, now), now)
        if self._beginner.begins(run) > now:
            return self.plan(run.key, now)
        if run.state in (RunState.PLANNING, RunState.PLANNED):
            self._beginner.begin_late(run, now)
        return self._naming.found(run.key)

    def send_now(self, key: str, *, now: datetime, at_night: bool = False, by: str = "") -> Run:
        """Do as a button does: `send` at once."""
        return self.send(key, now, at_once=True, at_night=at_night, by=by)

    def _mind_the_hour(self, now: datetime, *, at_night: bool) -> None:
        if not at_night and self._manners.is_quiet(now):
            raise QuietHours(self._manners.next_allowed(now))

    def approve(self, key: str, *, by: str, content: Content, now: datetime) -> bool:
        """Note that an admin agrees to a run that says this; with the second it begins, if its time has come.

        False where the run doesn't wait, or says something else by now.
        """
        if not content.is_for_anybody or not self._store.approve(key, admin=by, content=content, now=now):
            return False
        self._log.info("run approved", run=key)
        run = self._naming.found(key)
        self._beginner.await_eyes(run, now)
        if not self._beginner.lacks_eyes(run):
            self._beginner.begin_late(run, now)
        return True

    def pause(self, key: str) -> bool:
        """Hold a run back, before its time or while it is sent; what is in flight ends, the rest stays due.

        False where it neither waits nor is sent.
        """
        run, paused = self._naming.found(key), RunState.PAUSED
        held = self._store.move(run.key, before=[RunState.PLANNED], after=paused, reason=reasons.HELD)
        held = held or self._store.move(run.key, before=[RunState.SENDING], after=paused, reason=reasons.BY_HAND)
        return held or self._keep_paused(run.key)

    def _keep_paused(self, key: str) -> bool:
        """Make an admin's pause of one that would end by itself."""
        run, paused = self._naming.found(key), RunState.PAUSED
        return run.goes_on_at is not None and self._store.move(
            key, before=[paused], why=run.reason, after=paused, reason=reasons.BY_HAND
        )

    def resume(self, key: str, *, now: datetime) -> bool:
        """Go on with a run: it waits for its time again, or is sent, at night too. False where it wasn't paused."""
        run = self._naming.found(key)
        after = RunState.PLANNED if run.reason == reasons.HELD else RunState.SENDING
        resumed = self._store.move(run.key, before=[RunState.PAUSED], after=after)
        if resumed:
            self._planner.refusals.forget()
            if after is RunState.SENDING and self._manners.is_quiet(now):
                self._store.allow_night(run.key)
            run = self._naming.found(run.key)
            if after is RunState.PLANNED:
                self._beginner.begin_late(run, now)
            else:
                self._sweeper.look_after(run, now)
        return resumed

    def _goes_on_at_night(self, run: Run, now: datetime) -> Run:
        self._store.allow_night(run.key)
        if run.reason == reasons.RESTS:
            self.resume(run.key, now=now)
        return self._naming.found(run.key)

    def settle(self, key: str, state: State, *, now: datetime) -> int:
        """Say what became of all that is `unsure` in a run; gives how many. None of them is sent again."""
        return self._store.deliveries.decide(self._naming.found(key).key, state, now=now)

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Stop a run for good: nobody more hears it. False where there is nothing left of it to stop."""
        return self._stopping.cancel(self._naming.found(key).key, now)

    def lacks_eyes(self, run: Run) -> bool:
        """Whether a run waits until another admin agrees."""
        return run.state is RunState.PLANNED and self._beginner.lacks_eyes(run)

    # -- corrections ---------------------------------------------------------------------------------------------

    def correct(self, key: str, words: str, *, now: datetime, at_night: bool = False, by: str = "") -> Run:
        """Stop a run that says something wrong, and tell those who heard it; said again, the same run goes on.

        Raises Uncorrectable where nobody has heard it, and QuietHours.
        """
        self._mind_the_hour(now, at_night=at_night)
        run = self._store.open_run(self._correcting.run(self._naming.found(key), words, now))
        if at_night:
            run = self._goes_on_at_night(run, now)
        return self._beginner.begin(run, run.content, now, expires_at=run.expires_at, by=by)

    def forecast_of_correction(self, key: str, words: str, now: datetime) -> Forecast:
        """Whom a correction would reach; nothing is written, and the wrong run goes on."""
        run = self._correcting.run(self._naming.found(key), words, now)
        return self._forecaster.of(run.key, run.content, due_at=now, now=now)

    # -- what admins see -----------------------------------------------------------------------------------------

    def status(self, key: str) -> Status:
        """A run with its tallies; of a broadcast's key its newest."""
        return self._status(self._naming.found(key))

    def runs(self, *, limit: int = 50) -> Sequence[Status]:
        """The newest runs."""
        return [self._status(run) for run in self._store.runs(limit=limit)]

    def goes_on_at(self, run: Run) -> datetime | None:
        """When a run that rests, or is paused for a day's quota, goes on by itself; None where it doesn't."""
        if run.state is not RunState.PAUSED or run.goes_on_at is None:
            return None
        return run.goes_on_at if run.at_night else self._manners.next_allowed(run.goes_on_at)

    def _status(self, run: Run) -> Status:
        return replace(status_of(self._store, run), goes_on_at=self.goes_on_at(run))

    def forecast(self, key: str, now: datetime, *, at_once: bool = False) -> Forecast:
        """Who would be reached by which channel if it were sent now; nothing is written.

        `at_once` looks at what `send` would do `at_once`.
        """
        if at_once:
            meant = self._naming.by_hand(key, now)
            self._naming.mind_folded(meant.key)
            self._correcting.check(meant.broadcast)
            content = self._composer.wanted(meant, now)
        else:
            meant = self._naming.meant(key, now)
            content = self._composer.composed(meant, now)
        found = self._forecaster.of(meant.key, content, due_at=meant.due_at, now=now)
        return replace(found, is_provisional=meant.is_provisional)

    def composed_now(self, key: str, now: datetime) -> Content | None:
        """What `send` at once would say; None where there is nothing to say."""
        return self._composer.wanted(self._naming.by_hand(key, now), now)

    def next_firing(self, broadcast: Broadcast, now: datetime) -> Firing | None:
        """When a broadcast goes out next."""
        return self._timetable.next(broadcast, now)

    # -- what the clock does -------------------------------------------------------------------------------------

    def sweep(self, now: datetime) -> None:
        """Begin what should have begun, decide on what was lost, wake what sleeps.

        The clock calls it at every schedule and every minute: a firing is but the sweep that comes in time.
        """
        self._sweeper.sweep(now)

    def unfinished(self) -> list[str]:
        """Keys of the runs that are being sent: a worker that starts takes them up at once."""
        return self._sweeper.unfinished()

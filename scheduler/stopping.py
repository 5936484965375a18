"""How a run is stopped for good: what is due is dropped, and what waits to be read is taken back."""

from datetime import datetime

import structlog

from scheduler import reasons
from storage.runs import Run, Runs
from storage.states import RunState

CANCELLED = "cancelled"  # the error of a delivery that was due, or unread, when its run was stopped


class Stopping:
    """A run that is stopped takes nothing more in hand; it is done as soon as nothing of it is in flight."""

    def __init__(self, store: Runs) -> None:
        self._store = store
        self._log = structlog.get_logger("push")

    def cancel(self, key: str, now: datetime) -> bool:
        """Stop a run. False where there is nothing left of it to stop."""
        waits, goes = [RunState.PLANNING, RunState.PLANNED], [RunState.SENDING, RunState.PAUSED]
        stopped = self._store.move(key, before=waits, after=RunState.STOPPING, reason=reasons.CALLED_OFF)
        stopped = stopped or self._store.move(key, before=goes, after=RunState.STOPPING, reason=reasons.CANCELLED)
        if not stopped and self._is_done(key) and self._store.taking_back.unread(key, now=now):
            stopped = self._store.move(key, before=[RunState.DONE], after=RunState.STOPPING, reason=reasons.CANCELLED)
        if stopped:
            self._log.info("run cancelled", run=key)
            self.go_on(key, now)
        return stopped

    def correct(self, key: str, now: datetime) -> bool:
        """Stop a run that says something wrong; True when it is known who has heard it, and nobody more will."""
        began = [RunState.SENDING, RunState.PAUSED, RunState.STOPPING, RunState.DONE]
        run = self._store.run(key)
        if run is None or run.state not in began:
            return False
        if run.reason != reasons.CORRECTED or run.state is not RunState.DONE:
            self._store.move(key, before=began, after=RunState.STOPPING, reason=reasons.CORRECTED)
            self.go_on(key, now)
            run = self._store.run(key)
        return run is not None and run.state is RunState.DONE

    def go_on(self, key: str, now: datetime) -> None:
        """Drop and take back, and close the run unless something of it is in flight: the next sweep looks again.

        Nothing is taken in hand of a run that is stopping; so what isn't in hand once the due rows are gone never is.
        """
        run = self._store.run(key)
        if run is None or run.state is not RunState.STOPPING:
            return
        taking_back = self._store.taking_back
        taking_back.drop(key, error=CANCELLED, reason=run.reason, now=now)
        is_busy = taking_back.is_busy(key)
        taking_back.take_back(key, error=CANCELLED, now=now)
        if not is_busy:
            self._store.move(key, before=[RunState.STOPPING], after=RunState.DONE, reason=run.reason)

    def clear(self, run: Run, now: datetime) -> None:
        """Drop what was planned of a run while somebody stopped it."""
        known = self._store.run(run.key)
        if known is not None and known.reason in reasons.STOPPED:
            self._store.taking_back.drop(run.key, error=CANCELLED, reason=known.reason, now=now)

    def _is_done(self, key: str) -> bool:
        run = self._store.run(key)
        return run is not None and run.state is RunState.DONE and run.reason not in reasons.STOPPED

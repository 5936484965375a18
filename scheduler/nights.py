"""Quiet hours that begin while a run is being sent: it rests, and goes on by itself when they are over."""

from datetime import datetime

import structlog

from scheduler import reasons
from scheduler.manners import Manners
from storage.runs import Run, Runs


class Nights:
    """Who sends asks before each new handful, and the sweep every minute; any of them may find that it is night."""

    def __init__(self, store: Runs, manners: Manners) -> None:
        self._store = store
        self._manners = manners
        self._log = structlog.get_logger("push")

    def spares(self, run: Run, now: datetime) -> bool:
        """Whether nobody of this run is bothered now."""
        return not run.at_night and self._manners.is_quiet(now)

    def rests(self, run: Run, now: datetime) -> bool:
        """Let a run that is being sent rest if it is night: True where it may not be sent now.

        It is written down once a night, and the run's end is moved by as much as the night takes.
        """
        night = None if run.at_night else self._manners.quiet(now)
        if night is None:
            return False
        begins, ends = night
        end = run.expires_at + (ends - begins)
        if self._store.rest(run.key, reason=reasons.RESTS, expires_at=end, goes_on_at=ends):
            self._log.info("run rests", run=run.key)
        return True

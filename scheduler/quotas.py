"""A day's calls that are spent: the run pauses, and goes on by itself on the platform's next day.

Where it isn't sure that they are, it goes on in some minutes, and waits for the day when that has failed a few times.
"""

from datetime import datetime, timedelta

import structlog

from scheduler import reasons
from storage.mass_jobs import midnight
from storage.runs import Run, Runs
from storage.states import RunState
from wechat.errors import DAILY_QUOTA, QuotaSpent, WeChatError

A_DAYS = frozenset({DAILY_QUOTA, 44993})  # wechat-platform notes §2.4; a month's (45028) and an industry's aren't
AGAIN = timedelta(minutes=5)  # longer than a minute's limit lasts
TRIES = 3  # after the first, while nobody is reached
LATE = timedelta(minutes=5)  # the platform's clock isn't ours, and on the hour everybody calls


def renewal(error: WeChatError, now: datetime) -> datetime | None:
    """When the platform takes such calls again by itself; None where nobody knows.

    What is refused just after midnight is the day's before: its clock says so, whatever ours does.
    """
    return midnight(now - LATE) + timedelta(days=1) + LATE if error.errcode in A_DAYS else None


def is_doubtful(error: WeChatError) -> bool:
    """Whether the day's calls may be spent, and nobody could say."""
    return isinstance(error, QuotaSpent) and not error.is_sure


def pause(store: Runs, run: Run, error: WeChatError, why: str, *, now: datetime) -> bool:
    """Pause a run for what the platform says: until the day's calls are back, if that is before its end.

    True where it wasn't paused before. Else somebody must say that it shall go on.
    """
    if is_doubtful(error):
        known = store.run(run.key) or run
        if known.doubts < TRIES:
            minutes = int(AGAIN.total_seconds() // 60)
            return store.doubt(run.key, reason=reasons.of_doubt(error, minutes), goes_on_at=now + AGAIN)
        why = reasons.of_many_doubts(error, TRIES)
    renewed = renewal(error, now)
    if renewed is not None and renewed >= run.expires_at:
        renewed, why = None, f"{why}。{reasons.OVER_BEFORE_RENEWAL}"
    paused = store.move(run.key, before=[RunState.SENDING], after=RunState.PAUSED, reason=why, goes_on_at=renewed)
    if paused:
        store.trust(run.key)
    return paused


def goes_on(store: Runs, run: Run, now: datetime) -> bool:
    """Let a run go on if its time has come; of several clocks that find so one does it."""
    is_time = run.state is RunState.PAUSED and run.goes_on_at is not None and run.goes_on_at <= now
    if not is_time or not store.go_on(run.key, now=now):
        return False
    structlog.get_logger("push").info("run goes on", run=run.key)
    return True

"""What a run says when it is planned, when it begins, and when it is sent by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from content.library import Library
from scheduler import reasons
from scheduler.naming import Meant
from scheduler.rendering import compose, compose_correction, compose_of_newest
from scheduler.timetable import Timetable
from storage.runs import Run, Runs
from storage.states import RunState
from storage.wording import Content

UNBEGUN = (RunState.PLANNING, RunState.PLANNED)
LOOKS_BACK = timedelta(days=31)  # what is older is no news, unless the last firing is older still


class Composer:
    """Knows what earlier runs have said: news is said once."""

    def __init__(self, store: Runs, timetable: Timetable, *, library: Callable[[], Library]) -> None:
        self._store = store
        self._timetable = timetable
        self._library = library

    def composed(self, meant: Meant, now: datetime) -> Content | None:
        """What a run says by its time, or later where that has passed; None where there is nothing new."""
        if meant.broadcast.corrects:
            wrong = self._store.run(meant.broadcast.corrects)
            groups = self._store.taking_back.groups_of(meant.broadcast.corrects)
            if wrong is None or wrong.state in UNBEGUN:
                return None
            return compose_correction(self._library(), meant.broadcast, wrong=wrong, groups=groups, now=now)
        by = max(meant.due_at, now)
        since = self._since(meant, by)
        said = self._store.said(meant.broadcast.key, since=since, until=by, but=meant.key, unsaid=reasons.UNSAID)
        return compose(self._library(), meant.broadcast, since=since, said=said, now=meant.due_at)

    def composed_by(self, run: Run, now: datetime) -> Content:
        """What a run says when it begins: what was planned early is composed again, unless somebody agreed to it."""
        broadcast = self._library().broadcasts.get(run.broadcast)
        if broadcast is None or not is_early(run) or self._store.approvals(run.key):
            return run.content
        return self.composed(Meant(broadcast, run.key, run.due_at), now) or Content()

    def wanted(self, meant: Meant, now: datetime) -> Content | None:
        """What is sent by hand: what the run has said, or of old what it can where there is nothing new."""
        known = self._store.run(meant.key)
        if known is not None and known.content.is_for_anybody and _has_begun(known):
            return known.content
        fresh = self.composed(replace(meant, due_at=now), now)
        if fresh or meant.broadcast.corrects:
            return fresh
        return compose_of_newest(self._library(), meant.broadcast, now=now)

    def _since(self, meant: Meant, by: datetime) -> datetime:
        """How far back news counts: a month or to the last firing, but not to before the broadcast's first period."""
        broadcast = meant.broadcast
        first = min(self._store.first_due(broadcast.key) or by, meant.due_at)
        longest = min(by - LOOKS_BACK, self._timetable.before(broadcast, meant.due_at))
        return max(longest, self._timetable.before(broadcast, first))


def is_early(run: Run) -> bool:
    """Whether it was planned, and not since its time has come."""
    return run.planned_at < run.due_at


def _has_begun(run: Run) -> bool:
    return run.state not in UNBEGUN and run.reason not in reasons.UNSAID

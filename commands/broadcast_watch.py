"""A run as it goes on: a bar in a terminal, a line now and then where nobody sees one, or JSON for a program."""

import json
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta, tzinfo

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from commands import broadcast_report as report
from scheduler.status import Status
from storage.states import OPEN, RunState

LOOK_EVERY_SECONDS = 0.5
AT_MOST = 0.1  # of the time is spent with looking: a run of a million takes a while to count
A_LINE_EVERY_SECONDS = 10.0
RATE_OVER_SECONDS = 30.0

Look = Callable[[], Status]
Show = Callable[[Status, "Pace"], None]


class Pace:
    """How fast a run ends its deliveries, by what was seen of it lately."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._open = 0

    def see(self, *, ended: int, still_open: int, at: float) -> None:
        """Note how many have ended, and how many haven't, at a moment in seconds."""
        self._open = still_open
        self._seen.append((at, ended))
        while len(self._seen) > 2 and at - self._seen[1][0] >= RATE_OVER_SECONDS:  # noqa: PLR2004 - a rate is of two
            self._seen.popleft()

    @property
    def a_second(self) -> float:
        """How many ended in a second; 0 while nothing is known."""
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        return max(after - before, 0) / (last - first) if last > first else 0.0

    @property
    def seconds_left(self) -> int | None:
        """How long the rest takes at this pace; None while nobody knows."""
        if not self._open:
            return 0
        return math.ceil(self._open / self.a_second) if self.a_second else None


def is_over(status: Status) -> bool:
    """Whether nothing goes on by itself any more."""
    return status.run.state is RunState.DONE or (status.run.state is RunState.PAUSED and status.goes_on_at is None)


def follow(look: Look, *, show: Show, over: Callable[[Status], bool] = is_over) -> Status:
    """Look until the run is over, and show what is seen; a look that takes long is taken less often."""
    pace = Pace()
    while True:
        began = time.monotonic()
        status = look()
        still_open = sum(status.count(state) for state in OPEN)
        pace.see(ended=status.people - still_open, still_open=still_open, at=began)
        show(status, pace)
        if over(status):
            return status
        time.sleep(max(LOOK_EVERY_SECONDS, (time.monotonic() - began) / AT_MOST))


@contextmanager
def on_screen(key: str, zone: tzinfo) -> Iterator[Show]:
    """A bar with the counts below it on a terminal, else a line now and then; both on stderr."""
    if not sys.stderr.isatty():
        yield _Lines(zone).show
        return
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    progress = Progress(*columns, console=console)
    task = progress.add_task(key, total=None, pace="")
    with Live(progress, console=console) as live:

        def show(status: Status, pace: Pace) -> None:
            still_open = sum(status.count(state) for state in OPEN)
            ended = status.people - still_open
            progress.update(task, total=status.people or None, completed=ended, pace=_paced(pace))
            live.update(Group(progress, Text("\n".join(report.counts(status)))), refresh=True)

        yield show


class _Lines:
    """A line when the run's state changes, and every ten seconds while it goes on."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._shown: tuple[RunState, str] | None = None
        self._next = 0.0

    def show(self, status: Status, pace: Pace) -> None:
        """Print, or not."""
        state, now = (status.run.state, status.run.reason), time.monotonic()
        if state != self._shown or now >= self._next:
            still_open = sum(status.count(each) for each in OPEN)
            counted = f"{status.people - still_open} of {status.people}"
            said = [report.head(status, self._zone), counted, _paced(pace)]
            click.echo("  ".join(filter(None, said)), err=True)
            self._shown, self._next = state, now + A_LINE_EVERY_SECONDS


def as_json() -> Show:
    """A line of JSON on stdout each time that something has changed: a run's fields, its rate, how long it takes."""
    shown: list[dict[str, object]] = []

    def show(status: Status, pace: Pace) -> None:
        fields = report.fields(status)
        if shown != [fields]:
            shown[:] = [fields]
            paced = {"a_second": round(pace.a_second, 1), "seconds_left": pace.seconds_left}
            click.echo(json.dumps({**fields, **paced}, ensure_ascii=False))

    return show


def _paced(pace: Pace) -> str:
    if not pace.a_second:
        return ""
    left = pace.seconds_left
    return f"{pace.a_second:.1f} a second" + (f", {timedelta(seconds=left)} left" if left else "")

"""The timetable: of many clocks one leads, and only who leads fires."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from content.broadcasts import Broadcast
from scheduler.job import Job
from storage import trouble

TICK_SECONDS = 2.0
JUMP = timedelta(minutes=1)  # between two ticks: the machine slept, or somebody has set the clock


class Lease(Protocol):
    """What at most one of many holds (`storage.leases`)."""

    def hold(self) -> bool:
        """Take or keep it; False when another has it, or when nobody can know."""

    def let_go(self) -> None:
        """Let another have it."""


def fires(cron: str, after: datetime, until: datetime, *, zone: ZoneInfo) -> list[datetime]:
    """The times of a crontab line after the first moment, up to and with the second."""
    trigger = CronTrigger.from_crontab(cron, timezone=zone)
    found: list[datetime] = []
    due = trigger.get_next_fire_time(None, after.astimezone(UTC) + timedelta(microseconds=1))
    while due is not None and due <= until.astimezone(UTC):  # where clocks are set back an hour comes twice
        found.append(due)
        due = trigger.get_next_fire_time(None, due.astimezone(UTC) + timedelta(seconds=1))
    return found


class Clock:
    """Runs jobs at their times while it leads.

    `broadcasts` is read at every tick: a changed pack changes the timetable. At a broadcast's time `begin` is run,
    which finds out by itself what is due, and every minute, for what was lost.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        broadcasts: Callable[[], Mapping[str, Broadcast]],
        begin: Callable[[datetime], None],
        lease: Lease,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._timetable = (Job(id="sweep", cron="* * * * *", run=begin, late_by_seconds=60), *jobs)
        self._broadcasts = broadcasts
        self._begin = begin
        self._lease = lease
        self._zone = zone
        self._clock = clock
        self._tick_seconds = tick_seconds
        self._leads = False
        self._shown: Mapping[str, Broadcast] = {}
        self._ticked_at = clock()
        self._log = structlog.get_logger("clock")
        self._scheduler = BackgroundScheduler(timezone=zone, job_defaults={"coalesce": True, "max_instances": 1})

    def run(self) -> None:
        """Keep time until SystemExit."""
        for job in self._timetable:
            self._add(job, CronTrigger.from_crontab(job.cron, timezone=self._zone))
        self._scheduler.start(paused=True)
        try:
            while True:
                self._tick()
                time.sleep(self._tick_seconds)
        finally:
            self._end()
            self._lease.let_go()

    def _end(self) -> None:
        """End the scheduler at rest: in the middle of a round it would no longer find the job it has just begun."""
        self._scheduler.pause()
        self._scheduler.get_jobs()  # waits for the round that is under way; no other begins
        self._scheduler.shutdown(wait=False)

    def _tick(self) -> None:
        self._read_timetable()
        leads = self._lease.hold()
        if leads != self._leads:
            self._log.info("leads" if leads else "follows")
            (self._scheduler.resume if leads else self._scheduler.pause)()
            self._leads = leads
        self._catch_up()

    def _catch_up(self) -> None:
        """After a jump forward do at once, and once, what fell due in it: the scheduler goes by the machine's clock."""
        before, self._ticked_at = self._ticked_at, self._clock()
        if not self._leads or self._ticked_at - before < JUMP:
            return
        for job in self._timetable:
            if fires(job.cron, before, self._ticked_at, zone=self._zone):
                late = {"id": f"late:{job.id}", "replace_existing": True, "misfire_grace_time": None}
                self._scheduler.add_job(self._fire, args=[job], **late)

    def _read_timetable(self) -> None:
        """Take in what the pack says now; what is the same keeps its next time."""
        wanted = self._broadcasts()
        if wanted is self._shown:
            return
        for key in self._shown.keys() - wanted.keys():
            if self._scheduler.get_job(f"broadcast:{key}"):  # one that was due once is gone by itself
                self._scheduler.remove_job(f"broadcast:{key}")
        for key, broadcast in wanted.items():
            if self._shown.get(key) != broadcast and not broadcast.is_only_by_hand:
                self._add(
                    Job(id=f"broadcast:{key}", cron=broadcast.schedule or "", run=self._begin), self._trigger(broadcast)
                )
        self._shown = wanted

    def _trigger(self, broadcast: Broadcast) -> BaseTrigger:
        if broadcast.at is not None:
            return DateTrigger(broadcast.at)
        return CronTrigger.from_crontab(broadcast.schedule, timezone=broadcast.zone or self._zone)

    def _add(self, job: Job, trigger: BaseTrigger) -> None:
        self._scheduler.add_job(
            self._fire,
            trigger,
            args=[job],
            id=job.id,
            replace_existing=True,
            misfire_grace_time=job.late_by_seconds,
        )

    def _fire(self, job: Job) -> None:
        """Run a job if this clock leads still: it may have slept while its lease ran out."""
        if not self._lease.hold():
            return
        try:
            job.run(self._clock())
        except Exception as error:  # noqa: BLE001 - the other jobs go on
            self._log.error("job failed", job=job.id, error=trouble.named(error))
        else:
            self._log.debug("job done", job=job.id)

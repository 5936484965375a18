"""How a run goes out: a few deliveries in flight at a time, each settled as soon as its end is known.

What is in hand is exactly what is in flight, so a kill leaves no more in doubt than that.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from scheduler import reasons
from scheduler.channels import Channel, Ended
from scheduler.crier import Crier
from scheduler.nights import Nights
from scheduler.planner import Planner
from storage import trouble
from storage.broadcasts import DEDUPED, Broadcasts, Parcel, Row, Run, RunState, Settled, State, settle
from storage.people import People
from storage.refusals import Way
from wechat import errors
from wechat.errors import (
    AlreadyDone,
    BadRequest,
    RecipientGone,
    Retryable,
    Unsure,
    WeChatError,
    Why,
)

LOST_AFTER = timedelta(seconds=60)  # longer than any send may take with its time limits
STRETCH = timedelta(seconds=20)
SLOWER_SECONDS = 30.0  # who is asked to wait that long is going too fast
LONGEST_WAIT_SECONDS = 600.0
DOUBT_SECONDS = 5.0  # a platform that lost one answer may lose them all: what is in flight ends before more goes out
PATIENCE = (0.2, 1.0, 3.0)  # for a database that is away while something sent must be written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump:
    """Sends what is due of a run; several may work on one run, in one process or in many."""

    store: Broadcasts
    people: People
    planner: Planner
    channels: Mapping[str, Channel]
    crier: Crier
    nights: Nights
    clock: Callable[[], datetime]
    in_flight: int = 16  # wechat-platform notes §9: 10 to 20
    stretch: timedelta = STRETCH
    lost_after: timedelta = LOST_AFTER
    patience: Sequence[float] = PATIENCE

    async def work(self, key: str, *, stop: Callable[[], bool] = lambda: False) -> float | None:
        """Send for a while; how many seconds until there is more to do, None when others or the sweep see to the rest.

        `stop` ends it early: nothing new is taken, what is in flight is waited for.
        """
        run = await asyncio.to_thread(self.store.run, key)
        if run is None or run.state is not RunState.SENDING or await asyncio.to_thread(self._rests, run):
            return None
        await asyncio.to_thread(self.store.expire, key, now=self.clock())
        lane = _Lane(self, run, stop)
        await asyncio.gather(lane.drive(), asyncio.to_thread(self._cry, run, stop))
        return await asyncio.to_thread(self._rest, key, lane.slow_down_seconds)

    def _cry(self, run: Run, stop: Callable[[], bool]) -> None:
        """Tell the groups; what breaks there stays in hand for the sweep, and keeps no person waiting."""
        try:
            self.crier.work(run, stop=lambda: stop() or self.nights.spares(run, self.clock()))
        except Exception as error:  # noqa: BLE001 - whatever it is, people are sent to beside it
            structlog.get_logger("push").error("telling groups broke", run=run.key, error=type(error).__name__)

    def _rests(self, run: Run) -> bool:
        return self.nights.rests(run, self.clock())

    def _rest(self, key: str, slow_down_seconds: float) -> float | None:
        wakes = [wake for wake in (self.store.next_wake(key), self.store.posts.next_wake(key)) if wake]
        if not wakes:
            self.store.finish(key)
            return None
        wake = min(wakes)
        run = self.store.run(key)
        if run is None or run.state is not RunState.SENDING or self._rests(run):
            return None
        return max((wake - self.clock()).total_seconds(), slow_down_seconds, 0.0)


class _Lane:
    """One stretch of work on one run."""

    def __init__(self, pump: Pump, run: Run, stop: Callable[[], bool]) -> None:
        self._pump = pump
        self._run = run
        self._stop = stop
        self._batch = secrets.token_hex(8)
        self._until = pump.clock() + pump.stretch
        self._landed: asyncio.Queue[Ended | _Lost] = asyncio.Queue()
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("push")
        self.slow_down_seconds = 0.0
        self._paused = False

    async def drive(self) -> None:
        """Settle and take, until there is nothing more to take and nothing in flight."""
        ended: list[Ended] = []
        while True:
            parcels = await self._exchange(ended)
            self._launch(parcels)
            if not self._flying:
                return
            ended = await self._landings()

    async def _exchange(self, ended: Sequence[Ended]) -> list[Parcel]:
        """What was sent must be written down, whatever ails the database; what doesn't fit beside it isn't taken."""
        for pause in self._pump.patience:
            try:
                return await asyncio.to_thread(self._turn_over, ended)
            except Exception as error:  # noqa: BLE001 - as above
                self._log.warning("not written", run=self._run.key, error=trouble.named(error))
                self.slow_down_seconds = max(self.slow_down_seconds, DOUBT_SECONDS)
                await asyncio.sleep(pause)
        return await asyncio.to_thread(self._turn_over, ended)

    def _turn_over(self, ended: Sequence[Ended]) -> list[Parcel]:
        now = self._pump.clock()
        settled = [self._judge(each, now) for each in ended]
        return self._pump.store.exchange(
            self._run.key,
            settled,
            batch=self._batch,
            room=0 if self._is_over(now) else self._pump.in_flight - self._flying,
            now=now,
            lost_at=now + self._pump.lost_after,
        )

    def _is_over(self, now: datetime) -> bool:
        return (
            self._paused
            or now >= self._until
            or now >= self._run.expires_at
            or self._pump.nights.spares(self._run, now)
            or self.slow_down_seconds > 0
            or self._stop()
        )

    # -- in the air ----------------------------------------------------------------------------------------------

    def _launch(self, parcels: Sequence[Parcel]) -> None:
        self._flying += len(parcels)
        for way, lump in groupby(sorted(parcels, key=_way), key=_way):
            task = asyncio.create_task(self._fly(self._pump.channels.get(way.channel), list(lump)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, channel: Channel | None, parcels: Sequence[Parcel]) -> None:
        """Send a lump; whatever happens, all of it lands."""
        unheard = {parcel.person: parcel for parcel in parcels}
        try:
            now = self._pump.clock()
            if channel is not None and await asyncio.to_thread(self._is_refused, _way(parcels[0]), now):
                for parcel in parcels:
                    del unheard[parcel.person]
                    self._landed.put_nowait(Ended(parcel, error=errors.from_code(errors.UNAUTHORIZED)))
            elif channel is not None:
                async for ended in channel.send(parcels, self._run, batch=self._batch, now=now):
                    del unheard[ended.parcel.person]
                    self._landed.put_nowait(ended)
        except Exception as error:  # noqa: BLE001 - nobody knows what became of them: the sweep decides
            self._log.error("sending broke", run=self._run.key, error=type(error).__name__)
        for parcel in unheard.values():
            self._landed.put_nowait(_Lost(parcel))

    def _is_refused(self, way: Way, now: datetime) -> bool:
        return way in self._pump.planner.refusals.current(now=now)

    async def _landings(self) -> list[Ended]:
        """All that have landed, at least one."""
        landed = [await self._landed.get()]
        while not self._landed.empty():
            landed.append(self._landed.get_nowait())
        self._flying -= len(landed)
        return [each for each in landed if isinstance(each, Ended)]

    # -- what it means -------------------------------------------------------------------------------------------

    def _judge(self, ended: Ended, now: datetime) -> Settled:
        parcel = ended.parcel
        match ended.error:
            case None | AlreadyDone():
                spent = self._pump.channels[parcel.channel].spends(self._run.content)
                return settle(parcel, State.SENT, message_id=ended.message_id, **spent)
            case Unsure() as error:
                self.slow_down_seconds = max(self.slow_down_seconds, DOUBT_SECONDS)
                return settle(parcel, State.UNSURE, error=_code(error))
            case RecipientGone() as error:
                return self._closed(parcel, error, now)
            case Retryable() as error:
                return self._later(parcel, error, now)
            case BadRequest() as error if self._pump.store.has_sent(self._run.key, parcel.channel):
                return settle(parcel, State.FAILED, error=_code(error))  # others got it: this one is at fault
            case error:
                return self._halted(parcel, error, now)

    def _closed(self, parcel: Parcel, error: RecipientGone, now: datetime) -> Settled:
        """Believe the platform, and try the next channel where only this one is closed."""
        if error.why is Why.WINDOW:
            self._pump.people.close_window(parcel.contact)
        elif error.why is Why.NO_CREDIT:
            spent = self._pump.channels[parcel.channel].spends(self._run.content)
            self._pump.people.drop_credits(parcel.contact, spent.get("spent_credit", ""))
        else:
            return settle(parcel, State.GONE, error=_code(error))
        other = self._pump.planner.again(parcel.person, self._run.content, now=now)
        if other is None or other.state is not State.DUE:
            return settle(parcel, State.GONE, error=_code(error))
        return _by(other, parcel, error, now)

    def _halted(self, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
        """Nobody is reached by this channel: where the account has no right to it, another may serve."""
        if error.errcode != errors.UNAUTHORIZED:
            return self._pause(parcel, error, now)
        if self._pump.planner.refusals.add(Way(parcel.account, parcel.channel), now=now):
            self._log.warning("channel refused", account=parcel.account, channel=parcel.channel, errcode=error.errcode)
        other = self._pump.planner.again(parcel.person, self._run.content, now=now)
        if other is None or other.state is not State.DUE:
            return self._pause(parcel, error, now)
        return _by(other, parcel, error, now)

    def _later(self, parcel: Parcel, error: Retryable, now: datetime) -> Settled:
        """Again after a while that doubles: the run's own end is the limit."""
        if error.after_seconds >= SLOWER_SECONDS:
            self.slow_down_seconds = max(self.slow_down_seconds, error.after_seconds)
        wait = min(max(error.after_seconds, 2.0**parcel.attempts), LONGEST_WAIT_SECONDS)
        maybe = error.errcode is None and parcel.channel in DEDUPED  # its answer may have been lost
        return settle(parcel, State.DUE, error=_code(error), wake_at=now + timedelta(seconds=wait), maybe=maybe)

    def _pause(self, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
        """Nobody will be reached until a person has mended it: put it back and say so."""
        why = reasons.of(error)
        if self._pump.store.move(self._run.key, before=[RunState.SENDING], after=RunState.PAUSED, reason=why):
            self._log.warning("run paused", run=self._run.key, errcode=error.errcode, error=type(error).__name__)
        self._paused = True
        return settle(parcel, State.DUE, error=_code(error), wake_at=now)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A parcel that came down without a word: it stays in hand until the sweep."""

    parcel: Parcel


def _way(parcel: Parcel) -> Way:
    return Way(parcel.account, parcel.channel)


def _by(other: Row, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
    """The same delivery by another way."""
    return Settled(
        person=parcel.person,
        contact=other.contact,
        account=other.account,
        channel=other.channel,
        variant=other.variant,
        state=State.DUE,
        error=_code(error),
        wake_at=now,
    )


def _code(error: WeChatError) -> str:
    return str(error.errcode) if error.errcode is not None else type(error).__name__.lower()

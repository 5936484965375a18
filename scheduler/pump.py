"""How a run goes out: a few deliveries in flight at a time, each settled as soon as its end is known.

What is in hand is exactly what is in flight, so a kill leaves no more in doubt than that.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

import structlog

from scheduler.channels import Channel, Ended
from scheduler.crier import Crier
from scheduler.herald import Herald
from scheduler.judging import Judge
from scheduler.nights import Nights
from scheduler.planner import Planner
from storage import trouble
from storage.deliveries import Parcel, Settled
from storage.hands import Hands, Taken
from storage.people import People
from storage.refusals import Way
from storage.runs import Run, Runs
from storage.speeds import Speeds
from storage.states import RunState, State
from wechat import errors

LOST_AFTER = timedelta(seconds=60)  # longer than any send may take with its time limits
STRETCH = timedelta(seconds=20)
NAP_SECONDS = 2.0  # a stretch waits no longer for its pace: others may use its place meanwhile
LOOK_AGAIN_SECONDS = 0.25  # at a run that this process works on already, or whose people are in hand in another run
GATHERING_SECONDS = 0.003  # what is sent together lands together, and a turn costs as much for one as for ten
LOOK_SECONDS = 5.0  # at whether those in flight can land yet, so that no thread outlives their event loop
LUMP = 128  # written down at once: while these are, the next are sent
PATIENCE = (0.2, 1.0, 3.0)  # for a database that is away while something sent must be written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump:
    """Sends what is due of a run; of several who work on one run each is in a process of its own."""

    store: Runs
    hands: Hands
    people: People
    planner: Planner
    channels: Mapping[str, Channel]
    crier: Crier
    herald: Herald
    nights: Nights
    speeds: Speeds
    clock: Callable[[], datetime]
    in_flight: int = 16  # wechat-platform notes §9: 10 to 20
    stretch: timedelta = STRETCH
    lost_after: timedelta = LOST_AFTER
    patience: Sequence[float] = PATIENCE
    _at_work: set[str] = field(default_factory=set)

    async def work(self, key: str, *, stop: Callable[[], bool] = lambda: False) -> float | None:
        """Send for a while; how many seconds until there is more to do, None when others or the sweep see to the rest.

        `stop` ends it early: nothing new is taken, what is in flight is waited for. Where this process works on the run
        already, another one may want the key.
        """
        if key in self._at_work:
            return LOOK_AGAIN_SECONDS
        self._at_work.add(key)
        try:
            return await self._work(key, stop)
        finally:
            self._at_work.discard(key)

    async def _work(self, key: str, stop: Callable[[], bool]) -> float | None:
        run = await asyncio.to_thread(self.store.run, key)
        if run is None or run.state is not RunState.SENDING or await asyncio.to_thread(self._rests, run):
            return None
        await asyncio.to_thread(self.store.deliveries.expire, key, now=self.clock())
        lane = _Lane(self, run, stop)
        beside = (asyncio.to_thread(tell, run, stop) for tell in (self._cry, self._herald))
        await asyncio.gather(lane.drive(), *beside)
        return await asyncio.to_thread(self._rest, key, lane.rest_seconds)

    def _cry(self, run: Run, stop: Callable[[], bool]) -> None:
        """Tell the groups; what breaks there stays in hand for the sweep, and keeps no person waiting."""
        try:
            self.crier.work(run, stop=lambda: stop() or self.nights.spares(run, self.clock()))
        except Exception as error:  # noqa: BLE001 - whatever it is, people are sent to beside it
            structlog.get_logger("push").error("telling groups broke", run=run.key, error=type(error).__name__)

    def _herald(self, run: Run, stop: Callable[[], bool]) -> None:
        """Send what is for many; what breaks there stays in hand for the next look, and keeps no person waiting."""
        try:
            self.herald.work(run, stop=lambda: stop() or self.nights.spares(run, self.clock()))
        except Exception as error:  # noqa: BLE001 - as above
            structlog.get_logger("push").error("mass sends broke", run=run.key, error=type(error).__name__)

    def _rests(self, run: Run) -> bool:
        return self.nights.rests(run, self.clock())

    def _rest(self, key: str, rest_seconds: float) -> float | None:
        masses = self.store.masses.next_wake(key, now=self.clock())
        wakes = [
            wake for wake in (self.store.deliveries.next_wake(key), self.store.posts.next_wake(key), masses) if wake
        ]
        if not wakes:
            self.store.finish(key)
            return None
        wake = min(wakes)
        run = self.store.run(key)
        if run is None or run.state is not RunState.SENDING or self._rests(run):
            return None
        return max((wake - self.clock()).total_seconds(), rest_seconds, 0.0)


class _Lane:
    """One stretch of work on one run: a thread settles and takes by turns, while the event loop sends.

    The thread waits for nothing in the loop but for what has landed: each step in there would wait behind all that is
    just being sent, and the next turn with it.
    """

    def __init__(self, pump: Pump, run: Run, stop: Callable[[], bool]) -> None:
        self._pump = pump
        self._run = run
        self._stop = stop
        self._batch = secrets.token_hex(8)
        self._until = pump.clock() + pump.stretch
        self._landed: SimpleQueue[Ended | _Lost] = SimpleQueue()
        self._flying = 0
        self._is_given_up = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ways: set[Way] = set()  # by which somebody may be due
        self._purse: dict[Way, int] = {}  # what the pace allowed and wasn't used yet
        self._has_taken = False
        self._wait_seconds = 0.0  # until the pace allows more
        self._log = structlog.get_logger("push")
        self._judge = Judge(
            store=pump.store,
            people=pump.people,
            planner=pump.planner,
            channels=pump.channels,
            speeds=pump.speeds,
            run=run,
        )

    @property
    def rest_seconds(self) -> float:
        """How long to leave the run alone for what the platform said, or since everybody due is in hand elsewhere."""
        idle = not (self._has_taken or self._judge.paused or self._is_over(self._pump.clock()))
        return max(self._judge.slow_down_seconds, self._wait_seconds, LOOK_AGAIN_SECONDS if idle else 0.0)

    async def drive(self) -> None:
        """Settle and take, until there is nothing more to take and nothing in flight."""
        loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "lane")
        try:
            await loop.run_in_executor(thread, self._drive, loop)
        finally:
            self._is_given_up = True
            thread.shutdown(wait=False)

    def _drive(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ways |= self._pump.hands.ways(self._run.key, now=self._pump.clock())
        ended: list[Ended] = []
        while True:
            parcels, refused = self._exchange(ended)
            self._flying += len(parcels)
            if parcels:
                loop.call_soon_threadsafe(self._launch, parcels, refused)
            if not self._flying and not 0 < self._wait_seconds < NAP_SECONDS:
                return
            ended = self._landings(loop)

    def _exchange(self, ended: Sequence[Ended]) -> tuple[Sequence[Parcel], frozenset[Way]]:
        """What was sent must be written down, whatever ails the database; what doesn't fit beside it isn't taken."""
        for pause in self._pump.patience:
            try:
                return self._turn_over(ended)
            except Exception as error:  # noqa: BLE001 - as above
                self._log.warning("not written", run=self._run.key, error=trouble.named(error))
                self._judge.doubt()
                time.sleep(pause)
        return self._turn_over(ended)

    def _turn_over(self, ended: Sequence[Ended]) -> tuple[Sequence[Parcel], frozenset[Way]]:
        """Settle and take; what was taken, and which ways the platform refuses."""
        now = self._pump.clock()
        settled = self._judge.judge(ended, now)
        self._ways |= {Way(each.account, each.channel) for each in settled if _is_due(each, now)}
        room = self._room(now)
        taken = self._pump.hands.exchange(
            self._run.key, settled, batch=self._batch, room=room, now=now, lost_at=now + self._pump.lost_after
        )
        self._use(taken)
        refused = self._pump.planner.refusals.current(now=now) if taken.parcels else ()
        return taken.parcels, frozenset(refused)

    # -- how much to take ----------------------------------------------------------------------------------------

    def _room(self, now: datetime) -> Mapping[Way, int]:
        """How many to take by each way: as many as may be in flight, and as its pace allows."""
        self._wait_seconds = 0.0
        left = 0 if self._is_over(now) else self._pump.in_flight - self._flying
        if left <= 0 or not self._ways:
            return {}
        paced = [way for way in self._ways if self._is_paced(way)]
        short = {way: left - self._purse.get(way, 0) for way in paced if self._purse.get(way, 0) < left}
        if short:
            granted = self._pump.speeds.take(short)
            for way, grant in granted.items():
                self._purse[way] = self._purse.get(way, 0) + grant.count
            self._wait_seconds = min(grant.wait_seconds for grant in granted.values())
        room: dict[Way, int] = {}
        for way in sorted(self._ways, key=lambda each: each in self._purse):  # what nothing holds up goes first
            room[way] = min(left, self._purse[way]) if way in self._purse else left
            left -= room[way]
        if not left:
            self._wait_seconds = 0.0
        return {way: count for way, count in room.items() if count}

    def _use(self, taken: Taken) -> None:
        """Pay for what was taken, and leave alone what has nothing more."""
        for parcel in taken.parcels:
            way = _way(parcel)
            if way in self._purse:
                self._purse[way] -= 1
        self._has_taken = self._has_taken or bool(taken.parcels)
        self._ways -= taken.empty
        if not any(way in self._purse for way in self._ways):
            self._wait_seconds = 0.0

    def _is_paced(self, way: Way) -> bool:
        channel = self._pump.channels.get(way.channel)
        return channel is not None and not channel.waits

    def _is_over(self, now: datetime) -> bool:
        return (
            self._judge.paused
            or self._is_given_up
            or now >= self._until
            or now >= self._run.expires_at
            or self._pump.nights.spares(self._run, now)
            or self._judge.slow_down_seconds > 0
            or self._stop()
        )

    # -- in the air ----------------------------------------------------------------------------------------------

    def _launch(self, parcels: Sequence[Parcel], refused: frozenset[Way]) -> None:
        lumps: dict[Way, list[Parcel]] = {}
        for parcel in parcels:
            lumps.setdefault(_way(parcel), []).append(parcel)
        for way, lump in lumps.items():
            if way in refused and way.channel in self._pump.channels:
                self._land(*(Ended(parcel, error=errors.from_code(errors.UNAUTHORIZED)) for parcel in lump))
                continue
            task = asyncio.create_task(self._fly(self._pump.channels.get(way.channel), lump))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, channel: Channel | None, parcels: Sequence[Parcel]) -> None:
        """Send a lump; whatever happens, all of it lands."""
        unheard = {parcel.person: parcel for parcel in parcels}
        try:
            if channel is not None:
                async for ended in channel.send(parcels, self._run, batch=self._batch, now=self._pump.clock()):
                    del unheard[ended.parcel.person]
                    self._land(ended)
        except Exception as error:  # noqa: BLE001 - nobody knows what became of them: the sweep decides
            self._log.error("sending broke", run=self._run.key, error=type(error).__name__)
        finally:
            self._land(*map(_Lost, unheard.values()))

    def _land(self, *landed: "Ended | _Lost") -> None:
        for each in landed:
            self._landed.put(each)

    def _landings(self, loop: asyncio.AbstractEventLoop) -> list[Ended]:
        """Some that have landed: at least one, unless the pace allows more before that."""
        try:
            landed = [self._landed.get(timeout=self._wait_seconds or LOOK_SECONDS)]
        except Empty:
            if loop.is_closed():
                raise
            return []
        most = min(self._flying, LUMP)
        if self._landed.qsize() + 1 < most:
            time.sleep(GATHERING_SECONDS)
        landed += [self._landed.get() for _ in range(min(self._landed.qsize(), most - 1))]
        self._flying -= len(landed)
        return [each for each in landed if isinstance(each, Ended)]


@dataclass(frozen=True, slots=True)
class _Lost:
    """A parcel that came down without a word: it stays in hand until the sweep."""

    parcel: Parcel


def _way(parcel: Parcel) -> Way:
    return Way(parcel.account, parcel.channel)


def _is_due(settled: Settled, now: datetime) -> bool:
    return settled.state is State.DUE and (settled.wake_at or now) <= now

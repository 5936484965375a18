"""How fast an account may be sent to: one bucket of tokens for the whole fleet in Redis, for each way of an account.

A send takes a token. The bucket fills at a rate that is halved when the platform says that it was too fast, at most
once a second, since all that is in flight then says the same; while it says nothing the rate rises again, evenly, up to
the ceiling. A rest that it asked for counts for nothing. Time is Redis' own: machines need not agree on it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import redis as redis_library

from storage import redis
from storage.redis import Script, Wire
from storage.refusals import Way

RISE_SECONDS = 120.0  # from nothing to the ceiling, so that a minute makes good what one refusal took
BURST_SECONDS = 0.2  # of the rate: what may leave at once after a moment of rest
SLOWEST = 1.0  # sends a second
ONCE_A = 1.0  # second the rate is halved
LEAST_WAIT = 0.01  # nobody asks more often
ALONE = 0.25  # of the ceiling: what a worker allows itself that doesn't know what the others do
AWAY_SECONDS = 1.0  # until Redis is asked again
KEPT_SECONDS = 3600

_KEY = "zhibu:speed:"

_STATE = f"""
local told = redis.call('TIME')
local now = tonumber(ARGV[3]) or told[1] + told[2] / 1e6
local ceiling = tonumber(ARGV[1])
local kept = redis.call('HMGET', KEYS[1], 'rate', 'tokens', 'at', 'rests_until', 'slowed_at')
local rate = math.min(tonumber(kept[1]) or ceiling, ceiling)
local tokens, at = tonumber(kept[2]), tonumber(kept[3]) or now
local rests_until, slowed_at = tonumber(kept[4]) or 0, tonumber(kept[5]) or 0
local since = math.max(0, now - math.max(at, rests_until))
rate = math.min(ceiling, rate + ceiling * since / {RISE_SECONDS})
local burst = math.max(1, rate * {BURST_SECONDS})
tokens = math.min(burst, (tokens or burst) + rate * since)
local function keep()
  redis.call('HSET', KEYS[1], 'rate', tostring(rate), 'tokens', tostring(tokens), 'at', string.format('%.6f', now),
    'rests_until', string.format('%.6f', rests_until), 'slowed_at', string.format('%.6f', slowed_at))
  redis.call('EXPIRE', KEYS[1], {KEPT_SECONDS})
end
"""

_TAKE = f"""
{_STATE}
if now < rests_until then return {{0, math.ceil((rests_until - now) * 1000)}} end
local granted = math.min(tonumber(ARGV[2]), math.floor(tokens))
tokens = tokens - granted
keep()
return {{granted, math.ceil(math.max((1 - tokens) / rate, {LEAST_WAIT}) * 1000)}}
"""

_SLOW = f"""
{_STATE}
if now - slowed_at >= {ONCE_A} then
  rate = math.max({SLOWEST}, rate / 2)
  slowed_at = now
end
tokens = 0
rests_until = math.max(rests_until, now + ARGV[2])
keep()
return 0
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """So many may be sent now; who wanted more asks again after `wait_seconds`."""

    count: int
    wait_seconds: float = 0.0


class Speeds:
    """Threads may share it. It never raises: without Redis a worker goes on at a part of the ceiling.

    `a_second` is the ceiling of each way. A `clock`, in seconds, stands for Redis' own and this machine's.
    """

    def __init__(
        self, client: redis_library.Redis, *, a_second: float, clock: Callable[[], float] | None = None
    ) -> None:
        self._ceiling = a_second
        self._clock = clock or time.monotonic
        self._now: Callable[[], float | str] = clock or (lambda: "")
        self._wire = Wire(client)
        self._take, self._slow = Script(self._wire, _TAKE), Script(self._wire, _SLOW)
        self._alone: dict[Way, Bucket] = {}
        self._away_until = 0.0

    def take(self, wanted: Mapping[Way, int]) -> Mapping[Way, Grant]:
        """Take up to so many tokens of each way, all in one round trip."""
        asked = [self._take.call([_key(way)], [self._ceiling, count, self._now()]) for way, count in wanted.items()]
        told = self._told(asked)
        if told is None:
            return {way: self._own(way).take(count) for way, count in wanted.items()}
        return {
            way: Grant(min(int(granted), count), int(milliseconds) / 1000)
            for (way, count), (granted, milliseconds) in zip(wanted.items(), told, strict=True)
        }

    def slow(self, way: Way, *, rest_seconds: float = 0.0) -> None:
        """The platform said that it was too fast: halve the rate for everybody, and rest first for so long."""
        self._own(way).slow(rest_seconds)
        self._told([self._slow.call([_key(way)], [self._ceiling, rest_seconds, self._now()])])

    def _told(self, asked: Any) -> Any:
        """What Redis says to each, None where it is away; it is then left alone for a moment, since it may be hung."""
        if self._clock() < self._away_until:
            return None
        try:
            told = self._wire.together(asked)
        except redis.Gone:
            self._away_until = self._clock() + AWAY_SECONDS
            return None
        fault = next((each for each in told if isinstance(each, Exception)), None)
        if fault is None:
            return told
        if isinstance(fault, redis.Gone):
            return None
        raise fault

    def _own(self, way: Way) -> "Bucket":
        if way not in self._alone:
            self._alone[way] = Bucket(self._ceiling * ALONE, clock=self._clock)
        return self._alone[way]


class Bucket:
    """The same rules for a process that is alone."""

    def __init__(self, ceiling: float, *, clock: Callable[[], float]) -> None:
        self._ceiling, self._clock = ceiling, clock
        self._rate, self._at = ceiling, clock()
        self._tokens = max(1.0, ceiling * BURST_SECONDS)
        self._rests_until = self._slowed_at = self._at - ONCE_A
        self._lock = Lock()

    def take(self, count: int) -> Grant:
        """Take up to so many tokens."""
        with self._lock:
            now = self._pass_time()
            if now < self._rests_until:
                return Grant(0, self._rests_until - now)
            granted = min(count, int(self._tokens))
            self._tokens -= granted
            return Grant(granted, max((1 - self._tokens) / self._rate, LEAST_WAIT))

    def slow(self, rest_seconds: float) -> None:
        """Halve the rate, and rest."""
        with self._lock:
            now = self._pass_time()
            if now - self._slowed_at >= ONCE_A:
                self._rate = max(SLOWEST, self._rate / 2)
                self._slowed_at = now
            self._tokens = 0.0
            self._rests_until = max(self._rests_until, now + rest_seconds)

    def _pass_time(self) -> float:
        now = self._clock()
        since, self._at = max(0.0, now - max(self._at, self._rests_until)), now
        self._rate = min(self._ceiling, self._rate + self._ceiling * since / RISE_SECONDS)
        self._tokens = min(max(1.0, self._rate * BURST_SECONDS), self._tokens + self._rate * since)
        return now


def _key(way: Way) -> str:
    return _KEY + "/".join(way)

"""Ways of an account that the platform has refused (48001): every process leaves them alone for a day."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import redis as redis_library

from storage import redis

LASTS = timedelta(days=1)
FRESH = timedelta(seconds=2)

_KEY = "zhibu:refused"
_NONE = datetime.fromtimestamp(0, UTC)


class Way(NamedTuple):
    """A channel of an account."""

    account: str
    channel: str


class Refusals:
    """Threads may share it. Where Redis is away a process knows those that it met itself, so none is tried for ever."""

    def __init__(self, client: redis_library.Redis) -> None:
        self._client = client
        self._met: dict[Way, datetime] = {}
        self._known: Mapping[Way, datetime] = {}
        self._read_at = _NONE

    def add(self, way: Way, *, now: datetime) -> bool:
        """Leave it alone from now on; False where it was refused before."""
        is_news = way not in self.current(now=now)
        self._met = {**self._met, way: now + LASTS}
        self._read_at = _NONE
        with suppress(*redis.Gone):
            writing = self._client.pipeline()
            writing.zadd(_KEY, {"/".join(way): (now + LASTS).timestamp()})
            writing.expire(_KEY, LASTS)
            writing.execute()
        return is_news

    def forget(self) -> None:
        """Try all of them again: somebody has mended what was wrong."""
        self._met, self._known, self._read_at = {}, {}, _NONE
        with suppress(*redis.Gone):
            self._client.delete(_KEY)

    def current(self, *, now: datetime) -> Mapping[Way, datetime]:
        """Those that are refused, and until when; what another process met is known within two seconds."""
        if not timedelta() <= now - self._read_at < FRESH:
            self._known, self._read_at = self._shared(now), now
        return {way: until for way, until in self._known.items() if until > now}

    def _shared(self, now: datetime) -> Mapping[Way, datetime]:
        try:
            found: Any = self._client.zrangebyscore(_KEY, now.timestamp(), "+inf", withscores=True)
        except redis.Gone:
            return self._met
        return {_way(member): datetime.fromtimestamp(float(until), UTC) for member, until in found}


def _way(member: bytes) -> Way:
    account, _, channel = member.decode().rpartition("/")
    return Way(account, channel)

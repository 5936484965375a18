"""How many opinions without a name a member may still send today."""

from contextlib import suppress
from datetime import datetime, time, timedelta

import redis as redis_library

from storage import redis
from storage.sealing import Keys


class Quota:
    """How many anonymous opinions a member may still send today: counted in Redis alone, under a hash of the day.

    Without Redis nobody is refused: there is no talk to send from either.
    """

    def __init__(self, client: redis_library.Redis, keys: Keys, *, a_day: int) -> None:
        self._client = client
        self._keys = keys
        self.a_day = a_day

    def spent(self, *, account: str, openid: str, now: datetime) -> bool:
        """Whether today's are used up."""
        with suppress(*redis.Gone):
            return int(self._client.get(self._key(account, openid, now)) or 0) >= self.a_day
        return False

    def count(self, *, account: str, openid: str, now: datetime) -> None:
        """One more was sent. All counters of a day end at the same moment, so none tells when it began."""
        key = self._key(account, openid, now)
        the_day_after = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        with suppress(*redis.Gone):
            counting = self._client.pipeline()
            counting.incr(key)
            counting.expireat(key, the_day_after)
            counting.execute()

    def _key(self, account: str, openid: str, now: datetime) -> str:
        return "zhibu:opinions:" + self._keys.mark(f"opinion:quota:{now.date().isoformat()}")(account, openid)

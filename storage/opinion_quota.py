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

    def count(self, *, account: str, openid: str, now: datetime) -> int:
        """One more was sent; how many there are then, 0 without Redis.

        All counters of a day end at the same moment, so none tells when it began.
        """
        return self._change(account, openid, now, by=1)

    def take(self, *, account: str, openid: str, now: datetime) -> bool:
        """Count one before it is sent: many at once get no more than one after the other. False: none is left."""
        if self.count(account=account, openid=openid, now=now) <= self.a_day:
            return True
        self.give_back(account=account, openid=openid, now=now)
        return False

    def give_back(self, *, account: str, openid: str, now: datetime) -> None:
        """What was taken at that moment wasn't sent."""
        self._change(account, openid, now, by=-1)

    def _change(self, account: str, openid: str, now: datetime, *, by: int) -> int:
        key = self._key(account, openid, now)
        the_day_after = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        with suppress(*redis.Gone):
            counting = self._client.pipeline()
            counting.incrby(key, by)
            counting.expireat(key, the_day_after)
            return int(counting.execute()[0])
        return 0

    def _key(self, account: str, openid: str, now: datetime) -> str:
        return "zhibu:opinions:" + self._keys.mark(f"opinion:quota:{now.date().isoformat()}")(account, openid)

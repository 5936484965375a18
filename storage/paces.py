"""How often somebody did something just now: counted in Redis under keyed hashes that change with every stretch.

Nothing in them tells whom they are about, and all counters of a stretch end together, so none tells when it began.
"""

from contextlib import suppress
from datetime import datetime

import redis as redis_library

from storage import redis
from storage.sealing import Keys


class Paces:
    """Without Redis nobody is refused: it is away for moments, and a flood meets the server's own bounds."""

    def __init__(self, client: redis_library.Redis, keys: Keys) -> None:
        self._client = client
        self._mark = keys.mark("pace")

    def wait(self, *who: str, most: int, seconds: int, now: datetime) -> int:
        """Count once more, and say how many seconds to wait: 0 for the first `most` in a stretch of `seconds`."""
        stretch, past = divmod(int(now.timestamp()), seconds)
        key = f"zhibu:pace:{self._mark(*who, str(seconds), str(stretch))}"
        left = seconds - past
        with suppress(*redis.Gone):
            counting = self._client.pipeline()
            counting.incr(key)
            counting.expire(key, left)
            count, _ = counting.execute()
            return left if count > most else 0
        return 0

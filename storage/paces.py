"""How often somebody did something just now: counted in Redis under keyed hashes that change with every stretch.

Nothing in them tells whom they are about, and all counters of a stretch end together, so none tells when it began.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

import redis as redis_library

from storage import redis
from storage.sealing import Keys

Name = tuple[str, ...]  # what is counted, and of whom


class Paces:
    """Without Redis nobody is refused: it is away for moments, and a flood meets the server's own bounds."""

    def __init__(self, client: redis_library.Redis, keys: Keys) -> None:
        self._client = client
        self._mark = keys.mark("pace")

    def wait(self, *who: str, most: int, seconds: int, now: datetime) -> int:
        """Count once more, and say how many seconds to wait: 0 for the first `most` in a stretch of `seconds`."""
        return left(seconds, now) if self.count({who: 1}, seconds=seconds, now=now)[who] > most else 0

    def count(self, more: Mapping[Name, int], *, seconds: int, now: datetime) -> Mapping[Name, int]:
        """Count so many more of each, none to look only, and give how many there are in this stretch of `seconds`."""
        stretch, ends = int(now.timestamp()) // seconds, left(seconds, now)
        with suppress(*redis.Gone):
            counting = self._client.pipeline()
            for name, by in more.items():
                key = f"zhibu:pace:{self._mark(*name, str(seconds), str(stretch))}"
                counting.incrby(key, by)
                counting.expire(key, ends)
            return dict(zip(more, counting.execute()[::2], strict=True))
        return dict.fromkeys(more, 0)


def left(seconds: int, now: datetime) -> int:
    """How many seconds this stretch of so many still has."""
    return seconds - int(now.timestamp()) % seconds

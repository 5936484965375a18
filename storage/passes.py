"""What somebody is given to come back with, once: kept in Redis under a keyed hash, sealed, for ten minutes at most.

Whoever reads the store can neither come in with what lies there nor see for whom it is. When it was given is gone with
it, and nothing of it lies in SQL.
"""

import json
import secrets
from datetime import datetime, timedelta

import redis

from storage.sealing import CannotOpen, Keys

LIVES = timedelta(minutes=10)
_BYTES = 16  # 128 bits, as letters and digits that come back as they were from any address


class Passes:
    """Passes of one purpose: one that was given for another is none here. Raises `redis.Gone` where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys, *, purpose: str) -> None:
        self._redis = client
        self._mark = keys.mark(f"pass {purpose}")
        self._box = keys.box(f"pass {purpose}")

    def give(self, about: str, *, now: datetime) -> str:
        """A new pass; what it is about comes back with it."""
        said = secrets.token_hex(_BYTES)
        name = self._mark(said)
        until = int((now + LIVES).timestamp())
        sealed = self._box.seal(json.dumps([until, about]).encode(), bound_to=name.encode())
        self._redis.set(_key(name), sealed, ex=LIVES)
        return said

    def look(self, said: str, *, now: datetime) -> str | None:
        """What a pass is about, while it is good; it stays so."""
        name = self._mark(said)
        return self._opened(name, self._redis.get(_key(name)), now)

    def take(self, said: str, *, now: datetime) -> str | None:
        """What a pass is about, once: of many who come with it at the same moment one gets in."""
        name = self._mark(said)
        return self._opened(name, self._redis.getdel(_key(name)), now)

    def _opened(self, name: str, sealed: object, now: datetime) -> str | None:
        if not isinstance(sealed, bytes):
            return None
        try:
            until, about = json.loads(self._box.open(sealed, bound_to=name.encode()))
        except CannotOpen:
            return None
        return str(about) if now.timestamp() < until else None


def _key(name: str) -> str:
    return f"zhibu:pass:{name}"

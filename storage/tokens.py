"""The fleet's access token and JS-SDK ticket in Redis, sealed: who reads the store can't speak for the account."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

import redis

from storage.sealing import CannotOpen, Keys

_LOOK_AGAIN_SECONDS = 0.05


class RedisTokenStore:
    """One account's token or ticket. It never raises: a Redis that is away holds nothing and locks nobody out."""

    def __init__(
        self, client: redis.Redis, keys: Keys, *, account: str, of: Literal["token", "ticket"] = "token"
    ) -> None:
        self._redis = client
        self._box = keys.box({"token": "access-token", "ticket": "jsapi-ticket"}[of])
        self._account = account.encode()
        self._key = f"zhibu:{of}:{account}"

    def get(self) -> str | None:
        """What was put last and is not over; None where Redis is away or holds what we can't open."""
        try:
            sealed = self._redis.get(self._key)
        except redis.RedisError:
            return None
        if not isinstance(sealed, bytes):
            return None
        try:
            return self._box.open(sealed, bound_to=self._account).decode()
        except CannotOpen:
            return None

    def put(self, value: str, *, seconds: int) -> None:
        """Keep `value` for so many seconds, if Redis is there."""
        with suppress(redis.RedisError):
            self._redis.set(self._key, self._box.seal(value.encode(), bound_to=self._account), ex=seconds)

    @contextmanager
    def lock(self, *, hold_seconds: float, wait_seconds: float) -> Iterator[bool]:
        """Be alone in the fleet, or go on with False after `wait_seconds` or at once where Redis is away.

        The lock knows its owner and frees itself after `hold_seconds`: who is killed keeps nobody waiting longer.
        """
        lock = self._redis.lock(
            f"{self._key}:lock", timeout=hold_seconds, blocking_timeout=wait_seconds, sleep=_LOOK_AGAIN_SECONDS
        )
        held = False
        with suppress(redis.RedisError):
            held = lock.acquire()
        try:
            yield held
        finally:
            if held:
                with suppress(redis.RedisError):  # lost to its own expiry, or Redis is gone
                    lock.release()

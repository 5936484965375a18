"""One way to Redis: every call bounded, nothing retried, so that a dead Redis costs a moment and not a timeout."""

import hashlib
from collections.abc import Sequence
from typing import Any

import hiredis
import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.spares import Spares

__all__ = [
    "CALL_SECONDS",
    "Gone",
    "Redis",
    "Script",
    "answers",
    "bounds",
    "connect",
    "evicts",
    "is_address",
    "persists",
]

CALL_SECONDS = 0.3

Gone = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ReadOnlyError, redis.OutOfMemoryError)


def connect(url: str, *, seconds: float = CALL_SECONDS) -> Redis:
    """A client (threads may share it) whose calls end within `seconds`.

    redis-py 8 retries by default: measured, a hung server then costs 7 s in spite of the timeouts.
    """
    return Redis.from_url(url, **bounds(seconds))


def bounds(seconds: float = CALL_SECONDS) -> dict[str, Any]:
    """What a client must be told so that its calls end within `seconds`, ours or a library's own."""
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }


def is_address(url: str) -> bool:
    """Whether `url` could be where a Redis is."""
    try:
        connect(url).close()
    except ValueError:
        return False
    return True


def answers(client: Redis) -> bool:
    """Whether Redis answers now."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def persists(client: Redis) -> bool | None:
    """Whether this Redis writes what it holds to disk: talks and stored replies are safer where it doesn't.

    None where it doesn't say, as some that are hired by the hour don't.
    """
    try:
        info = client.config_get("appendonly", "save")
    except redis.RedisError:
        return None
    return info.get("appendonly") == "yes" or bool(info.get("save"))


def evicts(client: Redis) -> str | None:
    """By which policy this Redis throws things away when its memory is full: "" where it never does, None as above."""
    try:
        info = client.info("memory")
    except redis.RedisError:
        return None
    policy = str(info.get("maxmemory_policy", ""))
    return "" if policy == "noeviction" or not info.get("maxmemory") else policy


class Script:
    """A Lua script, sent over connections of its own: redis-py's way through a command costs more than Redis itself.

    The same bounds hold as for the client: nothing is retried, and a connection that the server has closed while it was
    at rest is opened anew.
    """

    def __init__(self, client: Redis, source: str) -> None:
        self._source = source.encode()
        self._sha = hashlib.sha1(self._source, usedforsecurity=False).hexdigest()
        pool = client.connection_pool
        self._spares: Spares[Any] = Spares(
            make=lambda: pool.connection_class(**pool.connection_kwargs), end=lambda connection: connection.disconnect()
        )

    def __call__(self, *, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """What the script returns; raises what redis-py raises."""
        connection = self._spares.take()
        try:
            _see_that_it_lives(connection)
            answer = self._call(connection, keys, args)
        except BaseException:
            self._spares.drop(connection)
            raise
        self._spares.give_back(connection)
        return answer

    def _call(self, connection: Any, keys: Sequence[str], args: Sequence[Any]) -> Any:
        rest = (len(keys), *keys, *args)
        try:
            connection.send_packed_command([hiredis.pack_command(("EVALSHA", self._sha, *rest))])
            return connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_packed_command([hiredis.pack_command(("EVAL", self._source, *rest))])
            return connection.read_response()


def _see_that_it_lives(connection: Any) -> None:
    """Nothing is to be read from a connection at rest, unless the server has hung up."""
    try:
        stale = connection.is_connected and connection.can_read()
    except redis.ConnectionError:
        stale = True
    if stale:
        connection.disconnect()

"""One way to Redis: every call bounded, nothing retried, so that a dead Redis costs a moment and not a timeout."""

import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

__all__ = ["CALL_SECONDS", "Gone", "Redis", "answers", "connect", "persists"]

CALL_SECONDS = 0.3

Gone = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ReadOnlyError, redis.OutOfMemoryError)


def connect(url: str, *, seconds: float = CALL_SECONDS) -> Redis:
    """A client (threads may share it) whose calls end within `seconds`.

    redis-py 8 retries by default: measured, a hung server then costs 7 s in spite of the timeouts.
    """
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def answers(client: Redis) -> bool:
    """Whether Redis answers now."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def persists(client: Redis) -> bool:
    """Whether this Redis writes what it holds to disk: talks and stored replies are safer where it doesn't."""
    try:
        info = client.config_get("appendonly", "save")
    except redis.RedisError:
        return False
    return info.get("appendonly") == "yes" or bool(info.get("save"))

"""One way to Redis: every call bounded, nothing retried, so that a dead Redis costs a moment and not a timeout."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import hiredis
import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.batching import ask
from storage.spares import Spares

__all__ = [
    "CALL_SECONDS",
    "Gone",
    "Redis",
    "Script",
    "Wire",
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
        "driver_info": None,  # else each connection looks the library's version up on disk, and tells it in two calls
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


class Wire:
    """Connections for scripts alone: redis-py's way through a command costs more than Redis itself.

    The same bounds hold as for the client: nothing is retried, and a connection that the server has closed while it was
    at rest is opened anew.
    """

    def __init__(self, client: Redis) -> None:
        pool = client.connection_pool
        self._spares: Spares[Any] = Spares(
            make=lambda: pool.connection_class(**pool.connection_kwargs),
            end=lambda connection: connection.disconnect(),
            cut=_is_cut,
        )

    def together(self, calls: Sequence["_Call"]) -> Sequence[Any]:
        """What each script returns, or its error; raises what redis-py raises where there is no connection."""
        connection = self._spares.take()
        try:
            answers = _exchanged(connection, [call.packed for call in calls])
            unknown = [at for at, answer in enumerate(answers) if isinstance(answer, redis.exceptions.NoScriptError)]
            if unknown:
                told = _exchanged(connection, [calls[at].in_full for at in unknown])
                answers = _replaced(answers, dict(zip(unknown, told, strict=True)))
        except BaseException:
            self._spares.drop(connection)
            raise
        self._spares.give_back(connection)
        return answers


class _Call(NamedTuple):
    """A script by its name with keys and arguments, packed; `rest` is for a server that doesn't know the name."""

    packed: bytes
    source: bytes
    rest: tuple[Any, ...]

    @property
    def in_full(self) -> bytes:
        packed: bytes = hiredis.pack_command(("EVAL", self.source, *self.rest))
        return packed


class Script:
    """A Lua script; calls that turns make meanwhile share a round trip (`storage.batching`)."""

    def __init__(self, wire: Wire, source: str) -> None:
        self._wire = wire
        self._source = source.encode()
        self._sha = hashlib.sha1(self._source, usedforsecurity=False).hexdigest()

    def __call__(self, *, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """What the script returns; raises what redis-py raises."""
        return ask(self._wire, self.call(keys, args))

    def call(self, keys: Sequence[str], args: Sequence[Any]) -> _Call:
        """The script as it is sent."""
        rest = (len(keys), *keys, *args)
        return _Call(hiredis.pack_command(("EVALSHA", self._sha, *rest)), self._source, rest)


def _replaced(answers: Sequence[Any], others: Mapping[int, Any]) -> list[Any]:
    return [others.get(at, answer) for at, answer in enumerate(answers)]


def _exchanged(connection: Any, commands: Sequence[bytes]) -> list[Any]:
    connection.send_packed_command([b"".join(commands)])
    return [_answer(connection) for _ in commands]


def _answer(connection: Any) -> Any:
    """The next answer; an error that is Redis' answer to one command is not the connection's."""
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error


def _is_cut(connection: Any) -> bool:
    """Nothing is to be read from a connection at rest, unless the server has hung up."""
    try:
        return bool(connection.can_read())
    except redis.ConnectionError:
        return True

"""What at most one of many processes holds, for a while at a time."""

import secrets

import structlog

from storage.redis import Gone, Redis, Script, Wire

_HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_LET_GO = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

CLOCK = "clock"  # whose holder fires what falls due


def is_held(client: Redis, name: str) -> bool:
    """Whether anybody holds the lease now, or did until a few seconds ago; raises `storage.redis.Gone`."""
    return bool(client.exists(_key(name)))


def _key(name: str) -> str:
    return f"zhibu:lease:{name}"


class Lease:
    """One holder's claim to `name`; it ends `seconds` after the last `hold`, with its holder or without."""

    def __init__(self, client: Redis, name: str, *, seconds: float) -> None:
        self._key = _key(name)
        self._holder = secrets.token_hex(8)
        self._milliseconds = int(seconds * 1000)
        wire = Wire(client)
        self._hold = Script(wire, _HOLD)
        self._let_go = Script(wire, _LET_GO)
        self._log = structlog.get_logger("lease")

    def hold(self) -> bool:
        """Take or keep it; False when another has it, or when Redis doesn't answer: then nobody may act."""
        try:
            return bool(self._hold(keys=[self._key], args=[self._holder, self._milliseconds]))
        except Gone as gone:
            self._log.warning("no redis", error=type(gone).__name__)
            return False

    def let_go(self) -> None:
        """Let another have it at once instead of in `seconds`."""
        try:
            self._let_go(keys=[self._key], args=[self._holder])
        except Gone as gone:
            self._log.warning("no redis", error=type(gone).__name__)

"""Each message is worked on once: who is first works, who repeats waits and gets the same reply.

One round trip begins a turn (is it new, is its member free, what was said before), one ends it. All of it may be lost
with Redis: an effect is kept from happening twice by its own unique key in SQL. What lies here can't be read or tied to
a member without the configuration's secret, and is gone after minutes or, for a talk, when its feature says.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import redis

from storage.sealing import CannotOpen, DayBox, Keys

LEASE_MS = 5_000  # a turn that takes longer has lost its listener: the platform hangs up after five seconds
REPLY_MS = 90_000  # the platform repeats for fifteen seconds; the rest is room for a slow network

_BEGIN = """
local known = redis.call('GET', KEYS[1])
if known then
  if string.sub(known, 1, 1) == 'R' then return {'done', string.sub(known, 2)} end
  return {'wait'}
end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'wait'} end
redis.call('SET', KEYS[1], 'W', 'PX', ARGV[2])
return {'fresh', redis.call('GET', KEYS[3])}
"""

_FINISH = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'R' .. ARGV[2], 'PX', ARGV[3])
if ARGV[4] == '' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5]) end
redis.call('DEL', KEYS[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The turn is ours until its lease ends; `talk` is what the last one left."""

    talk: bytes | None
    lease: str


@dataclass(frozen=True, slots=True)
class Done:
    """The message was answered before, with these bytes."""

    reply: bytes


@dataclass(frozen=True, slots=True)
class InFlight:
    """The message, or another one of the same member, is being worked on."""


class Inbox:
    """The door to a turn. Raises `storage.redis.Gone` errors where Redis doesn't answer."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._mark = keys.mark("inbox")
        self._box = DayBox(keys, "inbox")
        self._begin = client.register_script(_BEGIN)
        self._finish = client.register_script(_FINISH)

    def begin(self, *, account: str, openid: str, message: str, now: datetime) -> Fresh | Done | InFlight:
        """Take the turn of `message` (its dedupe key), or say why not."""
        lease = secrets.token_hex(8)
        answer = self._begin(keys=self._keys(account, openid, message), args=[lease, LEASE_MS])
        match answer[0]:
            case b"done":
                return Done(self._open(answer[1], account, openid, now) or b"")
            case b"fresh":
                return Fresh(self._open(answer[1], account, openid, now), lease)
            case _:
                return InFlight()

    def finish(
        self,
        fresh: Fresh,
        *,
        account: str,
        openid: str,
        message: str,
        reply: bytes,
        talk: bytes | None,
        talk_seconds: int,
        now: datetime,
    ) -> bool:
        """Keep the reply for repeats and the talk for the next turn; False when the lease had run out."""
        bound = self._mark(account, openid).encode()
        sealed = self._box.seal(talk, now=now, bound_to=bound) if talk else b""
        args: list[bytes | str | int] = [
            fresh.lease,
            self._box.seal(reply, now=now, bound_to=bound),
            REPLY_MS,
            sealed,
            talk_seconds * 1000,
        ]
        return bool(self._finish(keys=self._keys(account, openid, message), args=args))

    def forget(self, *, account: str, openid: str) -> None:
        """Drop the member's talk, as someone who leaves expects."""
        self._client.delete(f"zhibu:talk:{self._mark(account, openid)}")

    def _keys(self, account: str, openid: str, message: str) -> list[str]:
        member = self._mark(account, openid)
        return [f"zhibu:turn:{self._mark(account, message)}", f"zhibu:busy:{member}", f"zhibu:talk:{member}"]

    def _open(self, sealed: bytes | None, account: str, openid: str, now: datetime) -> bytes | None:
        if not sealed:
            return None
        try:
            return self._box.open(sealed, now=now, bound_to=self._mark(account, openid).encode())
        except CannotOpen:
            return None

"""Each message is worked on once: who is first works, who repeats waits and gets the same reply.

One round trip begins a turn (is it new, is its member free, what was said before), one ends it. All of it may be lost
with Redis: an effect is kept from happening twice by its own unique key in SQL. What lies here can't be read or tied to
a member without the configuration's secret, and is gone after minutes or, for a talk, when its feature says.
"""

import os
import random
from dataclasses import dataclass
from datetime import datetime

from storage.redis import Redis, Script, Wire
from storage.sealing import CannotOpen, DayBox, Keys

LEASE_MS = 5_000  # a turn that takes longer has lost its listener: the platform hangs up after five seconds
LEFT_MS = 24 * 60 * 60 * 1000  # as long as a talk
REPLY_MS = 90_000  # the platform repeats for fifteen seconds; the rest is room for a slow network

_BEGIN = """
local found = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
if found[1] then return {'done', found[1]} end
if found[2] then return {string.sub(found[2], 17) == KEYS[1] and 'repeat' or 'busy'} end
redis.call('SET', KEYS[2], ARGV[1] .. KEYS[1], 'PX', ARGV[2])
return {'fresh', found[3], found[4]}
"""

_FINISH = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] .. KEYS[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] == '' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5]) end
if ARGV[8] == '' then redis.call('DEL', KEYS[4]) else redis.call('SET', KEYS[4], ARGV[8], 'PX', ARGV[9]) end
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[7], ARGV[6])
  redis.call('EXPIRE', KEYS[5], 172800)
end
redis.call('DEL', KEYS[2])
return 1
"""

_TAKE_NOTES = """
local notes = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return notes
"""

_TAKE_LEFT = """
local left = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
return left
"""

_LEAVE = """
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -5, -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_NOTES = "zhibu:notes"


@dataclass(frozen=True, slots=True)
class Fresh:
    """The turn is ours until its lease ends; `talk` is what the last one left, and `draft` what is being written."""

    talk: bytes | None
    draft: bytes | None
    lease: str
    member: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The message was answered before, with these bytes."""

    reply: bytes


@dataclass(frozen=True, slots=True)
class InFlight:
    """The message is being worked on, or `other` message of the same member is."""

    other: bool


class Inbox:
    """The door to a turn. Raises `storage.redis.Gone` errors where Redis doesn't answer."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._mark = keys.mark("inbox")
        self._box = DayBox(keys, "inbox")
        wire = Wire(client)
        self._begin = Script(wire, _BEGIN)
        self._finish = Script(wire, _FINISH)
        self._take_notes = Script(wire, _TAKE_NOTES)
        self._leave = Script(wire, _LEAVE)
        self._take_left = Script(wire, _TAKE_LEFT)

    def begin(self, *, account: str, openid: str, message: str, now: datetime) -> Fresh | Done | InFlight:
        """Take the turn of `message` (its dedupe key), or say why not."""
        member, lease = self._mark(account, openid), os.urandom(8).hex()
        turn = f"zhibu:turn:{self._mark(account, message)}"
        keys = (turn, f"zhibu:busy:{member}", f"zhibu:talk:{member}", f"zhibu:draft:{member}")
        answer = self._begin(keys=keys, args=[lease, LEASE_MS])
        match answer[0]:
            case b"done":
                return Done(self._open(answer[1], member, now) or b"")
            case b"fresh":
                talk, draft = (self._open(sealed, member, now) for sealed in answer[1:3])
                return Fresh(talk, draft, lease, member, keys)
            case _:
                return InFlight(other=answer[0] == b"busy")

    def finish(
        self,
        fresh: Fresh,
        *,
        reply: bytes,
        talk: bytes | None,
        talk_seconds: int,
        draft: bytes | None = None,
        draft_seconds: int = 0,
        note: bytes,
        now: datetime,
    ) -> bool:
        """Keep the reply for repeats, the talk and the draft for the next turn; False when the lease had run out.

        A draft is confidential: it has a time of its own, and is gone when that is over, whatever the talk goes on to.
        `note` (b"" for none) is what SQL shall learn of this member at the next `take_notes`, the newest only.
        """

        def sealed(words: bytes | None) -> bytes:
            return self._box.seal(words, now=now, bound_to=fresh.member.encode()) if words else b""

        kept = (sealed(talk), talk_seconds * 1000, sealed(note), fresh.member, sealed(draft), draft_seconds * 1000)
        args = (fresh.lease, sealed(reply), REPLY_MS, *kept)
        return bool(self._finish(keys=(*fresh.keys, _NOTES), args=args))

    def take_notes(self, *, now: datetime) -> list[bytes]:
        """All notes since the last time, in no order: written together, they don't tell who spoke when."""
        found = self._take_notes(keys=[_NOTES], args=[])
        notes = [
            self._open(sealed, member.decode(), now) for member, sealed in zip(found[::2], found[1::2], strict=True)
        ]
        random.SystemRandom().shuffle(notes)
        return [note for note in notes if note]

    def leave(self, *, account: str, openid: str, words: str, now: datetime) -> None:
        """Hold words that could not be sent and must not lie beside a person, a day and the last five at most."""
        member = self._mark(account, openid)
        sealed = self._box.seal(words.encode(), now=now, bound_to=member.encode())
        self._leave(keys=[f"zhibu:left:{member}"], args=[sealed, LEFT_MS])

    def take_left(self, *, account: str, openid: str, now: datetime) -> list[str]:
        """The words left for this member, given once."""
        member = self._mark(account, openid)
        found = self._take_left(keys=[f"zhibu:left:{member}"], args=[])
        return [words.decode() for words in (self._open(sealed, member, now) for sealed in found) if words]

    def _open(self, sealed: bytes | None, member: str, now: datetime) -> bytes | None:
        if not sealed:
            return None
        try:
            return self._box.open(sealed, now=now, bound_to=member.encode())
        except CannotOpen:
            return None

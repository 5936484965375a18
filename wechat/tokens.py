"""One access token for the whole fleet, fetched by one process and known to all.

A refused token is replaced by compare-and-swap: whoever comes first fetches, the others find the new one. The platform
is asked for a replacement at most every 30 s: it changes a token no faster itself, so what is refused that soon again
has another cause. Only when stable_token has twice given a token that stays refused is a new one forced (≤ 20 a day).
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Protocol

from wechat.errors import WeChatError
from wechat.settings import AccountSettings
from wechat.wire import CONNECT_SECONDS, JSON_TYPE, READ_SECONDS, Wire, encoded, lost, understood

MARGIN = timedelta(minutes=5)  # the platform makes a new token that long before the old one ends
PAUSE = timedelta(seconds=30)
FORCES_A_DAY = 20

_DAY = timedelta(days=1)
_HOLD_SECONDS = 15.0  # longer than a fetch can take
_WAIT_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token as the platform gave it, with the time it has left, and the time of the platform's own clock."""

    token: str = field(repr=False)
    lifetime: timedelta
    given_at: datetime | None = field(default=None, compare=False)


Fetch = Callable[[bool], Fetched]


class TokenStore(Protocol):
    """Where the fleet keeps its token. It never raises: a store that is away holds nothing and locks nobody out."""

    def get(self) -> str | None:
        """What was put last; None when there is none or the store is away."""

    def put(self, value: str, *, seconds: int) -> None:
        """Keep `value` for so long."""

    def lock(self, *, hold_seconds: float, wait_seconds: float) -> AbstractContextManager[bool]:
        """Be alone in the fleet, or go on with False after `wait_seconds`; it frees itself after `hold_seconds`."""


def stable_token(account: AccountSettings, *, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> Fetch:
    """Return the way to `account`'s token by POST /cgi-bin/stable_token, True forcing a new one (§2.1)."""
    wire = Wire(account.api_base, timeouts=timeouts)
    secret = account.secret.get_secret_value()

    def fetch(force: bool) -> Fetched:  # noqa: FBT001 — the platform's own name for it follows
        body = {
            "grant_type": "client_credential",
            "appid": account.appid,
            "secret": secret,
            "force_refresh": force,
        }
        answer = wire.call("POST", "/cgi-bin/stable_token", data=encoded(body), headers={"Content-Type": JSON_TYPE})
        fields = understood(answer, once=False, hide=(secret,))
        token, seconds = fields.get("access_token"), fields.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, int):
            raise lost("the answer has no token", once=False)
        return Fetched(token, timedelta(seconds=seconds), _moment(answer.date))

    return fetch


def _moment(date: str) -> datetime | None:
    """The time that a header `Date` tells, to the second; None where it tells none."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The fleet's token and what was done lately to keep it good."""

    token: str = field(repr=False)
    expires_at: datetime
    refreshed_at: datetime | None = None  # when a refused token was last asked anew
    repeated: bool = False  # and stable_token gave the same again
    forced_at: tuple[datetime, ...] = ()

    def serves(self, stale: str, now: datetime) -> bool:
        """Whether to use this token, the one called `stale` having been refused."""
        if now >= self.expires_at:
            return False
        return self.token != stale or (self.refreshed_at is not None and now - self.refreshed_at < PAUSE)

    def may_be_forced(self, stale: str, now: datetime) -> bool:
        """Whether stable_token keeps to the refused token `stale` and would take a force now."""
        rested = all(now - at >= PAUSE for at in self.forced_at)
        return self.repeated and self.token == stale and rested and len(self.forced_at) < FORCES_A_DAY

    def written(self) -> str:
        """All of it as one line of JSON."""
        return json.dumps(
            {
                "token": self.token,
                "expires_at": self.expires_at.isoformat(),
                "refreshed_at": self.refreshed_at and self.refreshed_at.isoformat(),
                "repeated": self.repeated,
                "forced_at": [at.isoformat() for at in self.forced_at],
            }
        )

    @classmethod
    def read(cls, line: str | None) -> "Held | None":
        """Read what `written` wrote; None where there is nothing or another release wrote it otherwise."""
        try:
            known = json.loads(line or "")
            return cls(
                token=known["token"],
                expires_at=datetime.fromisoformat(known["expires_at"]),
                refreshed_at=known["refreshed_at"] and datetime.fromisoformat(known["refreshed_at"]),
                repeated=known["repeated"],
                forced_at=tuple(datetime.fromisoformat(at) for at in known["forced_at"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


class Tokens:
    """The account's access token; threads may share it, processes share it by `store`.

    Without the store every process fetches for itself: stable_token gives all of them the same.
    """

    def __init__(self, fetch: Fetch, store: TokenStore, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._store = store
        self._clock = clock
        self._one_at_a_time = Lock()
        self._held: Held | None = None
        self._failed: tuple[datetime, WeChatError] | None = None

    def get(self) -> str:
        """Return a token that should be good; raise what the platform said if none can be had."""
        return self.refresh("")

    def known(self, stale: str = "") -> str | None:
        """The token to use instead of `stale` where this process holds one; to look for another takes a while."""
        held = self._held
        return held.token if held is not None and held.serves(stale, self._clock()) else None

    def refresh(self, stale: str) -> str:
        """Return the token to use instead of `stale`; the same one again if it was asked anew just now."""
        known = self.known(stale)
        if known is not None:
            return known
        began = self._clock()
        with self._one_at_a_time:
            return self._settled(stale, began).token

    def _settled(self, stale: str, began: datetime) -> Held:
        if self._held is not None and self._held.serves(stale, self._clock()):
            return self._held
        if self._failed is not None and self._failed[0] > began:  # it failed while we waited for it
            raise self._failed[1]
        try:
            self._held = self._agreed(stale)
        except WeChatError as error:
            self._failed = (self._clock(), error)
            raise
        return self._held

    def _agreed(self, stale: str) -> Held:
        """Find what another process has fetched, or fetch; who gets no lock in time does so all the same."""
        with self._store.lock(hold_seconds=_HOLD_SECONDS, wait_seconds=_WAIT_SECONDS):
            before = Held.read(self._store.get()) or self._held
            if before is not None and before.serves(stale, self._clock()):
                return before
            held = self._fetched(stale, before)
            self._store.put(held.written(), seconds=int(_DAY.total_seconds()))
            return held

    def _fetched(self, stale: str, before: Held | None) -> Held:
        now = self._clock()
        forced_at = tuple(at for at in before.forced_at if now - at < _DAY) if before else ()
        force = before is not None and replace(before, forced_at=forced_at).may_be_forced(stale, now)
        fetched = self._fetch(force)
        return Held(
            token=fetched.token,
            expires_at=now + fetched.lifetime - min(MARGIN, fetched.lifetime / 2),
            refreshed_at=now if stale else None,
            repeated=fetched.token == stale,
            forced_at=(*forced_at, now) if force else forced_at,
        )

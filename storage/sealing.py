"""Keys from one secret, one a purpose; what must not be read by who holds the stores is sealed with them."""

import hmac
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class CannotOpen(Exception):
    """The sealed bytes were changed, or sealed with another key."""


class Keys:
    """Every key the program uses, derived from `secret_key` (HKDF-SHA256): knowing one tells nothing of another."""

    def __init__(self, secret_key: str, previous: str = "") -> None:
        self._secret = secret_key.encode()
        self._previous = Keys(previous) if previous else None

    def key(self, purpose: str) -> bytes:
        """32 bytes, always the same for one secret and one purpose."""
        return HKDF(SHA256(), 32, salt=None, info=f"zhibu:{purpose}".encode()).derive(self._secret)

    def box(self, purpose: str) -> "Box":
        """A box that anyone with the secret can open, today and later; it opens what the previous secret sealed too."""
        return Box(*self.each(purpose))

    def each(self, purpose: str) -> list[bytes]:
        """The key of a purpose, and behind it the one that the previous secret makes."""
        return [self.key(purpose), *(self._previous.each(purpose) if self._previous else ())]

    @property
    def has_previous(self) -> bool:
        """Whether there is a previous secret."""
        return self._previous is not None

    def mark(self, purpose: str) -> "Mark":
        """A keyed hash: equal things stay equal, and nobody without the key can tell what they were."""
        return Mark(self.key(purpose))

    def marks(self, purpose: str) -> "list[Mark]":
        """The same, and before it what the previous secret made."""
        return [*(self._previous.marks(purpose) if self._previous else ()), self.mark(purpose)]


class Box:
    """AES-256-GCM: what is sealed can be neither read nor changed without the key; `former` ones open and seal not."""

    def __init__(self, key: bytes, *former: bytes) -> None:
        self._cipher = AESGCM(key)
        self._former = Box(*former) if former else None

    def seal(self, plain: bytes, *, bound_to: bytes = b"") -> bytes:
        """Nonce and ciphertext; `bound_to` must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes = b"") -> bytes:
        """The plain bytes, or `CannotOpen`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            if self._former:
                return self._former.open(sealed, bound_to=bound_to)
            raise CannotOpen from None

    def whose(self, sealed: bytes, *, bound_to: bytes = b"") -> "Secret":
        """Which secret's key has sealed this."""
        try:
            self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            with suppress(CannotOpen):
                self.open(sealed, bound_to=bound_to)
                return Secret.FORMER
            return Secret.UNKNOWN
        return Secret.OWN


class Secret(Enum):
    """Whose key sealed something."""

    OWN = "own"
    FORMER = "former"
    UNKNOWN = "unknown"


class Under(NamedTuple):
    """How many rows only a former `secret_key` opens, and how many none that is known."""

    former: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, found: Iterable[Secret]) -> Self:
        """Those of these rows."""
        counted = Counter(found)
        return cls(counted[Secret.FORMER], counted[Secret.UNKNOWN])


class Mark:
    """HMAC-SHA256 of some words."""

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")

    def __call__(self, *parts: str) -> str:
        """64 hex digits; the parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
        mark = self._keyed.copy()  # to give the key anew each time costs more than all the rest
        mark.update("\x1f".join(parts).encode("utf-8", "replace"))
        return mark.hexdigest()


class DayBox:
    """A box whose key is made from the day: what lies in Redis can't be opened with the key of another day."""

    def __init__(self, keys: Keys, purpose: str) -> None:
        self._keys = keys
        self._purpose = purpose
        self._boxes: dict[date, Box] = {}

    def seal(self, plain: bytes, *, now: datetime, bound_to: bytes = b"") -> bytes:
        """Seal with the key of `now`'s day (UTC)."""
        return self._box(now.date()).seal(plain, bound_to=bound_to)

    def open(self, sealed: bytes, *, now: datetime, bound_to: bytes = b"") -> bytes:
        """Open what was sealed today or yesterday, or raise `CannotOpen`."""
        try:
            return self._box(now.date()).open(sealed, bound_to=bound_to)
        except CannotOpen:
            return self._box(now.date() - timedelta(days=1)).open(sealed, bound_to=bound_to)

    def _box(self, day: date) -> Box:
        if day not in self._boxes:
            kept = {known: box for known, box in self._boxes.items() if known >= day - timedelta(days=2)}
            self._boxes = {**kept, day: self._keys.box(f"{self._purpose}:{day.isoformat()}")}
        return self._boxes[day]

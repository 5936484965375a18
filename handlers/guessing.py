"""How often somebody may guess at codes, whichever door they go through, and who counts as one guesser.

Codes are long enough that guessing finds none; this keeps it so where many guess (docs/decisions/0117).
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import request

from storage.paces import Name, Paces, left
from storage.people import Who

_NETWORK_BITS = 64  # of an IPv6 address: what a subscriber has of them at the least


def address() -> str:
    """Where this request comes from: an IPv4 address, or the network of an IPv6 one, all of which one guesser has."""
    said = request.remote_addr or ""
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return said
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), _NETWORK_BITS), strict=False))
    return str(found)


@dataclass(frozen=True, slots=True)
class Bounds:
    """So many guesses of one guesser in so many seconds; fewer while all together miss more often than `misses`."""

    most: int = 20  # nobody who holds some codes asks for more
    strained: int = 5
    misses: int = 60  # who reads a code off a screen or paper seldom does
    seconds: int = 60


def a_day(most: int) -> Bounds:
    """So many a day, which many misses of others don't lessen: it is little as it is, and would be missed for long."""
    return Bounds(most=most, strained=most, misses=1_000, seconds=24 * 60 * 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """The guesses at one kind of code, by all doors of all processes.

    Each guesser has a count of their own, and nobody's guesses use up another's: while many miss, all are slower and
    nobody is shut out.
    """

    kind: str
    paces: Paces
    bounds: Bounds = Bounds()
    log: structlog.stdlib.BoundLogger = field(default_factory=lambda: structlog.get_logger("guessing"))

    def of_member(self, who: Who, now: datetime) -> int:
        """Count a member's guess before it is looked at, and say how many seconds to wait: 0 for none.

        A member is told by the account they speak by, and by the person that all their accounts have in common: neither
        deleting one's data nor taking accounts apart begins anew.
        """
        names: list[Name] = [(self.kind, "contact", who.account, who.openid)]
        if who.person:
            names.append((self.kind, "person", who.person))
        return self._wait(names, now)

    def of_address(self, now: datetime) -> int:
        """The same of whoever sends this request, of whom nothing else is known."""
        return self._wait([(self.kind, "address", address())], now)

    def missed(self, now: datetime) -> None:
        """Count a guess, whosoever, that found nothing."""
        count = self.paces.count({self._misses: 1}, seconds=self.bounds.seconds, now=now)[self._misses]
        if count == self.bounds.misses + 1:
            self.log.warning("many guesses at codes", kind=self.kind)

    def _wait(self, names: Collection[Name], now: datetime) -> int:
        bounds = self.bounds
        counts = self.paces.count({**dict.fromkeys(names, 1), self._misses: 0}, seconds=bounds.seconds, now=now)
        most = bounds.strained if counts[self._misses] > bounds.misses else bounds.most
        return left(bounds.seconds, now) if max(counts[name] for name in names) > most else 0

    @property
    def _misses(self) -> Name:
        return (self.kind, "misses")

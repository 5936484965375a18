"""What looks like chance and is the same each time it is asked for."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count
from struct import unpack
from typing import TypeVar

T = TypeVar("T")

_MOST = 16  # a digest is 64 bytes, four of them for each


def by(seed: str) -> Callable[[str], bytes]:
    """Give words their places: in an order of its own for each seed."""
    return lambda words: hashlib.blake2b(f"{seed}:{words}".encode(), digest_size=8).digest()


def shuffled(few: Sequence[T], *, seed: str) -> list[T]:
    """Up to 16 things in an order of its own for each seed: one digest gives all of them their places."""
    if len(few) > _MOST:
        raise ValueError(f"{len(few)} things, at most {_MOST} have places")
    places = unpack(f"{_MOST}I", hashlib.blake2b(seed.encode()).digest())
    return [each for _, _, each in sorted(zip(places, count(), few, strict=False))]

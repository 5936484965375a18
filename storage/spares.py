"""Connections at rest, for the path of every message: the libraries' own pools cost more there than the servers do."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Spares(Generic[T]):
    """Whoever needs a connection takes the one used last, or a new one; it is given back when it did its work.

    Threads may share this. What failed is dropped: nobody knows what state it is in. So is one that the server has cut
    while it was at rest, if `cut` can tell: whoever took it would fail for what came to an end before.
    """

    def __init__(
        self, *, make: Callable[[], T], end: Callable[[T], object], cut: Callable[[T], bool] = lambda _: False
    ) -> None:
        self._make = make
        self._end = end
        self._cut = cut
        self._idle: deque[T] = deque()

    def take(self) -> T:
        """A connection that is nobody else's until it is given back or dropped."""
        while True:
            try:
                rested = self._idle.pop()
            except IndexError:
                return self._make()
            if not self._cut(rested):
                return rested
            self._end(rested)

    def give_back(self, connection: T) -> None:
        """It did its work and may do more."""
        self._idle.append(connection)

    def drop(self, connection: T) -> None:
        """It failed."""
        self._end(connection)

    def close(self) -> None:
        """End all that are at rest."""
        while self._idle:
            self._end(self._idle.pop())

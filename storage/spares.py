"""Connections at rest, for the path of every message: the libraries' own pools cost more there than the servers do."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Spares(Generic[T]):
    """Whoever needs a connection takes the one used last, or a new one; it is given back when it did its work.

    Threads may share this. What failed is dropped: nobody knows what state it is in.
    """

    def __init__(self, *, make: Callable[[], T], end: Callable[[T], object]) -> None:
        self._make = make
        self._end = end
        self._idle: deque[T] = deque()

    def take(self) -> T:
        """A connection that is nobody else's until it is given back or dropped."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

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

"""How far a long reading is, told while it goes on."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Tell = Callable[[str, int, int], None]  # what is being done, how much of it is, and of how much

EVERY = 200


def silent(_stage: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def told(items: Sequence[Item], stage: str, tell: Tell) -> Iterator[Item]:
    """Go through items and tell now and then how many are done."""
    for done, item in enumerate(items):
        if done % EVERY == 0:
            tell(stage, done, len(items))
        yield item
    tell(stage, len(items), len(items))

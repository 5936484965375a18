"""Faults on demand: what may go wrong with the next calls of the API, or with the next pushes to the bot."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count
from threading import Lock
from typing import Any

WEBHOOK = "webhook"  # the path of pushes; "*" is every path of the API
CALL, PUSH = frozenset({"call"}), frozenset({"push"})

EFFECTS: dict[str, frozenset[str]] = {  # an effect, and what it can befall
    "delay": CALL | PUSH,  # wait `value` seconds first
    "fail": CALL,  # refuse with errcode `value`, and do nothing
    "drop_before": CALL | PUSH,  # the connection breaks and nothing was done
    "drop_after": CALL | PUSH,  # all of it was done, and the answer is lost
    "repeat": PUSH,  # the same push comes once more
    "hold": PUSH,  # the member's next push overtakes this one, which waits `value` seconds at most
    "revoke": CALL,  # every token of the account dies just before this call
    "quota": CALL,  # the path has `value` calls a day instead of its own; it is never used up
    "confirm": CALL,  # a mass send to all waits until the account's admin has confirmed it
    "undelivered": CALL,  # the call succeeds, and its result event says `words`
}
HOLD_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One fault: after `after` calls of `path` went by untouched it hits the next `times`; 0 means until cleared."""

    path: str
    effect: str
    value: float = 0
    words: str = ""
    times: int = 1
    after: int = 0
    title: str = ""
    id: int = 0
    hits: int = 0

    @property
    def befalls(self) -> frozenset[str]:
        """What its path is: a call or a push."""
        return PUSH if self.path == WEBHOOK else CALL


Hit = Mapping[str, Knob]


class Knobs:
    """The faults now set, used up as calls go by."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids = count(1)
        self._set: list[Knob] = []

    def turn(self, knob: Knob) -> int:
        """Set one more fault; returns its id."""
        with self._lock:
            knob = replace(knob, id=next(self._ids))
            self._set.append(knob)
        return knob.id

    def clear(self, id_: int | None = None) -> None:
        """Back to a platform without this fault, or without any."""
        with self._lock:
            self._set = [] if id_ is None else [knob for knob in self._set if knob.id != id_]

    def listed(self) -> list[dict[str, Any]]:
        """What is set and not yet used up."""
        with self._lock:
            return [asdict(knob) for knob in self._set]

    def take(self, path: str) -> Hit:
        """The faults that hit this call, one an effect, the oldest first; counts them as used."""
        wanted = {path} if path == WEBHOOK else {path, "*"}
        with self._lock:
            meant = [knob for knob in self._set if knob.path in wanted and knob.effect != "quota"]
            hit = {knob.effect: knob for knob in reversed(meant) if not knob.after}
            self._set = list(_left_over(self._set, {knob.id for knob in meant if knob.after}, hit))
        return hit

    def quotas(self) -> dict[str, int]:
        """The daily quotas that stand instead of the platform's own, by path."""
        with self._lock:
            return {knob.path: int(knob.value) for knob in self._set if knob.effect == "quota"}


def _left_over(held: Iterable[Knob], waiting: set[int], hit: Hit) -> Iterable[Knob]:
    for knob in held:
        if knob.id in waiting:
            yield replace(knob, after=knob.after - 1)
        elif hit.get(knob.effect) is not knob:
            yield knob
        elif knob.times != 1:
            yield replace(knob, times=max(knob.times - 1, 0), hits=knob.hits + 1)

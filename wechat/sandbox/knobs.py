"""Faults on demand: delay, refuse, cut off or repeat the next calls of a path, or the next pushes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

EFFECTS = ("delay", "fail", "drop", "repeat")
WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One fault: `path` is an API path, "*" for all of them, or "webhook" for the pushes to the bot.

    "delay" waits `value` seconds; "fail" answers errcode `value` (an API) or counts the bot's answer as not come (a
    push); "drop" does the work but cuts the answer off (an API) or never arrives (a push); "repeat" sends a push once
    more. It holds for the next `times` calls; 0 means until it is cleared.
    """

    path: str
    effect: str
    value: float = 0
    times: int = 1


class Knobs:
    """The faults now set, used up as calls go by."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._set: list[Knob] = []

    def turn(self, knob: Knob) -> None:
        """Set one more fault."""
        with self._lock:
            self._set.append(knob)

    def clear(self) -> None:
        """Back to a platform without faults."""
        with self._lock:
            self._set.clear()

    def listed(self) -> list[dict[str, Any]]:
        """What is set and not yet used up."""
        with self._lock:
            return [asdict(knob) for knob in self._set]

    def take(self, path: str) -> dict[str, float]:
        """The effects that hit this call, each with its value; counts them as used."""
        wanted = {path} if path == WEBHOOK else {path, "*"}
        with self._lock:
            hit = {knob.effect: knob for knob in reversed(self._set) if knob.path in wanted}
            self._set = list(_left_over(self._set, hit))
        return {effect: knob.value for effect, knob in hit.items()}


def _left_over(held: Iterable[Knob], hit: dict[str, Knob]) -> Iterable[Knob]:
    for knob in held:
        if hit.get(knob.effect) is not knob or knob.times == 0:
            yield knob
        elif knob.times > 1:
            yield replace(knob, times=knob.times - 1)

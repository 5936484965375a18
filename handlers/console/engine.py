"""How runs are shown to an admin."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ACTS = {"planned": "pause", "sending": "pause", "paused": "resume"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as a row of the table: `tallies` counts its deliveries by state, `act` is what may be done to it now.

    `groups` are the groups that it is said in: name, how it stands, and why.
    """

    key: str
    title: str
    planned_at: str
    state: str
    reason: str
    tallies: Mapping[str, int]
    groups: Sequence[tuple[str, str, str]]
    act: str
    act_name: str


def looks(*what: object) -> str:
    """A mark of what an admin was shown before a push: another one where any of it has changed."""
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def outcome(state: str, *, anybody: bool) -> str:
    """What became of a press on the button, by the state of the run that it led to and whether it has anybody in it."""
    if state == "done":
        return "already" if anybody else "nobody"
    return {"planned": "nothing", "paused": "paused"}.get(state, "send")


def counted(tallies: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """How many deliveries are in each state, over all channels."""
    counts: Counter[str] = Counter()
    for state, count in tallies:
        counts[state] += count
    return counts

"""How runs are shown to an admin."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from content.models import Audience, Group

ACTS = {"planned": "pause", "sending": "pause", "paused": "resume"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as a row of the table: `tallies` counts its deliveries by state, `act` is what may be done to it now."""

    key: str
    title: str
    planned_at: str
    state: str
    reason: str
    tallies: Mapping[str, int]
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


def audience(group: Group, words: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """Who is meant, in one sentence; `names` are those of topics and organisations by their ids."""
    if isinstance(group, Audience) and group.everyone and not group.none:
        return str(words["everyone"])
    said = [
        words[what].format(
            words["or"].join(words["quoted"].format(names.get(what, {}).get(each, each)) for each in listed)
        )
        for what in ("topics", "organisations", "roles", "accounts", "tags", "received")
        if (listed := getattr(group, what))
    ]
    if group.answered:
        days, seconds = group.answered.days, group.answered.seconds
        said.append(words["answered"].format(words["days"].format(days) if not seconds else group.answered))
    inner = {
        name: "".join(words["bracketed"].format(audience(each, words, names)) for each in getattr(group, name))
        for name in ("all", "any", "none")
    }
    said += [words[name].format(inner[name]) for name in ("all", "any") if inner[name]]
    whole = str(words["and"].join(said) or words["everyone"])
    return whole + (words["none"].format(inner["none"]) if inner["none"] else "")

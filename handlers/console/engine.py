"""How runs are shown to an admin."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content.models import Group

_BETWEEN = re.compile(r"[\s\-—_·.]")
_CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{8}(?![0-9A-Z])")
LISTS = ("topics", "organisations", "roles", "accounts", "tags", "received")
ACTS = {"planned": "pause", "sending": "pause", "paused": "resume"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as a row of the table: `tallies` counts its deliveries by state, `act` is what may be done to it now.

    `groups` are the groups that it is said in: name, how it stands, and why. `agreed` tells which admins agreed to it
    and when; it `asks` for another.
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
    agreed: str
    asks: bool


def code_in(said: str) -> str | None:
    """The code in what an admin typed, however it is spaced; None where there is none."""
    found = _CODE.search(_BETWEEN.sub("", unicodedata.normalize("NFKC", said)).upper())
    return found[0] if found else None


def shown(code: str) -> str:
    """A code as people read it: in two halves."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"


def looks(*what: object) -> str:
    """A mark of what an admin was shown before a push: another one where any of it has changed."""
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def outcome(state: str, *, anybody: bool, asked: bool) -> str:
    """What became of a press on the button, by the state of the run that it led to and whether it has anybody in it.

    `asked`: another admin must agree first.
    """
    if state == "planned" and asked:
        return "asked"
    if state == "done":
        return "already" if anybody else "nobody"
    return {"planned": "nothing", "paused": "paused"}.get(state, "send")


def counted(tallies: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """How many deliveries are in each state, over all channels."""
    counts: Counter[str] = Counter()
    for state, count in tallies:
        counts[state] += count
    return counts


def condition(group: Group) -> dict[str, Any]:
    """What a file says of a group of people, in the shape that a run keeps."""
    lists = {name: getattr(group, name) for name in LISTS}
    inner = {name: [condition(each) for each in getattr(group, name)] for name in ("all", "any", "none")}
    return {**lists, **inner, "answered": group.answered and group.answered.total_seconds()}


def audience(asked: Mapping[str, Any], words: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """Who is meant, in one sentence; `names` are those of topics, organisations and digests by their ids."""
    said = [
        words[what].format(
            words["or"].join(words["quoted"].format(names.get(what, {}).get(each, each)) for each in listed)
        )
        for what in LISTS
        if (listed := asked.get(what))
    ]
    if asked.get("answered"):
        said.append(words["answered"].format(_span(int(asked["answered"]), words)))
    inner = {
        name: "".join(words["bracketed"].format(audience(each, words, names)) for each in asked.get(name, ()))
        for name in ("all", "any", "none")
    }
    said += [words[name].format(inner[name]) for name in ("all", "any") if inner[name]]
    whole = str(words["and"].join(said) or words["everyone"])
    return whole + (words["none"].format(inner["none"]) if inner["none"] else "")


def _span(seconds: int, words: Mapping[str, Any]) -> str:
    """A span in the largest unit that it is whole numbers of."""
    unit = next(size for size in (86400, 3600, 60, 1) if seconds % size == 0)
    return str(words["spans"][str(unit)].format(seconds // unit))

"""How runs are shown to an admin."""

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

from content.broadcasts import Group

_BETWEEN = re.compile(r"[\s\-—_·.]")
_CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{8}(?![0-9A-Z])")
LISTS = ("topics", "organisations", "roles", "accounts", "tags", "received")
ACTS = {"planned": "pause", "sending": "pause", "paused": "resume"}
ALL_ACTS = {
    "planning": ("cancel",),
    "planned": ("pause", "cancel"),
    "sending": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
}
NOTHING_WENT_OUT = frozenset({"nobody", "nothing", "paused", "rests"})  # of the outcomes: what stands out when told
LIVE = ("planning", "planned", "sending", "stopping")  # what goes on by itself
MINUTE, HOUR = 60, 3600  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as a row of the table: `tallies` counts its deliveries by state, `act` is what may be done to it now.

    `groups` are the groups that it is said in: name, how it stands, and why; `masses` has a line for each mass send.
    `goes_on` tells when a paused one does so by itself. `agreed` tells which admins agreed to it and when; it `asks`
    for another.
    """

    key: str
    title: str
    planned_at: str
    state: str
    reason: str
    goes_on: str
    tallies: Mapping[str, int]
    groups: Sequence[tuple[str, str, str]]
    masses: Sequence[str]
    act: str
    act_name: str
    agreed: str
    asks: bool


class Counted(Protocol):
    """So many deliveries of one state by one channel."""

    @property
    def channel(self) -> str:
        """Which, "" for those whom nobody can reach."""

    @property
    def state(self) -> str:
        """Where they are."""

    @property
    def count(self) -> int:
        """How many."""


class OfDay(Protocol):
    """What was sent on a day."""

    @property
    def day(self) -> date:
        """Which."""

    @property
    def runs(self) -> int:
        """How many runs."""

    @property
    def reached(self) -> Mapping[str, int]:
        """How many people by which channel."""

    @property
    def people(self) -> int:
        """How many by all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Names of columns, and rows of a name and their numbers."""

    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]


class Waits(Protocol):
    """Something that waits, and where it is listed."""

    @property
    def link(self) -> str:
        """The page."""


Waited = TypeVar("Waited", bound=Waits)


def pressing(doors: Collection[str], waits: Iterable[Waited]) -> dict[str, Waited]:
    """What waits behind each door and comes first; a page is behind the door whose address it begins with."""
    first: dict[str, Waited] = {}
    for each in waits:
        door = next((address for address in doors if each.link.startswith(address)), "")
        first.setdefault(door, each)
    return first


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


def outcome(state: str, *, anybody: bool, asked: bool, goes_on: bool) -> str:
    """What became of a press on the button, by the state of the run that it led to and whether it has anybody in it.

    `asked`: another admin must agree first. `goes_on`: paused, it does so by itself.
    """
    if state == "planned" and asked:
        return "asked"
    if state == "done":
        return "already" if anybody else "nobody"
    return {"planned": "nothing", "paused": "rests" if goes_on else "paused"}.get(state, "send")


def counted(tallies: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """How many deliveries are in each state, over all channels."""
    counts: Counter[str] = Counter()
    for state, count in tallies:
        counts[state] += count
    return counts


def table(tallies: Iterable[Counted], words: Mapping[str, Any]) -> Table:
    """A run's deliveries by channel, a column for each state that any of them is in."""
    tallies = list(tallies)
    states = [state for state in words["delivery"] if any(tally.state == state for tally in tallies)]
    counts = Counter({(tally.channel, tally.state): tally.count for tally in tallies})
    names = {**words["channel"], "": words["no_channel"]}
    channels = sorted({tally.channel for tally in tallies}, key=lambda each: _place(each, names))
    return Table(
        heads=[words["delivery"][state] for state in states],
        rows=[(names.get(channel, channel), [counts[channel, state] for state in states]) for channel in channels],
    )


def left(seconds: int | None, words: Mapping[str, str]) -> str:
    """How long the rest takes, as people say it; "" where nobody knows."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return words["soon"]
    if seconds < HOUR:
        return words["minutes"].format(math.ceil(seconds / MINUTE))
    return words["hours"].format(f"{seconds / HOUR:.1f}")


def reached(days: Sequence[OfDay], names: Mapping[str, str]) -> tuple[list[str], list[tuple[str, Mapping[str, int]]]]:
    """The names of the channels that reached anybody, in the order of `names`, and how many they did day by day."""
    known = {channel for day in days for channel in day.reached}
    channels = sorted(known, key=lambda each: _place(each, names))
    columns: list[tuple[str, Mapping[str, int]]] = [
        (f"{day.day:%m-%d}", {names.get(channel, channel): number for channel, number in day.reached.items()})
        for day in days
    ]
    return [names.get(each, each) for each in channels], columns


def _place(channel: str, names: Mapping[str, str]) -> tuple[int, str]:
    known = list(names)
    return (known.index(channel) if channel in known else len(known)), channel


def condition(group: Group) -> dict[str, Any]:
    """What a file says of a group of people, in the shape that a run keeps."""
    lists = {name: getattr(group, name) for name in LISTS}
    inner = {name: [condition(each) for each in getattr(group, name)] for name in ("all", "any", "none")}
    return {**lists, **inner, "answered": group.answered and group.answered.total_seconds()}


def is_within(asked: Mapping[str, Any], covers: Callable[[str], bool]) -> bool:
    """Whether a condition can mean nobody beyond some organisations: what it asks for besides makes them only fewer."""
    named, of_all, of_any = (asked.get(each, ()) for each in ("organisations", "all", "any"))
    return (
        (bool(named) and all(map(covers, named)))
        or any(is_within(each, covers) for each in of_all)
        or (bool(of_any) and all(is_within(each, covers) for each in of_any))
    )


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

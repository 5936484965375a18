"""A talk as a row of steps: what is done, how long after the one before, and what must come of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ANY, ANY_LINES = "…", "……"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, as a line of a dialog shows it.

    `does` is what the member's message says; without it only time passes or, with `arrives`, something comes by itself.
    Lines that must come of it may hold … for what varies; `words_only` leaves cards out of the comparison. A step that
    nobody outside the program can do is `left_out`, with the reason.
    """

    shown: str
    member: str = field(default="", repr=False)
    does: Mapping[str, Any] | None = field(default=None, repr=False)
    waits: float = 0
    expects: Sequence[str] = field(default=(), repr=False)
    arrives: bool = False
    words_only: bool = False
    left_out: str = ""


def agrees(expected: Sequence[str], said: str) -> bool:
    """Whether words are as expected: … is anything within a line, a line of …… any lines."""
    words = said.rstrip("\n")
    return re.fullmatch(_pattern(expected), f"{words}\n" if words else "") is not None


def _pattern(expected: Sequence[str]) -> str:
    parts = (r"(?:.*\n)*?" if line == ANY_LINES else re.escape(line).replace(ANY, ".*") + "\n" for line in expected)
    return "".join(parts)

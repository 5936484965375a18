"""The rules of changing the pack: what needs a second admin, and what of a file is shown."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

AROUND = 2  # lines shown before and after one that matters
MOST_LINES = 600  # of a difference
ALL = "all"
# What others are made of: a template's words are a broadcast's, a quotation is held against its original.
PARTS_OF: Mapping[str, Collection[str]] = {
    "originals": ("digests",),
    "templates": ("broadcasts",),
    "pictures": ("digests", "quizzes", "broadcasts"),
}
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference or of an excerpt; `op` is "+", "-", " ", or "…" for what is left out."""

    op: str
    text: str = ""
    number: int = 0


def needs_two(kind: str, approval: Collection[str], *, was_agreed: bool) -> bool:
    """Whether a second admin must agree to a change of a kind's file; `was_agreed`: what the file makes needs two.

    Where the account asks for it of anything, it does so of its own file: else one admin could end that.
    """
    if was_agreed or ALL in approval or (approval and kind == "account"):
        return True
    return kind in approval or not set(PARTS_OF.get(kind, ())).isdisjoint(approval)


def difference(before: str, after: str) -> list[Line]:
    """What is another line, with some around it."""
    lines: list[Line] = []
    old = new = 0
    for each in list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=AROUND, lineterm=""))[2:]:
        if found := _HUNK.match(each):
            old, new = int(found[1]), int(found[2])
            lines += [Line("…")] if lines else []
            continue
        op, text = each[0], each[1:]
        lines.append(Line(op, text, old if op == "-" else new))
        old, new = old + (op != "+"), new + (op != "-")
        if len(lines) >= MOST_LINES:
            return [*lines, Line("…")]
    return lines


def excerpts(text: str, faulty: Iterable[int]) -> list[Line]:
    """The lines with a fault, marked "!", with some around each."""
    written, marked = text.splitlines(), set(faulty)
    wanted = sorted({at for line in marked for at in range(line - AROUND, line + AROUND + 1) if 0 < at <= len(written)})
    lines: list[Line] = []
    for at in wanted[:MOST_LINES]:
        if lines and lines[-1].number != at - 1:
            lines.append(Line("…"))
        lines.append(Line("!" if at in marked else " ", written[at - 1], at))
    return lines


def seen(change: str, before: str, after: str) -> str:
    """What an admin was shown, to be sent back with their word on it."""
    return f"{change}.{before}.{after}"

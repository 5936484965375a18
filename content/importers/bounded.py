"""Reading a file with so much memory and time and no more, whatever it is; what its reader refuses is refused here."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from content import apart, sheets
from content.importers.sentences import Note, Refused
from content.importers.telling import Tell, silent

SMALL = 2**13  # bytes of a text: read before a process of its own had begun
T = TypeVar("T")


def read(work: Callable[[bytes, Tell], T], data: bytes, *, tell: Tell = silent) -> T:
    """Give what a function of a module makes of the bytes; raises `Refused` where it does, or takes too much."""
    packed = data.startswith(sheets.WORKBOOKS)
    if not packed and len(data) <= SMALL:
        return work(data, tell)
    try:
        found = apart.run(partial(_tried, work), data, tell)
    except apart.Exceeded:
        raise Refused("swells" if packed else "takes_too_much") from None
    if isinstance(found, Note):
        raise Refused(found.code, row=found.row, **found.facts)
    return found


def _tried(work: Callable[[bytes, Tell], T], data: bytes, tell: Tell) -> T | Note:
    """What was refused is a note on its way."""
    try:
        return work(data, tell)
    except Refused as refused:
        return refused.note

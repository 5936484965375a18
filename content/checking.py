"""`zhibu content check`: every fault of a pack, and what was found in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from content import library
from content.agreement import Known
from content.faults import Fault
from content.files import Questions, Searchable
from content.models import Broadcast
from content.words import Template


@dataclass(frozen=True, slots=True)
class Findings:
    """The faults in the order of files and lines, and how many of each thing could be read."""

    faults: list[Fault]
    counts: Mapping[str, int]


def check(folder: Path, *, zone: tzinfo, known: Known | None = None) -> Findings:
    """Look through the pack in `folder`; counts are of banks, questions, digests, broadcasts and templates."""
    pack, found = library.examine(folder, zone=zone, known=known)
    banks = [made.bank for _, made in pack.every(Questions)]
    counts = {
        "banks": len(banks),
        "questions": sum(len(bank.questions) for bank in banks),
        "digests": len(list(pack.every(Searchable))),
        "broadcasts": len(list(pack.every(Broadcast))),
        "templates": len(list(pack.every(Template))),
    }
    return Findings(found, counts)

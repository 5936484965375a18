"""`zhibu content check`: every fault of a pack, every advice, and what was found in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from content import faults, library
from content.agreement import Known
from content.broadcasts import Broadcast
from content.compiled import Compiled
from content.faults import Finding, Level
from content.files import Questions, Searchable
from content.models import Bank
from content.words import Template


@dataclass(frozen=True, slots=True)
class Findings:
    """The faults and the advice in the order of files and lines, and how many of each thing could be read.

    `held` names the files of large banks that could not be compiled: every process has all of them in memory.
    """

    faults: list[Finding]
    counts: Mapping[str, int]
    advice: list[Finding] = field(default_factory=list)
    held: Sequence[str] = ()


def check(folder: Path, *, zone: tzinfo, known: Known | None = None, compiled: Compiled | None = None) -> Findings:
    """Look through the pack in `folder`; counts are of banks, questions, digests, broadcasts and templates.

    A case that is asked as its parts is none of the questions, as it is none of those that members are asked.
    """
    pack, found = library.examine(folder, zone=zone, known=known, compiled=compiled)
    banks = [made.bank for _, made in pack.every(Questions)]
    counts = {
        "banks": len(banks),
        "questions": sum(not each.has_parts for bank in banks for each in bank.outlines),
        "digests": len(list(pack.every(Searchable))),
        "broadcasts": len(list(pack.every(Broadcast))),
        "templates": len(list(pack.every(Template))),
    }
    large = ((file, made.bank) for file, made in pack.every(Questions) if pack.sources[file].is_large)
    held = [file for file, bank in large if compiled and isinstance(bank, Bank)]
    return Findings(faults.of_level(Level.FAULT, found), counts, faults.of_level(Level.ADVICE, found), held)

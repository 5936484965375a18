"""The rules of a duel: what is asked of the two, what its code looks like, and how long it waits."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from content.models import Drawn
from handlers.quiz.engine import Begun, Mode, mode, some
from handlers.quiz.engine.marking import SELF_JUDGED

LETTERS = 6  # of a code: 31^6, so that ten tries a day find nobody's
CODES_A_DAY = 10  # that one person may try
WAITS = timedelta(days=7)  # for somebody who takes it up, and then as long for the two to be done
_BETWEEN = re.compile(r"[\s\-—_·.]")
_CODE = re.compile(rf"(?<![0-9A-Z])[2-9A-HJKMNP-Z]{{{LETTERS}}}(?![0-9A-Z])")


def drawn(questions: Sequence[Drawn], *, seed: str, count: int) -> list[str]:
    """Ids of `count` questions by chance. What its reader judges alone is not among them: that would be their word."""
    return some(
        questions,
        seed=seed,
        count=count,
        known=lambda _: False,
        fits=lambda each: each.type not in SELF_JUDGED,
    )


def code_in(said: str) -> str | None:
    """The code in what somebody typed, whatever its case, width, spaces and words around; None where there is none."""
    found = _CODE.search(_BETWEEN.sub("", unicodedata.normalize("NFKC", said)).upper())
    return found[0] if found else None


def named(duel: str) -> str:
    """What makes somebody's round of a duel one."""
    return f"{Mode.DUEL}:{duel}"


def of(begun: Begun) -> str | None:
    """The id of the duel that a round belongs to; None where it is of none."""
    return begun.name.partition(":")[2] if mode(begun) is Mode.DUEL else None

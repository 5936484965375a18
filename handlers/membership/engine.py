"""What looks like a join code."""

import re
import unicodedata

TRIES_A_DAY = 5
_BETWEEN = re.compile(r"[\s\-—_·.]")
_CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{8}(?![0-9A-Z])")


def code_in(said: str) -> str | None:
    """The code in what somebody typed, whatever its case, width, spaces, dashes and words around; None where none."""
    found = _CODE.search(_BETWEEN.sub("", unicodedata.normalize("NFKC", said)).upper().removeprefix("JOIN"))
    return found[0] if found else None

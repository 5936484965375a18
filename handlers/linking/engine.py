"""What looks like a linking code, how it is shown and how long it lives."""

import re
import unicodedata
from datetime import timedelta

CODE_LIVES = timedelta(minutes=10)
_HALF = 4
_BETWEEN = re.compile(r"[\s\-—_·.]")
_CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{8}(?![0-9A-Z])")


def code_in(said: str) -> str | None:
    """The code in what somebody typed, whatever its case, width, spaces, dashes and words around; None where none."""
    found = _CODE.search(_BETWEEN.sub("", unicodedata.normalize("NFKC", said)).upper())
    return found[0] if found else None


def shown(code: str) -> str:
    """A code as people read it: in two halves."""
    return f"{code[:_HALF]}-{code[_HALF:]}"

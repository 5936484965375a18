"""What looks like a join code."""

import re
import unicodedata

TRIES_A_DAY = 5
_CODE = re.compile(r"[2-9A-HJ-NP-Z]{8}")
_LOOK_ALIKES = str.maketrans({"0": "O", "1": "I"})


def code_in(said: str) -> str | None:
    """The code in what somebody typed, whatever its case, width, spaces and dashes; None where there is none."""
    letters = re.sub(r"[\s\-—_·.]", "", unicodedata.normalize("NFKC", said)).upper().translate(_LOOK_ALIKES)
    for word in ("加入", "绑定", "JOIN"):
        letters = letters.removeprefix(word)
    return letters if _CODE.fullmatch(letters) else None

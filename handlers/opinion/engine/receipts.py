"""How a receipt code is made, shown, and read again however it was typed."""

import re
import unicodedata
from collections.abc import Callable

# Of every group that looks alike one is used: 0 O Q, 1 I L, 2 Z, 5 S, 8 B, V U.
ALPHABET = "0123456789ACDEFGHJKMNPRTVWXY"
LOOK_ALIKES = str.maketrans("OQILZSBU", "0011258V")
CODE_LETTERS = 12  # 28^11 ≈ 8·10^15 codes: 10^9 guesses at 10^5 outstanding ones hit less than once in 80 tries
_GROUP = 4
_PRIME = 29  # the first above 28: every wrong letter and every swap of neighbours changes the check letter
_CODE_IN_TEXT = re.compile(r"(?<![0-9A-Z])(?:[0-9A-Z][^0-9A-Z一-鿿]{0,3}){11}[0-9A-Z](?![0-9A-Z])")


def drawn(pick: Callable[[int], int]) -> str:
    """A new receipt code; `pick(n)` gives a secret number below n."""
    while True:
        body = "".join(ALPHABET[pick(len(ALPHABET))] for _ in range(CODE_LETTERS - 1))
        number = _check(body)
        if number < len(ALPHABET):
            return body + ALPHABET[number]


def _check(body: str) -> int:
    return sum(weight * ALPHABET.index(letter) for weight, letter in enumerate(body, start=1)) % _PRIME


def shown(code: str) -> str:
    """A receipt code as people read it: in groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read(typed: str) -> str:
    """What was typed as a code is made of: any width, case and spacing, and letters that look alike."""
    letters = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", typed).upper())
    return letters.translate(LOOK_ALIKES)


def is_code(code: str) -> bool:
    """Whether these letters are a receipt code typed without a slip."""
    return (
        len(code) == CODE_LETTERS
        and all(letter in ALPHABET for letter in code)
        and _check(code[:-1]) == ALPHABET.index(code[-1])
    )


def has_code(text: str) -> bool:
    """Whether a receipt code stands in the text."""
    upper = unicodedata.normalize("NFKC", text).upper()
    return any(is_code(read(found[0])) for found in _CODE_IN_TEXT.finditer(upper))

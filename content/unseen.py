"""Characters that nobody sees: what files can't hold, what turns the words around it, and what people type unawares."""

import re

# What XML 1.0 has no place for (https://www.w3.org/TR/xml/#charsets): with it no workbook and no feed can be written.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The controls of Unicode's bidirectional algorithm (UAX #9): what follows them reads otherwise than it is.
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_ODD = re.compile(rf"{_UNWRITABLE.pattern}|[\x7f-\x9f]|{TURNING.pattern}")
_UNTYPED = re.compile(rf"{_ODD.pattern}|[\x0d\u200b-\u200f\u2060-\u2069\ufeff]")


def writable(words: str) -> str:
    """Words as files may hold them."""
    return _UNWRITABLE.sub("", words)


def first_odd(words: str) -> re.Match[str] | None:
    """Where words hold what can't be written to a file or turns other words around; None where they don't."""
    return _ODD.search(words)


def legible(words: str) -> str:
    """Words that read as they are; line ends, joined emoji and marks of writing to the left stay."""
    return _ODD.sub("", words)


def typed(words: str) -> str:
    """What somebody typed, with nothing in it that can't be seen, on lines that end with a line feed."""
    return _UNTYPED.sub("", words.replace("\r\n", "\n")).strip()

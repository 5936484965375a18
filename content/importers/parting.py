"""Several words in one cell, and marks between them: a mark that belongs to a word stands behind a backslash."""

import re

MARKS = "\\;；|｜,，、"
_SPECIAL = re.compile(f"([{re.escape(MARKS)}])")
_ESCAPED = re.compile(rf"\\([{re.escape(MARKS)}])")
_HIDING = {mark: chr(0xF8E0 + at) for at, mark in enumerate(MARKS)}  # letters of nobody's
_SHOWING = str.maketrans({hiding: mark for mark, hiding in _HIDING.items()})


def escaped(said: str) -> str:
    """Give a word as it stands among others."""
    return _SPECIAL.sub(r"\\\1", said)


def hidden(said: str) -> str:
    """Give a cell that may be parted at its marks: those that belong to words don't show."""
    return _ESCAPED.sub(lambda found: _HIDING[found[1]], said)


def shown(word: str) -> str:
    """Give a word of a hidden cell as it was."""
    return word.translate(_SHOWING).strip()

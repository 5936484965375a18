"""Text out of office programs, without what they leave in it."""

import re
import unicodedata

_DEBRIS = re.compile(r"^[ \t]*窗体(?:顶端|底端)[ \t]*$\n?", re.MULTILINE)
_UNSEEN = re.compile(
    "[\ufeff\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]"
)
_SPACES = re.compile("[\u00a0\u2002-\u200a\u202f\u3000\t]")
_ODD = re.compile("[\x00-\x1f\x7f-\xa0\u00ad\u2002-\u200f\u202a-\u202f\u2060-\u2069\u3000\ufeff\ufffe\uffff＿]")
_EDGES = re.compile(r"[ ]*\n[ ]*")


def text(said: str) -> str:
    """Give text with plain spaces and line ends, and without marks that nobody sees or what a web form left."""
    if not _ODD.search(said):
        return said.strip()
    without = _UNSEEN.sub("", said.replace("\r\n", "\n").replace("\r", "\n"))
    without = _SPACES.sub(" ", without).replace("＿", "_")
    return _EDGES.sub("\n", _DEBRIS.sub("", without)).strip()


def same_length(said: str) -> str:
    """Give text with plain spaces for every unseen character: what was at a place still is."""
    return _SPACES.sub(" ", _UNSEEN.sub(" ", said)).replace("＿", "_")


def folded(said: str) -> str:
    """Give text as names and notations are compared: full width, case and spaces around it don't count."""
    return unicodedata.normalize("NFKC", said).casefold().strip()


def bare(said: str) -> str:
    """Give text as two questions are compared: letters, digits and hanzi alone."""
    return re.sub(r"[\W_]+", "", folded(said))

"""Long words in pieces that fit the platform, cut where a reader would pause."""

_ENDS = ("\n\n", "\n", "。", "！", "？", "；", "!", "?", ";", "，", ",", " ")
_SHORTEST_PIECE = 0.4  # a piece shorter than this share of the room is not worth a nicer cut


def cut(text: str, room: int) -> tuple[str, str]:
    """The first piece of at most `room` bytes of UTF-8, ending where a sentence does if one does, and the rest."""
    if len(text.encode()) <= room:
        return text, ""
    piece = text.encode()[:room].decode(errors="ignore")
    end = _last_end(piece)
    return piece[:end].rstrip(), text[end:].lstrip()


def _last_end(piece: str) -> int:
    for mark in _ENDS:
        at = piece.rfind(mark)
        if at > len(piece) * _SHORTEST_PIECE:
            return at + len(mark)
    return len(piece)

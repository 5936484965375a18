"""The pack's pictures, for questions, digests and covers: what kind each is, and small enough for a phone."""

import hashlib
from dataclasses import dataclass

from content.faults import Unreadable

MOST_BYTES = 300 * 1024
IN_DIGESTS = ("image/png", "image/jpeg")  # a digest may be an article, and the platform shows no other in one (§8)
KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture whole, and its media type."""

    kind: str
    data: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of it, by which it is known wherever it was put."""
        return hashlib.sha256(self.data).hexdigest()


def read(data: bytes) -> PictureFile:
    """Look at a file by its first bytes, whatever it is called; raises `Unreadable`."""
    if len(data) > MOST_BYTES:
        raise Unreadable("picture_large", size=len(data) // 1024, most=MOST_BYTES // 1024)
    kind = next((kind for begins, kind in KINDS if data.startswith(begins)), None)
    if kind is None:
        raise Unreadable("picture_kind")
    return PictureFile(kind, data)

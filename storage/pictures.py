"""Pictures that members sent: redrawn, so that nothing is left but what can be seen, and kept as sealed leaves."""

import io
import secrets
from collections.abc import Collection, Iterable
from datetime import date

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.engine import Connection

from storage.db import Database
from storage.leaves import ID_LETTERS, Leaf, Leaves, leaf_table
from storage.sealing import Keys

MOST_PIXELS = 40_000_000  # a phone's largest photos; more is a bomb
MOST_PIXELS_WHOLE = 20_000_000  # where no smaller picture can be had while it is read, and two may be held
MOST_SCANS = 100  # of a JPEG: ten are many, and each of sixty bytes goes over all of the picture
LONGEST_SIDE = 1600
_QUALITY = 80
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_JPEG, _SCAN = b"\xff\xd8", b"\xff\xda"  # the first bytes of it and of each of its scans, and of nothing within those
_SIZE = 65_536
_STIRRED = 20

pictures = leaf_table("pictures")


class NotAPicture(Exception):
    """These bytes can't be shown as a picture."""


def redrawn(data: bytes) -> bytes:
    """The same picture as a plain JPEG of at most 1600 pixels a side: no place, date, device, comment or profile.

    Raises NotAPicture.
    """
    try:
        return _drawn(data)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,  # Pillow's word for a broken PNG
    ):
        raise NotAPicture from None


def _drawn(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as found:
        is_jpeg = data.startswith(_JPEG)
        if found.width * found.height > (MOST_PIXELS if is_jpeg else MOST_PIXELS_WHOLE):
            raise NotAPicture
        if is_jpeg and data.count(_SCAN) > MOST_SCANS:
            raise NotAPicture
        found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        found.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first, so that a large one is held once
        upright = ImageOps.exif_transpose(found).convert("RGBA")
    clean = Image.new("RGB", upright.size, "white")  # a new canvas has no metadata to forget
    clean.paste(upright, mask=upright)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


class Pictures:
    """The pictures and voices of opinions, named or not: each is found by its id alone, which the opinion holds.

    They are one heap, so that a row doesn't tell which of both it is.
    """

    def __init__(self, db: Database, keys: Keys) -> None:
        self._id = keys.mark("pictures:id")
        self.heap = self._leaves = Leaves(db, pictures, keys, size=_SIZE, stirred=_STIRRED)

    def id_of(self, *, account: str, media_id: str) -> str:
        """The id of a picture or voice that the platform knows as `media_id`."""
        return self._id(account, media_id)[:ID_LETTERS]

    def keep(self, picture: str, data: bytes, *, day: date) -> None:
        """Keep a redrawn picture, or a voice that was stripped (storage.voices). Safe to repeat."""
        self._leaves.add(Leaf(picture, day, data))

    def take_in(self, data: bytes, *, day: date) -> str:
        """The same of what came by itself: it gets an id that nobody can guess."""
        picture = secrets.token_hex(ID_LETTERS // 2)
        self.keep(picture, data, day=day)
        return picture

    def get(self, picture: str) -> bytes | None:
        """The picture, a JPEG, or the voice of this id."""
        leaf = self._leaves.get(picture)
        return leaf.content if leaf else None

    def let_go(self, connection: Connection, ids: Iterable[str]) -> None:
        """Let go of these in a transaction that does more."""
        self._leaves.let_go(connection, ids)

    def drop_unused(self, day: date, *, used: Collection[str]) -> None:
        """Let go of what came on a day and went with no opinion."""
        self._leaves.drop(day, but=used)

"""The pack's pictures, for questions, digests and covers: what kind each is, and small enough for a phone.

Members get what can be seen of them. What a camera or a program wrote beside it, where and when it was taken, by whom
and with what, stays in the pack.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from content.faults import Unreadable

MOST_BYTES = 300 * 1024
MOST_PIXELS = 40_000_000  # of all that it draws, one above another: a phone holds four bytes of each
IN_DIGESTS = ("image/png", "image/jpeg")  # a digest may be an article, and the platform shows no other in one (§8)
_PNG_SHOWS = frozenset(b"IHDR PLTE tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs acTL fcTL IDAT fdAT IEND".split())
_PNG_SIZES = {b"IHDR": 8, b"fcTL": 12}
_GIF_MORE, _GIF_DRAWS, _GIF_END = b"!,;"
_GIF_SHOWS = (b"!\xf9", b"!\xff\x0bNETSCAPE2.0")  # how long a part is seen, and that it begins again
_JPEG_SHOWS = (b"\xff\xe0", b"\xff\xe2", b"\xff\xee")  # of what programs add: how its colours are meant
_JPEG_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_WITHIN = {0, *range(0xD0, 0xD8)}  # a scan
_JPEG_ADDED, _JPEG_COMMENT, _JPEG_SCAN, _JPEG_END = range(0xE0, 0xF0), 0xFE, 0xDA, 0xD9
_EXIF, _TURNED = b"\xff\xe1", 0x0112
_MOST_SCANS = 100  # each goes over all of the picture

Part = tuple[bytes, int]  # what is to be shown of a part, and the pixels that it draws


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture without what isn't seen, and its media type."""

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
    found = next(((kind, parts) for begins, kind, parts in KINDS if data.startswith(begins)), None)
    if found is None:
        raise Unreadable("picture_kind")
    kind, parts = found
    try:
        shown, pixels = zip(*parts(data), strict=True)
    except (struct.error, ValueError, IndexError):  # it ends in the middle of a part
        raise Unreadable("picture_broken") from None
    if sum(pixels) > MOST_PIXELS:
        raise Unreadable("picture_pixels", most=MOST_PIXELS // 1_000_000)
    return PictureFile(kind, b"".join(shown))


def _png(data: bytes) -> Iterator[Part]:
    at, name = 8, b""
    yield data[:at], 0
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        part = _cut(data, at, 12 + length)
        if name in _PNG_SHOWS:
            yield part, _area(">II", part, _PNG_SIZES[name]) if name in _PNG_SIZES else 0
        at += len(part)


def _gif(data: bytes) -> Iterator[Part]:
    at = 13 + _colours(data[10])
    yield _cut(data, 0, at), _area("<HH", data, 6)
    while (kind := data[at]) != _GIF_END:
        if kind not in {_GIF_MORE, _GIF_DRAWS}:
            raise IndexError
        ends = at + 2 if kind == _GIF_MORE else at + 11 + _colours(data[at + 9])
        while data[ends]:
            ends += data[ends] + 1
        part = _cut(data, at, ends + 1 - at)
        if kind == _GIF_DRAWS:
            yield part, _area("<HH", part, 5)
        elif part.startswith(_GIF_SHOWS):
            yield part, 0
        at += len(part)
    yield data[at : at + 1], 0


def _colours(flags: int) -> int:
    """How many bytes of a table of colours follow."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _jpeg(data: bytes) -> Iterator[Part]:
    at, scans = 2, 0
    yield data[:at], 0
    while data[at + 1] != _JPEG_END:
        if data[at : at + 2] == b"\xff\xff":  # as many of those as it likes
            at += 1
            continue
        kind, length = struct.unpack_from(">xBH", data, at)
        ends = at + 2 + length
        if kind == _JPEG_SCAN:
            ends, scans = _end_of_scan(data, ends), scans + 1
        part = _cut(data, at, ends - at)
        if not part.startswith(b"\xff") or scans > _MOST_SCANS:
            raise IndexError
        if part.startswith(_EXIF):
            yield _turned(part), 0
        elif part.startswith(_JPEG_SHOWS) or kind not in {*_JPEG_ADDED, _JPEG_COMMENT}:
            yield part, _area(">HH", part, 5) if kind in _JPEG_SIZES else 0
        at = ends
    yield data[at : at + 2], 0


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker is that is none of those within a scan."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] not in _JPEG_WITHIN:
            return at
        at += 2


def _turned(exif: bytes) -> bytes:
    """Which way up the picture is, and nothing else of what a camera says."""
    order = "<" if exif[10:12] == b"II" else ">"
    try:
        begins = 10 + struct.unpack_from(f"{order}I", exif, 14)[0]
        (entries,) = struct.unpack_from(f"{order}H", exif, begins)
        found = [struct.unpack_from(f"{order}HHIH", exif, begins + 2 + 12 * each) for each in range(entries)]
    except struct.error:  # it is no camera's
        return b""
    way = next((value for tag, _, _, value in found if tag == _TURNED), 1)
    told = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _TURNED, 3, 1, way, 0, 0)
    return _EXIF + struct.pack(">H", len(told) + 2) + told if way != 1 else b""


def _cut(data: bytes, at: int, length: int) -> bytes:
    part = data[at : at + length]
    if len(part) < length:
        raise IndexError
    return part


def _area(form: str, part: bytes, at: int) -> int:
    one, other = struct.unpack_from(form, part, at)
    return int(one * other)


KINDS: tuple[tuple[bytes, str, Callable[[bytes], Iterator[Part]]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", _png),
    (b"\xff\xd8\xff", "image/jpeg", _jpeg),
    (b"GIF8", "image/gif", _gif),
)

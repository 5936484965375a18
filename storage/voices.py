"""Voices that members sent: kept as they were spoken, with nothing around the sound.

A voice is cut into its frames, which are put together again: what was said stays as it is, and labels, dates, devices,
pictures and whatever else lies beside the frames are left behind. Nothing is decoded.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_BYTES = 2 * 1024 * 1024  # the platform's own bound for a voice
_AMR, _AMR_WIDE, _OGG, _SPEEX = b"#!AMR\n", b"#!AMR-WB\n", b"OggS", b"Speex   "
# Bytes of a frame after its first, by its type: RFC 4867 §5.3 with 3GPP TS 26.101 and TS 26.201.
_NARROW = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
_WIDE = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}
_AMR_PADDING = 0b1000_0011  # zero in every frame's first byte
# Layer III: kbit/s and Hz, ISO/IEC 11172-3 §2.4.2.3 and ISO/IEC 13818-3 §2.4.2.3.
_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # MPEG 1, 2 and 2.5
_LAYER_3 = 1
_LABELS = (b"Xing", b"Info", b"VBRI")  # a first frame with these has no sound: it tells who encoded it
_ID3_HEAD = 10
_OGG_HEAD = 27
_SPEEX_HEAD = 80
_NO_COMMENTS = bytes(8)
_GOES_ON = 255  # of a page's lacing where no packet ends


class NotAVoice(Exception):
    """These bytes are no voice in a form that the platform gives."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a voice is served; `plays` where browsers can."""

    mime: str
    suffix: str
    plays: bool


_FORMS = {
    _AMR_WIDE: Form("audio/amr-wb", "awb", plays=False),
    _AMR: Form("audio/amr", "amr", plays=False),
    _OGG: Form("audio/ogg", "spx", plays=False),
    b"\xff": Form("audio/mpeg", "mp3", plays=True),
    b"ID3": Form("audio/mpeg", "mp3", plays=True),
}


def form_of(data: bytes) -> Form | None:
    """What these bytes say they are; None for no voice."""
    if data[:3] == b"\xff\xd8\xff":  # a JPEG
        return None
    return next((form for begins, form in _FORMS.items() if data.startswith(begins)), None)


def stripped(data: bytes) -> bytes:
    """The same voice, AMR, Speex in Ogg or MP3, made of its frames alone. Raises NotAVoice."""
    form = form_of(data)
    if form is None or len(data) > LARGEST_BYTES:
        raise NotAVoice
    if form.mime == "audio/mpeg":
        return _joined(b"", _mp3(data))
    if form.mime == "audio/ogg":
        return _joined(b"", _ogg(data))
    head, sizes = (_AMR_WIDE, _WIDE) if data.startswith(_AMR_WIDE) else (_AMR, _NARROW)
    return _joined(head, _amr(data[len(head) :], sizes))


def _joined(head: bytes, frames: Iterator[bytes]) -> bytes:
    sound = b"".join(frames)
    if not sound:
        raise NotAVoice
    return head + sound


def _amr(data: bytes, sizes: dict[int, int]) -> Iterator[bytes]:
    at = 0
    while at < len(data) and not data[at] & _AMR_PADDING:
        size = sizes.get(data[at] >> 3 & 0b1111)
        if size is None or at + 1 + size > len(data):
            return
        yield data[at : at + 1 + size]
        at += 1 + size


def _mp3(data: bytes) -> Iterator[bytes]:
    at = _after_label(data)
    first = True
    while size := _mp3_size(data[at : at + 4]):
        frame = data[at : at + size]
        if len(frame) < size:
            return
        if not (first and any(label in frame[:64] for label in _LABELS)):
            yield frame
        first, at = False, at + size


def _after_label(data: bytes) -> int:
    """Where the sound begins: behind an ID3 label, whose length has seven bits a byte."""
    if not data.startswith(b"ID3") or len(data) < _ID3_HEAD:
        return 0
    return _ID3_HEAD + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(data[6:_ID3_HEAD])))


def _mp3_size(head: bytes) -> int:
    """How many bytes this frame has; 0 for none."""
    bits = int.from_bytes(head)
    version, layer, padding = bits >> 19 & 3, bits >> 17 & 3, bits >> 9 & 1
    kbits, hertz = bits >> 12 & 15, bits >> 10 & 3
    known = version in _HERTZ and layer == _LAYER_3 and 0 < kbits <= len(_KBITS) and hertz < len(_HERTZ[3])
    if bits >> 21 != (1 << 11) - 1 or not known:
        return 0
    table, samples = (_KBITS, 144) if version == max(_HERTZ) else (_KBITS_LOW, 72)
    return samples * table[kbits - 1] * 1000 // _HERTZ[version][hertz] + padding


def _ogg(data: bytes) -> Iterator[bytes]:
    """Pages of one stream of Speex, with a head that names no maker, no comments, and no number of the stream."""
    pages = _pages(data)
    flags, place, lacing, body = next(pages, (0, b"", b"", b""))
    comments = next((page for page in pages if min(page[2], default=_GOES_ON) < _GOES_ON), None)  # the last of them
    if comments is None or not (body.startswith(_SPEEX) and len(body) == _SPEEX_HEAD):
        return
    sound = [_page(*page[:2], number, *page[2:]) for number, page in enumerate(pages, start=2)]
    if sound:
        yield _page(flags, place, 0, lacing, body[:8] + bytes(20) + body[28:])
        yield _page(0, bytes(8), 1, bytes((len(_NO_COMMENTS),)), _NO_COMMENTS)
        yield from sound


def _pages(data: bytes) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    at = 0
    while data[at : at + 4] == _OGG and len(data) >= at + _OGG_HEAD:
        begins = at + _OGG_HEAD + data[at + _OGG_HEAD - 1]
        lacing = data[at + _OGG_HEAD : begins]
        ends = begins + sum(lacing)
        if ends > len(data):
            return
        yield data[at + 5], data[at + 6 : at + 14], lacing, data[begins:ends]
        at = ends


def _page(flags: int, place: bytes, number: int, lacing: bytes, body: bytes) -> bytes:
    head = _OGG + bytes((0, flags)) + place + bytes(4) + number.to_bytes(4, "little")
    rest = bytes((len(lacing),)) + lacing + body
    return head + _checksum(head + bytes(4) + rest).to_bytes(4, "little") + rest


def _checksum(page: bytes) -> int:
    """Ogg's (RFC 3533 §6): that of zlib with its bits the other way round, from nothing to nothing."""
    turned = page.translate(_TURNED)
    return _turned(zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF)


_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _turned(number: int) -> int:
    return int(f"{number:032b}"[::-1], 2)

"""Voices are cut into frames and put together again: what was said stays, what lies around it goes."""

import random
import struct

import pytest

from storage.voices import LARGEST_BYTES, NotAVoice, form_of, stripped

# RFC 4867 §3.6 tables 1a and 1b: bits of speech of each frame type; the storage format (§5.3) pads them to bytes.
NARROW_BITS = {0: 95, 1: 103, 2: 118, 3: 134, 4: 148, 5: 159, 6: 204, 7: 244, 8: 39}
WIDE_BITS = {0: 132, 1: 177, 2: 253, 3: 285, 4: 317, 5: 365, 6: 397, 7: 461, 8: 477, 9: 40}
DICE = random.Random(4867)
MP3_HEAD = bytes.fromhex("fff36884")  # MPEG 2, layer III, 48 kbit/s, 16 000 Hz: 72 * 48 000 / 16 000 bytes
MP3_FRAME = MP3_HEAD + bytes(212)
LABEL = b"ID3\x04\x00\x00" + bytes((0, 0, 1, 0)) + b"TIT2 of somebody's phone".ljust(128, b"\0")


def amr(*types: int, bits: dict[int, int] = NARROW_BITS, head: bytes = b"#!AMR\n") -> bytes:
    frames = (bytes((kind << 3 | 4,)) + DICE.randbytes(-(-bits[kind] // 8)) for kind in types)
    return head + b"".join(frames)


def ogg_page(number: int, body: bytes, *, flags: int = 0, serial: int = 0x51D3, whole: bool = True) -> bytes:
    lacing = bytes((255,) * (len(body) // 255) + (len(body) % 255,) * whole)
    head = b"OggS\0" + struct.pack("<BqIIIB", flags, 0, serial, number, 0, len(lacing)) + lacing
    crc = by_the_book(head + body)
    return head[:22] + crc.to_bytes(4, "little") + head[26:] + body


def by_the_book(data: bytes) -> int:
    """RFC 3533 §6: direct algorithm, initial value and final XOR 0, generator 0x04c11db7."""
    found = 0
    for byte in data:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found & 0x80000000 else 0)) & 0xFFFFFFFF
    return found


SPEEX_HEAD = ogg_page(0, b"Speex   " + b"1.2rc1 by somebody".ljust(20, b"\0") + bytes(52), flags=2)


def speex() -> bytes:
    comments = struct.pack("<I", 9) + b"a machine" + struct.pack("<II", 1, 15) + b"DATE=2026-11-26"
    return SPEEX_HEAD + ogg_page(1, comments) + ogg_page(2, b"sound" * 40, flags=4)


@pytest.mark.parametrize("kind", NARROW_BITS)
def test_a_frame_of_amr_of_each_type_stays_as_it_is(kind):
    voice = amr(kind, kind)

    assert stripped(voice) == voice


@pytest.mark.parametrize("kind", WIDE_BITS)
def test_a_frame_of_wide_amr_of_each_type_stays_as_it_is(kind):
    voice = amr(kind, kind, bits=WIDE_BITS, head=b"#!AMR-WB\n")

    assert stripped(voice) == voice
    found = form_of(voice)
    assert found
    assert found.suffix == "awb"


@pytest.mark.parametrize("after", [b"\xff<script>alert(1)</script>", b"PK\x03\x04 a zip", amr(7)[6:][:9]], ids=range(3))
def test_what_lies_behind_the_frames_of_amr_is_left_behind(after):
    voice = amr(7, 7, 8)

    assert stripped(voice + after) == voice


def test_labels_of_an_mp3_before_and_after_the_sound_are_left_behind():
    voice = LABEL + MP3_FRAME * 3 + b"TAG somebody".ljust(128, b"\0")

    assert stripped(voice) == MP3_FRAME * 3


@pytest.mark.parametrize("label", [b"Xing", b"Info", b"VBRI"])
def test_a_first_frame_that_tells_of_the_encoder_is_left_behind(label):
    told = (MP3_HEAD + bytes(9) + label + b"LAME3.100").ljust(216, b"\0")

    assert stripped(told + MP3_FRAME * 2) == MP3_FRAME * 2


def test_speex_keeps_its_sound_and_tells_no_maker_no_comment_and_no_stream():
    found = stripped(speex())
    pages = found.split(b"OggS")[1:]

    assert b"sound" * 40 in found
    assert not any(each in found for each in (b"somebody", b"a machine", b"DATE", (0x51D3).to_bytes(4, "little")))
    assert len(pages) == 3
    for page in (b"OggS" + each for each in pages):
        assert int.from_bytes(page[22:26], "little") == by_the_book(page[:22] + bytes(4) + page[26:])


def test_comments_of_speex_that_go_on_over_pages_are_left_behind_whole():
    """RFC 3533 §5: a packet goes on where a page's lacing ends with 255, and the next page bears the flag 1."""
    long = [ogg_page(number, b"picture of a desk".ljust(255 * 255, b"."), whole=False) for number in (1, 2)]
    pages = [SPEEX_HEAD, *long, ogg_page(3, b"and its date", flags=1), ogg_page(4, b"sound" * 40, flags=4)]
    found = stripped(b"".join(pages))

    assert b"sound" * 40 in found
    assert b"desk" not in found
    assert b"date" not in found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!AMR\n",
        b"#!AMR\n<html>",
        b"\xff\xd8\xff\xe0 a picture",
        b"<svg onload=alert(1)>",
        b"RIFF____WAVEfmt ",
        b"OggS\0",
        ogg_page(0, b"\x01vorbis" + bytes(23), flags=2),
        SPEEX_HEAD + ogg_page(1, bytes(8)),
        LABEL,
        b"ID3",
        MP3_FRAME[:100],
        b"MZ" + MP3_FRAME,
        amr(7) + bytes(LARGEST_BYTES),
    ],
    ids=range(14),
)
def test_what_is_no_voice_is_refused(data):
    with pytest.raises(NotAVoice):
        stripped(data)


@pytest.mark.parametrize("voice", [amr(7, 3, 8), LABEL + MP3_FRAME * 2, speex()], ids=["amr", "mp3", "speex"])
def test_to_strip_it_twice_changes_nothing_more_and_its_form_stays(voice):
    once = stripped(voice)

    assert stripped(once) == once
    assert form_of(once) == form_of(voice)

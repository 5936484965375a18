"""Pictures lose everything but what can be seen."""

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from datetime import date

import pytest
from PIL import Image, PngImagePlugin

from storage.leaves import ID_LETTERS
from storage.pictures import NotAPicture, Pictures, redrawn

SECRETS = (b"2026:11:23", b"HUAWEI", b"oMember", b"Exif", b"Zhang")


def a_photo(size: tuple[int, int] = (400, 300), form: str = "JPEG", **save: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, **save)
    return out.getvalue()


def a_telling_photo() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x013B] = "HUAWEI", "2026:11:23 09:00:00", "Zhang"
    exif.get_ifd(0x8825)[2] = (43.0, 48.0, 0.0)
    return a_photo(exif=exif, comment=b"oMember") + b"Zhang after the end"


def test_place_date_device_and_comments_are_gone():
    before, after = a_telling_photo(), redrawn(a_telling_photo())

    assert all(secret in before for secret in SECRETS)
    assert not any(secret in after for secret in SECRETS)
    assert dict(Image.open(io.BytesIO(after)).getexif()) == {}


def test_text_in_a_png_is_gone():
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Zhang")

    assert b"Zhang" not in redrawn(a_photo(form="PNG", pnginfo=text))


def test_a_photo_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    assert Image.open(io.BytesIO(redrawn(a_photo(exif=exif)))).size == (300, 400)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_forms_that_phones_send_become_a_jpeg_that_fits_a_screen(form):
    seen = Image.open(io.BytesIO(redrawn(a_photo((3200, 1000), form))))

    assert (seen.format, seen.size) == ("JPEG", (1600, 500))


def test_what_shines_through_becomes_white():
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")

    assert Image.open(io.BytesIO(redrawn(out.getvalue()))).getpixel((5, 5)) == (255, 255, 255)


def a_bomb() -> bytes:
    """A PNG that says it is 60 000 by 60 000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_more_pixels_than_any_phone_takes_are_refused():
    out = io.BytesIO()
    Image.new("1", (8000, 6000)).save(out, "PNG")

    with pytest.raises(NotAPicture):
        redrawn(out.getvalue())


def test_of_what_is_held_whole_fewer_pixels_are_enough():
    size = (6000, 4000)
    assert redrawn(a_photo(size))

    for form in ("PNG", "WEBP", "GIF"):
        with pytest.raises(NotAPicture):
            redrawn(a_photo(size, form))


def a_photo_in_many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each time all of the picture is gone over."""
    photo = a_photo((6000, 6000), progressive=True)
    last = photo[photo.rfind(b"\xff\xda") : -2]
    return photo[:-2] + last * scans + photo[-2:]


@pytest.mark.timeout(60)
def test_a_photo_that_would_be_gone_over_without_end_is_refused_at_once():
    """This one took twenty minutes."""
    assert redrawn(a_photo((400, 300), progressive=True))

    with pytest.raises(NotAPicture):
        redrawn(a_photo_in_many_scans(50_000))


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg onload='x'/>", b"\xff\xd8\xff", a_photo()[:200], a_photo(form="BMP"), a_photo(form="TIFF"), a_bomb()],
    ids=["empty", "svg", "three bytes", "cut", "bmp", "tiff", "bomb"],
)
def test_what_is_no_picture_or_a_trap_is_refused(data):
    with pytest.raises(NotAPicture):
        redrawn(data)


SCRIPT = b"<script>alert(1)</script><?php system($_GET[0]); ?>PK\x03\x04"


def a_page_that_is_a_gif() -> bytes:
    """Its head opens a comment that a browser would read as a script's; its palette and its end hold the rest."""
    picture = Image.new("P", (20, 20))
    picture.putpalette(SCRIPT.ljust(768, b"/"))
    out = io.BytesIO()
    picture.save(out, "GIF", comment=SCRIPT)
    return out.getvalue() + SCRIPT


def a_png_that_unpacks() -> bytes:
    """Its text is 200 MB when it is unpacked."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "0" * 200_000_000, zip=True)
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG", pnginfo=text)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        a_photo(comment=SCRIPT) + SCRIPT,
        a_page_that_is_a_gif(),
        SCRIPT + a_photo(),
    ],
    ids=["jpeg", "gif", "before"],
)
def test_what_is_a_picture_and_something_else_besides_is_only_a_picture_afterwards(data):
    """Or nothing at all: what doesn't begin as a picture isn't one."""
    try:
        after = redrawn(data)
    except NotAPicture:
        assert not data.startswith((b"\xff\xd8", b"GIF"))
        return

    assert after.startswith(b"\xff\xd8")
    assert [part for part in (b"<script", b"<?php", b"PK\x03\x04", b"alert") if part in after] == []


def test_what_unpacks_to_much_takes_little():
    data = a_png_that_unpacks()
    tracemalloc.start()
    with suppress(NotAPicture):
        redrawn(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(data) < 300_000
    assert most < 30_000_000


def test_a_picture_is_found_by_its_id_alone(db, keys):
    pictures = Pictures(db, keys)
    picture = pictures.id_of(account="official", media_id="media-1")
    pictures.keep(picture, b"jpeg", day=date(2026, 11, 23))
    pictures.keep(picture, b"other", day=date(2026, 11, 24))

    assert len(picture) == ID_LETTERS
    assert pictures.get(picture) == b"jpeg"
    assert pictures.get(pictures.id_of(account="other", media_id="media-1")) is None

"""Members get of a pack's picture what can be seen; what is cut off, or would fill a phone, is told."""

import io
import random

import pytest
from PIL import Image, PngImagePlugin

from content import pictures
from content.faults import Unreadable

from .builders import GIF, PNG

SECRETS = (b"HUAWEI", b"2026:11:23", b"oMember", b"Zhang", b"<script>")
TOLD = PngImagePlugin.PngInfo()
TOLD.add_text("Author", "Zhang <script>")
TOLD.add_itxt("XML:com.adobe.xmp", "oMember")


def a_picture(form: str = "JPEG", mode: str = "RGB", **save: object) -> bytes:
    """One of a noise that tells whether it was cut anywhere, and which way up it is."""
    drawn = Image.frombytes("RGB", (60, 40), random.Random(1).randbytes(60 * 40 * 3)).convert(mode)
    others = {"append_images": [drawn.rotate(180)]} if save.get("save_all") else {}
    out = io.BytesIO()
    drawn.save(out, form, **save, **others)
    return out.getvalue()


def a_cameras(turned: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x013B], exif[0x0112] = "HUAWEI", "2026:11:23 09:00:00", "Zhang", turned
    exif.get_ifd(0x8825)[2] = (43.0, 48.0, 0.0)
    return exif


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (a_picture(exif=a_cameras(), comment=b"oMember", xmp=b"Zhang"), "image/jpeg"),
        (a_picture(mode="CMYK", progressive=True, exif=a_cameras(6), comment=b"oMember"), "image/jpeg"),
        (a_picture(mode="L", restart_marker_blocks=2, exif=a_cameras(3)), "image/jpeg"),
        (a_picture("PNG", exif=a_cameras(), pnginfo=TOLD), "image/png"),
        (a_picture("PNG", mode="P", pnginfo=TOLD), "image/png"),
        (a_picture("PNG", save_all=True, duration=90, pnginfo=TOLD), "image/png"),
        (a_picture("GIF", comment=b"Zhang <script>"), "image/gif"),
        (a_picture("GIF", save_all=True, loop=0, duration=90, comment=b"Zhang"), "image/gif"),
    ],
)
def test_what_is_seen_stays_and_nothing_else(said, kind):
    found = pictures.read(said + b"Zhang <script>")  # what stands behind the end too

    assert any(secret in said for secret in SECRETS)
    assert [secret for secret in SECRETS if secret in found.data] == []
    before, after = Image.open(io.BytesIO(said)), Image.open(io.BytesIO(found.data))
    assert (found.kind, after.size, getattr(after, "n_frames", 1)) == (kind, (60, 40), getattr(before, "n_frames", 1))
    assert after.info.get("duration") == before.info.get("duration")
    assert after.getexif().get(0x0112, 1) == before.getexif().get(0x0112, 1)
    assert set(after.getexif()) <= {0x0112}
    for frame in range(getattr(before, "n_frames", 1)):
        before.seek(frame)
        after.seek(frame)
        assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()


@pytest.mark.parametrize("data", [a_picture(), a_picture("PNG"), a_picture("GIF"), PNG, GIF])
def test_what_was_read_is_read_as_it_is_and_no_part_of_it_alone(data):
    shown = pictures.read(data).data

    assert pictures.read(shown).data == shown
    for length in range(3, len(shown), max(len(shown) // 200, 1)):
        with pytest.raises(Unreadable) as refused:
            pictures.read(shown[:length])
        assert refused.value.code in {"picture_broken", "picture_kind"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_of_any_byte_that_is_another_something_is_said_or_it_is_read(form):
    chance, data = random.Random(2), a_picture(form, exif=a_cameras(6))
    for _ in range(2000):
        changed = bytearray(data)
        changed[chance.randrange(min(len(data), 800))] = chance.randrange(256)
        try:
            pictures.read(bytes(changed))
        except Unreadable as refused:
            assert refused.code in {"picture_broken", "picture_kind", "picture_pixels"}  # noqa: PT017


def of_many_points(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("1" if form == "PNG" else "L", (8000, 6000)).save(out, form, optimize=True)
    return out.getvalue()


def many_frames() -> bytes:
    """A GIF that draws as many points, each frame a few bytes."""
    size = (1000).to_bytes(2, "little") * 2
    frame = b"," + bytes(4) + size + GIF[22:-1]
    return GIF[:6] + size + GIF[10:13] + frame * 41 + b";"


@pytest.mark.parametrize("data", [of_many_points("PNG"), of_many_points("GIF"), many_frames()])
def test_what_draws_more_than_a_phone_holds_is_told(data):
    with pytest.raises(Unreadable) as refused:
        pictures.read(data)

    assert refused.value.code == "picture_pixels"


def test_a_photo_that_is_gone_over_without_end_is_told():
    photo = a_picture(progressive=True)
    last = photo[photo.rfind(b"\xff\xda") : -2]
    with pytest.raises(Unreadable) as refused:
        pictures.read(photo[:-2] + last * 200 + photo[-2:])

    assert refused.value.code == "picture_broken"

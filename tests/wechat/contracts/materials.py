"""What every `Materials` does."""

import pytest

from tests.wechat.contract import DAY, JPG, World, the_fault
from wechat.api.line import Media
from wechat.api.materials import KeptVideo
from wechat.errors import BadRequest

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(40)
MP3 = b"ID3\x04" + bytes(40)


class MaterialsContract:
    def test_a_file_is_kept_until_it_is_deleted(self, world: World):
        ann = world.joins()
        kept = world.wechat.add_material("image", JPG)
        world.passes(30 * DAY)
        found = world.wechat.material(kept.media_id)
        world.speaks(ann)
        world.wechat.send_image(ann, kept.media_id)
        world.wechat.delete_material(kept.media_id)
        faults = [the_fault(call, kept.media_id) for call in (world.wechat.material, world.wechat.delete_material)]

        assert kept.url.startswith("http://mmbiz.qpic.cn/")
        assert found == Media(JPG, "image/jpeg")
        assert world.shown_to(ann) == 1
        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 40007)] * 2
        assert the_fault(world.wechat.send_image, ann, kept.media_id).errcode == 40007

    def test_of_a_video_its_title_and_its_place_are_told(self, world: World):
        kept = world.wechat.add_video(MP4, title="开学第一课", introduction="十分钟")
        found = world.wechat.material(kept.media_id)

        assert kept.url == ""
        assert isinstance(found, KeptVideo)
        assert (found.title, found.description) == ("开学第一课", "十分钟")
        assert found.url.startswith("http")

    def test_what_is_kept_is_counted_and_listed_by_its_kind(self, world: World):
        pictures = []
        for _ in range(21):
            pictures.append(world.wechat.add_material("image", JPG).media_id)
            world.passes(1)
        voice = world.wechat.add_material("voice", MP3)
        world.wechat.add_material("thumb", JPG)
        count = world.wechat.count_materials()
        listed = list(world.wechat.materials("image"))
        (spoken,) = world.wechat.materials("voice")

        assert (count.images, count.voices, count.videos, count.articles) == (21, 1, 0, 0)
        assert [one.media_id for one in listed] == pictures[::-1]
        assert (listed[0].name, listed[0].url.startswith("http")) == ("media.jpg", True)
        assert [one.media_id for one in world.wechat.materials("image", start=20)] == pictures[:1]
        assert (spoken.media_id, spoken.url) == (voice.media_id, "")
        assert list(world.wechat.materials("video")) == []

    def test_a_picture_for_an_article_is_no_material(self, world: World):
        url = world.wechat.upload_picture(JPG)

        assert url.startswith("http://mmbiz.qpic.cn/")
        assert world.wechat.count_materials().images == 0

    @pytest.mark.parametrize("content", [b"<svg/>", b"GIF89a", JPG + bytes(1024 * 1024 - 44)])
    def test_a_picture_that_no_article_may_show_is_not_sent(self, world: World, content: bytes):
        fault = the_fault(world.wechat.upload_picture, content)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "media")

    def test_a_file_the_library_would_not_take_is_not_sent(self, world: World):
        faults = [
            the_fault(world.wechat.add_material, "image", MP3),
            the_fault(world.wechat.add_material, "thumb", JPG + bytes(64 * 1024)),
            the_fault(world.wechat.add_video, MP4, title=""),
        ]

        assert [(fault.errcode, getattr(fault, "field", "")) for fault in faults] == [
            (None, "media"),
            (None, "media"),
            (None, "title"),
        ]

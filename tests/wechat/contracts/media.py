"""What every `TemporaryMedia` does."""

from tests.wechat.contract import DAY, JPG, World, the_fault
from wechat.errors import BadRequest


class MediaContract:
    def test_a_file_lives_for_three_days(self, world: World):
        ann = world.joins()
        media_id = world.wechat.upload("image", JPG)
        world.passes(3 * DAY - 10)
        found = world.wechat.download(media_id)
        world.passes(11)
        world.speaks(ann)
        faults = [the_fault(world.wechat.download, media_id), the_fault(world.wechat.send_image, ann, media_id)]

        assert (found.content, found.content_type) == (JPG, "image/jpeg")
        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 40007)] * 2

    def test_a_file_the_platform_would_not_take_is_not_sent(self, world: World):
        fault = the_fault(world.wechat.upload, "image", b"<svg/>")

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "media")

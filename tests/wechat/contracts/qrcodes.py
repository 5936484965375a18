"""What every `QrCodes` does."""

from datetime import timedelta

import pytest

from tests.wechat.contract import DAY, World, the_fault
from wechat.errors import BadRequest

WEEK = timedelta(days=7)


class QrCodesContract:
    @pytest.mark.parametrize("scene", [7, 4_294_967_295, "hall-3", "大厅", "s" * 64])
    def test_who_scans_a_code_comes_with_its_scene(self, world: World, scene: int | str):
        code = world.wechat.scene_code(scene, lasts=WEEK)
        ann = world.knows()

        assert world.scans(ann, code.ticket)
        assert (world.wechat.user(ann).scene, world.wechat.user(ann).follows) == (str(scene), True)

    def test_a_code_is_over_when_its_time_is(self, world: World):
        short = world.wechat.scene_code("hall-3", lasts=timedelta(days=1))
        for_ever = world.wechat.scene_code("hall-3", lasts=None)
        world.passes(DAY)

        assert (short.lasts, for_ever.lasts) == (timedelta(days=1), None)
        assert not world.scans(world.knows(), short.ticket)
        assert world.scans(world.knows(), for_ever.ticket)

    def test_a_code_can_be_drawn_or_shown_from_its_address(self, world: World):
        code = world.wechat.scene_code(7, lasts=None)

        assert code.content.startswith("http://weixin.qq.com/q/")
        assert code.picture.endswith(f"/cgi-bin/showqrcode?ticket={code.ticket}")
        assert code.ticket not in repr(code)

    @pytest.mark.parametrize(
        ("scene", "lasts", "field"),
        [
            (0, WEEK, "scene_id"),
            (4_294_967_296, WEEK, "scene_id"),
            (100_001, None, "scene_id"),
            ("", WEEK, "scene_str"),
            ("s" * 65, None, "scene_str"),
            ("大" * 22, WEEK, "scene_str"),
            ("hall", timedelta(days=30, seconds=1), "expire_seconds"),
            ("hall", timedelta(0), "expire_seconds"),
        ],
    )
    def test_a_code_that_could_not_be_is_not_asked_for(
        self, world: World, scene: int | str, lasts: timedelta | None, field: str
    ):
        fault = the_fault(world.wechat.scene_code, scene, lasts=lasts)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, field)

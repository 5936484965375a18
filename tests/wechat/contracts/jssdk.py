"""What every `JsSdk` does."""

import pytest

from tests.wechat.contract import HOUR, World, the_fault
from wechat.errors import BadRequest

PAGE = "https://a.example/p/poll?code=1&state=2"


class JsSdkContract:
    def test_a_signed_page_is_let_in_and_no_other(self, world: World):
        signature = world.wechat.signature(PAGE, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457)

        assert world.opens(PAGE, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, signature=signature)
        assert world.opens(f"{PAGE}#top", nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, signature=signature)
        assert not world.opens(f"{PAGE}3", nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, signature=signature)
        assert not world.opens(PAGE, nonce="other", timestamp=1414587457, signature=signature)
        assert not world.opens(PAGE, nonce="Wm3WZYTPz0wzccnW", timestamp=1, signature=signature)

    def test_a_part_after_the_number_sign_is_not_signed(self, world: World):
        signatures = {world.wechat.signature(url, nonce="n", timestamp=1) for url in (PAGE, f"{PAGE}#top")}

        assert len(signatures) == 1

    def test_pages_are_signed_all_day(self, world: World):
        for _ in range(24):
            world.passes(HOUR)
            signature = world.wechat.signature(PAGE, nonce="n", timestamp=1)
            assert world.opens(PAGE, nonce="n", timestamp=1, signature=signature)

    @pytest.mark.parametrize(
        ("url", "nonce", "field"), [("javascript:alert(1)", "n", "url"), ("", "n", "url"), (PAGE, "", "nonceStr")]
    )
    def test_what_no_page_can_show_is_not_signed(self, world: World, url: str, nonce: str, field: str):
        fault = the_fault(world.wechat.signature, url, nonce=nonce, timestamp=1)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, field)

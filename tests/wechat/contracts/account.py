"""What every `Account` does."""

from tests.wechat.contract import World


class AccountContract:
    def test_a_send_is_counted_in_its_quota(self, world: World):
        path = "/cgi-bin/message/custom/send"
        before = world.wechat.quota(path)
        world.wechat.send_text(world.joins(), "好")
        after = world.wechat.quota(path)

        assert (after.used - before.used, before.remain - after.remain) == (1, 1)
        assert after.daily_limit == 500_000

    def test_the_platform_says_from_where_it_calls(self, world: World):
        assert world.wechat.callback_addresses() == ["127.0.0.1"]

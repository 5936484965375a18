"""What every `Account` does."""

from tests.wechat.contract import DAY, World, the_fault
from wechat.errors import BadRequest, Misconfigured

SEND = "/cgi-bin/message/custom/send"


class AccountContract:
    def test_a_send_is_counted_in_its_quota(self, world: World):
        before = world.wechat.quota(SEND)
        world.wechat.send_text(world.joins(), "好")
        after = world.wechat.quota(SEND)

        assert (after.used - before.used, before.remain - after.remain) == (1, 1)
        assert after.daily_limit == 500_000

    def test_the_platform_says_from_where_it_calls(self, world: World):
        assert world.wechat.callback_addresses() == ["127.0.0.1"]

    def test_the_api_is_reached_at_its_addresses(self, world: World):
        assert world.wechat.api_addresses() == ["127.0.0.1"]

    def test_an_api_that_is_not_there_has_no_quota(self, world: World):
        faults = [the_fault(world.wechat.quota, path) for path in ("/cgi-bin/no/such", "/sns/jscode2session")]

        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 76021), (BadRequest, 76022)]

    def test_one_quota_is_given_back_fifty_times_a_month(self, world: World):
        world.wechat.send_text(world.joins(), "好")
        for _ in range(50):
            world.wechat.clear_quota(SEND)
        fault = the_fault(world.wechat.clear_quota, SEND)

        assert world.wechat.quota(SEND).used == 0
        assert (type(fault), fault.errcode) == (Misconfigured, 48006)

    def test_all_quotas_are_given_back_ten_times_a_month_by_either_way(self, world: World):
        world.wechat.send_text(world.joins(), "好")
        for number in range(10):
            world.wechat.clear_quotas(without_token=bool(number % 2))
        faults = [the_fault(world.wechat.clear_quotas, without_token=way) for way in (True, False)]
        cleared = world.wechat.quota(SEND).used
        world.passes(31 * DAY)
        world.wechat.clear_quotas()

        assert cleared == 0
        assert [(type(fault), fault.errcode) for fault in faults] == [(Misconfigured, 48006)] * 2

    def test_a_refused_call_can_be_looked_up_for_seven_days(self, world: World):
        rid = the_fault(world.wechat.send_text, "oZYXW9876543210zyxwvutSRQPON", "好").rid
        found = world.wechat.past_call(rid)
        world.passes(7 * DAY + 1)
        late = the_fault(world.wechat.past_call, rid)

        assert rid in found.answered
        assert found.client_ip == "127.0.0.1"
        assert (type(late), late.errcode) == (BadRequest, 76004)

    def test_what_never_was_a_call_can_not_be_looked_up(self, world: World):
        unknown, wrong = (the_fault(world.wechat.past_call, rid) for rid in ("6f-ab12-34cd", "hier"))

        assert unknown.errcode == 76001
        assert isinstance(wrong, BadRequest)
        assert (wrong.errcode, wrong.field) == (None, "rid")

    def test_the_platform_looks_for_the_webhook_from_its_side(self, world: World):
        everything, named = world.wechat.check_callback(), world.wechat.check_callback("dns", "UNICOM")

        assert [(one.ip, one.operator, one.package_loss) for one in everything] == [("127.0.0.1", "UNICOM", "0%")]
        assert [(one.ip, one.package_loss) for one in named] == [("127.0.0.1", "")]

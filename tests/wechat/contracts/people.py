"""What every `People` does."""

from tests.wechat.contract import World, the_fault
from wechat.errors import BadRequest, RecipientGone, Why


class PeopleContract:
    def test_followers_are_those_who_follow_in_the_order_they_came(self, world: World):
        ann = world.joins()
        world.passes(1)
        bob = world.joins()
        world.passes(1)
        cat, _ = world.joins(), world.knows()
        world.leaves(bob)

        assert list(world.wechat.followers()) == [ann, cat]
        assert list(world.wechat.followers(after=ann)) == [cat]

    def test_an_account_without_followers_lists_none(self, world: World):
        assert list(world.wechat.followers()) == []

    def test_a_follower_is_known_by_when_and_how(self, world: World):
        ann, bob = world.joins("hall-3"), world.knows()
        known, stranger = world.wechat.users([ann, bob])

        assert (known.openid, known.follows, known.scene) == (ann, True, "hall-3")
        assert known.followed_at is not None
        assert (stranger.openid, stranger.follows, stranger.followed_at) == (bob, False, None)
        assert world.wechat.user(ann) == known

    def test_more_than_a_hundred_people_can_be_asked_for(self, world: World):
        ann = world.joins()

        assert sum(1 for _ in world.wechat.users([ann] * 101)) == 101

    def test_a_remark_is_kept_until_another_one(self, world: World):
        ann, bob = world.joins(), world.joins()
        world.wechat.set_remark(ann, "三支部")
        world.wechat.set_remark(bob, "旧")
        world.wechat.set_remark(bob, "")

        assert (world.wechat.user(ann).remark, world.wechat.user(bob).remark) == ("三支部", "")

    def test_a_long_remark_is_not_sent(self, world: World):
        ann = world.joins()
        world.wechat.set_remark(ann, "长" * 9)
        fault = the_fault(world.wechat.set_remark, ann, "长" * 10)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "remark")

    def test_who_is_blocked_can_not_be_written_to_and_is_listed(self, world: World):
        ann, bob, cat = world.joins(), world.joins(), world.joins()
        world.wechat.block([ann, bob])
        world.wechat.block([ann])
        listed = list(world.wechat.blocked()), list(world.wechat.blocked(after=ann))
        fault = the_fault(world.wechat.send_text, ann, "好")
        world.wechat.unblock([ann, cat])
        world.wechat.send_text(ann, "好")

        assert listed == ([ann, bob], [bob])
        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (43019, Why.BLOCKED)
        assert list(world.wechat.blocked()) == [bob]

    def test_nobody_is_blocked_at_first(self, world: World):
        assert list(world.wechat.blocked()) == []

    def test_more_than_twenty_can_be_blocked(self, world: World):
        crowd = [world.joins() for _ in range(21)]
        world.wechat.block(crowd)

        assert list(world.wechat.blocked()) == crowd

    def test_strangers_can_not_be_blocked(self, world: World):
        assert the_fault(world.wechat.block, ["oZYXW9876543210zyxwvutSRQPON"]).errcode == 40003

"""What every `People` does."""

from tests.wechat.contract import World


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

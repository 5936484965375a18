"""What every `Tags` does."""

from tests.wechat.contract import World, the_fault
from wechat.errors import BadRequest


class TagsContract:
    def test_a_tag_is_made_given_counted_renamed_taken_and_dropped(self, world: World):
        ann, bob = world.joins(), world.joins()
        tag = world.wechat.create_tag("一支部")
        world.wechat.tag([ann, bob], tag.id)
        world.wechat.rename_tag(tag.id, "第一支部")
        given = world.wechat.tags(), world.wechat.tags_of(ann), world.wechat.user(bob).tags
        world.wechat.untag([ann], tag.id)
        taken = world.wechat.tags_of(ann), world.wechat.tags_of(bob)
        world.wechat.delete_tag(tag.id)

        assert [(one.name, one.count) for one in given[0]] == [("第一支部", 2)]
        assert given[1:] == ((tag.id,), (tag.id,))
        assert taken == ((), (tag.id,))
        assert (world.wechat.tags(), world.wechat.tags_of(bob)) == ([], ())

    def test_two_tags_can_not_share_a_name(self, world: World):
        world.wechat.create_tag("一支部")
        fault = the_fault(world.wechat.create_tag, "一支部")

        assert isinstance(fault, BadRequest)
        assert fault.errcode == 45157

    def test_a_tag_that_is_not_there_can_not_be_given(self, world: World):
        assert the_fault(world.wechat.tag, [world.joins()], 4711).errcode == 45159

    def test_more_than_fifty_can_be_tagged(self, world: World):
        tag, crowd = world.wechat.create_tag("一支部"), [world.joins() for _ in range(51)]
        world.wechat.tag(crowd, tag.id)

        assert world.wechat.tags()[0].count == 51

    def test_those_who_bear_a_tag_are_listed(self, world: World):
        ann, bob, cat, _ = (world.joins() for _ in range(4))
        tag, empty = world.wechat.create_tag("一支部"), world.wechat.create_tag("二支部")
        world.wechat.tag([ann, bob, cat], tag.id)
        world.leaves(bob)
        bearers = list(world.wechat.bearers(tag.id))

        assert set(bearers) == {ann, cat}
        assert list(world.wechat.bearers(tag.id, after=bearers[0])) == bearers[1:]
        assert list(world.wechat.bearers(empty.id)) == []

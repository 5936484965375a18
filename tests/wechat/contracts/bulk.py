"""What every `Bulk` does."""

from tests.wechat.contract import World, a_notice
from wechat.bulk import Job
from wechat.messages import News


class BulkContract:
    def test_a_batch_says_what_came_of_each(self, world: World):
        ann, bob, cat = world.joins(), world.knows(), world.joins()
        world.consents(cat)
        batch = [
            Job("ann", ann, "好"),
            Job("bob", bob, "好"),
            Job("cat", cat, a_notice(cat)),
            Job("cat again", cat, a_notice(cat)),
            Job("cat card", cat, News("题", "", "https://a.example/")),
            Job("nobody", "oZYXW9876543210zyxwvutSRQPON", "好"),
            Job("too long", ann, "党" * 683),
        ]
        outcomes = {outcome.id: outcome.error for outcome in world.bulk.send_all(batch)}

        assert [outcomes[sent] for sent in ("ann", "cat", "cat card")] == [None] * 3
        assert {name: fault.errcode for name, fault in outcomes.items() if fault} == {
            "bob": 45015,
            "cat again": 43101,
            "nobody": 40003,
            "too long": None,
        }
        assert (world.shown_to(ann), world.shown_to(bob), world.shown_to(cat)) == (1, 0, 2)

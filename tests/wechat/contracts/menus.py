"""What every `Menus` does."""

from tests.wechat.contract import MENU, World, the_fault
from wechat.errors import BadRequest


class MenusContract:
    def test_a_menu_is_kept_until_it_is_taken_away(self, world: World):
        before = world.wechat.menu()
        world.wechat.create_menu(MENU)
        kept = world.wechat.menu()
        world.wechat.delete_menu()

        assert kept is not None
        assert [button["name"] for button in kept["button"]] == ["学习", "要闻"]
        assert kept["button"][0]["sub_button"][0]["key"] == "quiz"
        assert (before, world.wechat.menu()) == (None, None)

    def test_a_menu_that_breaks_a_rule_leaves_the_old_one(self, world: World):
        world.wechat.create_menu(MENU)
        fault = the_fault(world.wechat.create_menu, {"button": [{"type": "click", "name": "答题"}]})

        assert isinstance(fault, BadRequest)
        assert fault.field == "button[0].key"
        assert world.wechat.menu() is not None

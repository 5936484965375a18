"""What every `Menus` does."""

from collections.abc import Mapping
from typing import Any

from tests.wechat.contract import MENU, World, the_fault
from wechat.errors import BadRequest, RecipientGone


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

    def test_who_bears_the_tag_sees_the_newest_menu_that_fits(self, world: World):
        ann, bob = world.joins(), world.joins()
        first, last = world.wechat.create_tag("一支部"), world.wechat.create_tag("二支部")
        world.wechat.create_menu(MENU)
        for words, tag in (("旧", last), ("新", last), ("别人", first)):
            world.wechat.add_conditional_menu(a_menu(words), tag=tag.id)
        world.wechat.tag([ann], first.id)
        world.wechat.tag([ann], last.id)

        assert names(world.wechat.menu_of(ann)) == ["新"]
        assert names(world.wechat.menu_of(bob)) == names(MENU)
        assert names(world.wechat.menu()) == names(MENU)

    def test_the_last_tag_decides_even_if_no_menu_is_for_it(self, world: World):
        ann = world.joins()
        first, second, third = (world.wechat.create_tag(name) for name in ("甲", "乙", "丙"))
        world.wechat.create_menu(MENU)
        world.wechat.add_conditional_menu(a_menu("乙"), tag=second.id)
        for tag in (first, second):
            world.wechat.tag([ann], tag.id)
        world.wechat.untag([ann], first.id)
        fitting = names(world.wechat.menu_of(ann))
        world.wechat.tag([ann], third.id)

        assert fitting == ["乙"]
        assert names(world.wechat.menu_of(ann)) == names(MENU)

    def test_a_conditional_menu_is_listed_until_it_is_taken_away(self, world: World):
        tag = world.wechat.create_tag("一支部")
        none = world.wechat.conditional_menus()
        world.wechat.create_menu(MENU)
        old, new = (world.wechat.add_conditional_menu(a_menu(name), tag=tag.id) for name in ("旧", "新"))
        both = world.wechat.conditional_menus()
        world.wechat.delete_conditional_menu(old)
        one = world.wechat.conditional_menus()
        gone = the_fault(world.wechat.delete_conditional_menu, old)

        assert none == []
        assert [(menu.id, menu.tag) for menu in both] == [(new, tag.id), (old, tag.id)]
        assert [names(menu.menu) for menu in both] == [["新"], ["旧"]]
        assert [menu.id for menu in one] == [new]
        assert gone.errcode == 65301

    def test_without_a_menu_for_all_there_is_none_for_some(self, world: World):
        ann, tag = world.joins(), world.wechat.create_tag("一支部")
        early = the_fault(world.wechat.add_conditional_menu, a_menu("早"), tag=tag.id)
        world.wechat.create_menu(MENU)
        world.wechat.add_conditional_menu(a_menu("有"), tag=tag.id)
        world.wechat.delete_menu()

        assert early.errcode == 65303
        assert world.wechat.conditional_menus() == []
        assert the_fault(world.wechat.menu_of, ann).errcode == 46003

    def test_a_menu_for_some_that_breaks_a_rule_is_not_sent(self, world: World):
        links = [{"type": "view", "name": "页", "url": f"https://{host}.example/"} for host in "abcd"]
        wide = {"button": [{"name": "链接", "sub_button": links}]}
        fault = the_fault(world.wechat.add_conditional_menu, wide, tag=100)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "button")

    def test_nobody_s_menu_is_asked_for(self, world: World):
        world.wechat.create_menu(MENU)

        assert isinstance(the_fault(world.wechat.menu_of, "oZYXW9876543210zyxwvutSRQPON"), RecipientGone)


def a_menu(name: str) -> dict[str, Any]:
    return {"button": [{"type": "click", "name": name, "key": "quiz"}]}


def names(menu: Mapping[str, Any] | None) -> list[str]:
    return [button["name"] for button in menu["button"]] if menu else []

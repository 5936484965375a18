"""What every `Templates` does beside listing what notices need (notices.py)."""

from collections.abc import Sequence

import pytest

from tests.wechat.contract import World, a_template, the_fault
from wechat.errors import BadRequest, Misconfigured
from wechat.messages import Notice


class TemplatesContract:
    def test_a_template_is_chosen_from_the_library_and_used(self, world: World):
        ann = world.joins()
        template_id, keys = chosen(world)
        made = {one.id: one for one in world.wechat.notice_templates()}[template_id]
        world.consents(ann, template_id)
        world.wechat.send_notice(Notice(openid=ann, template_id=template_id, data=dict.fromkeys(keys, "09:00")))

        assert made.keys == keys
        assert world.shown_to(ann) == 1

    def test_what_is_dropped_can_not_be_sent(self, world: World):
        ann = world.joins()
        template_id, keys = chosen(world)
        world.consents(ann, template_id)
        world.wechat.delete_notice_template(template_id)
        notice = Notice(openid=ann, template_id=template_id, data=dict.fromkeys(keys, "09:00"))
        faults = [
            the_fault(world.wechat.send_notice, notice),
            the_fault(world.wechat.delete_notice_template, template_id),
        ]

        assert template_id not in {one.id for one in world.wechat.notice_templates()}
        assert [(type(fault), fault.errcode) for fault in faults] == [(Misconfigured, 40037)] * 2

    def test_the_fields_stand_in_the_order_that_was_chosen(self, world: World):
        title = first_title(world)
        kids = [one.id for one in world.wechat.public_keywords(title)]
        template_id = world.wechat.add_notice_template(title, [kids[1], kids[0]], scene="开会")
        (keys,) = [one.keys for one in world.wechat.notice_templates() if one.id == template_id]

        assert [key.lstrip("abcdefghijklmnopqrstuvwxyz_") for key in keys] == [str(kids[1]), str(kids[0])]

    def test_titles_are_looked_up_by_category(self, world: World):
        categories = [one.id for one in world.wechat.template_categories()]
        everything = list(world.wechat.public_templates(categories))
        of_one = list(world.wechat.public_templates(categories[:1]))

        assert {one.category for one in of_one} == {categories[0]}
        assert len(of_one) < len(everything)
        assert list(world.wechat.public_templates(categories, start=1)) == everything[1:]
        assert any(one.long_term for one in everything)

    def test_an_account_has_twenty_five_at_most(self, world: World):
        title = first_title(world)
        kids = [one.id for one in world.wechat.public_keywords(title)][:2]
        for _ in range(25 - len(world.wechat.notice_templates())):
            world.wechat.add_notice_template(title, kids, scene="开会")
        fault = the_fault(world.wechat.add_notice_template, title, kids, scene="开会")

        assert (type(fault), fault.errcode) == (BadRequest, 200012)

    def test_what_the_library_has_not_is_refused(self, world: World):
        title = first_title(world)
        faults = [
            the_fault(world.wechat.public_keywords, 999_999),
            the_fault(world.wechat.add_notice_template, 999_999, [1, 2], scene="开会"),
            the_fault(world.wechat.add_notice_template, title, [1, 999], scene="开会"),
            the_fault(lambda: list(world.wechat.public_templates([999_999]))),
        ]

        assert [fault.errcode for fault in faults] == [200014, 200014, 200020, 200019]

    @pytest.mark.parametrize(
        ("kids", "scene", "field"),
        [
            ([1], "开会", "kidList"),
            ([1, 2, 3, 4, 5, 6], "开会", "kidList"),
            ([1, 1], "开会", "kidList"),
            ([1, 2], "", "sceneDesc"),
            ([1, 2], "会" * 16, "sceneDesc"),
        ],
    )
    def test_a_template_that_breaks_a_rule_is_not_sent(self, world: World, kids: Sequence[int], scene: str, field: str):
        fault = the_fault(world.wechat.add_notice_template, 1, kids, scene=scene)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, field)

    def test_titles_are_not_looked_up_without_a_category(self, world: World):
        fault = the_fault(lambda: list(world.wechat.public_templates([])))

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "ids")

    def test_a_template_of_messages_names_its_fields_and_can_be_dropped(self, world: World):
        ann = world.joins()
        keys = {one.id: one.keys for one in world.wechat.message_templates()}
        world.wechat.delete_message_template("message-reply")
        faults = [
            the_fault(world.wechat.send_template, a_template(ann), client_msg_id="opinion-1"),
            the_fault(world.wechat.delete_message_template, "message-reply"),
        ]

        assert keys == {"message-reply": ("thing1", "character_string2", "time3")}
        assert world.wechat.message_templates() == []
        assert [(type(fault), fault.errcode) for fault in faults] == [(Misconfigured, 40037)] * 2


def first_title(world: World) -> int:
    categories = [one.id for one in world.wechat.template_categories()]
    return next(one.id for one in world.wechat.public_templates(categories) if not one.long_term)


def chosen(world: World) -> tuple[str, tuple[str, ...]]:
    """A template with two fields that take a time of day, and their keys."""
    title = first_title(world)
    kids = [one for one in world.wechat.public_keywords(title) if one.rule in {"thing", "time"}][:2]
    template_id = world.wechat.add_notice_template(title, [one.id for one in kids], scene="开会")
    return template_id, tuple(f"{one.rule}{one.id}" for one in kids)

"""What every `WeChat` does, the fake as well as the real one: written once, run against both."""

from collections.abc import Callable
from typing import Protocol

import pytest

from tests.fakes import FakeBulk
from wechat.api.customer_service import Choice
from wechat.bulk import Bulk, Job
from wechat.client import WeChat
from wechat.errors import BadRequest, Misconfigured, RecipientGone, WeChatError, Why
from wechat.messages import Music, News, Notice

HOUR = 3600
DAY = 24 * HOUR
JPG = b"\xff\xd8\xff\xe0" + bytes(40)
MENU = {
    "button": [
        {"name": "学习", "sub_button": [{"type": "click", "name": "答题", "key": "quiz"}]},
        {"type": "view", "name": "要闻", "url": "https://a.example/news"},
    ]
}
STUDY = {"thing1": "今日要闻", "time2": "2026年11月23日 08:00", "thing3": "点击查看"}
RESULT = {"thing1": "路灯报修", "character_string2": "A-1024", "time3": "2026年11月23日 08:00"}


class World(Protocol):
    """A `WeChat`, and the hands and eyes of members."""

    wechat: WeChat
    bulk: Bulk | FakeBulk

    def joins(self, scene: str = "") -> str:
        """Someone begins to follow; returns the openid."""

    def knows(self) -> str:
        """Someone knows of the account and does not follow it."""

    def leaves(self, openid: str) -> None:
        """Unfollow."""

    def speaks(self, openid: str) -> None:
        """Write to the account."""

    def refuses_messages(self, openid: str) -> None:
        """Switch 接收消息 off."""

    def consents(self, openid: str) -> None:
        """Allow one notice of the template `notice-study-update`."""

    def passes(self, seconds: int) -> None:
        """Let time pass."""

    def shown_to(self, openid: str) -> int:
        """Count what this member was sent."""


def the_fault(call: Callable[..., object], *args: object, **more: object) -> WeChatError:
    with pytest.raises(WeChatError) as caught:
        call(*args, **more)
    return caught.value


def a_notice(openid: str, **data: str) -> Notice:
    return Notice(openid=openid, template_id="notice-study-update", data=STUDY | data)


def a_template(openid: str, **more: str) -> Notice:
    return Notice(openid=openid, template_id="message-reply", data=RESULT | more)


class Contract:
    """Derive a test class from this one and give it a fixture `world`."""

    # -- customer-service messages

    def test_one_who_spoke_may_be_sent_five_messages(self, world: World):
        ann = world.joins()
        world.passes(2 * 60)
        world.speaks(ann)
        for number in range(5):
            world.wechat.send_text(ann, f"第 {number} 句")
        fault = the_fault(world.wechat.send_text, ann, "第六句")

        assert world.shown_to(ann) == 5
        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (45047, Why.WINDOW)

    def test_speaking_again_fills_the_allowance_and_adds_nothing_to_it(self, world: World):
        ann = world.joins()
        world.passes(2 * 60)
        world.speaks(ann)
        world.wechat.send_text(ann, "一")
        world.speaks(ann)
        for _ in range(5):
            world.wechat.send_text(ann, "又")

        assert the_fault(world.wechat.send_text, ann, "多").errcode == 45047

    def test_one_who_just_followed_may_be_sent_three_for_a_minute(self, world: World):
        ann, bob = world.joins(), world.joins()
        for _ in range(3):
            world.wechat.send_text(ann, "欢迎")
        spent = the_fault(world.wechat.send_text, ann, "欢迎")
        world.passes(61)
        late = the_fault(world.wechat.send_text, bob, "欢迎")

        assert (spent.errcode, late.errcode) == (45047, 45015)

    def test_two_days_after_the_last_word_the_window_is_closed(self, world: World):
        ann = world.joins()
        world.speaks(ann)
        world.passes(48 * HOUR - 1)
        world.wechat.send_text(ann, "还来得及")
        world.passes(1)
        fault = the_fault(world.wechat.send_text, ann, "晚了")

        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (45015, Why.WINDOW)

    def test_one_who_left_can_not_be_written_to(self, world: World):
        ann = world.joins()
        world.speaks(ann)
        world.leaves(ann)

        assert the_fault(world.wechat.send_text, ann, "好").errcode == 45015

    def test_one_who_switched_messages_off_is_gone_for_that_reason(self, world: World):
        ann = world.joins()
        world.speaks(ann)
        world.refuses_messages(ann)
        fault = the_fault(world.wechat.send_text, ann, "好")

        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (48002, Why.BLOCKED)

    def test_a_stranger_is_gone_and_the_error_does_not_say_who(self, world: World):
        stranger = "oZYXW9876543210zyxwvutSRQPON"
        fault = the_fault(world.wechat.send_text, stranger, "好")

        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (40003, Why.UNKNOWN)
        assert stranger not in str(fault) + repr(fault)

    def test_every_kind_of_message_arrives(self, world: World):
        ann = world.joins()
        world.speaks(ann)
        picture, thumb = world.wechat.upload("image", JPG), world.wechat.upload("thumb", JPG)
        world.wechat.send_image(ann, picture)
        world.wechat.send_news(ann, News("题", "述", "https://a.example/"))
        world.wechat.send_choices(ann, "满意吗？", [Choice("1", "满意"), Choice("2", "不满意")], "谢谢")
        world.wechat.send_music(ann, Music(title="歌", url="https://a.example/song.mp3"))
        world.wechat.send_page(ann, "学习", appid="wx01", path="pages/index", thumb_media_id=thumb)

        assert world.shown_to(ann) == 5

    def test_words_that_break_a_rule_cost_nothing(self, world: World):
        ann = world.joins()
        faults = [the_fault(world.wechat.send_text, ann, text) for text in ("", "党" * 683)]

        assert {type(fault) for fault in faults} == {BadRequest}
        assert world.shown_to(ann) == 0

    def test_typing_is_never_an_error_for_a_member(self, world: World):
        ann = world.joins()
        world.wechat.typing(ann)
        world.wechat.typing(ann)
        world.wechat.typing(ann, on=False)
        world.passes(HOUR)
        world.wechat.typing(ann)

        assert world.shown_to(ann) == 0

    # -- notices

    def test_one_consent_is_one_notice(self, world: World):
        ann = world.joins()
        world.consents(ann)
        world.wechat.send_notice(a_notice(ann))
        fault = the_fault(world.wechat.send_notice, a_notice(ann))

        assert world.shown_to(ann) == 1
        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (43101, Why.NO_CREDIT)

    def test_a_consent_outlives_the_window(self, world: World):
        ann = world.joins()
        world.consents(ann)
        world.passes(30 * DAY)
        world.wechat.send_notice(a_notice(ann))

        assert world.shown_to(ann) == 1

    def test_a_notice_with_a_bad_value_names_it_and_keeps_the_credit(self, world: World):
        ann = world.joins()
        world.consents(ann)
        fault = the_fault(world.wechat.send_notice, a_notice(ann, thing1="长" * 21))
        world.wechat.send_notice(a_notice(ann))

        assert isinstance(fault, BadRequest)
        assert fault.field == "thing1"

    def test_a_notice_that_lacks_a_value_is_refused_by_its_name(self, world: World):
        ann = world.joins()
        world.consents(ann)
        lacking = Notice(openid=ann, template_id="notice-study-update", data={"thing1": "好"})
        fault = the_fault(world.wechat.send_notice, lacking)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (47003, "time2")

    def test_an_unknown_template_stops_the_job(self, world: World):
        ann = world.joins()
        fault = the_fault(world.wechat.send_notice, Notice(openid=ann, template_id="gone", data=STUDY))

        assert type(fault) is Misconfigured
        assert fault.errcode == 40037

    def test_the_templates_name_their_fields(self, world: World):
        templates = {template.id: template.keys for template in world.wechat.notice_templates()}

        assert templates["notice-study-update"] == ("thing1", "time2", "thing3")

    def test_a_template_message_with_the_same_key_is_sent_once_in_ten_minutes(self, world: World):
        ann = world.joins()
        first = world.wechat.send_template(a_template(ann), client_msg_id="opinion-1")
        again = world.wechat.send_template(a_template(ann), client_msg_id="opinion-1")
        other = world.wechat.send_template(a_template(ann), client_msg_id="opinion-2")
        world.passes(10 * 60 + 1)
        later = world.wechat.send_template(a_template(ann), client_msg_id="opinion-1")

        assert first == again
        assert len({first, other, later}) == 3
        assert world.shown_to(ann) == 3

    def test_a_template_message_reaches_followers_alone(self, world: World):
        fault = the_fault(world.wechat.send_template, a_template(world.knows()), client_msg_id="opinion-1")

        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (43004, Why.UNFOLLOWED)

    # -- many at once

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

    # -- menu

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

    # -- people and tags

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

    # -- media and the account itself

    def test_a_file_lives_for_three_days(self, world: World):
        ann = world.joins()
        media_id = world.wechat.upload("image", JPG)
        world.passes(3 * DAY - 10)
        found = world.wechat.download(media_id)
        world.passes(11)
        world.speaks(ann)
        faults = [the_fault(world.wechat.download, media_id), the_fault(world.wechat.send_image, ann, media_id)]

        assert (found.content, found.content_type) == (JPG, "image/jpeg")
        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 40007)] * 2

    def test_a_file_the_platform_would_not_take_is_not_sent(self, world: World):
        fault = the_fault(world.wechat.upload, "image", b"<svg/>")

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "media")

    def test_a_send_is_counted_in_its_quota(self, world: World):
        path = "/cgi-bin/message/custom/send"
        before = world.wechat.quota(path)
        world.wechat.send_text(world.joins(), "好")
        after = world.wechat.quota(path)

        assert (after.used - before.used, before.remain - after.remain) == (1, 1)
        assert after.daily_limit == 500_000

    def test_the_platform_says_from_where_it_calls(self, world: World):
        assert world.wechat.callback_addresses() == ["127.0.0.1"]

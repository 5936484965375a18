"""What every `CustomerService` does."""

from tests.wechat.contract import HOUR, JPG, World, the_fault
from wechat.api.customer_service import Choice
from wechat.errors import BadRequest, RecipientGone, Why
from wechat.messages import Music, News


class CustomerServiceContract:
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

"""What every `MassMessages` does."""

from collections.abc import Callable

import pytest

from tests.wechat.contract import DAY, JPG, World, the_fault
from tests.wechat.contracts.articles import an_article
from tests.wechat.contracts.materials import MP3, MP4
from wechat.api.mass import MassArticles, MassPictures, MassState, MassVideo, WeChatId, What
from wechat.errors import BadRequest, Retryable
from wechat.messages import Voice

HALF_AN_HOUR = 30 * 60


class MassContract:
    def test_all_who_follow_are_told_and_nobody_else(self, world: World):
        ann, bob, gone = world.joins(), world.joins(), world.joins()
        world.leaves(gone)
        deaf, stranger, blocked = world.joins(), world.knows(), world.joins()
        world.refuses_messages(deaf)
        world.wechat.block([blocked])
        sent = world.wechat.mass_to_all("全体党员大会改期", client_msg_id="meeting-1")

        assert [world.shown_to(who) for who in (ann, bob, gone, deaf, stranger, blocked)] == [1, 1, 0, 0, 0, 0]
        assert world.wechat.mass_state(sent.id) is MassState.DONE

    def test_a_tag_chooses_who_is_told(self, world: World):
        ann, bob = world.joins(), world.joins()
        tag = world.wechat.create_tag("一支部")
        world.wechat.tag([ann], tag.id)
        world.wechat.mass_to_tag("一支部开会", tag.id, client_msg_id="meeting-1")

        assert [world.shown_to(who) for who in (ann, bob)] == [1, 0]
        assert the_fault(world.wechat.mass_to_tag, "开会", 4711, client_msg_id="meeting-2").errcode == 40152

    def test_a_list_chooses_who_is_told(self, world: World):
        ann, bob, cat = world.joins(), world.joins(), world.joins()
        world.wechat.mass_to([ann, cat], "培训通知", client_msg_id="course-1")

        assert [world.shown_to(who) for who in (ann, bob, cat)] == [1, 0, 1]

    @pytest.mark.parametrize("many", [0, 1, 10_001])
    def test_a_list_has_two_to_ten_thousand(self, world: World, many: int):
        openids = [f"o{number:027}" for number in range(many)]
        fault = the_fault(world.wechat.mass_to, openids, "好", client_msg_id="course-1")

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "touser")

    def test_the_same_key_sends_once_in_a_day(self, world: World):
        ann = world.joins()
        first = world.wechat.mass_to_all("好", client_msg_id="meeting-1")
        soon = the_fault(world.wechat.mass_to_all, "好", client_msg_id="meeting-1")
        world.passes(60)
        again = world.wechat.mass_to_all("好", client_msg_id="meeting-1")
        world.passes(DAY)
        next_day = world.wechat.mass_to_all("好", client_msg_id="meeting-1")

        assert isinstance(soon, Retryable)
        assert (soon.errcode, soon.after_seconds) == (45066, 60)
        assert again.id == first.id != next_day.id
        assert world.shown_to(ann) == 2

    def test_a_follower_gets_four_in_a_month(self, world: World):
        ann = world.joins()
        for number in range(5):
            world.wechat.mass_to_all(f"第{number}期", client_msg_id=f"issue-{number}")
            world.passes(60)
        this_month = world.shown_to(ann)
        world.passes(10 * DAY)
        world.wechat.mass_to_all("下月", client_msg_id="issue-next")

        assert (this_month, world.shown_to(ann)) == (4, 5)

    @pytest.mark.parametrize(
        "made",
        [
            lambda wechat: Voice(wechat.upload("voice", MP3)),
            lambda wechat: MassPictures((wechat.add_material("image", JPG).media_id,), "活动照片"),
            lambda wechat: wechat.video_for_mass(wechat.upload("video", MP4), title="党课", description="第一讲"),
            lambda wechat: wechat.video_for_mass(wechat.add_video(MP4, title="党课").media_id, title="党课"),
        ],
        ids=["voice", "picture", "video", "kept video"],
    )
    def test_what_is_not_words_can_be_told_too(self, world: World, made: Callable[..., What]):
        ann = world.joins()
        world.wechat.mass_to_all(made(world.wechat), client_msg_id="m-1")

        assert world.shown_to(ann) == 1

    def test_articles_leave_the_drafts_stand_and_can_be_taken_back(self, world: World):
        ann = world.joins()
        draft = world.wechat.add_draft([an_article(world, title="开学"), an_article(world, title="结业")])
        world.wechat.preview_mass(ann, MassArticles(draft))
        previewed = world.shown_to(ann), world.wechat.count_drafts()
        sent = world.wechat.mass_to_all(MassArticles(draft), client_msg_id="m-1")
        standing = [one.title for run in world.wechat.published() for one in run.articles]
        world.wechat.delete_mass(sent.id, number=1)
        partly = world.wechat.mass_state(sent.id)
        wrong = the_fault(world.wechat.delete_mass, sent.id, number=3)
        world.wechat.delete_mass(sent.id)

        assert previewed == (1, 1)
        assert (world.shown_to(ann), world.wechat.count_drafts(), standing) == (2, 0, ["开学", "结业"])
        assert (partly, wrong.errcode) == (MassState.DONE, 40060)
        assert world.wechat.mass_state(sent.id) is MassState.DELETED
        assert all(one.is_deleted for run in world.wechat.published() for one in run.articles)

    def test_a_video_goes_out_by_an_id_of_its_own_only_and_can_be_taken_back(self, world: World):
        ann = world.joins()
        plain = world.wechat.upload("video", MP4)
        as_it_is = the_fault(world.wechat.mass_to_all, MassVideo(plain, "党课"), client_msg_id="m-1")
        no_video = the_fault(world.wechat.video_for_mass, world.wechat.upload("voice", MP3), title="党课")
        untitled = the_fault(world.wechat.video_for_mass, plain, title="")
        video = world.wechat.video_for_mass(plain, title="党课")
        sent = world.wechat.mass_to_all(video, client_msg_id="m-2")
        world.wechat.delete_mass(sent.id)
        world.passes(3 * DAY)
        late = the_fault(world.wechat.mass_to_all, video, client_msg_id="m-3")

        assert [fault.errcode for fault in (as_it_is, no_video, untitled, late)] == [40007, 40007, None, 40007]
        assert world.shown_to(ann) == 1
        assert world.wechat.mass_state(sent.id) is MassState.DELETED

    def test_a_preview_may_go_by_a_wechat_id(self, world: World):
        ann, bob = world.joins(name="wxid-ann"), world.joins(name="wxid-bob")
        world.wechat.preview_mass(WeChatId("wxid-bob"), "样子")
        unknown = the_fault(world.wechat.preview_mass, WeChatId("wxid-nobody"), "样子")

        assert [world.shown_to(who) for who in (ann, bob)] == [0, 1]
        assert isinstance(unknown, BadRequest)
        assert unknown.errcode == 40132
        assert "wxid-bob" not in repr(WeChatId("wxid-bob"))

    def test_what_is_not_words_can_be_previewed_too(self, world: World):
        ann = world.joins()
        pictures = tuple(world.wechat.add_material("image", JPG).media_id for _ in range(2))
        video = world.wechat.video_for_mass(world.wechat.upload("video", MP4), title="党课")
        for what in (MassPictures(pictures), video, Voice(world.wechat.upload("voice", MP3))):
            world.wechat.preview_mass(ann, what)

        assert world.shown_to(ann) == 3

    def test_words_can_not_be_taken_back_nor_a_job_that_never_was(self, world: World):
        sent = world.wechat.mass_to_all("好", client_msg_id="m-1")
        faults = [the_fault(world.wechat.delete_mass, each) for each in (sent.id, "999")]

        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 40059)] * 2
        assert the_fault(world.wechat.mass_state, "999").errcode == 40059

    def test_a_preview_is_for_one_follower_and_counts_as_none(self, world: World):
        ann, bob = world.joins(), world.joins()
        for _ in range(5):
            world.wechat.preview_mass(ann, "样子")
        world.wechat.mass_to_all("真的", client_msg_id="m-1")

        assert [world.shown_to(who) for who in (ann, bob)] == [6, 1]
        assert the_fault(world.wechat.preview_mass, world.knows(), "样子").errcode == 43004

    def test_an_admin_confirms_or_refuses_what_goes_to_all(self, world: World):
        ann, bob = world.joins(), world.joins()
        world.protects_mass()
        first, second = (world.wechat.mass_to_all("好", client_msg_id=key) for key in ("m-1", "m-2"))
        before = world.wechat.mass_state(first.id), world.shown_to(ann)
        world.answers_mass(first.id, confirmed=True)
        world.answers_mass(second.id, confirmed=False)
        world.wechat.mass_to([ann, bob], "好", client_msg_id="m-3")

        assert before == (MassState.RUNNING, 0)
        assert [world.wechat.mass_state(sent.id) for sent in (first, second)] == [MassState.DONE, MassState.FAILED]
        assert world.shown_to(ann) == 2

    def test_an_admin_who_says_nothing_for_half_an_hour_refuses(self, world: World):
        ann = world.joins()
        world.protects_mass()
        sent = world.wechat.mass_to_all("好", client_msg_id="m-1")
        world.passes(HALF_AN_HOUR - 1)
        still = world.wechat.mass_state(sent.id)
        world.passes(1)

        assert (still, world.wechat.mass_state(sent.id)) == (MassState.RUNNING, MassState.FAILED)
        assert world.shown_to(ann) == 0

    def test_a_job_that_fails_reaches_nobody(self, world: World):
        ann = world.joins()
        world.fails_mass()
        sent = world.wechat.mass_to_all("好", client_msg_id="m-1")

        assert world.wechat.mass_state(sent.id) is MassState.FAILED
        assert world.shown_to(ann) == 0

    def test_the_speed_can_be_chosen(self, world: World):
        before = world.wechat.mass_speed()
        world.wechat.set_mass_speed(4)
        fault = the_fault(world.wechat.set_mass_speed, 5)

        assert (before, world.wechat.mass_speed()) == (0, 4)
        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "speed")

    @pytest.mark.parametrize(
        ("what", "key", "field"),
        [
            ("", "m-1", "content"),
            ("党" * 683, "m-1", "content"),
            ("好", "", "client_msg_id"),
            ("好", "m" * 33, "client_msg_id"),
            (MassPictures(()), "m-1", "images"),
        ],
    )
    def test_what_breaks_a_rule_is_not_sent(self, world: World, what: What, key: str, field: str):
        fault = the_fault(world.wechat.mass_to_all, what, client_msg_id=key)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, field)

    @pytest.mark.parametrize("what", [Voice("none"), MassPictures(("none",)), MassArticles("none")])
    def test_what_is_not_there_can_not_be_sent(self, world: World, what: What):
        assert the_fault(world.wechat.mass_to_all, what, client_msg_id="m-1").errcode == 40007

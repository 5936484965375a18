"""What every `Notices` and `Templates` does."""

from tests.wechat.contract import DAY, STUDY, World, a_notice, a_template, the_fault
from wechat.errors import BadRequest, Misconfigured, RecipientGone, Why
from wechat.messages import Notice


class NoticesContract:
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

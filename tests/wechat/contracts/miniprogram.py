"""What every account's mini-program half does, the fake as well as the real one: written once, run against both."""

from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.wechat.contract import the_fault
from wechat.api.miniprogram import Medium, Suggest
from wechat.client import WeChat
from wechat.errors import BadRequest, Misconfigured, RecipientGone, Why
from wechat.messages import MediaCheck

MINUTE, HOUR = 60, 3600


class World(Protocol):
    """A mini-program and a service account, and the hands of members."""

    mini: WeChat
    service: WeChat

    def knows(self) -> str:
        """Someone who has opened the mini-program; returns the openid."""

    def reads(self) -> str:
        """Someone who opens pages of the service account; returns the openid."""

    def code(self, openid: str, purpose: str, *, number: str = "", snapshot: bool = False) -> str:
        """A code of wx.login ("login"), of the phone-number button ("phone") or of an authorised page ("page")."""

    def is_a_risk(self, openid: str) -> None:
        """The platform takes someone for a high-risk user."""

    def passes(self, seconds: int) -> None:
        """Let time pass."""

    def picture(self) -> str:
        """The address of a picture that the platform can fetch."""

    def told(self, trace: str) -> MediaCheck:
        """What the event says of this trace, once it has come."""


class MiniContract:
    """Derive a test class from this one and give it a fixture `world`."""

    # -- signing in

    def test_a_login_code_tells_who_it_is_and_serves_once(self, world: World):
        ann = world.knows()
        code = world.code(ann, "login")
        visitor = world.mini.sign_in(code)
        fault = the_fault(world.mini.sign_in, code)

        assert (visitor.openid, visitor.unionid) == (ann, "")
        assert isinstance(fault, BadRequest)
        assert fault.errcode == 40163

    def test_a_code_that_is_over_or_was_never_given_is_refused(self, world: World):
        code = world.code(world.knows(), "login")
        world.passes(5 * MINUTE + 1)
        faults = [the_fault(world.mini.sign_in, each) for each in (code, "never given", "")]

        assert [(type(fault), fault.errcode) for fault in faults] == [(BadRequest, 40029)] * 3

    def test_a_fault_says_neither_the_code_nor_the_secret(self, world: World):
        code = world.code(world.knows(), "login")
        world.mini.sign_in(code)
        fault = the_fault(world.mini.sign_in, code)

        assert code not in str(fault) + repr(fault)
        assert "ssss" not in str(fault) + repr(fault)

    def test_a_high_risk_user_is_blocked(self, world: World):
        ann = world.knows()
        world.is_a_risk(ann)
        fault = the_fault(world.mini.sign_in, world.code(ann, "login"))

        assert isinstance(fault, RecipientGone)
        assert (fault.errcode, fault.why) == (40226, Why.BLOCKED)

    def test_a_session_key_holds_until_the_next_one(self, world: World):
        ann = world.knows()
        first = world.mini.sign_in(world.code(ann, "login"))
        held = world.mini.session_holds(first)
        second = world.mini.renew_session(first)

        assert held
        assert not world.mini.session_holds(first)
        assert world.mini.session_holds(second)
        assert second.openid == ann

    def test_what_is_shown_of_a_visitor_is_nothing_of_theirs(self, world: World):
        ann = world.knows()
        visitor = world.mini.sign_in(world.code(ann, "login"))

        assert ann not in repr(visitor)
        assert visitor.session_key not in repr(visitor)

    def test_only_a_mini_program_signs_in_like_this(self, world: World):
        fault = the_fault(world.service.sign_in, world.code(world.knows(), "login"))

        assert isinstance(fault, Misconfigured)

    def test_a_phone_number_is_had_once(self, world: World):
        code = world.code(world.knows(), "phone", number="13800138000")
        found = world.mini.phone_number(code)

        assert (found.number, found.country) == ("13800138000", "86")
        assert "13800138000" not in repr(found)
        assert the_fault(world.mini.phone_number, code).errcode == 40163

    # -- what others may see

    @pytest.mark.parametrize(
        ("words", "suggest", "label"),
        [
            ("食堂晚饭好吃", Suggest.PASS, 100),
            ("时政内容示例", Suggest.REVIEW, 20001),
            ("违规内容示例", Suggest.RISKY, 20006),
        ],
    )
    def test_words_are_judged_in_three_ways(self, world: World, words: str, suggest: Suggest, label: int):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        verdict = world.mini.check_text(ann, words)

        assert (verdict.suggest, verdict.label) == (suggest, label)

    def test_words_of_who_was_not_here_for_two_hours_are_for_a_person(self, world: World):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        world.passes(2 * HOUR + 1)
        fault = the_fault(world.mini.check_text, ann, "食堂晚饭好吃")

        assert isinstance(fault, RecipientGone)
        assert fault.errcode == 61010

    @pytest.mark.parametrize("words", ["", "长" * 2501])
    def test_words_that_can_not_be_judged_are_not_sent(self, world: World, words: str):
        fault = the_fault(world.mini.check_text, world.knows(), words)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "content")

    def test_media_are_judged_later_under_a_trace(self, world: World):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        first, second = (world.mini.check_media(ann, "https://a.example/p.jpg", Medium.IMAGE) for _ in range(2))

        assert first
        assert first != second

    @pytest.mark.parametrize(
        ("words", "suggest"), [("", "pass"), ("#时政内容示例", "review"), ("#违规内容示例", "risky")]
    )
    def test_an_event_tells_under_the_trace_what_a_picture_is(self, world: World, words: str, suggest: str):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        told = world.told(world.mini.check_media(ann, world.picture() + words, Medium.IMAGE))

        assert (told.suggest, told.error_code, told.version) == (suggest, 0, "2")

    def test_of_a_picture_that_can_not_be_fetched_the_event_has_no_verdict(self, world: World):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        told = world.told(world.mini.check_media(ann, f"{world.picture()}x", Medium.IMAGE))

        assert (told.suggest, told.error_code, told.verdicts) == ("", -1008, ())

    def test_media_of_who_was_not_here_for_two_hours_are_for_a_person(self, world: World):
        ann = world.knows()
        world.mini.sign_in(world.code(ann, "login"))
        world.passes(2 * HOUR + 1)
        fault = the_fault(world.mini.check_media, ann, world.picture(), Medium.IMAGE)

        assert isinstance(fault, RecipientGone)
        assert fault.errcode == 61010

    def test_what_is_no_address_is_not_sent(self, world: World):
        fault = the_fault(world.mini.check_media, world.knows(), "p.jpg", Medium.IMAGE)

        assert isinstance(fault, BadRequest)
        assert (fault.errcode, fault.field) == (None, "media_url")

    # -- ways to a page

    def test_a_code_for_a_page_is_a_picture(self, world: World):
        assert world.mini.page_code("join=1", page="pages/index/index").startswith(b"\x89PNG")

    def test_a_page_that_is_not_there_is_told_in_words(self, world: World):
        fault = the_fault(world.mini.page_code, "join=1", page="/pages/index")

        assert isinstance(fault, BadRequest)
        assert fault.errcode == 41030

    def test_a_scene_that_no_code_can_carry_is_not_sent(self, world: World):
        faults = [the_fault(world.mini.page_code, scene) for scene in ("", "有汉字", "s" * 33)]

        assert [fault.errcode for fault in faults] == [None] * 3

    def test_links_lead_to_a_page_for_thirty_days(self, world: World):
        link, scheme = (
            way("pages/index/index", "a=1", days=30) for way in (world.mini.page_link, world.mini.page_scheme)
        )

        assert link.startswith("https://")
        assert scheme.startswith("weixin://")
        assert the_fault(world.mini.page_link, "/pages", days=1).errcode == 40165
        assert the_fault(world.mini.page_scheme, "pages/a", "汉字", days=1).errcode == 40212
        assert the_fault(world.mini.page_link, days=31).errcode is None

    # -- pages that know their reader

    def test_the_address_that_asks_has_its_parameters_in_the_platforms_order(self, world: World):
        address = urlsplit(world.service.page_address("https://a.example/p?x=1&y=2", state="abc123"))
        asked = parse_qsl(address.query)

        assert [name for name, _ in asked] == ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert dict(asked)["redirect_uri"] == "https://a.example/p?x=1&y=2"
        assert dict(asked)["scope"] == "snsapi_base"
        assert address.fragment == "wechat_redirect"
        assert "snsapi_userinfo" in world.service.page_address("https://a.example/", state="a", consent=True)

    @pytest.mark.parametrize("state", ["", "a b", "a&b=c", "汉字", "s" * 129])
    def test_a_state_that_would_not_come_back_is_not_sent(self, world: World, state: str):
        fault = the_fault(world.service.page_address, "https://a.example/", state=state)

        assert isinstance(fault, BadRequest)
        assert fault.field == "state"

    def test_a_pages_code_tells_its_reader_once(self, world: World):
        ann = world.reads()
        code = world.code(ann, "page")
        reader = world.service.reader(code)

        assert (reader.openid, reader.is_snapshot) == (ann, False)
        assert the_fault(world.service.reader, code).errcode == 40163
        assert the_fault(world.service.reader, "never given").errcode == 40029

    def test_the_reader_of_a_snapshot_is_nobody(self, world: World):
        ann = world.reads()
        reader = world.service.reader(world.code(ann, "page", snapshot=True))

        assert reader.is_snapshot
        assert reader.openid != ann

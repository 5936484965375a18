"""What the doctor says of one account: the real client against the stand-in, each fault turned on by its knob."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from pydantic import SecretStr, TypeAdapter

from commands import accounts
from content.broadcasts import Broadcast
from tests.commands.diagnosed import MENU, SETTINGS, a_door, an_account, true_time
from tests.wechat.real import real
from tests.wechat.sandbox import stage
from tests.wechat.sandbox.stage import NOWHERE, a_stage, served
from wechat.tokens import stable_token

TOKEN = "/cgi-bin/stable_token"
KF = "/cgi-bin/message/custom/send"
SECRET = "t" * 32


def a_broadcast(**more: str) -> Broadcast:
    return TypeAdapter(Broadcast).validate_python(
        {
            "key": "daily",
            "title": "每日",
            "schedule": "0 8 * * *",
            "audience": "all",
            "channels": ["notice", "mini_notice"],
            "template": "daily",
            "notice_template_id": "study",
            **more,
        }
    )


class World:
    """An account of the stand-in that is looked at, and hands on the stand-in's knobs."""

    def __init__(self, platform, account):
        self.platform = platform
        self.account = account

    def turn(self, path, effect, value, **more):
        self.platform.phone("knobs", path=path, effect=effect, value=value, times=0, **more)

    def lines(self, **changed):
        """What is not in order, by what it is about."""
        found = accounts.examine(replace(self.account, **changed))
        return {text.partition(":")[0]: (str(level), text) for level, text in found if level != "ok"}


def on(platform, address, base, **kind):
    account = stage.an_account(**kind)
    settings = SETTINGS.model_copy(update={"api_base": address, "kind": account.kind, "verified": account.verified})
    wechat, bulk = real(account, address, platform.clock)
    bulk.close()
    return World(
        platform,
        an_account(
            base,
            settings=settings,
            wechat=wechat,
            token=stable_token(settings),
            clock=platform.clock,
            broadcasts=[a_broadcast()],
        ),
    )


@pytest.fixture
def world(tmp_path):
    with (
        a_stage(tmp_path) as platform,
        served(platform.app) as address,
        a_door(SETTINGS, platform.clock) as base,
    ):
        world = on(platform, address, base)
        world.account.wechat.create_menu(MENU.payload())
        yield world


def test_a_healthy_account_has_a_line_for_each_thing(world):
    found = [*accounts.examine(world.account)]

    assert {level for level, _ in found} == {"ok"}
    assert [text.partition(":")[0] for _, text in found] == [
        *("capabilities", "webhook", "token", "clock", "reach", "quota", "menu", "templates"),
    ]


def test_a_right_that_was_switched_off_is_shown_with_how_to_mend_it(world):
    until = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    found = world.lines(refused=lambda: {"customer_service": until})

    level, text = found["refused"]
    assert [*found] == ["refused"]
    assert level == "warning"
    assert all(word in text for word in ("48001", "customer_service", "2026-11-24 12:00 UTC", "接口权限", "resume"))


@pytest.mark.parametrize(
    ("code", "words", "mend"),
    [
        (40013, "", "`appid`"),
        (40125, "", "`secret`"),
        (40164, "invalid ip 203.0.113.9, not in whitelist", "add 203.0.113.9 to the IP whitelist"),
    ],
)
def test_a_refused_token_says_how_to_mend_it_and_nothing_more_is_asked(world, code, words, mend):
    world.turn(TOKEN, "fail", code, words=words)
    found = world.lines()

    assert [*found] == ["token"]
    level, text = found["token"]
    assert (level, str(code) in text, mend in text) == ("fault", True, True)


def test_a_wrong_secret_is_found_although_a_good_token_is_kept(world):
    world.account.wechat.callback_addresses()
    settings = world.account.settings.model_copy(update={"secret": SecretStr(SECRET)})
    found = world.lines(settings=settings, token=stable_token(settings))

    assert "40125" in found["token"][1]
    assert SECRET not in found["token"][1]


@pytest.mark.parametrize(("ahead", "words"), [(300, "ahead of"), (-300, "behind")])
def test_a_clock_that_is_off_is_a_fault(world, ahead, words):
    found = world.lines(now=lambda: datetime.now(UTC) + timedelta(seconds=ahead))

    assert [*found] == ["clock"]
    assert words in found["clock"][1]


def test_half_a_minute_is_no_fault(world):
    assert not world.lines(now=lambda: true_time() + timedelta(seconds=30))


def test_a_call_that_has_run_out_is_a_fault(world):
    world.turn(KF, "quota", 0)
    level, text = world.lines()["quota"]

    assert level == "fault"
    assert f"{KF} has 0 of 0" in text


def test_few_calls_left_are_a_warning(world, tmp_path):
    stage.spend(tmp_path, KF, 450_001)

    level, text = world.lines()["quota"]
    assert level == "warning"
    assert f"{KF} has 49999 of 500000" in text


def test_another_menu_is_a_warning(world):
    world.account.wechat.create_menu({"button": [{"name": "旧", "type": "click", "key": "quiz"}]})
    assert world.lines()["menu"][0] == "warning"

    world.account.wechat.delete_menu()
    assert "zhibu menu push" in world.lines()["menu"][1]


def test_a_bad_pack_has_no_menu_to_compare(world):
    world.account.wechat.delete_menu()

    assert not world.lines(menu=None, broadcasts=())


def test_a_template_that_the_account_lacks_is_named_with_its_broadcast(world):
    level, text = world.lines(broadcasts=[a_broadcast(), a_broadcast(key="weekly", notice_template_id="gone")])[
        "templates"
    ]

    assert level == "fault"
    assert "gone" in text
    assert "weekly" in text


def test_a_template_message_needs_a_template_of_its_own(world):
    lacking, there = (
        replace(a_broadcast(key="reply", service_template_id=name), channels=("template_message",))
        for name in ("study", "result")
    )
    level, text = world.lines(broadcasts=[lacking])["templates"]

    assert (level, "study" in text, "reply" in text) == ("fault", True, True)
    assert not world.lines(broadcasts=[there])


def test_a_template_of_a_channel_that_is_not_used_does_not_matter(world):
    unused = replace(a_broadcast(notice_template_id="gone"), channels=("next_visit",))

    assert not world.lines(broadcasts=[unused])


def test_a_right_that_the_account_lacks_is_a_fault(world):
    world.turn("/wxaapi/newtmpl/gettemplate", "fail", 48001)

    level, text = world.lines()["templates"]
    assert level == "fault"
    assert "verified = true" in text


def test_one_call_that_fails_hides_no_other_line(world):
    world.turn("/cgi-bin/openapi/quota/get", "fail", -1)
    world.account.wechat.delete_menu()

    assert [*world.lines()] == ["quota", "menu"]


def test_no_webhook_on_the_platform_is_a_fault(world):
    world.turn("/cgi-bin/callback/check", "fail", 40201)

    assert "enter the webhook's address" in world.lines()["reach"][1]


@pytest.mark.parametrize(("is_public", "level"), [(True, "fault"), (False, "warning")])
def test_a_webhook_that_does_not_answer_is_as_bad_as_its_address_is_public(world, is_public, level):
    assert world.lines(base=NOWHERE, is_public=is_public)["webhook"][0] == level


def test_a_webhook_with_another_token_is_a_fault(world):
    settings = world.account.settings.model_copy(update={"token": SecretStr("BBBBB")})

    level, text = world.lines(settings=settings)["webhook"]
    assert level == "fault"
    assert "BBBBB" not in text


def test_another_site_is_no_webhook(world):
    assert "HTTP 404" in world.lines(name="unknown")["webhook"][1]

    site = Flask("site")
    site.add_url_rule("/wechat/official", view_func=lambda: "It works!")
    with served(site) as base:
        assert "HTTP 200" in world.lines(base=base)["webhook"][1]


@pytest.mark.parametrize(
    ("kind", "verified"), [("service", False), ("subscription", True), ("subscription", False), ("miniprogram", True)]
)
def test_nothing_is_asked_that_this_kind_of_account_may_not(tmp_path, kind, verified):
    with a_stage(tmp_path, stage.an_account(kind=kind, verified=verified)) as platform, served(platform.app) as address:
        settings = SETTINGS.model_copy(update={"kind": kind, "verified": verified})
        with a_door(settings, platform.clock) as base:
            world = on(platform, address, base, kind=kind, verified=verified)

            assert [*world.lines()] == (
                ["menu"] if (kind, verified) in {("service", False), ("subscription", True)} else []
            )

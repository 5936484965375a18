"""Notices in the mini-program: which to ask for, and a ledger that counts each tap once, whoever tells of it."""

from itertools import permutations

import pytest
from structlog.testing import capture_logs

from tests.driver import Phone

PROMPTS = "/subscription/prompts"
REMINDER, POLICY = "notice-study-update", "notice-digest"  # of the sample pack


@pytest.fixture
def mini(town):
    mini = town.mini("o-reader")
    for topic in ("xuexi-tixing", "zhengce"):
        mini.put(f"/subscription/topics/{topic}")
    return mini


@pytest.fixture
def platform(town, mini):
    return Phone(town.client, town.settings.accounts["mini"], mini.openid, town.clock, name="mini", form="json")


def reports(mini, choice, template=REMINDER, key=""):
    return mini.post(PROMPTS, {"choices": {template: choice}}, key=key)


def tells(platform, status, template=REMINDER, scene="0", event="subscribe_msg_popup_event"):
    """The platform's own event, its list an object as JSON has it for one."""
    platform._clock.forward(seconds=1)
    one = {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": scene}
    platform.event({"Event": event, "List": one})


def left(town, mini):
    return town.house.people.credits_of(town.house.people.find(account="mini", openid=mini.openid).contact)


def test_a_member_is_asked_for_what_they_want_to_hear_of_the_least_allowed_first(town, mini):
    nobody = town.mini("o-nobody").get(PROMPTS).body
    reports(mini, "accept", POLICY)

    assert nobody == {"items": []}
    assert mini.get(PROMPTS).body == {
        "items": [
            {"template_id": REMINDER, "title": "学习提醒", "left": 0},
            {"template_id": POLICY, "title": "每周政策", "left": 1},
        ]
    }


@pytest.mark.parametrize("word", ["accept", "acceptWithAudio", "acceptWithAlert", "acceptWithForcePush"])
def test_what_is_accepted_is_a_credit(town, mini, word):
    assert reports(mini, word).status == 200
    assert left(town, mini) == {REMINDER: 1}


def test_a_report_that_comes_again_counts_once_even_after_a_restart(town, mini, redis):
    key = "k" * 32
    for _ in range(2):
        reports(mini, "accept", key=key)
    redis.flushdb()
    reports(mini, "accept", key=key)

    assert left(town, mini) == {REMINDER: 1}


@pytest.mark.parametrize("order", sorted(set(permutations(("report", "report", "event", "event")))))
def test_two_taps_told_of_twice_are_two_in_whatever_order(town, mini, platform, order):
    for who in order:
        reports(mini, "accept") if who == "report" else tells(platform, "accept")

    assert left(town, mini) == {REMINDER: 2}


def test_a_tap_of_which_only_one_tells_counts_too(town, mini, platform):
    tells(platform, "accept")
    reports(mini, "accept", POLICY)

    assert left(town, mini) == {REMINDER: 1, POLICY: 1}


def test_what_was_accepted_outside_of_the_mini_program_has_no_report_and_counts(town, mini, platform):
    reports(mini, "accept")
    tells(platform, "accept", scene="2")

    assert left(town, mini) == {REMINDER: 2}


def test_a_refusal_ends_it_and_the_late_event_of_an_earlier_tap_brings_nothing_back(town, mini, platform):
    reports(mini, "accept")
    reports(mini, "reject")
    tells(platform, "accept")

    assert left(town, mini) == {}


def test_a_late_repeat_of_a_refusal_takes_nothing_that_was_accepted_since(town, mini):
    reports(mini, "reject", key="r" * 32)
    reports(mini, "accept")
    reports(mini, "reject", key="r" * 32)

    assert left(town, mini) == {REMINDER: 1}


def test_refusing_in_the_settings_ends_it(town, mini, platform):
    reports(mini, "accept")
    tells(platform, "reject", event="subscribe_msg_change_event")

    assert left(town, mini) == {}


@pytest.mark.parametrize("word", ["ban", "filter"])
def test_what_was_not_shown_changes_nothing_and_is_logged_for_the_operator(town, mini, word):
    reports(mini, "accept")
    with capture_logs() as logged:
        reports(mini, word)

    assert left(town, mini) == {REMINDER: 1}
    assert [line["choice"] for line in logged if line["event"] == "notice not shown"] == [word]


@pytest.mark.parametrize("choices", [{"no-such": "accept"}, {REMINDER: "perhaps"}, {}, {"x" * 65: "accept"}])
def test_what_nobody_asked_for_is_refused(town, mini, choices):
    refused = mini.post(PROMPTS, {"choices": choices})

    assert (refused.status, refused.code) == (422, "invalid")
    assert left(town, mini) == {}

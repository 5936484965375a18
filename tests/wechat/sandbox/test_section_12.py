"""What the stand-in must honour: wechat-platform.md §12, row by row, and the test that shows each of its clauses.

The clauses are typed from the page in its words; a test is named by its file (without `test_` and `.py`) and function.
What no other file shows is shown here.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.sandbox.stage import Stage, a_stage, an_account, spend
from tests.wechat.sandbox.test_delivery import heard, silent, talking
from tests.wechat.sandbox.test_miniprogram import code, session
from wechat.sandbox.sender import Patience

HERE = Path(__file__).parent
TEMPLATE = "/cgi-bin/message/template/send"
RESULT = {"template_id": "result", "data": {"thing1": {"value": "已办结"}}}

ROWS: dict[int, dict[str, str]] = {
    1: {
        "both endpoints, isolated": "tokens.test_the_two_kinds_of_token_leave_each_other_alone",
        "expiry": "tokens.test_a_token_runs_out_after_its_two_hours",
        "5-min overlap": "tokens.test_a_classic_token_is_new_each_time_and_the_one_before_lives_five_minutes",
        "5-min overlap, stable": "tokens."
        "test_a_stable_token_is_replaced_five_minutes_before_its_end_and_both_work_until_then",
        "force_refresh 30 s": "tokens.test_forcing_again_within_thirty_seconds_changes_nothing",
        "force_refresh 20/day": "tokens.test_twenty_forced_refreshes_a_day_are_all",
        "counter 2000": "tokens.test_two_thousand_classic_tokens_a_day_are_all",
        "counter 500k": "section_12.test_half_a_million_stable_tokens_a_day_are_all",
        "IP whitelist switch (40164)": "faults.test_no_token_is_given",
    },
    2: {
        "errmsg with rid, HTTP 200": "tokens.test_a_refusal_has_status_200_and_carries_its_rid",
        "rid/get": "account.test_a_refusals_rid_tells_what_was_sent_and_answered_without_the_token",
        "quota/get": "menus.test_a_thousand_menus_a_day_are_all_and_the_quota_says_so",
        "clear_quota 10/month": "menus.test_a_cleared_quota_begins_anew_ten_times_a_month",
    },
    3: {
        "signature": "pushes.test_the_official_signature_comes_out",
        "openid": "section_12.test_a_push_says_in_its_address_whose_it_is",
        "three modes": "delivery.test_a_word_is_answered_in_every_mode",
        "XML": "pushes.test_a_plain_push_says_what_was_meant_whatever_is_in_it",
        "JSON": "delivery.test_a_mini_program_hears_json",
        "5-s timeout": "section_12.test_an_answer_may_take_five_seconds_and_a_push_is_tried_three_times",
        "retries with same MsgId": "delivery."
        "test_a_late_bot_is_asked_three_times_with_the_same_message_and_then_excused",
        "what the user would see": "delivery.test_a_malformed_reply_shows_the_apology_at_once",
        "records": "delivery.test_everything_is_in_the_transcript",
    },
    4: {
        "follow state": "control.test_who_does_not_follow_cannot_write_and_who_does_cannot_follow_again",
        "blacklist": "followers.test_who_is_blocked_can_not_write_and_can_leave",
        "receive off": "service.test_who_switched_messages_off_is_not_written_to",
        "5/48 h and 3/1 min by trigger; 45015 vs 45047": "service.test_an_action_allows_so_many_messages_for_so_long",
        "3/1 min after a follow": "service.test_following_allows_three_messages_for_a_minute",
        "not added up": "service.test_an_allowance_is_reset_and_does_not_add_up",
    },
    5: {
        "type-prefixed keys, §3.4 validators": "notices.test_a_value_keeps_to_the_rule_of_its_field",
        "47003": "notices.test_a_field_left_out_is_named",
        "legacy silent cut": "notices.test_a_legacy_template_is_cut_silently_and_its_frame_is_not_shown",
        "100k/day": "section_12.test_a_hundred_thousand_template_messages_a_day_are_all",
        "client_msg_id": "notices.test_the_same_client_msg_id_within_ten_minutes_sends_once_to_each",
        "success": "delivery.test_a_template_messages_result_is_told_with_its_id",
        "failed:user block": "delivery.test_a_template_message_to_who_switched_messages_off_fails_in_its_event",
        "failed: system failed, failed:freq limit": "faults.test_a_template_message_is_taken_and_does_not_arrive",
        "async, delay": "section_12.test_a_templates_result_comes_after_its_answer",
        "40003, 43004": "notices.test_a_template_message_reaches_a_follower_and_nobody_else",
    },
    6: {
        "OA: accept adds, send consumes, 43101": "notices.test_one_acceptance_is_one_notice",
        "MP: accept adds, send consumes, 43101": "section_12.test_a_mini_programs_credit_is_used_up_too",
        "refusing": "notices.test_a_refusal_adds_nothing_and_a_refusal_in_the_settings_takes_all",
        "popup and change events": "delivery.test_each_action_becomes_its_event",
        "sent event": "delivery.test_a_notices_result_is_told",
        "object-or-array List": "pushes.test_a_mini_programs_list_of_notices_is_an_object_when_it_is_one",
    },
    7: {
        "clientmsgid dedupe 45065": "mass.test_the_same_key_is_answered_with_the_first_job",
        "quotas 45028": "mass.test_a_subscription_account_has_one_job_a_day_that_goes_through",
        "quota a month": "mass.test_a_follower_has_four_a_month_and_is_left_out_of_the_count_beyond",
        "async job": "mass.test_the_end_of_a_job_is_told_in_people",
        "FilterCount arithmetic": "mass.test_a_job_that_fails_says_why_and_its_numbers_add_up",
        "admin-protection state": "mass.test_the_admins_word_ends_a_job_that_waits",
        "nobody answers": "mass.test_half_an_hour_without_an_answer_ends_a_job",
    },
    8: {
        "byte lengths": "menus.test_what_does_not_fit_is_refused_with_its_code",
        "what just fits": "menus.test_what_just_fits_is_taken",
        "match by tag, newest first": "menus.test_a_phone_shows_the_menu_of_its_member",
        "65304/65320": "menus.test_a_conditional_menu_goes_by_tag_and_by_nothing_private",
    },
    9: {
        "10k paging": "followers.test_a_page_of_followers_has_ten_thousand",
        "batchget 100": "followers.test_a_hundred_members_at_a_time_can_be_asked_for",
        "no nickname": "followers.test_a_follower_is_described_without_a_nickname",
        "tags 100": "followers.test_a_hundred_tags_are_all",
        "tags 20": "followers.test_twenty_tags_a_member_are_all",
        "tags 50": "section_12.test_fifty_are_tagged_at_a_time",
        "45171 partial failure": "followers.test_tagging_says_who_could_not_be_tagged",
    },
    10: {
        "jscode2session single-use codes": "miniprogram.test_a_login_code_tells_who_it_is_once",
        "msgSecCheck with suggest trio": "miniprogram.test_words_are_judged_and_errcode_0_is_no_verdict",
        "61010": "miniprogram.test_words_of_who_was_not_here_for_two_hours_are_not_judged",
        "media check event": "section_12.test_the_verdict_on_a_picture_comes_with_an_event",
        "unlimit code, image or JSON": "miniprogram.test_a_code_for_a_page_is_a_picture_or_says_in_json_what_is_wrong",
    },
    11: {
        "media expiry after 3 days (40007)": "service.test_media_are_sent_by_id_while_they_live",
        "freepublish gated (48001)": "articles.test_an_unverified_account_writes_drafts_and_publishes_none",
    },
    12: {
        "-1 bursts": "faults.test_a_burst_of_busy_answers_ends_by_itself",
        "40001 mid-batch": "faults.test_a_token_dies_in_the_middle_of_a_batch_and_a_new_one_goes_on",
        "45009 at N": "faults.test_a_quota_ends_where_it_is_told_to_and_says_so",
        "slow replies": "faults.test_a_slow_call_is_answered_all_the_same",
        "dropped connections": "faults.test_a_connection_breaks_before_or_after_the_work",
        "duplicate pushes": "delivery.test_a_push_can_be_made_to_come_twice",
        "out-of-order pushes": "faults.test_a_push_is_overtaken_by_the_next_of_the_same_member",
        "`failed:freq limit`": "faults.test_a_template_message_is_taken_and_does_not_arrive",
    },
}


def clauses() -> Iterator[Any]:
    for row, held in ROWS.items():
        for clause, test in held.items():
            yield pytest.param(test, id=f"row {row}: {clause}")


@cache
def functions(file: Path) -> frozenset[str]:
    """The tests of a file that nothing leaves out."""
    found = (node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef))
    marked = {node.name: " ".join(map(ast.unparse, node.decorator_list)) for node in found}
    return frozenset(name for name, marks in marked.items() if "skip" not in marks and "xfail" not in marks)


def test_every_row_is_shown() -> None:
    assert list(ROWS) == list(range(1, 13))
    assert all(ROWS.values())


@pytest.mark.parametrize("test", list(clauses()))
def test_every_clause_has_its_test(test: str) -> None:
    file, _, name = test.partition(".")

    assert name in functions(HERE / f"test_{file}.py")


# -- what no other file shows -----------------------------------------------------------------------------------------


def test_half_a_million_stable_tokens_a_day_are_all(tmp_path: Path) -> None:
    spend(tmp_path, "/cgi-bin/stable_token", 499_999)
    with a_stage(tmp_path) as stage:
        last, beyond = stage.stable(), stage.stable()
        stage.clock.goes_on(hours=12)

        assert "access_token" in last
        assert beyond["errcode"] == 45009
        assert "access_token" in stage.stable()


def test_a_push_says_in_its_address_whose_it_is(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("say", openid=openid, text="在吗", wait=True)

        assert bot.queries[-1]["openid"] == openid
        assert set(bot.queries[-1]) == {"signature", "timestamp", "nonce", "openid", "encrypt_type", "msg_signature"}


def test_an_answer_may_take_five_seconds_and_a_push_is_tried_three_times() -> None:
    patience = Patience()

    assert (patience.seconds, patience.attempts) == (5, 3)


def test_a_hundred_thousand_template_messages_a_day_are_all(tmp_path: Path) -> None:
    spend(tmp_path, TEMPLATE, 99_999)
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        body = {**RESULT, "touser": stage.a_follower()}

        assert [stage.code(TEMPLATE, body) for _ in range(2)] == [0, 45009]


def test_a_templates_result_comes_after_its_answer(tmp_path: Path) -> None:
    with talking(tmp_path, silent) as (stage, bot, openid):
        stage.phone("knobs", preset="push_slow", value=0.3)
        answered = stage.code(TEMPLATE, {**RESULT, "touser": openid})
        by_then = list(bot.told)

        assert (answered, by_then) == (0, [])
        assert heard(bot, "TEMPLATESENDJOBFINISH")["Status"] == "success"


def test_a_mini_programs_credit_is_used_up_too(tmp_path: Path) -> None:
    with a_stage(tmp_path, an_account(kind="miniprogram")) as stage:
        stage.signs_in()
        openid = stage.a_member()
        body = {
            "touser": openid,
            "template_id": "study",
            "data": {"thing1": {"value": "选读"}, "time2": {"value": "08:00"}},
        }
        before = stage.code("/cgi-bin/message/subscribe/send", body)
        for _ in range(2):
            stage.phone("consent", openid=openid, template_id="study", accept=True)

        assert before == 43101
        assert [stage.code("/cgi-bin/message/subscribe/send", body) for _ in range(3)] == [0, 0, 43101]


@pytest.mark.parametrize("path", ["batchtagging", "batchuntagging"])
def test_fifty_are_tagged_at_a_time(stage: Stage, path: str) -> None:
    tag = stage.post("/cgi-bin/tags/create", {"tag": {"name": "党员"}})["tag"]["id"]
    crowd = [stage.a_follower() for _ in range(51)]
    codes = [
        stage.code(f"/cgi-bin/tags/members/{path}", {"tagid": tag, "openid_list": crowd[:many]}) for many in (51, 50)
    ]

    assert codes == [40032, 0]


def test_the_verdict_on_a_picture_comes_with_an_event(tmp_path: Path) -> None:
    with talking(tmp_path, silent, an_account(kind="miniprogram")) as (stage, bot, openid):
        session(stage, code(stage, openid))
        body = {
            "version": 2,
            "scene": 2,
            "openid": openid,
            "media_type": 2,
            "media_url": "https://a.example/违规内容示例",
        }
        trace = stage.post("/wxa/media_check_async", body)["trace_id"]
        told = heard(bot, "wxa_media_check")

        assert (told["trace_id"], told["result"]) == (trace, {"suggest": "risky", "label": 20006})
        assert (told["version"], told["errcode"]) == (2, 0)

"""What wechat-platform.md §2.4 lists, code by code: what makes the stand-in say it, and what our client makes of it.

The codes are typed from the page (tests/wechat/test_errors.py, with the letter of each one's action). A test is named
by its file (without `test_` and `.py`) and function, and has the code in it. What nothing that a program sends can
bring about here, or nothing we know of, is said by the knob that lets a call fail.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.wechat.contract import the_fault
from tests.wechat.real import real
from tests.wechat.sandbox.stage import Stage, a_stage, a_text, an_account, served
from tests.wechat.test_errors import PAGE, codes_in
from wechat import errors
from wechat.sandbox.state import State

HERE = Path(__file__).parent
KF, TYPING, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/message/custom/typing", "/cgi-bin/stable_token"
CREATE, DELETE_TAG = "/cgi-bin/menu/create", "/cgi-bin/tags/delete"

BY_RULE: dict[int, str] = {
    40001: "tokens.test_a_forced_refresh_kills_the_token_before",
    40014: "tokens.test_a_token_that_was_never_issued_is_refused",
    42001: "tokens.test_a_token_runs_out_after_its_two_hours",
    40002: "tokens.test_each_wrong_credential_has_its_code",
    40013: "tokens.test_each_wrong_credential_has_its_code",
    40125: "tokens.test_each_wrong_credential_has_its_code",
    41002: "tokens.test_each_wrong_credential_has_its_code",
    41004: "tokens.test_each_wrong_credential_has_its_code",
    41001: "tokens.test_a_token_that_was_never_issued_is_refused",
    40003: "followers.test_a_stranger_is_no_valid_openid",
    40004: "materials.test_a_file_is_bounded_by_its_kind",
    40005: "materials.test_a_picture_in_an_article_is_a_jpg_or_png_under_one_megabyte",
    40007: "service.test_media_are_sent_by_id_while_they_live",
    40008: "service.test_a_message_that_is_wrong_takes_nothing_from_the_window",
    40009: "materials.test_a_file_is_bounded_by_its_kind",
    40010: "materials.test_a_file_is_bounded_by_its_kind",
    40011: "materials.test_a_file_is_bounded_by_its_kind",
    40012: "materials.test_a_file_is_bounded_by_its_kind",
    40029: "miniprogram.test_a_code_lives_for_five_minutes",
    40163: "miniprogram.test_a_login_code_tells_who_it_is_once",
    40226: "miniprogram.test_somebody_whom_the_platform_takes_for_a_risk_can_not_sign_in",
    40031: "followers.test_twenty_are_blocked_at_a_time",
    40032: "mass.test_a_list_has_two_to_ten_thousand",
    40130: "mass.test_a_list_has_two_to_ten_thousand",
    40033: "menus.test_escaped_hanzi_are_refused",
    40037: "notices.test_a_notice_to_nobody_or_by_no_template_is_refused",
    40039: "notices.test_a_template_message_that_is_wrong_is_refused",
    40054: "menus.test_what_does_not_fit_is_refused_with_its_code",
    40055: "menus.test_what_does_not_fit_is_refused_with_its_code",
    40015: "section_2_4.test_what_is_no_list_of_buttons_is_no_menu",
    **dict.fromkeys(
        (*range(40016, 40021), *range(40022, 40028)), "menus.test_what_does_not_fit_is_refused_with_its_code"
    ),
    40152: "mass.test_a_job_that_breaks_a_rule_is_refused",
    42010: "mass.test_a_service_account_has_a_hundred_calls_a_day_and_sixty_a_minute",
    43002: "menus.test_the_wrong_method_is_refused",
    43004: "notices.test_a_template_message_reaches_a_follower_and_nobody_else",
    43019: "section_2_4.test_who_is_blocked_is_not_written_to",
    43101: "notices.test_one_acceptance_is_one_notice",
    44002: "menus.test_a_body_that_is_no_object_is_refused",
    44004: "service.test_a_message_that_is_wrong_takes_nothing_from_the_window",
    45002: "service.test_a_message_that_is_wrong_takes_nothing_from_the_window",
    45003: "articles.test_an_article_that_breaks_a_rule_is_refused",
    45004: "articles.test_an_article_that_breaks_a_rule_is_refused",
    45005: "articles.test_an_article_that_breaks_a_rule_is_refused",
    45008: "service.test_a_message_that_is_wrong_takes_nothing_from_the_window",
    45009: "menus.test_a_thousand_menus_a_day_are_all_and_the_quota_says_so",
    45011: "miniprogram.test_one_member_signs_in_a_hundred_times_a_minute",
    45015: "service.test_an_action_allows_so_many_messages_for_so_long",
    45028: "mass.test_a_subscription_account_has_one_job_a_day_that_goes_through",
    45047: "service.test_an_action_allows_so_many_messages_for_so_long",
    45056: "followers.test_a_hundred_tags_are_all",
    45057: "section_2_4.test_a_tag_with_a_hundred_thousand_bearers_stays",
    45058: "followers.test_system_tags_and_unknown_ones_are_left_alone",
    45059: "followers.test_twenty_tags_a_member_are_all",
    45065: "mass.test_the_same_key_is_answered_with_the_first_job",
    45066: "mass.test_the_same_key_is_answered_with_the_first_job",
    45067: "mass.test_the_same_key_is_answered_with_the_first_job",
    **dict.fromkeys(
        (45072, 45080, 45081),
        "service.test_typing_shows_until_the_message_comes_and_needs_a_contact_of_thirty_seconds",
    ),
    45083: "mass.test_a_speed_is_one_of_five",
    45084: "mass.test_a_speed_is_one_of_five",
    45157: "followers.test_a_tag_name_is_new_and_at_most_thirty_bytes",
    45158: "followers.test_a_tag_name_is_new_and_at_most_thirty_bytes",
    45159: "followers.test_system_tags_and_unknown_ones_are_left_alone",
    45171: "followers.test_tagging_says_who_could_not_be_tagged",
    46003: "menus.test_a_deleted_menu_is_gone",
    47001: "menus.test_a_body_that_is_no_object_is_refused",
    47003: "notices.test_a_value_keeps_to_the_rule_of_its_field",
    48001: "articles.test_an_unverified_account_writes_drafts_and_publishes_none",
    48002: "service.test_who_switched_messages_off_is_not_written_to",
    48006: "menus.test_a_cleared_quota_begins_anew_ten_times_a_month",
    61010: "miniprogram.test_words_of_who_was_not_here_for_two_hours_are_not_judged",
    65304: "menus.test_a_conditional_menu_goes_by_tag_and_by_nothing_private",
    65320: "menus.test_a_conditional_menu_goes_by_tag_and_by_nothing_private",
    200012: "templates.test_an_account_has_twenty_five",
    200014: "templates.test_a_template_that_breaks_a_rule_is_refused",
    **dict.fromkeys(range(200016, 200020), "templates.test_a_wrong_question_to_the_library_is_refused"),
    200020: "templates.test_a_template_that_breaks_a_rule_is_refused",
    200021: "templates.test_a_template_that_breaks_a_rule_is_refused",
}

BY_KNOB = frozenset(
    {
        *(-1, 44990, 44991, 44993, 43108, 45169, 61450),  # the platform's own state: busy, or too much at once
        *(40164, 61004, 89503, 89506, 89507),  # its whitelist: no address is a stranger here
        *(40243, 50004, 50007, 48003, 48004, 48008, 48021, 48022, 43107, 89002),  # what its console says of an account
        *(
            43100,
            40249,
            43116,
            40036,
            45168,
            87014,
        ),  # what its people, or its checks of words, say
        *(
            40030,
            42002,
            42003,
            42007,
            50001,
            50002,
            50005,
            46004,
            43104,
        ),  # renewed sign-ins; odd members
        *(40006, 40021, 40048, 43003, 45006, 45007, 45064, 48005, 61007),  # what no call of ours can run into
        *(61451, *range(65400, 65418)),  # accounts of agents, which are not here
        *(89504, 89505),  # an admin who is asked: here that is the end of a mass send (§3.5)
        *(200011, 200013, 200015, 200022, 200100, *range(53404, 53407), *range(53503, 53506)),  # no page says what for
    }
)
# A wrong credential is told by whoever gives the token, and so is a whitelist.
OF_THE_TOKEN = frozenset({40002, 40013, 40125, 41002, 41004, 40164, 61004, 89503, 89506, 89507, 40243, 50004, 50007})


def test_every_code_of_the_page_is_said_by_a_rule_or_by_the_knob() -> None:
    page = {code for code, _ in codes_in(PAGE)}

    assert BY_RULE.keys() | BY_KNOB == page
    assert not BY_RULE.keys() & BY_KNOB


@cache
def functions(file: Path) -> dict[str, str]:
    """The tests of a file that nothing leaves out, with all that is written in and over them."""
    found = (node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef))
    written = {node.name: ast.unparse(node) for node in found}
    return {name: text for name, text in written.items() if not re.search(r"mark\.(skip|xfail)", text)}


@pytest.mark.parametrize(("code", "test"), BY_RULE.items())
def test_a_rule_is_shown_by_a_test_that_names_the_code(code: int, test: str) -> None:
    file, _, name = test.partition(".")

    assert re.search(rf"\b{code}\b", functions(HERE / f"test_{file}.py")[name])


def test_what_the_stand_in_has_a_rule_for_is_not_left_to_the_knob() -> None:
    source = "".join(file.read_text() for file in (HERE.parents[2] / "wechat" / "sandbox").glob("*.py"))
    raised = {int(code) for code in re.findall(r"ApiError\((\d+)", source)}

    assert not raised & BY_KNOB


# -- what our client makes of it --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    with a_stage(tmp_path_factory.mktemp("sandbox")) as stage, served(stage.app) as address:
        yield stage, address


@pytest.mark.parametrize(("code", "kind"), list(dict(codes_in(PAGE)).items()))
def test_the_client_meets_each_code_as_what_it_is_and_asks_no_oftener_than_helps(
    platform: tuple[Stage, str], code: int, kind: type[errors.WeChatError]
) -> None:
    stage, address = platform
    stage.begins_anew()
    openid, path = stage.a_follower(), TOKEN if code in OF_THE_TOKEN else KF
    stage.phone("knobs", path=path, effect="fail", value=code, times=0)
    wechat, bulk = real(an_account(), address, stage.clock)
    fault = the_fault(wechat.send_text, openid, "好")
    (knob,) = stage.http.get("/sandbox/knobs").get_json()
    bulk.close()

    assert type(fault) is kind
    assert (fault.errcode, bool(fault.rid), bool(fault.meaning)) == (code, True, True)
    assert openid not in str(fault)
    assert knob["hits"] == (2 if kind is errors.StaleToken else 1)


# -- what no other file shows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("button", [None, {}, "答题", ["答题"], [{"name": "学习", "sub_button": {"name": "答题"}}]])
def test_what_is_no_list_of_buttons_is_no_menu(stage: Stage, button: Any) -> None:
    assert stage.code(CREATE, {"button": button}) == 40015


def test_who_is_blocked_is_not_written_to(stage: Stage) -> None:
    openid = stage.a_follower()
    stage.post("/cgi-bin/tags/members/batchblacklist", {"openid_list": [openid]})
    blocked = stage.code(KF, a_text(openid))
    stage.post("/cgi-bin/tags/members/batchunblacklist", {"openid_list": [openid]})

    assert (blocked, stage.code(KF, a_text(openid))) == (43019, 0)


def test_a_tag_with_a_hundred_thousand_bearers_stays(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        stage.signs_in()
        tag = stage.post("/cgi-bin/tags/create", {"tag": {"name": "全体"}})["tag"]["id"]
        bear(tmp_path, tag, 99_999)
        openid = stage.a_follower()
        stage.post("/cgi-bin/tags/members/batchtagging", {"tagid": tag, "openid_list": [openid]})
        kept = stage.code(DELETE_TAG, {"tag": {"id": tag}})
        stage.post("/cgi-bin/tags/members/batchuntagging", {"tagid": tag, "openid_list": [openid]})

        assert (kept, stage.code(DELETE_TAG, {"tag": {"id": tag}})) == (45057, 0)


def bear(folder: Path, tag: int, many: int) -> None:
    """Let so many of the account's members bear a tag already."""
    state = State(folder / "sandbox.sqlite3")
    openids = [f"o-{number}" for number in range(many)]
    with state.begin() as db:
        db.executemany(
            "insert into members (openid, account, nickname, unionid, made_at) values (?, 'official', '', '', 0)",
            ((openid,) for openid in openids),
        )
        db.executemany("insert into tagged values (?, ?, 0)", ((openid, tag) for openid in openids))
    state.close()

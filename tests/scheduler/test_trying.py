"""A push is tried out on one admin, and no run counts it."""

from dataclasses import dataclass

import pytest

from scheduler.trying import Tried, TryOut
from storage.people import Window
from tests.scheduler.test_variants import EVERYONE, FOR_SECRETARIES, HEAD, LINK, MAIN, PICTURE, a_pack, member
from tests.scheduler.world import NOON, Stage, an_account, write_pack
from wechat.messages import News


@dataclass(frozen=True)
class Own:
    person: str
    account: str
    openid: str


def try_out(stage, who=None, **accounts):
    contacts = {"甲": who and Own(who.person, who.account, who.openid)}
    accounts = accounts or {"official": an_account()}
    sender = dict.fromkeys(accounts, stage.wechat)
    return TryOut(
        stage.desk,
        stage.people,
        library=lambda: stage.library,
        contact_of=contacts.get,
        accounts=accounts,
        senders=sender,
    )


@pytest.fixture
def stage(db, tmp_path):
    return Stage(db, a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, FOR_SECRETARIES))


def test_the_admin_gets_all_that_anybody_would_marked_and_nobody_else_anything(stage):
    admin, other = member(stage, "甲", window=True), member(stage, "乙", window=True)

    tried = try_out(stage, admin)("word", "甲", now=NOON)

    assert tried is Tried.SENT
    assert stage.wechat.shown_to("o-甲") == ["【测试，只发给您】大家好", "【测试，只发给您】书记您好"]
    assert stage.wechat.shown_to("o-乙") == []
    assert stage.store.runs() == []
    assert stage.kept_for(other) == []


def test_a_card_is_tried_out_as_a_card(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, LINK, PICTURE, EVERYONE))
    admin = member(stage, "甲", window=True)

    try_out(stage, admin)("word", "甲", now=NOON)

    (card,) = stage.wechat.shown_to("o-甲")
    assert isinstance(card, News)
    assert (card.title, card.picture_url) == ("【测试，只发给您】一句话", "https://example.org/a.png")


def test_where_the_platform_lets_nothing_through_it_waits_for_the_admin_s_next_word(stage):
    admin = member(stage, "甲")
    stage.people.open_windows({admin.contact: Window(NOON, 0)})

    tried = try_out(stage, admin)("word", "甲", now=stage.pass_time(minutes=2))

    assert tried is Tried.KEPT
    assert sorted(stage.kept_for(admin)) == [
        "【测试，只发给您】【一句话】\n书记您好",
        "【测试，只发给您】【一句话】\n大家好",
    ]


def test_an_account_without_the_right_is_not_asked(stage):
    admin = member(stage, "甲", window=True)

    tried = try_out(stage, admin, official=an_account(verified=False))("word", "甲", now=NOON)

    assert (tried, stage.wechat.shown_to("o-甲")) == (Tried.KEPT, [])


def test_who_has_named_no_contact_gets_nothing(stage):
    assert try_out(stage)("word", "甲", now=NOON) is Tried.NOBODY
    assert try_out(stage)("word", "乙", now=NOON) is Tried.NOBODY


def test_where_there_is_nothing_to_say_that_is_said(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", digests={}))

    assert try_out(stage, member(stage, "甲"))("daily-digest", "甲", now=NOON) is Tried.NOTHING


def test_the_longest_words_still_fit_into_one_message(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", HEAD, MAIN, EVERYONE, plain="字" * 682))
    admin = member(stage, "甲", window=True)

    assert try_out(stage, admin)("word", "甲", now=NOON) is Tried.SENT
    assert stage.wechat.shown_to("o-甲")[0].startswith("【测试，只发给您】字字")


def test_what_was_tried_out_is_sent_in_full_afterwards(stage):
    admin = member(stage, "甲", window=True)
    try_out(stage, admin)("word", "甲", now=NOON)

    run = stage.desk.send_now("word", now=NOON)
    stage.work(run.key)

    assert stage.wechat.shown_to("o-甲")[-1] == "大家好"
    assert stage.states(run) == {"sent": 1}


ALONE = HEAD.replace('["notice", "customer_service", "next_visit"]', "[]")
GROUPS = 'groups = ["支部群"]\ngroup_template = "named.j2"\n'
TO_GROUPS = "【测试，只发给您】在群里说的是：\n各位好"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ((HEAD, MAIN, GROUPS, EVERYONE), ["【测试，只发给您】大家好", TO_GROUPS]),
        ((ALONE, GROUPS, EVERYONE), [TO_GROUPS]),
        ((HEAD, MAIN, 'groups = ["支部群"]\n', EVERYONE), ["【测试，只发给您】大家好"]),
    ],
    ids=["beside people", "alone", "the same words"],
)
def test_what_groups_would_be_told_is_tried_out_on_the_admin_and_no_group_hears_it(db, tmp_path, text, shown):
    stage = Stage(db, a_pack(tmp_path / "pack", *text, named="各位好"))
    admin = member(stage, "甲", window=True)

    assert try_out(stage, admin)("word", "甲", now=NOON) is Tried.SENT
    assert stage.wechat.shown_to("o-甲") == shown
    assert stage.store.runs() == []


def test_what_groups_would_be_told_is_kept_where_the_platform_lets_nothing_through(db, tmp_path):
    stage = Stage(db, a_pack(tmp_path / "pack", ALONE, GROUPS, EVERYONE, named="各位好"))
    admin = member(stage, "甲")

    tried = try_out(stage, admin, official=an_account(verified=False))("word", "甲", now=NOON)

    assert (tried, stage.kept_for(admin)) == (Tried.KEPT, [TO_GROUPS])

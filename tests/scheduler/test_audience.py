"""Who is meant by a broadcast, and what a preview tells of them."""

from datetime import timedelta

import pytest

from storage.people import Window
from storage.quiz import Given, QuizStore
from storage.states import RunState
from tests.scheduler.world import DAILY, NOON, RUN, Stage, an_account, write_pack

MORNING = NOON.replace(hour=8, minute=30)
LINES = """
key = "word"
title = "一句话"
schedule = "0 9 * * *"
channels = ["customer_service", "next_visit"]
template = "reminder.j2"
"""


def stage_with(db, folder, audience, **more):
    """A stage with one broadcast that speaks of no digests, to such people."""
    return Stage(db, write_pack(folder, broadcasts=[LINES + audience]), **more)


def member(stage, name, *topics, role="", organisation="", account="official"):
    who = stage.reader(f"o-{name}", *topics, account=account)
    stage.people.rename(who.person, name=name, verified=True, organisation=organisation, role=role)
    return who


def answers(stage, who):
    quiz = QuizStore(stage.db)
    begun = quiz.begin(person=who.person, name="daily", day=NOON.date(), questions=["q1"])
    given = {"round": begun.id, "position": 0, "person": who.person, "question": "q1", "right": True}
    quiz.record(**given, given=Given("a", None, f"m-{who.person}"), now=NOON)


def served(stage, now=NOON):
    """Who has a row once it is sent by hand."""
    run = stage.desk.send_now("word", now=now)
    return set(stage.rows(run)) if run.state is RunState.SENDING else set()


ANY = """
[audience]
organisations = ["dangwei"]
[[audience.any]]
topics = ["zhengce"]
[[audience.any]]
roles = ["书记"]
[[audience.none]]
topics = ["tixing"]
"""


@pytest.mark.parametrize("piece", [1, None])
def test_a_file_s_groups_become_rows_of_exactly_those_people(db, tmp_path, piece):
    stage = stage_with(db, tmp_path / "pack", ANY, piece=piece)
    meant = [
        member(stage, "甲", "yaowen", role="书记", organisation="zhibu-1"),
        member(stage, "乙", "zhengce", organisation="dangwei"),
    ]
    member(stage, "丙", "zhengce")
    member(stage, "丁", "zhengce", "tixing", organisation="zhibu-1")
    member(stage, "戊", "yaowen", organisation="zhibu-1")

    assert served(stage) == {who.person for who in meant}


def test_all_but_some_are_everyone_but_them(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", '[audience]\neveryone = true\nnone = [{ roles = ["书记"] }]\n')
    member(stage, "甲", role="书记")
    other = member(stage, "乙")

    assert served(stage) == {other.person}


def test_an_account_is_a_condition_and_the_only_way(db, tmp_path):
    accounts = {"official": an_account(), "mini": an_account(kind="miniprogram")}
    stage = stage_with(db, tmp_path / "pack", '[audience]\naccounts = ["mini"]\n', accounts=accounts)
    both = member(stage, "甲")
    only = stage.people.meet(account="mini", openid="m-甲", today=NOON.date())
    with db.begin() as connection:
        stage.people.unite(connection, only.person, both.person)
    stage.people.open_windows({both.contact: Window(NOON + timedelta(hours=1), 5)})
    member(stage, "乙")

    run = stage.desk.send_now("word", now=NOON)

    assert {person: row.account for person, row in stage.rows(run).items()} == {both.person: "mini"}
    assert stage.planner.again(both.person, run.content, now=NOON).account == "mini"


def test_who_was_sent_a_digest_is_left_out_of_its_reminder(db, tmp_path):
    folder = write_pack(tmp_path / "pack", broadcasts=[DAILY])
    text = LINES + '[audience]\neveryone = true\n[[audience.none]]\nreceived = ["a"]\n'
    (folder / "broadcasts" / "word.toml").write_text(text, "utf-8")
    stage = Stage(db, folder)
    member(stage, "甲", "yaowen")
    stage.desk.sweep(MORNING)
    stage.work(RUN)
    late = member(stage, "乙", "yaowen")

    assert served(stage) == {late.person}


def test_the_condition_is_the_run_s_and_a_later_edit_changes_nothing(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", ANY)
    run = stage.desk.plan("word", MORNING)

    assert stage.store.run(run.key).content.where == {
        "any": [{"topics": ["zhengce"]}, {"roles": ["书记"]}],
        "none": [{"topics": ["tixing"]}],
    }
    assert stage.store.run(run.key).content.organisations == ("dangwei", "zhibu-1")


# -- a preview -------------------------------------------------------------------------------------------------

ROLE = '[audience]\nroles = ["书记"]\n'
NOT_DONE = '[audience]\ntopics = ["yaowen"]\n[[audience.none]]\nanswered = "7d"\n'


def test_a_preview_names_some_whom_the_roster_knows(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", ROLE)
    for number in range(8):
        member(stage, f"成员{number}", role="书记")
    unknown = stage.reader("o-unknown")
    stage.people.rename(unknown.person, name="自称", verified=False, role="书记")

    ahead = stage.desk.forecast("word", NOON)

    assert sum(ahead.channels.values()) == 9
    assert len(ahead.sample) == 5
    assert all(name.startswith("成员") for name in ahead.sample)


def test_a_preview_of_what_people_did_names_nobody(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", NOT_DONE)
    for number in range(6):
        member(stage, f"成员{number}")

    ahead = stage.desk.forecast("word", NOON)

    assert (sum(ahead.channels.values()), ahead.sample, ahead.few) == (6, (), False)


def test_fewer_than_five_are_not_counted_by_what_they_did(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", NOT_DONE)
    members = [member(stage, f"成员{number}") for number in range(6)]
    for who in members[:2]:
        answers(stage, who)

    ahead = stage.desk.forecast("word", NOON)

    assert (dict(ahead.channels), ahead.sample, ahead.few) == ({}, (), True)
    assert served(stage, NOON + timedelta(minutes=1)) == {who.person for who in members[2:]}


def test_a_preview_tells_of_roles_that_nobody_has(db, tmp_path):
    stage = stage_with(db, tmp_path / "pack", ROLE)
    member(stage, "甲", role="支部书记")

    assert stage.desk.forecast("word", NOON).nobody_is == ["书记"]

"""What two admins must agree to, what goes first, and how often one broadcast may come."""

from datetime import timedelta

import pytest

from content import library
from scheduler import reasons
from scheduler.manners import Manners
from storage.people import Window
from storage.states import RunState
from storage.wording import Content
from tests.scheduler.world import DAILY, NOON, REMINDER, RUN, ZONE, Stage, write_pack

MORNING = NOON.replace(hour=8, minute=30)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BY_HAND = f"{RUN}-by-hand"
CAREFUL = "four_eyes = true" + DAILY


@pytest.fixture
def stage(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[CAREFUL]))
    stage.reader("o-1", window=True)
    return stage


def state(stage, key=RUN):
    run = stage.store.run(key)
    return run.state, run.reason


def agrees(stage, admin, key=RUN, now=MORNING + MINUTE):
    return stage.desk.approve(key, by=admin, content=stage.store.run(key).content, now=now)


WAITS_FOR = {left: (RunState.PLANNED, reasons.AWAITS.format(left=left)) for left in (1, 2)}
GOES = (RunState.SENDING, "")


# -- four eyes -------------------------------------------------------------------------------------------------


def test_a_run_waits_for_two_admins_and_begins_with_the_second(stage):
    stage.desk.sweep(MORNING)
    nobody = state(stage)
    agrees(stage, "甲")
    stage.desk.sweep(MORNING + MINUTE)
    one = state(stage)
    agrees(stage, "甲")
    stage.desk.sweep(MORNING + 2 * MINUTE)
    twice = state(stage)
    agrees(stage, "乙", now=MORNING + 3 * MINUTE)

    assert (nobody, one, twice) == (WAITS_FOR[2], WAITS_FOR[1], WAITS_FOR[1])
    assert state(stage) == GOES
    stage.work()
    assert len(stage.wechat.shown_to("o-1")) == 1
    assert [(each.admin, each.at) for each in stage.desk.status(RUN).approvals] == [
        ("甲", MORNING + MINUTE),
        ("乙", MORNING + 3 * MINUTE),
    ]


def test_who_asks_is_the_first_and_never_the_second(stage):
    stage.desk.send_now("daily-digest", now=MORNING - MINUTE, by="甲")
    asked = state(stage, BY_HAND)
    stage.desk.send_now("daily-digest", now=MORNING - MINUTE, by="甲")
    agrees(stage, "甲", BY_HAND)
    again = state(stage, BY_HAND)
    agrees(stage, "乙", BY_HAND)

    assert (asked, again, state(stage, BY_HAND)) == (WAITS_FOR[1], WAITS_FOR[1], GOES)


def test_a_second_press_on_the_button_is_no_word_on_what_was_asked_before(stage):
    """Whoever presses it looks at what would be said now, and not at what the first has agreed to."""
    stage.desk.send_now("daily-digest", now=MORNING - MINUTE, by="甲")
    stage.desk.send_now("daily-digest", now=MORNING - MINUTE, by="乙")

    assert state(stage, BY_HAND) == WAITS_FOR[1]


def test_the_command_line_asks_in_nobody_s_name(stage):
    stage.desk.send("daily-digest", MORNING - MINUTE, at_once=True)
    stage.desk.send("daily-digest", MORNING - MINUTE, at_once=True)

    assert state(stage, BY_HAND) == WAITS_FOR[2]


def test_what_was_agreed_to_is_what_is_said(db, stage, tmp_path):
    stage.desk.plan("daily-digest", MORNING - 60 * MINUTE)
    seen = stage.store.run(RUN).content
    agrees(stage, "甲")
    write_pack(tmp_path / "pack", broadcasts=[CAREFUL], digests={"b": ("更新的", "yaowen", MORNING.isoformat())})
    stage.library = library.load(tmp_path / "pack", zone=ZONE)

    stage.desk.sweep(MORNING)
    agrees(stage, "乙")

    assert state(stage) == GOES
    assert stage.store.run(RUN).content == seen


def test_nobody_agrees_to_what_they_have_not_seen(stage):
    stage.desk.sweep(MORNING)

    assert not stage.desk.approve(RUN, by="甲", content=Content(text="别的", channels=("notice",)), now=MORNING)
    assert state(stage) == WAITS_FOR[2]


def test_news_that_comes_before_anybody_agreed_is_in_it(stage, tmp_path):
    stage.desk.plan("daily-digest", MORNING - 60 * MINUTE)
    new = {"b": ("更新的", "yaowen", (MORNING - MINUTE).isoformat())}
    write_pack(tmp_path / "pack", broadcasts=[CAREFUL], digests=new)
    stage.library = library.load(tmp_path / "pack", zone=ZONE)

    stage.desk.sweep(MORNING)

    assert "更新的" in stage.store.run(RUN).content.text
    assert state(stage) == WAITS_FOR[2]


def test_agreed_to_before_its_time_it_waits_for_that(stage):
    stage.desk.plan("daily-digest", MORNING - 60 * MINUTE)
    for admin in "甲乙":
        agrees(stage, admin, now=MORNING - 30 * MINUTE)
    early = state(stage)

    stage.desk.sweep(MORNING)

    assert (early, state(stage)) == ((RunState.PLANNED, ""), GOES)


def test_asked_for_in_the_night_to_go_out_at_once_it_does_so_with_the_second(db, tmp_path):
    night = Manners(zone=ZONE, quiet_from=(MORNING - 60 * MINUTE).time(), quiet_until=NOON.time())
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[CAREFUL]), manners=night)
    stage.reader("o-1")
    stage.desk.send_now("daily-digest", now=MORNING - MINUTE, at_night=True, by="甲")
    agrees(stage, "乙", BY_HAND, now=MORNING)

    assert state(stage, BY_HAND) == GOES


def test_agreed_to_in_the_night_it_waits_for_the_morning(db, tmp_path):
    night = Manners(zone=ZONE, quiet_from=NOON.time(), quiet_until=NOON.replace(hour=14).time())
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[CAREFUL]), manners=night)
    stage.reader("o-1")
    stage.desk.sweep(MORNING)
    for admin in "甲乙":
        agrees(stage, admin, now=NOON)
    noon = state(stage)

    stage.desk.sweep(NOON.replace(hour=14))

    why = reasons.QUIET.format(until=NOON.replace(hour=14))
    assert (noon, state(stage)) == ((RunState.PLANNED, why), GOES)


def test_what_nobody_agreed_to_in_time_is_given_up_and_can_be_asked_for_anew(stage):
    stage.desk.sweep(MORNING)
    agrees(stage, "甲")
    late = MORNING + timedelta(hours=13)
    stage.desk.sweep(late)
    over = state(stage)
    refused = agrees(stage, "乙", now=late)

    stage.desk.send_now("daily-digest", now=late, by="乙")
    anew = state(stage)
    agrees(stage, "甲", now=late)

    assert (over, refused) == ((RunState.DONE, reasons.EXPIRED), False)
    assert (anew, state(stage)) == (WAITS_FOR[1], GOES)


def test_a_file_that_is_no_longer_careful_changes_nothing_of_a_run_that_waits(stage, tmp_path):
    stage.desk.sweep(MORNING)
    write_pack(tmp_path / "pack", broadcasts=[DAILY])
    stage.library = library.load(tmp_path / "pack", zone=ZONE)

    stage.desk.sweep(MORNING + MINUTE)

    assert state(stage) == WAITS_FOR[2]


def test_who_came_since_gets_what_two_agreed_to(stage):
    stage.desk.sweep(MORNING)
    for admin in "甲乙":
        agrees(stage, admin)
    stage.work()
    late = stage.reader("o-2")

    stage.desk.send_now("daily-digest", now=NOON, by="丙")

    assert late.person in stage.rows(stage.store.run(RUN))
    assert {each.admin for each in stage.desk.status(RUN).approvals} == {"甲", "乙"}


# -- what goes first -------------------------------------------------------------------------------------------

SAME_TIME = REMINDER.replace('"0 19 * * wed"', '"30 8 * * *"').replace('"tixing"', '"yaowen"')


@pytest.mark.parametrize(("priority", "first"), [(9, "reminder"), (1, "daily-digest")])
def test_of_runs_that_wait_the_more_urgent_begins_first(db, tmp_path, priority, first):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[DAILY, f"priority = {priority}\n" + SAME_TIME]))
    stage.reader("o-1")

    stage.desk.sweep(MORNING)

    assert stage.woken[0].partition(":")[0] == first
    assert stage.desk.unfinished()[0].partition(":")[0] == first


def test_an_urgent_run_of_now_begins_before_a_planned_one_of_before(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[DAILY, "priority = 9\n" + SAME_TIME]))
    stage.reader("o-1")
    stage.desk.plan("daily-digest", MORNING - MINUTE)

    stage.desk.sweep(MORNING)

    assert [key.partition(":")[0] for key in stage.woken] == ["reminder", "daily-digest"]


# -- how often -------------------------------------------------------------------------------------------------


def channels_of(stage, who, *days):
    """By which channel somebody hears it on each day."""
    found = []
    for day in days:
        now = stage.now = MORNING + day * DAY
        stage.wechat.acts("o-1")
        stage.people.open_windows({who.contact: Window(now + timedelta(hours=48), 5)})
        stage.desk.sweep(now)
        key = f"reminder:{now:%Y-%m-%d}"
        stage.work(key)
        found.append(stage.rows(stage.store.run(key))[who.person].channel)
    return found


def test_who_had_it_as_often_as_it_may_come_has_the_next_kept_for_a_visit(db, tmp_path):
    text = 'at_most = "2/3d"\n' + SAME_TIME
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[text]))
    who = stage.reader("o-1", window=True)

    assert channels_of(stage, who, 0, 1, 2, 3, 4) == [
        "customer_service",
        "customer_service",
        "next_visit",
        "customer_service",
        "customer_service",
    ]


def test_hours_are_counted_back_from_now(db, tmp_path):
    text = 'at_most = "1/30h"\n' + SAME_TIME
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[text]))
    who = stage.reader("o-1", window=True)

    assert channels_of(stage, who, 0, 1, 2) == ["customer_service", "next_visit", "customer_service"]


def test_another_broadcast_does_not_count(db, tmp_path):
    daily = DAILY.replace('"notice", ', "")
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[daily, 'at_most = "1/3d"\n' + SAME_TIME]))
    who = stage.reader("o-1", window=True)

    assert channels_of(stage, who, 0) == ["customer_service"]
    assert stage.rows(stage.store.run(RUN))[who.person].channel == "customer_service"

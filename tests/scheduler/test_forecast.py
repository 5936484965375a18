"""What a run would cost, leave and miss, and when the last would have it: told before anything is sent."""

from datetime import datetime, time, timedelta

import pytest

from scheduler.manners import Manners
from scheduler.outlook import Left, Outlook
from storage.openings import Closed
from tests.scheduler.world import DAILY, NONE, NOON, REMINDER, RUN, TEMPLATE, ZONE, Stage, write_pack
from wechat import errors
from wechat.api.account import Quota

KF, NOTICE = "/cgi-bin/message/custom/send", "/cgi-bin/message/subscribe/bizsend"
NIGHT = Manners(zone=ZONE, quiet_from=time(21, 30), quiet_until=time(7, 30))


class Asked:
    """An account that tells its quotas by the path of the call, and fails for others."""

    def __init__(self, **remain):
        self.remain = remain
        self.paths = []

    def quota(self, path):
        self.paths.append(path)
        known = self.remain.get(path.rpartition("/")[2] + path.split("/")[3])
        if known is None:
            raise errors.Unsure(None, "no answer")
        return Quota(daily_limit=1000, used=0, remain=known)


def stage_of(db, tmp_path, account, *, manners=NONE, a_second=100.0):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[DAILY]), manners=manners)
    stage.planner.outlook = Outlook({"official": account}, manners=manners, a_second=a_second)
    return stage


def test_it_tells_what_is_used_what_is_left_and_why_some_are_not_reached(db, tmp_path):
    account = Asked(sendcustom=500)
    stage = stage_of(db, tmp_path, account)
    for n in range(3):
        stage.reader(f"o-credit-{n}", credit=TEMPLATE)
    for n in range(2):
        stage.reader(f"o-window-{n}", window=True)
    stage.reader("o-nothing")
    ahead = stage.desk.forecast("daily-digest", stage.now)

    assert dict(ahead.channels) == {"notice": 3, "customer_service": 2, "next_visit": 1}
    assert (ahead.credits, ahead.window_messages, ahead.closed) == (3, 2, {})
    assert set(ahead.left) == {
        Left("official", "notice", None, None),  # the platform said nothing
        Left("official", "customer_service", 500, 498),
    }
    assert set(account.paths) == {KF, NOTICE}
    assert ahead.last_at == NOON + timedelta(seconds=0.03)


def test_whom_nobody_can_reach_is_told_with_what_closed_each_channel(db, tmp_path):
    only = DAILY.replace(', "next_visit"]', "]")
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[only]))
    for n in range(2):
        stage.reader(f"o-{n}")
    ahead = stage.desk.forecast("daily-digest", stage.now)

    assert dict(ahead.channels) == {"": 2}
    assert ahead.closed == {(("notice", Closed.CREDIT), ("customer_service", Closed.WINDOW)): 2}
    assert ahead.last_at is None


def test_few_who_are_chosen_by_what_they_did_are_told_by_no_number(db, tmp_path):
    by_deeds = DAILY + '\n[[audience.none]]\nanswered = "1d"\n'
    account = Asked(sendcustom=500)
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[by_deeds]))
    stage.planner.outlook = Outlook({"official": account}, manners=NONE)
    for n in range(4):
        stage.reader(f"o-{n}", window=n < 3)
    ahead = stage.desk.forecast("daily-digest", stage.now)

    assert (ahead.few, ahead.left, ahead.credits, ahead.window_messages, ahead.closed, ahead.last_at) == (
        True,
        (),
        0,
        0,
        {},
        None,
    )
    assert account.paths == []


def test_who_has_had_enough_is_counted(db, tmp_path):
    pack = write_pack(tmp_path / "pack", broadcasts=[DAILY, REMINDER])
    stage = Stage(db, pack, manners=Manners(zone=ZONE, a_day=1))
    for n in range(2):
        stage.reader(f"o-{n}", "yaowen", "tixing", window=True)
    stage.desk.send("daily-digest", stage.now)
    stage.work(RUN)
    ahead = stage.desk.forecast("reminder", stage.now, at_once=True)

    assert (ahead.full, dict(ahead.channels)) == (2, {"next_visit": 2})


def test_runs_that_are_being_sent_go_first(db, tmp_path):
    stage = stage_of(db, tmp_path, Asked(), a_second=1.0)
    others = [stage.person(f"o-other-{n}") for n in range(7)]
    stage.deliver(stage.run("other:2026-11-23"), *others)
    for n in range(3):
        stage.reader(f"o-{n}", window=True)

    assert stage.desk.forecast("daily-digest", stage.now).last_at == NOON + timedelta(seconds=10)


def at(hour, minute=0, *, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("people", "begins", "last"),
    [
        (3600, at(12), at(13)),
        (3600, at(21), at(8, day=24)),  # half of it in the evening, half in the morning
        (3600 * 20, at(8, 30), at(14, 30, day=24)),  # thirteen hours, a night, and seven more
        (3600, at(23), at(8, 30, day=24)),
        (0, at(12), None),
    ],
    ids=["an hour", "over a night", "two days", "from within a night", "nobody"],
)
def test_the_last_has_it_when_the_pace_and_the_nights_allow(people, begins, last):
    outlook = Outlook(manners=NIGHT, a_second=1.0)

    assert outlook.last_at({"customer_service": people, "next_visit": 9_999_999}, {}, begins=begins) == last


def test_channels_go_beside_each_other_and_a_night_is_none_where_it_is_said():
    outlook = Outlook(manners=NIGHT, a_second=2.0)
    channels = {"customer_service": 7200, "notice": 3600}

    assert outlook.last_at(channels, {}, begins=at(12)) == at(13)
    assert outlook.last_at(channels, {"notice": 10_800}, begins=at(12)) == at(14)
    assert outlook.last_at(channels, {}, begins=at(21), at_night=True) == at(22)


def test_of_several_accounts_what_is_left_is_told_and_not_what_will_be():
    outlook = Outlook({"a": Asked(sendcustom=10), "b": Asked(sendcustom=20)}, manners=NONE)

    assert list(outlook.left({"customer_service": 5}, {"customer_service": {"a", "b"}})) == [
        Left("a", "customer_service", 10, None),
        Left("b", "customer_service", 20, None),
    ]

"""By when an opinion is answered: said at once, shown while it waits, and told to admins in time."""

from dataclasses import replace
from datetime import date

import pytest

from handlers.opinion.engine import State
from handlers.opinion.engine.promises import Promise, listed
from scheduler.workdays import Workdays
from tests.handlers.opinion.world import World, receipt

CATEGORIES = "工作建议、安全隐患（3）, 生活困难 (10个工作日)\n其他(0)、"
PROMISE = Promise(workdays=Workdays(dict), days=15, categories=lambda: CATEGORIES)
SENT = date(2026, 9, 24)  # a Thursday, before two holidays


@pytest.fixture
def world(db, redis, keys):
    return World(db, redis, keys)


# -- the rules -------------------------------------------------------------------------------------------------------


def test_a_number_in_brackets_is_no_part_of_the_name():
    assert listed(CATEGORIES) == ("工作建议", "安全隐患", "生活困难", "其他(0)")


@pytest.mark.parametrize(
    ("category", "due"),
    [("安全隐患", date(2026, 9, 30)), ("生活困难", date(2026, 10, 15)), ("工作建议", date(2026, 10, 22))],
)
def test_each_category_has_its_own_time(category, due):
    assert PROMISE.due(category, SENT) == due


def test_what_is_urgent_has_its_own_time_and_goes_up_no_slower_than_that():
    """Of 2 workdays from a Thursday before a holiday on Friday (2026-09-25): Monday, Tuesday."""
    promise = replace(PROMISE, urgent=lambda: {"安全隐患": 2, "工作建议": 30})

    assert promise.due("安全隐患", SENT) == date(2026, 9, 29)
    assert promise.due("生活困难", SENT) == date(2026, 10, 15)
    assert [promise.escalates_after(each, 3) for each in ("安全隐患", "生活困难", "工作建议")] == [2, 3, 3]


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 9, 24), 3),
        (date(2026, 9, 29), 1),
        (date(2026, 9, 30), 0),
        (date(2026, 10, 1), -1),  # late is late, though nobody works
        (date(2026, 10, 8), -1),
        (date(2026, 10, 10), -3),
    ],
)
def test_so_many_workdays_are_left(today, left):
    assert PROMISE.left(State.IN_HAND, date(2026, 9, 30), today) == left


@pytest.mark.parametrize("state", [State.ANSWERED, State.CLOSED])
def test_what_is_answered_is_not_late(state):
    assert PROMISE.left(state, date(2026, 9, 30), date(2026, 10, 10)) is None
    assert PROMISE.left(State.RECEIVED, None, date(2026, 10, 10)) is None


# -- what admins hear ------------------------------------------------------------------------------------------------


def at_half_past_eight(world, today):
    at_half_past(world, 8, today)


def at_half_past(world, hour, today):
    world.clock.now = world.clock.now.replace(year=today.year, month=today.month, day=today.day, hour=hour, minute=30)
    world.runs("opinion.reminder")


def test_admins_are_told_in_numbers_and_once_a_day(world):
    world.admins = {"甲": "person-1", "乙": "person-2"}
    codes = [
        receipt(world.member().says("意见", *way, "4", "宿舍热水晚上九点就停", "好了", "1"))
        for way in ("1", ("2", "张三"))
    ]
    at_half_past_eight(world, date(2126, 12, 11))
    quiet = list(world.told)
    for hour in (8, 9, 20, 23):
        at_half_past(world, hour, date(2126, 12, 12))
    told, world.told[:] = [(who, line) for who, line, _ in world.told], []
    world.opinions.change(world.opinions.id_of(codes[0].replace("-", "")), lambda now: replace(now, state="answered"))
    at_half_past_eight(world, date(2126, 12, 16))

    line = "意见箱：2 条下一个工作日到期。请到后台“意见”里看。"
    assert quiet == []
    assert told == [("person-1", line), ("person-2", line)]
    assert [line for _, line, _ in world.told] == ["意见箱：1 条已经超期。请到后台“意见”里看。"] * 2

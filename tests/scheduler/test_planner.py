"""The first channel that the platform allows a person now."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.manners import Manners
from storage.deliveries import deliveries
from storage.openings import Closed
from storage.people import Window
from storage.states import RunState
from storage.wording import Content
from tests.scheduler.world import (
    NOON,
    RUN,
    TEMPLATE,
    ZONE,
    Stage,
    an_account,
    closed_to_all,
    write_pack,
)

ALL = Content(channels=("notice", "customer_service", "next_visit"), template_id=TEMPLATE)
OPEN = Window(NOON + timedelta(hours=1), 1)
CLOSED = Window(NOON, 5)
EMPTY = Window(OPEN.until, 0)
ACCOUNTS = {"official": an_account(), "new": an_account(verified=False), "sub": an_account(kind="subscription")}
T = {"template_id": TEMPLATE}


@pytest.mark.parametrize(
    ("name", "person", "content", "why"),
    [
        pytest.param("notice", {"credit": TEMPLATE}, T, None, id="with a credit"),
        pytest.param("notice", {"credit": "other"}, T, Closed.CREDIT, id="another's credit"),
        pytest.param("notice", {}, T, Closed.CREDIT, id="no credit"),
        pytest.param("notice", {"credit": TEMPLATE}, {}, Closed.TEMPLATE, id="no template"),
        pytest.param("notice", {"account": "new", "credit": TEMPLATE}, T, Closed.ACCOUNT, id="new"),
        pytest.param("notice", {"account": "sub", "credit": TEMPLATE}, T, Closed.ACCOUNT, id="sub"),
        pytest.param("notice", {"account": "gone", "credit": TEMPLATE}, T, Closed.ACCOUNT, id="none"),
        pytest.param("customer_service", {"window": OPEN}, T, None, id="in the window"),
        pytest.param("customer_service", {}, T, Closed.WINDOW, id="no window"),
        pytest.param("customer_service", {"window": CLOSED}, T, Closed.WINDOW, id="just closed"),
        pytest.param("customer_service", {"window": EMPTY}, T, Closed.WINDOW, id="window used up"),
        pytest.param("customer_service", {"account": "new", "window": OPEN}, T, Closed.ACCOUNT, id="unverified"),
        pytest.param("customer_service", {"account": "sub", "window": OPEN}, T, None, id="a subscription account"),
        pytest.param("next_visit", {"account": "new"}, T, None, id="everybody may come back"),
    ],
)
def test_a_channel_says_why_it_is_closed(db, tmp_path, name, person, content, why):
    stage = Stage(db, write_pack(tmp_path / "pack"), accounts=ACCOUNTS)
    stage.person("o-1", **person)

    assert closed_to_all(db, stage.channels[name], **content) == why


def test_a_credit_that_is_used_up_is_none(db, stage):
    who = stage.person("o-1", credit=TEMPLATE)
    with db.begin() as connection:
        connection.execute(sa.text('UPDATE credits SET "left" = 0'))

    assert stage.planner.again(who.person, ALL, now=NOON).channel == "next_visit"


@pytest.mark.parametrize(
    ("person", "channel"),
    [
        ({"credit": TEMPLATE, "window": OPEN}, "notice"),
        ({"window": OPEN}, "customer_service"),
        ({}, "next_visit"),
    ],
)
def test_the_broadcast_names_the_order_and_the_person_the_channel(stage, person, channel):
    who = stage.person("o-1", **person)

    row = stage.planner.again(who.person, ALL, now=NOON)

    assert (row.person, row.contact, row.channel, row.state, row.error) == (who.person, who.contact, channel, "due", "")
    assert stage.planner.forecast(RUN, ALL, now=NOON) == {channel: 1}


def two_contacts(stage, **second):
    """One who is there on two accounts; the second in their order is allowed more."""
    one, other = stage.person("o-1"), stage.person("o-2", account="second", **second)
    with stage.db.begin() as connection:
        stage.people.unite(connection, other.person, one.person)
    return one, other


def test_another_contact_of_the_same_person_may_open_an_earlier_channel(db, tmp_path):
    accounts = {"official": an_account(), "second": an_account()}
    stage = Stage(db, write_pack(tmp_path / "pack"), accounts=accounts)
    one, other = two_contacts(stage, window=OPEN)

    row = stage.planner.again(one.person, ALL, now=NOON)

    assert (row.channel, row.contact, row.account) == ("customer_service", other.contact, "second")
    assert stage.planner.forecast(RUN, ALL, now=NOON) == {"customer_service": 1}


def test_of_two_contacts_that_are_open_the_first_account_s_is_taken(stage):
    one, _ = two_contacts(stage)

    assert stage.planner.again(one.person, ALL, now=NOON).contact == one.contact


def test_whom_no_channel_reaches_is_told_apart_and_not_left_out(stage):
    who = stage.person("o-1")

    row = stage.planner.again(who.person, Content(channels=("notice", "no-such")), now=NOON)

    assert (row.state, row.channel, row.error, row.contact) == ("gone", "", "no_channel", who.contact)


def test_who_left_has_no_way(stage):
    who = stage.person("o-1")
    stage.leave("o-1")

    assert stage.planner.again(who.person, ALL, now=NOON) is None


def test_what_is_expected_tells_why_nobody_is_reached_by_what_came_nearest(db, tmp_path):
    accounts = {"official": an_account(), "second": an_account(verified=False)}
    stage = Stage(db, write_pack(tmp_path / "pack"), accounts=accounts)
    two_contacts(stage)  # of the unverified account nothing is told: the other one lacks only a credit
    stage.person("o-3", credit=TEMPLATE)
    stage.person("o-4", account="second")

    counted = stage.planner.expected(
        RUN, Content(channels=("notice", "customer_service"), template_id=TEMPLATE), now=NOON
    )

    assert counted.channels == {"notice": 1, "": 2}
    assert counted.closed == {
        (("notice", Closed.CREDIT), ("customer_service", Closed.WINDOW)): 1,
        (("notice", Closed.ACCOUNT), ("customer_service", Closed.ACCOUNT)): 1,
    }


def test_everybody_meant_has_one_row_however_the_pieces_fall(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack"), piece=3)
    readers = [stage.reader(f"o-{n}", "yaowen", "zhengce") for n in range(10)]
    stage.reader("o-other", "tixing")
    stage.reader("o-left")
    stage.leave("o-left")

    run = stage.desk.plan(RUN, NOON)
    stage.planner.fill(run, now=NOON)

    assert sorted(stage.rows(run)) == sorted(who.person for who in readers)


def test_who_has_a_row_keeps_it_and_a_planner_that_died_goes_on(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack"), piece=3)
    readers = sorted((stage.reader(f"o-{n}") for n in range(10)), key=lambda who: who.person)
    run = stage.run(state=RunState.PLANNING, channels=ALL.channels)
    stage.deliver(run, *readers[:4], channel="notice")  # as a planner left them

    stage.planner.fill(run, now=NOON)

    assert [stage.rows(run)[who.person].channel for who in readers] == ["notice"] * 4 + ["next_visit"] * 6


def test_a_run_that_is_not_planned_any_more_gets_no_rows(stage):
    stage.reader("o-1")
    run = stage.run(state=RunState.DONE, channels=ALL.channels)

    stage.planner.fill(run, now=NOON)

    assert stage.rows(run) == {}


def test_a_run_that_nobody_wrote_gets_no_rows(stage):
    stage.reader("o-1")
    known = stage.run(state=RunState.PLANNING, channels=ALL.channels)

    stage.planner.fill(replace(known, key="daily-digest:never"), now=NOON)

    with stage.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar() == 0


def test_of_two_runs_that_are_planned_at_once_each_sees_what_the_other_promised(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack"), piece=1, manners=Manners(zone=ZONE, a_day=1))
    whos = [stage.reader(f"o-{n}", window=True) for n in range(20)]
    one, two = (stage.run(key, state=RunState.PLANNING, channels=ALL.channels) for key in ("a:1", "b:1"))
    start = threading.Barrier(2)

    def fills(run):
        start.wait()
        stage.planner.fill(run, now=NOON)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(fills, [one, two]))

    for who in whos:
        told = sorted(stage.rows(run)[who.person].channel for run in (one, two))
        assert told == ["customer_service", "next_visit"]


def test_a_piece_of_another_run_is_waited_for_until_it_is_written(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack"), manners=Manners(zone=ZONE, a_day=1))
    who = stage.reader("o-1", window=True)
    one, two = (stage.run(key, state=RunState.PLANNING, channels=ALL.channels) for key in ("a:1", "b:1"))
    written, other = threading.Event(), threading.Event()

    def dawdles(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("INSERT INTO deliveries") and not written.is_set():
            written.set()
            other.wait(0.5)  # who doesn't wait for this transaction is through by then

    def beside():
        written.wait()
        stage.planner.fill(two, now=NOON)
        other.set()

    sa.event.listen(db._engine, "after_cursor_execute", dawdles)
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(beside)
        stage.planner.fill(one, now=NOON)
        ended.result()
    sa.event.remove(db._engine, "after_cursor_execute", dawdles)

    told = [stage.rows(run)[who.person].channel for run in (one, two)]
    assert told == ["customer_service", "next_visit"]

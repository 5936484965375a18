"""The first channel that the platform allows a person now."""

from datetime import timedelta

import pytest

from scheduler.channels import Closed
from storage.broadcasts import Content
from storage.people import Window
from tests.scheduler.world import NOON, RUN, TEMPLATE, Stage, a_reach, an_account, write_pack

ALL = Content(channels=("notice", "customer_service", "next_visit"), template_id=TEMPLATE)
OPEN = Window(NOON + timedelta(hours=1), 1)


@pytest.mark.parametrize(
    ("name", "reach", "content", "why"),
    [
        pytest.param("notice", a_reach(credits=frozenset({TEMPLATE})), ALL, None, id="with a credit"),
        pytest.param("notice", a_reach(credits=frozenset({"other"})), ALL, Closed.CREDIT, id="another's credit"),
        pytest.param("notice", a_reach(credits=frozenset({""})), Content(), Closed.TEMPLATE, id="no template"),
        pytest.param("notice", a_reach(account="new", credits=frozenset({TEMPLATE})), ALL, Closed.ACCOUNT, id="new"),
        pytest.param("notice", a_reach(account="sub", credits=frozenset({TEMPLATE})), ALL, Closed.ACCOUNT, id="sub"),
        pytest.param("notice", a_reach(account="gone", credits=frozenset({TEMPLATE})), ALL, Closed.ACCOUNT, id="none"),
        pytest.param("customer_service", a_reach(window=OPEN), ALL, None, id="in the window"),
        pytest.param("customer_service", a_reach(), ALL, Closed.WINDOW, id="no window"),
        pytest.param("customer_service", a_reach(window=Window(NOON, 5)), ALL, Closed.WINDOW, id="just closed"),
        pytest.param(
            "customer_service", a_reach(window=Window(OPEN.until, 0)), ALL, Closed.WINDOW, id="window used up"
        ),
        pytest.param("customer_service", a_reach(account="new", window=OPEN), ALL, Closed.ACCOUNT, id="unverified"),
        pytest.param("customer_service", a_reach(account="sub", window=OPEN), ALL, None, id="a subscription account"),
        pytest.param("next_visit", a_reach(account="new"), ALL, None, id="everybody may come back"),
    ],
)
def test_a_channel_says_why_it_is_closed(db, tmp_path, name, reach, content, why):
    accounts = {
        "official": an_account(),
        "new": an_account(verified=False),
        "sub": an_account(kind="subscription"),
    }
    stage = Stage(db, write_pack(tmp_path / "pack"), accounts=accounts)

    assert stage.channels[name].can(reach, content, now=NOON) == why


@pytest.mark.parametrize(
    ("reach", "channel"),
    [
        (a_reach(credits=frozenset({TEMPLATE}), window=OPEN), "notice"),
        (a_reach(window=OPEN), "customer_service"),
        (a_reach(), "next_visit"),
    ],
)
def test_the_broadcast_names_the_order_and_the_person_the_channel(stage, reach, channel):
    assert stage.planner.choose([reach], ALL, now=NOON).channel == channel


def test_another_contact_of_the_same_person_may_open_an_earlier_channel(stage):
    ways = [a_reach(contact="c1"), a_reach(contact="c2", window=OPEN)]

    row = stage.planner.choose(ways, ALL, now=NOON)

    assert (row.channel, row.contact) == ("customer_service", "c2")


def test_whom_no_channel_reaches_is_told_apart_and_not_left_out(stage):
    row = stage.planner.choose([a_reach()], Content(channels=("notice", "no-such")), now=NOON)

    assert (row.state, row.error) == ("gone", "no_channel")


def test_everybody_meant_has_one_row_however_the_pages_fall(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack"), page=3)
    readers = [stage.reader(f"o-{n}", "yaowen", "zhengce") for n in range(10)]
    stage.reader("o-other", "tixing")
    stage.reader("o-left")
    stage.leave("o-left")

    run = stage.desk.plan(RUN, NOON)
    stage.planner.fill(run, now=NOON)

    assert sorted(stage.rows(run)) == sorted(who.person for who in readers)

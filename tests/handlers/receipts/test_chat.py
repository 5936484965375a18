"""The platform's reports come in by every way it has, and settle deliveries; nobody is answered."""

from datetime import timedelta

import pytest

from storage.deliveries import settle
from storage.states import State
from tests.driver import Phone
from tests.house import NOON
from tests.scheduler.world import World

RUN = "daily-digest:2026-11-23"


def sent_to(town, phone, *, account="official", channel="template_message", message_id="2400", state=State.SENT):
    """A delivery of a run, as its sender has left it."""
    world = World(town.house.db)
    run = world.run(RUN, template_id="T1", mini_template_id="T1")
    world.deliver(run, world.person(phone.openid, account=account), channel=channel)
    (parcel,) = world.take(run)
    if state is not State.IN_HAND:
        world.take(run, settle(parcel, state, message_id=message_id), room=0)


def state(town):
    (tally,) = town.house.pushes.store.deliveries.tallies(RUN)
    return str(tally.state)


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("success", "sent"),
        ("failed:user block", "gone"),
        ("failed: user block", "gone"),
        ("failed: system failed", "due"),
    ],
)
def test_how_a_template_message_ended(town, form, status, becomes):
    account = town.settings.accounts["official"]
    phone = Phone(town.client, account, "o-member", town.clock, form=form)
    sent_to(town, phone)

    answer = phone.event({"Event": "TEMPLATESENDJOBFINISH", "MsgID": "2400", "Status": status})

    assert (answer, phone.answer) == ("", {})
    assert state(town) == becomes


def results(*found):
    return [{"TemplateId": "T1", "MsgID": at, "ErrorCode": code, "ErrorStatus": words} for at, code, words in found]


SUCCESS, REFUSED, OTHER = ("2400", "0", "success"), ("2400", "43101", "user refuse"), ("9999", "0", "success")


@pytest.mark.parametrize("account", ["official", "mini"])
@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize(
    ("listed", "becomes"),
    [
        (results(REFUSED)[0], "gone"),
        (results(REFUSED), "gone"),
        (results(OTHER, REFUSED), "gone"),
        (results(SUCCESS), "sent"),
    ],
    ids=["one", "a list of one", "a list", "success"],
)
def test_how_a_notice_ended(town, account, form, listed, becomes):
    phone = Phone(town.client, town.settings.accounts[account], "o-member", town.clock, name=account, form=form)
    sent_to(town, phone, account=account, channel="notice" if account == "official" else "mini_notice")
    said = {"List": listed} if form == "json" else {"SubscribeMsgSentEvent": {"List": listed}}

    phone.event({"Event": "subscribe_msg_sent_event", **said})

    assert state(town) == becomes


@pytest.mark.parametrize(
    "fields",
    [
        {"MsgID": "1", "Status": "failed:user block"},
        {"MsgID": "", "Status": "failed:user block"},
        {"MsgID": "7" * 65, "Status": "failed:user block"},
        {"MsgID": "2400"},
        {"Status": "success"},
    ],
)
def test_what_speaks_of_no_message_of_ours_changes_nothing(town, fields):
    phone = town.phone()
    sent_to(town, phone)

    assert phone.event({"Event": "TEMPLATESENDJOBFINISH", **fields}) == ""
    assert town.phone("o-stranger").event({"Event": "TEMPLATESENDJOBFINISH", "MsgID": "2400", "Status": "failed"}) == ""
    assert state(town) == "sent"


def test_the_clock_looks_again_at_what_came_before_its_answer(town):
    phone = town.phone()
    sent_to(town, phone, state=State.IN_HAND, message_id="")
    phone.event({"Event": "TEMPLATESENDJOBFINISH", "MsgID": "2400", "Status": "failed:user block"})
    town.house.pushes.store.deliveries.sweep(RUN, repeatable=[], now=NOON + timedelta(minutes=2))
    before = state(town)
    (job,) = (job for job in town.house.jobs if job.id == "receipts.again")
    job.run(NOON + timedelta(minutes=2))

    assert (before, state(town)) == ("unsure", "gone")

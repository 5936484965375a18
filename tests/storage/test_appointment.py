"""Talks as they are kept: one time for one member, and of a member what may stand beside each other."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.appointment import Appointment, Appointments, HasOne
from storage.people import People

FIRST = datetime(2026, 12, 2, 7, tzinfo=UTC)


@pytest.fixture
def kept(db, keys):
    return Appointments(db, keys)


@pytest.fixture
def person(db, vault, keys):
    day = date(2026, 11, 26)
    return People(db, vault, former=keys.mark("former")).meet(account="official", openid="oMember", today=day).person


def a_talk(person: str, hours: int = 0) -> Appointment:
    at = FIRST + timedelta(hours=hours)
    return Appointment(host="shuji", at=at, name="", words="想聊聊", state="asked", person=person)


def test_a_member_who_asks_many_times_at_once_has_one(kept, person):
    """By the page or the mini-program nothing answers a member's requests one after the other."""
    together, refused = threading.Barrier(8), []

    def ask(number: int) -> None:
        together.wait()
        try:
            kept.ask(a_talk(person, number), message=f"m-{number}", beside=lambda _: False)
        except HasOne:
            refused.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(kept.of_person(person)) == 1
    assert len(refused) == 7


def test_what_is_asked_with_the_same_message_is_no_other_one(kept, person):
    assert kept.ask(a_talk(person), message="m-1", beside=lambda _: False)
    assert kept.ask(a_talk(person), message="m-1", beside=lambda _: False)
    assert len(kept.of_person(person)) == 1


def test_what_may_stand_beside_it_does(kept, person):
    kept.ask(a_talk(person), message="m-1")

    assert kept.ask(a_talk(person, hours=1), message="m-2", beside=lambda other: other.at == FIRST)
    assert len(kept.of_person(person)) == 2

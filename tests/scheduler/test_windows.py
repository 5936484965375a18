"""What turns leave in Redis opens windows in SQL."""

from datetime import timedelta
from functools import partial

import pytest

from handlers import conversation
from scheduler.windows import Windows
from storage.redis import Gone
from tests.scheduler.world import NOON, ZONE, World


class Notes:
    def __init__(self, *notes):
        self._notes = list(notes)

    def take_notes(self, *, now):  # noqa: ARG002 - they don't grow old here
        notes, self._notes = self._notes, []
        return notes


class Away:
    def take_notes(self, *, now):  # noqa: ARG002 - as above
        raise Gone[0]("away")


def note(who, until, messages=5):
    return f'["{who.contact}", {int(until.timestamp())}, {messages}]'.encode()


@pytest.fixture
def world(db):
    return World(db)


def windows(world, notes):
    return Windows(notes, world.people, read=partial(conversation.windows, zone=ZONE))


def test_a_note_opens_its_window_and_one_of_somebody_who_left_none(world):
    who, left = world.person("o-1"), world.person("o-2")
    world.leave("o-2")
    until = NOON + timedelta(hours=48)

    windows(world, Notes(note(who, until), note(left, until))).flush(NOON)

    found = world.people.find(account="official", openid="o-1").window
    assert (found.until, found.remaining) == (until, 5)


def test_more_notes_than_one_statement_carries_are_all_read(world):
    whos = [world.person(f"o-{n}") for n in range(3)]
    until = NOON + timedelta(hours=48)
    many = [note(who, until - timedelta(minutes=1)) for who in whos] * 400 + [note(who, until, 2) for who in whos]

    windows(world, Notes(*many)).flush(NOON)

    assert [world.people.find(account="official", openid=f"o-{n}").window.remaining for n in range(3)] == [2, 2, 2]


def test_without_redis_there_is_nothing_to_write_down(world):
    windows(world, Away()).flush(NOON)

"""The list of members and its one-time codes."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage import codes
from storage.people import People
from storage.roster import Entry, Refusal, Roster, roster

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)
ZHANG = Entry(name="张三", organisation="zhibu-1", role="书记")


@pytest.fixture
def people(db, vault, keys):
    return People(db, vault, former=keys.mark("former"))


@pytest.fixture
def members(db, vault, keys):
    """A list with another member in it."""
    made = Roster(db, vault, mark=keys.mark("join code"), former=keys.mark("former"))
    made.take_in([Entry(name="李四", organisation="zhibu-1")], expires_at=UNTIL)
    return made


def code_of(members, entry=ZHANG):
    return members.take_in([entry], expires_at=UNTIL)[0].code


def bind(members, who, code, *, message="m1", now=NOW):
    return members.bind(code=code, person=who.person, contact=who.contact, message=message, now=now)


@pytest.fixture
def someone(people):
    return people.meet(account="official", openid="o-1", today=NOW.date())


def test_a_code_can_be_read_off_paper():
    drawn = {codes.drawn() for _ in range(200)}

    assert len(drawn) == 200
    assert all(re.fullmatch("[2-9A-HJKMNP-Z]{8}", code) for code in drawn)
    assert not set("01OIL") & set(codes.LETTERS)


def test_the_database_cannot_say_a_code_again(members, db):
    code = code_of(members)
    with db.read() as connection:
        kept = connection.execute(sa.select(roster)).all()

    assert code not in str(kept)


def test_taking_in_the_same_list_again_gives_out_no_code_and_updates_roles(members):
    code_of(members)
    again = members.take_in([Entry(name="张三", organisation="zhibu-1", role="委员")], expires_at=UNTIL)

    assert again == []
    assert {(row.entry.name, row.entry.role) for row in members.rows()} == {("张三", "委员"), ("李四", "")}


def test_two_of_one_name_are_told_apart_by_number(members):
    entries = [Entry(name="王芳", organisation="zhibu-1", number=number) for number in ("1", "2")]

    assert len(members.take_in(entries, expires_at=UNTIL)) == 2


def test_a_list_is_taken_in_whole_or_not_at_all(members):
    with pytest.raises(sa.exc.SQLAlchemyError):
        members.take_in([ZHANG, Entry(name="王五", organisation="zhibu-1", role=None)], expires_at=UNTIL)  # type: ignore[arg-type]

    assert [row.entry.name for row in members.rows()] == ["李四"]


def test_binding_names_the_person(members, people, someone):
    assert bind(members, someone, code_of(members)) == ZHANG
    assert people.find(account="official", openid="o-1").name == "张三"


@pytest.mark.parametrize(("code", "now", "why"), [("22222222", NOW, Refusal.UNKNOWN), ("", UNTIL, Refusal.EXPIRED)])
def test_a_code_that_does_not_bind_says_why(members, someone, code, now, why):
    known = code_of(members)

    assert bind(members, someone, code or known, now=now + timedelta(seconds=1)) is why


def test_the_message_that_bound_finds_it_done(members, people, someone):
    code = code_of(members)
    first = bind(members, someone, code)

    assert bind(members, someone, code, now=UNTIL + timedelta(days=1)) == first


def test_one_code_said_by_two_at_the_same_moment_binds_one(members, people):
    code = code_of(members)
    both = [people.meet(account="official", openid=f"o-{number}", today=NOW.date()) for number in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda who: bind(members, who, code, message=who.openid), both))

    assert found.count(ZHANG) == 1
    assert found.count(Refusal.UNKNOWN) == 1


def test_a_second_contact_moves_to_the_member_and_leaves_its_own_person_to_be_erased(members, people, someone):
    bind(members, someone, code_of(members))
    second = people.meet(account="official", openid="o-2", today=NOW.date())
    again = members.reissue(name="张三", organisation="zhibu-1", expires_at=UNTIL)
    bind(members, second, again, message="m2")

    assert people.find(account="official", openid="o-2").person == someone.person
    assert people.parted_before(NOW.date() + timedelta(days=1)) == [second.person]


def test_a_code_for_nobody_on_the_list_is_not_given_out(members):
    assert members.reissue(name="无名", organisation="zhibu-1", expires_at=UNTIL) is None


def test_unbinding_frees_the_row_and_the_name(members, people, someone, db):
    bind(members, someone, code_of(members))
    members.unbind(someone.person)
    free = [row.entry.name for row in members.rows() if not row.bound]
    with db.read() as connection:
        used = list(connection.execute(sa.select(roster.c.joined_with)).scalars())
    again = members.reissue(name="张三", organisation="zhibu-1", expires_at=UNTIL)

    assert sorted(free) == ["张三", "李四"]
    assert used == [None, None]
    assert not people.find(account="official", openid="o-1").verified
    assert bind(members, someone, again, message="m2") == ZHANG


def test_tries_are_counted_by_person_day_and_message(members):
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    counted = [
        members.count_try(person, day=day, message=message)
        for person, day, message in [
            ("p", monday, "m1"),
            ("p", monday, "m1"),
            ("p", monday, "m2"),
            ("q", monday, "m3"),
            ("p", tuesday, "m4"),
        ]
    ]

    assert counted == [1, 1, 2, 1, 1]

"""Who is who: found, linked, parted from and found again."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage.people import People, Profile, Who, Window, contacts, kept_lines, persons, windows

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def people(db, vault, keys):
    """A town with other people in it."""
    found = People(db, vault, former=keys.mark("former"))
    for openid in ("o-noise-1", "o-noise-2"):
        other = found.meet(account="official", openid=openid, today=TODAY)
        found.open_windows({other.contact: Window(NOON, 4)})
        found.add_credit(other.contact, "T1", message=f"m-{openid}")
        found.keep_line(other.person, key="k", line="another's", expires_at=NOON)
    return found


def meet(people, openid="o-1", *, account="official", **more):
    return people.meet(account=account, openid=openid, today=TODAY, **more)


def part(people, openid="o-1", *, keep=False, today=TODAY):
    return people.part(account="official", openid=openid, today=today, keep=keep)


def rows(db, table):
    with db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_looking_for_a_stranger_writes_nothing(people, db):
    found = people.find(account="official", openid="o-1")

    assert not found.known
    assert rows(db, persons) == 2


def test_meeting_twice_is_meeting_once(people, db):
    first = meet(people)

    assert meet(people) == first == people.find(account="official", openid="o-1")
    assert rows(db, persons) == 3


class Late(People):
    """Looks, and lets somebody else be quicker, once."""

    before: Callable[[], object] | None = None

    def find(self, *, account: str, openid: str) -> Who:
        found = super().find(account=account, openid=openid)
        before, self.before = self.before, None
        if before:
            before()
        return found


def test_who_meets_at_the_same_moment_finds_the_person_of_the_quicker(people, db, vault, keys):
    late = Late(db, vault, former=keys.mark("former"))
    late.before = lambda: meet(people)

    slower = meet(late)

    assert slower == meet(people)
    assert rows(db, persons) == 3


def test_one_openid_on_two_accounts_is_two_people(people):
    assert meet(people).person != meet(people, account="mini").person


def test_a_union_id_links_two_accounts_to_one_person(people):
    first = meet(people, unionid="u-1")
    second = meet(people, "o-mini", account="mini", unionid="u-1")
    third = meet(people, "o-other", account="mini", unionid="u-2")

    assert second.person == first.person
    assert third.person != first.person


def test_ids_tell_nothing_of_who_came_first(people):
    ids = [meet(people, f"o-{number}").person for number in range(20)]

    assert all(len(id_) == 32 for id_ in ids)
    assert ids != sorted(ids)


def test_parting_gives_the_person_back_when_no_contact_is_left(people, db):
    meet(people, unionid="u-1")
    last = meet(people, "o-2", unionid="u-1")

    assert part(people) is None
    assert part(people, "o-2") == last.person
    assert rows(db, contacts) == 2


def test_parting_from_a_stranger_is_nothing(people):
    assert part(people, "o-nobody") is None


def test_who_was_kept_is_found_again_by_the_same_openid_only(people):
    before = meet(people)
    part(people, keep=True)

    assert not people.find(account="official", openid="o-1").known
    assert meet(people, "o-2").person != before.person
    assert meet(people).person == before.person


def test_who_was_not_kept_comes_back_as_another(people):
    before = meet(people)
    part(people, keep=False)

    assert meet(people).person != before.person


def test_persons_who_left_before_a_day_are_told_but_none_on_the_roster(people):
    gone, bound, back = (meet(people, openid).person for openid in ("o-gone", "o-bound", "o-back"))
    people.rename(bound, name="张三", verified=True)
    for openid in ("o-gone", "o-bound", "o-back"):
        part(people, openid, keep=True)
    meet(people, "o-back")

    assert people.parted_before(TODAY) == []
    assert people.parted_before(TODAY + timedelta(days=1)) == [gone]
    assert back


def test_erasing_takes_a_persons_rows_and_nobody_elses(people, db):
    who = meet(people)
    people.open_windows({who.contact: Window(NOON, 5)})
    people.add_credit(who.contact, "T1", message="m1")
    people.keep_line(who.person, key="k", line="a line", expires_at=NOON)
    with db.begin() as connection:
        people.erase(connection, who.person)

    assert [rows(db, table) for table in (persons, contacts, windows, kept_lines)] == [2, 2, 2, 2]


def test_a_name_is_said_and_unsaid(people):
    who = meet(people)
    people.rename(who.person, name="张三", verified=True, organisation="zhibu-1", role="书记")
    named = people.find(account="official", openid="o-1")
    told = people.profile(who.person)
    people.rename(who.person, name="", verified=False)

    assert told == Profile(since=told.since, name="张三", verified=True, organisation="zhibu-1", role="书记")
    assert (named.name, named.verified, named.organisation, named.role) == ("张三", True, "zhibu-1", "书记")
    assert people.profile(who.person).name == ""
    assert people.profile("nobody") is None


def test_a_window_is_opened_spent_and_closed(people, db):
    who = meet(people)
    people.open_windows({who.contact: Window(NOON, 2)})
    for _ in range(3):
        with db.begin() as connection:
            people.spend_window(connection, [who.contact])
    spent = people.find(account="official", openid="o-1").window
    people.open_windows({who.contact: Window(NOON + timedelta(days=2), 5)})
    opened = people.find(account="official", openid="o-1").window
    people.close_window(who.contact)

    assert spent == Window(NOON, 0)
    assert opened == Window(NOON + timedelta(days=2), 5)
    assert people.find(account="official", openid="o-1").window is None
    assert people.find(account="official", openid="o-noise-1").window == Window(NOON, 4)


def test_a_window_for_one_who_left_is_passed_over(people, db):
    people.open_windows({"nobody": Window(NOON, 5), meet(people).contact: Window(NOON, 5)})

    assert rows(db, windows) == 3


def test_a_credit_counts_once_a_message(people):
    who = meet(people)
    for message in ("m1", "m1", "m2"):
        people.add_credit(who.contact, "T1", message=message)
    people.add_credit(who.contact, "T2", message="m3")

    assert people.credits_of(who.contact) == {"T1": 2, "T2": 1}


def test_dropped_credits_are_dropped_for_that_template_and_contact(people):
    who, noise = meet(people), people.find(account="official", openid="o-noise-1")
    people.add_credit(who.contact, "T1", message="m1")
    people.add_credit(who.contact, "T2", message="m2")
    people.drop_credits(who.contact, "T1")

    assert people.credits_of(who.contact) == {"T2": 1}
    assert people.credits_of(noise.contact) == {"T1": 1}


def test_kept_lines_are_given_to_one_message_and_its_repeats(people):
    who = meet(people)
    for key in ("b", "a", "a"):
        people.keep_line(who.person, key=key, line=f"line {key}", expires_at=NOON + timedelta(days=1))
    waiting = people.find(account="official", openid="o-1").has_kept_lines
    given = [people.take_lines(who.person, message=message, now=NOON) for message in ("m1", "m1", "m2")]

    assert waiting
    assert given == [["line a", "line b"], ["line a", "line b"], []]
    assert not people.find(account="official", openid="o-1").has_kept_lines


def test_a_newer_line_takes_the_place_of_those_of_its_kind_that_wait(people):
    who, other = meet(people), meet(people, openid="o-2")
    for person in (who.person, other.person):
        for key in ("a%:1", "a%:2", "ab:1", "b"):
            people.keep_line(person, key=key, line=key, expires_at=NOON + timedelta(days=1))
    people.take_lines(other.person, message="m1", now=NOON)
    for person in (who.person, other.person):
        people.keep_line(person, key="a%:3", line="a%:3", expires_at=NOON + timedelta(days=1), instead_of="a%:")

    assert people.take_lines(who.person, message="m2", now=NOON) == ["a%:3", "ab:1", "b"]
    assert people.take_lines(other.person, message="m1", now=NOON) == ["a%:1", "a%:2", "a%:3", "ab:1", "b"]


def test_a_line_that_expired_is_not_said(people):
    who = meet(people)
    people.keep_line(who.person, key="a", line="old news", expires_at=NOON)

    assert people.take_lines(who.person, message="m1", now=NOON) == []


def test_a_naive_time_has_no_place(people):
    who = meet(people)

    with pytest.raises(sa.exc.StatementError, match="naive"):
        people.keep_line(who.person, key="a", line="x", expires_at=datetime(2026, 11, 23))  # noqa: DTZ001 - on purpose

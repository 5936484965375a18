"""What the trail tells members, and what the clock does with it."""

import structlog

from storage.audit import Act, Deed, Outcome, audit_trail
from tests.house import NOON


def person_of(town, openid="o-1"):
    town.phone(openid).says("帮助")
    return town.house.people.meet(account="official", openid=openid, today=NOON.date()).person


def runs(town, job: str) -> list[dict[str, object]]:
    with structlog.testing.capture_logs() as logs:
        next(each for each in town.house.jobs if each.id == job).run(town.clock())
    return [dict(each) for each in logs]


def test_a_member_is_told_how_often_which_role_had_to_do_with_their_record(town):
    person = person_of(town)
    look = Deed(act=Act.LOOK, kind="member", account="li", role="organisation", person=person)
    town.house.audit.note(look, look, now=NOON)
    town.house.audit.note(Deed(act=Act.CHANGE, kind="member", role="general", person=person), now=NOON)
    town.house.audit.note(
        Deed(act=Act.LOOK, kind="member", role="general", person=person, outcome=Outcome.REFUSED), now=NOON
    )
    said, other = town.phone("o-1").says("我的数据"), town.phone("o-2").says("我的数据")

    assert "组织委员 2 次，最近 2026-11-23；综合管理员 1 次，最近 2026-11-23" in said
    assert "后台看过" not in other


def test_a_member_is_told_whose_duty_it_was_and_no_account(town):
    person = person_of(town)
    town.house.audit.note(Deed(act=Act.LOOK, kind="member", role="wang secretary,deputy", person=person), now=NOON)
    said = town.phone("o-1").says("我的数据")

    assert "代书记、副书记 1 次" in said
    assert "wang" not in said


def test_every_night_the_trail_is_verified_and_its_head_goes_into_the_logs(town):
    town.house.audit.note(Deed(act=Act.LOOK, kind="member"), now=NOON)
    (said,) = runs(town, "trail.verify")

    assert (said["event"], said["entries"], said["head"]) == ("trail holds", 1, town.house.audit.head()[1])


def test_a_trail_that_does_not_hold_is_in_the_logs(town):
    town.house.audit.note(Deed(act=Act.LOOK, kind="member"), now=NOON)
    with town.house.db.begin() as connection:
        connection.execute(audit_trail.update().values(account="somebody else"))
    (said,) = runs(town, "trail.verify")

    assert (said["event"], said["log_level"], said["entry"]) == ("trail broken", "error", 1)

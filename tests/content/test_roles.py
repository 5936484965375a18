"""Roles: those that come with the program, and those of a pack over them."""

import pytest

from content import library
from content.roles import Capacity, Duty, Lent, Powers, Reach, facts, shipped
from tests.content.builders import ZONE, a_pack

ROLE = '[[role]]\nid = "{id}"\nname = "{name}"\nduties = [{duties}]\n'

pytestmark = pytest.mark.alike


def a_role(id_="dangxiao-zhanzhang", name="站长", duties='"opinions"'):
    return {"roles.toml": ROLE.format(id=id_, name=name, duties=duties)}


def test_every_duty_is_called_something_and_a_rule_says_whose_it_is():
    there_are = [facts(each) for each in Duty]

    assert [
        each.id for each in there_are if (each.party_member_required or each.non_delegable) and not each.source
    ] == []


def test_each_separated_administrator_has_one_duty_and_no_role_of_the_work_has_it():
    apart = {each.duty for each in shipped().separated}

    assert apart == {Duty.ACCOUNTS, Duty.GRANTS, Duty.AUDIT}
    assert not any(apart & {*each.duties} for each in shipped().roles)


def test_a_pack_adds_a_role_and_replaces_one(tmp_path):
    own = a_role()["roles.toml"] + a_role("clerk", "信息员", '"bulletin"')["roles.toml"]
    casting = library.load(a_pack(tmp_path, {"roles.toml": own}), zone=ZONE).casting

    assert casting.duties("dangxiao-zhanzhang") == {Duty.OPINIONS}
    assert casting.duties("clerk") == {Duty.BULLETIN}
    assert casting.find("书记") == casting.roles["secretary"]


def test_a_role_reaches_its_organisation_and_those_below(tmp_path):
    casting = library.load(a_pack(tmp_path), zone=ZONE).casting
    above = casting.powers([("clerk", "dangwei")], party_member=False).reach(Duty.OPINIONS)
    below = casting.powers([("clerk", "zhibu")], party_member=False).reach(Duty.OPINIONS)

    assert above.covers("dangwei")
    assert above.covers("zhibu")
    assert not above.covers("")
    assert below == Reach(organisations=frozenset({"zhibu"}))


def test_a_role_with_a_duty_for_party_members_is_for_party_members(tmp_path):
    own = a_role(duties='"opinions", "members"')
    casting = library.load(a_pack(tmp_path, own), zone=ZONE).casting
    grants = [("dangxiao-zhanzhang", "")]

    assert not casting.powers(grants, party_member=False).may(Duty.OPINIONS)
    assert casting.powers(grants, party_member=True).reach(Duty.MEMBERS).everywhere


def test_who_lends_a_duty_is_told_where_it_is_not_ones_own():
    by_two = Powers({Duty.MEMBERS: Reach(organisations=frozenset({"er"}))})
    for name, at in (("wang", "yi"), ("zhao", "san")):
        loan = Lent(Duty.MEMBERS, Reach(organisations=frozenset({at})), Capacity(("secretary",), name))
        by_two = by_two.lent(loan)

    assert [by_two.lender(Duty.MEMBERS, at) for at in ("er", None, "si")] == [None] * 3
    assert by_two.lender(Duty.MEMBERS, "san") == Capacity(("secretary",), "zhao")
    assert by_two.reach(Duty.MEMBERS).organisations == {"yi", "er", "san"}
    assert by_two.lender(Duty.OPINIONS) is None


def test_as_what_somebody_acts_is_read_as_it_was_written():
    for each in (Capacity(), Capacity(("clerk",)), Capacity(("deputy", "secretary"), "王,李")):
        assert Capacity.read(each.written()) == each

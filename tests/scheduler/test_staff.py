"""Who hears of what is late, and who is asked where nobody is there."""

import pytest

from content.organisations import Organisation
from content.roles import EVERYWHERE, Duty, Powers, Reach
from scheduler.staff import Staff

NAMED = [
    Organisation(id="dangwei", name="党委", admins=("书记",)),
    Organisation(id="zongzhi", name="总支", parent="dangwei", admins=("总支",)),
    Organisation(id="zhibu", name="支部", parent="zongzhi", admins=("支部",)),
]
TREE = [Organisation(id=each.id, name=each.name, parent=each.parent) for each in NAMED]


def seated(*at: str) -> Powers:
    return Powers({Duty.OPINIONS: Reach(organisations=frozenset(at))}, frozenset(at))


def a_staff(tree, **powers):
    return Staff(powers=lambda: powers, persons=dict, organisations=lambda: tree)


BY_PACK = a_staff(NAMED, 书记=Powers(), 总支=Powers(), 支部=Powers())
BY_ROLE = a_staff(TREE, 书记=seated("dangwei"), 总支=seated("zongzhi"), 支部=seated("zhibu"))


@pytest.mark.parametrize("staff", [BY_PACK, BY_ROLE], ids=["as the pack names them", "by their roles"])
@pytest.mark.parametrize(
    ("admin", "levels", "hear"),
    [("支部", 0, set()), ("支部", 1, {"总支"}), ("支部", 9, {"总支", "书记"}), ("书记", 3, set()), ("谁", 3, set())],
)
def test_what_is_late_goes_up_the_organisations(staff, admin, levels, hear):
    assert staff.hear_of_late(admin, levels * 3 + 2, step=3) == hear


def test_a_level_where_nobody_is_is_passed_and_above_all_is_the_house():
    vacant = a_staff(TREE, 书记=seated("dangwei"), 支部=seated("zhibu"))
    alone = a_staff(TREE, 支部=seated("zhibu"), 全=Powers({Duty.OPINIONS: EVERYWHERE}))

    assert vacant.hear_of_late("支部", 3, step=3) == {"书记"}
    assert alone.hear_of_late("支部", 3, step=3) == {"全"}


def test_what_nobody_has_goes_up_from_its_organisation():
    assert BY_ROLE.hear_of_late("", 3, step=3, organisation="zhibu") == {"总支"}


@pytest.mark.parametrize(
    ("there", "asked"),
    [("zhibu", ["支部"]), ("zongzhi", ["党委"]), ("", ["党委", "全", "支部"]), ("old", ["党委", "全", "支部"])],
)
def test_where_a_role_is_vacant_the_organisation_above_is_asked(there, asked):
    staff = a_staff(TREE, 支部=seated("zhibu"), 党委=seated("dangwei"), 全=Powers({Duty.OPINIONS: EVERYWHERE}))

    assert staff.nearest(["党委", "全", "支部"], there) == asked


def test_the_accounts_of_an_organisation_and_of_those_below_it():
    assert BY_ROLE.within("zongzhi") == BY_PACK.within("zongzhi") == {"总支", "支部"}

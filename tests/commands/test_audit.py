"""`zhibu audit` says whether the trail holds, and the doctor says it where it doesn't."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result

from commands import audit, cli
from commands.doctor import examine
from storage.audit import Act, Deed, audit_trail
from storage.audit_walks import Walks
from tests.commands.calls import an_installation, call
from tests.commands.test_doctor import account, levels, patient

__all__ = ["account", "patient"]


@pytest.fixture
def place(database_url, tmp_path) -> cli.Installation:
    """An installation with three entries."""
    place = an_installation(tmp_path, database_url)
    with closing(place.database()) as database:
        for number in range(3):
            deed = Deed(act=Act.LOOK, kind="member", about=f"{number}")
            place.audit(database).note(deed, now=datetime.now(UTC))
    return place


def zhibu(place: cli.Installation, *arguments: str) -> Result:
    return call(place, [audit.audit], "audit", *arguments)


def cut(place: cli.Installation, sequence: int) -> None:
    with closing(place.database()) as database, database.begin() as connection:
        connection.execute(audit_trail.delete().where(audit_trail.c.sequence == sequence))


def test_a_trail_that_holds_ends_with_0_and_names_its_head(place):
    head = zhibu(place, "head").output.strip()
    result = zhibu(place, "verify", "--head", head)

    assert (result.exit_code, result.output) == (0, f"3 entries hold; the last has the hash {head}\n")
    assert json.loads(zhibu(place, "head", "--json").output) == {"entries": 3, "head": head}


def test_the_first_entry_that_does_not_hold_is_named_and_the_end_is_1(place):
    cut(place, 2)
    result = zhibu(place, "verify")
    told = json.loads(zhibu(place, "verify", "--json").output)

    assert (result.exit_code, result.output) == (1, "Entry 2 is missing. 1 hold before it.\n")
    assert (told["entries"], told["broken"]) == (1, {"sequence": 2, "fault": "missing"})


def test_an_end_that_was_cut_off_is_told_by_the_hash_that_was_kept(place):
    head = zhibu(place, "head").output.strip()
    cut(place, 3)
    without, result = zhibu(place, "verify"), zhibu(place, "verify", "--head", head)

    assert without.exit_code == 0
    assert result.exit_code == 1
    assert result.output.startswith("Entry 3 and those after it were cut off")


@pytest.mark.parametrize("typed", ["abc", "g" * 64, "0" * 63])
def test_what_is_no_hash_is_not_taken_for_a_trail_that_was_cut_off(place, typed):
    result = zhibu(place, "verify", "--head", typed)

    assert result.exit_code == 2
    assert "this is no hash" in result.output
    assert "cut off" not in result.output


def walked(place: cli.Installation, at: datetime) -> None:
    with closing(place.database()) as database:
        Walks(database, place.keys, place.audit(database)).step(now=at)


def test_the_doctor_misses_the_end_that_the_clock_has_seen(place, patient):
    walked(place, datetime.now(UTC))
    before = examine(patient)
    cut(place, 3)
    after = [each for each in examine(patient) if each.about == "audit"]

    assert levels(before, "audit") == ["ok"]
    assert [each.level for each in after] == ["fault"]
    assert after[0].text.startswith("Entry 3 and those after it were cut off")


def test_the_doctor_tells_of_what_was_changed_back_and_of_a_clock_that_does_not_look(place, patient):
    with closing(place.database()) as database, database.begin() as connection:
        connection.execute(audit_trail.update().where(audit_trail.c.sequence == 2).values(about="x"))
    walked(place, datetime.now(UTC) - timedelta(days=9))
    with closing(place.database()) as database, database.begin() as connection:
        connection.execute(audit_trail.update().where(audit_trail.c.sequence == 2).values(about="1"))
    found = [each for each in examine(patient) if each.about == "audit"]

    assert [each.level for each in found] == ["warning", "warning"]
    assert "the clock found that entry 2 didn't" in found[0].text
    assert found[1].text.startswith("For 9 days the clock hasn't verified the whole trail")


def test_the_doctor_tells_of_a_trail_that_does_not_hold(place, patient):
    before = examine(patient)
    cut(place, 1)
    after = examine(patient)

    assert (levels(before, "audit"), levels(after, "audit")) == (["ok"], ["fault"])

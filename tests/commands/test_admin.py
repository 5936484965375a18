"""Who may sign in to the console."""

import pytest
from argon2 import PasswordHasher
from click.testing import Result

from commands import admin, cli
from storage.admins import Admins
from tests.commands.calls import an_installation, call

PASSWORD = "correct horse battery"


@pytest.fixture
def place(database_url, tmp_path):
    return an_installation(tmp_path, database_url)


def create(place: cli.Installation, *arguments: str, typed: str = f"{PASSWORD}\n") -> Result:
    return call(place, [admin.admin], "admin", "create", *arguments, typed=typed)


def test_an_admin_can_be_created_by_a_script(place, db):
    result = create(place, "li", "--password-stdin")
    found = Admins(db).named("li")

    assert result.exit_code == 0
    assert found
    assert PasswordHasher().verify(found.password_hash, PASSWORD)
    assert PASSWORD not in result.output


def test_a_person_is_asked_twice_and_sees_nothing_of_it(place, db):
    result = create(place, "li", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0
    assert Admins(db).named("li")
    assert PASSWORD not in result.output


def test_a_short_password_is_refused(place, db):
    result = create(place, "li", "--password-stdin", typed="short\n")

    assert result.exit_code == 1
    assert "at least 10" in result.output
    assert Admins(db).named("li") is None


def test_an_account_that_is_there_keeps_its_password(place, db):
    create(place, "li", "--password-stdin")
    before = Admins(db).named("li")
    result = create(place, "li", "--password-stdin", typed="another password\n")

    assert result.exit_code == 1
    assert "--replace" in result.output
    assert Admins(db).named("li") == before


def test_replace_gives_a_new_password_and_ends_sessions(place, db):
    create(place, "li", "--password-stdin")
    before = Admins(db).named("li")
    result = create(place, "li", "--password-stdin", "--replace", typed="another password\n")
    after = Admins(db).named("li")

    assert result.exit_code == 0
    assert before
    assert after
    assert after.stamp != before.stamp
    assert PasswordHasher().verify(after.password_hash, "another password")

"""Who may sign in to the console."""

import json

import pytest
from argon2 import PasswordHasher
from click.testing import Result

from commands import admin, cli, operator
from commands.installed import now
from storage.admin_factors import Factors
from storage.admin_tries import Tries, Whence
from storage.admins import Admins, Grant
from storage.audit import BY_COMMAND
from tests import authenticator
from tests.commands.calls import KEYS, an_installation, call

PASSWORD = "correct horse battery"


@pytest.fixture
def place(database_url, tmp_path):
    return an_installation(tmp_path, database_url)


def zhibu_admin(place: cli.Installation, *arguments: str, typed: str | bytes | None = None) -> Result:
    return call(place, [admin.admin], "admin", *arguments, typed=typed)


def create(place: cli.Installation, *arguments: str, typed: str | bytes = f"{PASSWORD}\n") -> Result:
    return zhibu_admin(place, "create", *arguments, typed=typed)


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


def test_who_can_be_asked_for_no_password_is_told_how_to_hand_it_in(place, db):
    result = create(place, "li", typed="")

    assert result.exit_code == 1
    assert "--password-stdin" in result.stderr
    assert "Aborted" not in result.output
    assert Admins(db).names() == []


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


@pytest.mark.parametrize("name", ["li", "王芳", "组织委员-2", "o'neil@example.org", "x" * 32])
def test_a_name_that_can_be_typed_is_taken(place, db, name):
    assert create(place, name, "--password-stdin").exit_code == 0
    assert Admins(db).named(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "   ", " li", "li ", "li na", "王\u3000芳", "li\n", "li\x00", "li\u200b", "\udcff", "x" * 33, "x" * 200],
    ids=repr,
)
def test_a_name_that_nobody_could_type_or_tell_apart_is_refused(place, db, name):
    result = create(place, "--password-stdin", "--", name)

    assert result.exit_code == 2
    assert "a name has" in result.output
    assert Admins(db).names() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"\xc3\x28 correct horse\n", "UTF-8"),
        ("x" * 257, "at most 256"),
        ("字" * 3000, "at most 256"),
        ("", "at least 10"),
    ],
    ids=["no UTF-8", "too long", "far too long", "nothing"],
)
def test_a_password_that_can_not_be_one_is_refused_with_the_reason(place, db, typed, said):
    result = create(place, "li", "--password-stdin", typed=typed)

    assert result.exit_code == 1
    assert said in result.output
    assert Admins(db).names() == []


def test_the_longest_password_is_taken_whole(place, db):
    create(place, "li", "--password-stdin", typed="字" * 256)
    found = Admins(db).named("li")

    assert found
    assert PasswordHasher().verify(found.password_hash, "字" * 256)


def test_all_are_listed_with_their_roles_and_how_they_sign_in(place, db):
    assert "admin create" in zhibu_admin(place, "list").stderr
    create(place, "wang", "--password-stdin")
    create(place, "李娜", "--password-stdin", "--role", "clerk")
    Admins(db).grant("李娜", Grant("publicity", "first"))
    turns_on_a_code(db, "李娜")
    create(place, "zhao", "--password-stdin", "--role", "clerk")
    zhibu_admin(place, "revoke", "zhao", "clerk")

    assert zhibu_admin(place, "list").stdout.splitlines() == [
        "wang: general in the whole house; a party member's; TOTP off",
        "zhao: no role; no party member's; TOTP off",
        "李娜: clerk in the whole house, publicity in first; no party member's; TOTP on",
    ]
    assert json.loads(zhibu_admin(place, "list", "--json").stdout)[0] == {
        "name": "wang",
        "party_member": True,
        "totp": False,
        "roles": [{"role": "general", "organisation": ""}],
    }


def turns_on_a_code(db, name):
    """Let an account sign in with a code from now on."""
    factors, account = Factors(db, KEYS), Admins(db).named(name)
    assert account
    factors.prepare(account.id)
    shared = factors.prepared(account.id)
    assert shared
    factors.turn_on(account.id, authenticator.code(shared.typed, now()), now=now())


def test_who_is_removed_has_no_account(place, db):
    create(place, "li", "--password-stdin")
    create(place, "wang", "--password-stdin")

    assert zhibu_admin(place, "remove", "li").exit_code == 0
    assert Admins(db).names() == ["wang"]


def test_who_has_to_wait_is_let_try_by_the_operator_and_by_a_new_password(place, db):
    tries = Tries(db, mark=KEYS.mark("admin tries"))
    create(place, "li", "--password-stdin")
    for act in (["unlock", "li"], ["create", "li", "--password-stdin", "--replace"]):
        for _ in range(5):
            tries.begin("li", Whence("192.0.2.1", "x"), now=now())
        before = [*tries.waiting(["li"], now=now())]
        result = zhibu_admin(place, *act, typed=f"{PASSWORD}\n")

        assert (before, result.exit_code, [*tries.waiting(["li"], now=now())]) == (["li"], 0, [])


def test_a_lost_authenticator_is_forgotten_and_its_sessions_end(place, db):
    create(place, "li", "--password-stdin")
    turns_on_a_code(db, "li")
    factors, before = Factors(db, KEYS), Admins(db).named("li")
    assert before
    was_on = factors.is_on(before.id)
    result = zhibu_admin(place, "forget-totp", "li")
    after = Admins(db).named("li")

    assert (was_on, result.exit_code, factors.is_on(before.id)) == (True, 0, False)
    assert after
    assert after.stamp != before.stamp


def test_a_password_that_everybody_guesses_is_said_so_and_a_script_goes_on(place, db):
    result = create(place, "li", "--password-stdin", typed="password123456\n")

    assert (result.exit_code, "first that are guessed" in result.stderr) == (0, True)
    assert "password123456" not in result.output
    assert Admins(db).named("li")


def test_a_new_password_lets_a_disabled_account_in_again(place, db):
    create(place, "li", "--password-stdin")
    Admins(db).disable(name="li")
    before = zhibu_admin(place, "list").stdout
    create(place, "li", "--password-stdin", "--replace")

    assert ("li" in before, Admins(db).names()) == (False, ["li"])


@pytest.mark.parametrize("act", ["remove", "unlock", "forget-totp"])
@pytest.mark.parametrize("name", ["zhao", "", "\udcff"], ids=repr)
def test_nobodys_account_is_said_to_be_none(place, act, name):
    result = zhibu_admin(place, act, name)

    assert result.exit_code == 1
    assert "admin list" in result.output


def test_an_account_is_given_a_role_by_its_name_and_it_is_taken_back(place, db):
    create(place, "li", "--password-stdin", "--role", "信息员")
    refused = create(place, "wang", "--password-stdin", "--role", "书记", "--organisation", "")
    first = zhibu_admin(place, "grant", "li", "secretary")
    zhibu_admin(place, "member", "li", "--yes")
    second = zhibu_admin(place, "grant", "li", "书记")
    held = Admins(db).all()[0].roles
    taken = zhibu_admin(place, "revoke", "li", "信息员")
    twice = zhibu_admin(place, "revoke", "li", "信息员")

    assert (refused.exit_code, "party members" in refused.output) == (1, True)
    assert (first.exit_code, "party members" in first.output) == (1, True)
    assert second.exit_code == taken.exit_code == 0
    assert held == [("clerk", ""), ("secretary", "")]
    assert Admins(db).all()[0].roles == [("secretary", "")]
    assert (twice.exit_code, "isn't clerk" in twice.output) == (1, True)


@pytest.mark.parametrize(
    ("role", "more", "said"),
    [
        ("security", (), "hold nothing else"),
        ("security", ("--organisation", "zhibu-1"), "There is no organisation 'zhibu-1'"),
        ("保安", (), "There is no role '保安'"),
    ],
)
def test_a_role_that_can_not_be_granted_is_refused_with_the_reason(place, db, role, more, said):
    create(place, "li", "--password-stdin")
    result = zhibu_admin(place, "grant", "li", role, *more)

    assert result.exit_code == 1
    assert said in result.output
    assert Admins(db).all()[0].roles == [("general", "")]


def test_roles_are_shown_with_what_they_may_do(place):
    lines = zhibu_admin(place, "roles").stdout.splitlines()

    assert "clerk 信息员: banks, bulletin, content, measures, opinions, pushes" in lines
    assert "audit 审计员: audit" in lines
    assert any(line.startswith("secretary 书记 (party members only): ") for line in lines)
    assert {
        "id": "audit",
        "name": "审计员",
        "party_members_only": False,
        "duties": ["audit"],
    } in json.loads(zhibu_admin(place, "roles", "--json").stdout)


def test_each_change_is_noted_with_who_has_the_shell_and_without_a_password(place, db):
    create(place, "li", "--password-stdin")
    create(place, "li", "--password-stdin", "--replace")
    for command in (
        ["grant", "li", "secretary", "--organisation", ""],
        ["revoke", "li", "general"],
        ["member", "li", "--no"],
        ["unlock", "li"],
        ["forget-totp", "li"],
        ["remove", "li"],
    ):
        assert zhibu_admin(place, *command).exit_code == 0
    entries = place.audit(db).entries(most=20)[::-1]

    assert [(each.act, each.kind, each.door, each.about) for each in entries] == [
        ("change", "accounts", "zhibu admin create", "li general"),
        ("change", "accounts", "zhibu admin create", "replace li general"),
        ("grant", "grant", "zhibu admin grant", "secretary li"),
        ("grant", "grant", "zhibu admin revoke", "general li"),
        ("grant", "grant", "zhibu admin member", "no member li"),
        ("change", "accounts", "zhibu admin unlock", "li"),
        ("change", "accounts", "zhibu admin forget-totp", "li"),
        ("change", "accounts", "zhibu admin remove", "li"),
    ]
    assert {(each.account, each.role) for each in entries} == {(operator.user(), BY_COMMAND)}
    assert " " in operator.user(), "no account of the console is called so"

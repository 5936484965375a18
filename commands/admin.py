"""`zhibu admin`: who may sign in to the console."""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import click

from commands import operator
from commands.cli import Here, fail
from commands.installed import now
from content.roles import Unfit
from handlers import passwords
from handlers.access import UnfitName, fitting
from storage.admin_factors import Factors
from storage.admin_tries import Tries
from storage.admins import GENERAL, Admin, AdminExists, Admins, Grant
from storage.audit import Act
from storage.db import Database

UNFIT = {
    Unfit.ROLE: "There is no role {role!r}: see `zhibu admin roles`.",
    Unfit.ORGANISATION: "There is no organisation {organisation!r}: its id stands in the pack's organisations.toml.",
    Unfit.WHOLE: "{role} is an administrator of the whole house: leave --organisation out.",
    Unfit.APART: "The system, security and audit administrators hold nothing else: give {role} to another account.",
    Unfit.MEMBER: "{role} is for party members: `create --party-member` or `zhibu admin member NAME --yes` says so.",
}


@click.group()
def admin() -> None:
    """Look after the console's accounts."""


def _fitting(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    try:
        return fitting(name)
    except UnfitName as error:
        raise click.BadParameter(f"{error}.") from None


ROLE = click.argument("role")
WHERE = click.option("--organisation", default="", metavar="ID", help="Where; without it, in the whole house.")


@admin.command()
@click.argument("name", callback=_fitting)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--replace", is_flag=True, help="Give an account that is there a new password; its sessions end.")
@click.option("--role", default=GENERAL, show_default=True, help="What it may do: see `zhibu admin roles`.")
@WHERE
@click.option("--party-member", is_flag=True, help="A party member has it; taken for granted without --role.")
@click.pass_obj
def create(
    here: Here,
    name: str,
    password_stdin: bool,  # noqa: FBT001 (click hands them in)
    replace: bool,  # noqa: FBT001
    role: str,
    organisation: str,
    party_member: bool,  # noqa: FBT001
) -> None:
    """Let NAME sign in to the console. Without --role, it does all the work of the whole house."""
    party_member = party_member or role == GENERAL
    wanted = _wanted(here, role, organisation, held=(), party_member=party_member)
    password = _given() if password_stdin else _asked()
    weakness = passwords.weakness(password, names=[name])
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        try:
            word = passwords.hashed(password)
            _note(here, database, "create", f"{'replace ' if replace else ''}{name} {wanted.role} {organisation}")
            if replace and admins.change_password(name=name, password_hash=word):
                admins.enable(name=name)
            else:
                admins.add(name=name, password_hash=word, party_member=party_member, grants=(wanted,))
        except (passwords.UnfitPassword, AdminExists) as error:
            fail(str(error) or f"There is an account {name!r} already: --replace gives it a new password.")
        Tries(database, mark=here.installation.keys.mark("admin tries")).unlock(name)
    if weakness:  # whoever has this shell may do anything: it is said, and a script goes on
        click.echo(f"Mind: {passwords.UnfitPassword(weakness)}.", err=True)
    click.echo(f"{name} may sign in.")


@admin.command()
@click.argument("name")
@ROLE
@WHERE
@click.pass_obj
def grant(here: Here, name: str, role: str, organisation: str) -> None:
    """Give NAME a ROLE, by its id or its name: see `zhibu admin roles`."""
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        account = _account(admins, name)
        held = [each for each, _ in account.roles]
        wanted = _wanted(here, role, organisation, held=held, party_member=account.party_member)
        _note(here, database, "grant", f"{wanted.role} {name} {organisation}", act=Act.GRANT)
        admins.grant(name, wanted)
    click.echo(f"{name} is {wanted.role} now.")


@admin.command()
@click.argument("name")
@ROLE
@WHERE
@click.pass_obj
def revoke(here: Here, name: str, role: str, organisation: str) -> None:
    """Take a ROLE from NAME; with the next click it is gone."""
    found = here.installation.casting().find(role)
    taken = Grant(found.id if found else role, organisation)
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        if (taken.role, organisation) not in _account(admins, name).roles:
            fail(f"{name} isn't {taken.role} there: see `zhibu admin list --json`.")
        _note(here, database, "revoke", f"{taken.role} {name} {organisation}", act=Act.GRANT)
        admins.revoke(name, taken)
    click.echo(f"{name} is {taken.role} no more.")


@admin.command()
@click.argument("name")
@click.option("--yes/--no", "is_member", required=True, help="Whether a party member has this account.")
@click.pass_obj
def member(here: Here, name: str, is_member: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Say whether NAME's account is a party member's: some roles give nobody else anything."""
    with closing(here.installation.database()) as database:
        admins = Admins(database)
        _account(admins, name)
        _note(here, database, "member", f"{'member' if is_member else 'no member'} {name}", act=Act.GRANT)
        admins.say_member(name, party_member=is_member)
    click.echo(f"{name} is {'a' if is_member else 'no'} party member's account.")


@admin.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def roles(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Show the roles, what each may do, and which are for party members only."""
    casting = here.installation.casting()
    told: list[dict[str, Any]] = [
        {
            "id": each.id,
            "name": each.name,
            "party_members_only": casting.is_for_members(each.id),
            "duties": sorted(casting.duties(each.id)),
        }
        for each in casting.all
    ]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for role in told:
        mark = " (party members only)" if role["party_members_only"] else ""
        click.echo(f"{role['id']} {role['name']}{mark}: {', '.join(role['duties'])}")


@admin.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def list_(here: Here, as_json: bool) -> None:  # noqa: FBT001 (click hands it in)
    """Show who may sign in to the console, an account a line.

    Of each: its roles and where it has them, whether it is a party member's, and whether a code is asked (TOTP).
    """
    with closing(here.installation.database()) as database:
        accounts = [each for each in Admins(database).all() if not each.disabled]
        with_code = Factors(database, here.installation.keys).on([each.id for each in accounts])
    told = [_told(each, totp=each.id in with_code) for each in accounts]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    elif accounts:
        click.echo("\n".join(map(_line, told)))
    else:
        click.echo("Nobody may sign in: see `zhibu admin create --help`.", err=True)


@admin.command()
@click.argument("name")
@click.pass_obj
def remove(here: Here, name: str) -> None:
    """Let NAME sign in no more; their sessions end at once."""
    with closing(here.installation.database()) as database:
        found = _account(Admins(database), name)
        _note(here, database, "remove", name)
        Admins(database).remove(name=found.name)
    click.echo(f"{name} may sign in no more.")


@admin.command()
@click.argument("name")
@click.pass_obj
def unlock(here: Here, name: str) -> None:
    """Let NAME try to sign in at once, after too many wrong passwords or codes."""
    with closing(here.installation.database()) as database:
        found = _account(Admins(database), name)
        _note(here, database, "unlock", name)
        Tries(database, mark=here.installation.keys.mark("admin tries")).unlock(found.name)
    click.echo(f"{name} may try again.")


@admin.command(name="forget-totp")
@click.argument("name")
@click.pass_obj
def forget_totp(here: Here, name: str) -> None:
    """Let NAME sign in without a code: the authenticator and its recovery codes are lost. Their sessions end."""
    with closing(here.installation.database()) as database:
        found = _account(Admins(database), name)
        _note(here, database, "forget-totp", name)
        Factors(database, here.installation.keys).forget(found.id)
        Admins(database).end_sessions(name=found.name)
    click.echo(f"{name} signs in with the password alone, until an authenticator is turned on again.")


def _asked() -> str:
    try:
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    except click.Abort:
        if sys.stdin.isatty():  # Ctrl-C
            raise
        fail("There is no terminal to ask at: send the password to standard input and say --password-stdin.")
    return typed


def _given() -> str:
    line = sys.stdin.buffer.readline()
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        fail("The password on standard input is not UTF-8: send it in UTF-8, as a browser will.")


def names(database: Database) -> Sequence[str]:
    """Who may sign in."""
    return Admins(database).names()


def _told(each: Admin, *, totp: bool) -> dict[str, Any]:
    roles = [{"role": role, "organisation": organisation} for role, organisation in each.roles]
    return {"name": each.name, "party_member": each.party_member, "totp": totp, "roles": roles}


def _line(told: dict[str, Any]) -> str:
    roles = [f"{each['role']} in {each['organisation'] or 'the whole house'}" for each in told["roles"]]
    member = f"{'a' if told['party_member'] else 'no'} party member's"
    return f"{told['name']}: {', '.join(roles) or 'no role'}; {member}; TOTP {'on' if told['totp'] else 'off'}"


def _account(admins: Admins, name: str) -> Admin:
    found = next(
        (each for each in admins.all() if each.name == name), None
    )  # a database isn't asked for just any bytes
    return found or fail(f"There is no account {name!r}: see `zhibu admin list`.")


def _wanted(here: Here, role: str, organisation: str, *, held: Iterable[str], party_member: bool) -> Grant:
    """The grant that is meant; ends with exit 1 and why where it can't be."""
    casting = here.installation.casting()
    found = casting.find(role)
    id_ = found.id if found else role
    why = casting.unfit(id_, organisation, held=held, party_member=party_member)
    if why:
        fail(UNFIT[why].format(role=role, organisation=organisation))
    return Grant(id_, organisation, here.installation.today())


def _note(here: Here, database: Database, command: str, about: str, *, act: Act = Act.CHANGE) -> None:
    """Put into the trail what is about to be done with an account."""
    kind = "grant" if act is Act.GRANT else "accounts"
    noted = operator.deed(act, kind, door=f"zhibu admin {command}", about=about.strip())
    here.installation.audit(database).note(noted, now=now())

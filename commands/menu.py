"""`zhibu menu`: the menu under the chat, as the platform has it and as the pack wants it."""

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from commands.cli import Here, fail
from content.menus import Menu
from wechat.client import WeChat
from wechat.errors import WeChatError


@dataclass(frozen=True, kw_only=True)
class Menus:
    """The accounts that can have a menu, by name, and the menu of the pack."""

    accounts: Mapping[str, WeChat]
    wanted: Menu


def group(open_menus: Callable[[Path], Menus]) -> click.Group:
    """The group. `open_menus` makes what a configuration file describes."""
    account = click.option("--account", help="Which account; needed where there are several.")

    @click.group()
    def menu() -> None:
        """Look after the menu under the chat."""

    @menu.command()
    @account
    @click.pass_obj
    def show(here: Here, account: str | None) -> None:
        """Print the menu that the platform has, as JSON."""
        wechat = _chosen(here.open(open_menus), account)
        click.echo(_text(_asked(lambda: _live(wechat))))

    @menu.command()
    @account
    @click.pass_obj
    def diff(here: Here, account: str | None) -> None:
        """Show what a push would change; exit 1 when it would change anything."""
        menus = here.open(open_menus)
        wechat = _chosen(menus, account)
        lines = _asked(lambda: drift(wechat, menus.wanted))
        click.echo("\n".join(lines) if lines else "The platform has the menu of the pack.")
        raise SystemExit(1 if lines else 0)

    @menu.command()
    @account
    @click.pass_obj
    def push(here: Here, account: str | None) -> None:
        """Replace the platform's menu by the one of the pack."""
        menus = here.open(open_menus)
        wechat = _chosen(menus, account)
        _asked(lambda: wechat.create_menu(menus.wanted.payload()))
        click.echo("The platform has the menu of the pack. Phones show it within five minutes.")

    return menu


def drift(wechat: WeChat, wanted: Menu) -> list[str]:
    """What a push would change, as the lines of a unified diff; raises what the platform says against being asked."""
    return _difference(_live(wechat), wanted.payload())


def _chosen(menus: Menus, account: str | None) -> WeChat:
    names = ", ".join(menus.accounts)
    if account is None and len(menus.accounts) == 1:
        return next(iter(menus.accounts.values()))
    if account is None or account not in menus.accounts:
        raise click.UsageError(f"Name the account with --account. There are: {names or 'none that can have a menu'}.")
    return menus.accounts[account]


def _live(wechat: WeChat) -> Mapping[str, Any]:
    found = wechat.menu()
    return _bare(found) if found else {"button": []}


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except WeChatError as error:
        fail(f"The platform refused: {error}", *filter(None, (error.meaning, error.mend)))


def _bare(value: Any) -> Any:
    """The same menu without the empty fields that the platform adds."""
    match value:
        case dict():
            return {
                key: _bare(inner) for key, inner in value.items() if inner not in ("", [], None) and key != "menuid"
            }
        case list():
            return [_bare(inner) for inner in value]
    return value


def _difference(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    return list(
        difflib.unified_diff(_text(live).splitlines(), _text(wanted).splitlines(), "platform", "pack", n=2, lineterm="")
    )


def _text(menu: Mapping[str, Any]) -> str:
    return json.dumps(menu, ensure_ascii=False, indent=2, sort_keys=True)

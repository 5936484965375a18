"""The menu under the chat."""

import json
from typing import Any

import pytest
from click.testing import Result
from pydantic import TypeAdapter

from commands import menu
from content.menus import Menu
from tests.commands.calls import call
from wechat.errors import Misconfigured

WANTED = TypeAdapter(Menu).validate_python({"button": [{"name": "答题", "type": "click", "key": "quiz"}]})


class Platform:
    """Keeps a menu as the platform does: with fields of its own."""

    def __init__(self, menu: dict[str, Any] | None = None) -> None:
        self.kept = menu

    def menu(self):
        return self.kept

    def create_menu(self, menu):
        self.kept = menu


def zhibu(*arguments: str, **accounts: Any) -> Result:
    menus = menu.Menus(accounts=accounts, wanted=WANTED)
    return call(None, [menu.group(lambda _config: menus)], "menu", *arguments)


def as_kept(name: str) -> dict[str, Any]:
    return {"button": [{"name": name, "type": "click", "key": "quiz", "sub_button": []}], "menuid": 7}


def test_show_prints_the_platform_s_menu_without_its_trimmings():
    result = zhibu("show", official=Platform(as_kept("旧")))

    assert result.exit_code == 0
    assert json.loads(result.output) == {"button": [{"name": "旧", "type": "click", "key": "quiz"}]}


def test_the_same_menu_is_no_difference():
    result = zhibu("diff", official=Platform(as_kept("答题")))

    assert result.exit_code == 0


@pytest.mark.parametrize("live", [None, as_kept("旧")], ids=["no menu yet", "another"])
def test_a_difference_is_shown_and_ends_with_1(live):
    result = zhibu("diff", official=Platform(live))

    assert result.exit_code == 1
    assert '+      "name": "答题",' in result.output


def test_push_puts_the_pack_s_menu_there():
    platform = Platform(as_kept("旧"))
    result = zhibu("push", official=platform)

    assert result.exit_code == 0
    assert platform.kept == {"button": [{"name": "答题", "type": "click", "key": "quiz"}]}


def test_of_several_accounts_one_must_be_named():
    first, second = Platform(), Platform()
    unnamed = zhibu("push", first=first, second=second)
    named = zhibu("push", "--account", "second", first=first, second=second)

    assert unnamed.exit_code == 2
    assert "first, second" in unnamed.output
    assert named.exit_code == 0
    assert (first.kept is None, second.kept is None) == (True, False)


def test_a_refusal_of_the_platform_is_one_clear_line():
    class Refusing(Platform):
        def create_menu(self, _menu):
            raise Misconfigured(40018, "invalid button name size")

    result = zhibu("push", official=Refusing())

    assert result.exit_code == 1
    assert "40018" in result.output

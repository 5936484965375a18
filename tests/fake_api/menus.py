"""Menus of the fake platform."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.fake_api.line import FakeLine
from wechat import limits
from wechat.api.menus import ConditionalMenu


class FakeMenus(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._menu: Mapping[str, Any] | None = None
        self._conditional: dict[str, ConditionalMenu] = {}

    def conditional_menus(self) -> list[ConditionalMenu]:
        self._called("/cgi-bin/menu/get", menus=True)
        return list(reversed(self._conditional.values()))

    def add_conditional_menu(self, menu: Mapping[str, Any], *, tag: int) -> str:
        limits.check_conditional_menu(menu)
        self._called("/cgi-bin/menu/addconditional", talk=True)
        if self._menu is None:
            raise self._refusal(65303, "no default menu")
        made = str(next(self._serial))
        self._conditional[made] = ConditionalMenu(made, tag, {"button": menu["button"]})
        return made

    def delete_conditional_menu(self, menu: str) -> None:
        self._called("/cgi-bin/menu/delconditional", talk=True)
        if menu not in self._conditional:
            raise self._refusal(65301, "no such conditional menu")
        del self._conditional[menu]

    def menu_of(self, openid: str) -> Mapping[str, Any]:
        self._called("/cgi-bin/menu/trymatch", talk=True)
        if openid not in self._members:
            raise self._refusal(65302, "no such user")
        if self._menu is None:
            raise self._refusal(46003, "menu no exist")
        tags = self._members[openid].tags
        fitting = (one.menu for one in reversed(self._conditional.values()) if tags and one.tag == tags[-1])
        return next(fitting, self._menu)

    def menu(self) -> Mapping[str, Any] | None:
        self._called("/cgi-bin/menu/get", menus=True)
        return self._menu

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        limits.check_menu(menu)
        self._called("/cgi-bin/menu/create", menus=True)
        self._menu = menu

    def delete_menu(self) -> None:
        self._called("/cgi-bin/menu/delete", menus=True)
        self._menu = None
        self._conditional.clear()

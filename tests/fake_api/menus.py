"""Menus of the fake platform."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.fake_api.line import FakeLine
from wechat import limits


class FakeMenus(FakeLine):
    def __init__(self, clock: Callable[[], datetime], *, kind: str = "service", verified: bool = True) -> None:
        super().__init__(clock, kind=kind, verified=verified)
        self._menu: Mapping[str, Any] | None = None

    def menu(self) -> Mapping[str, Any] | None:
        self._called("/cgi-bin/menu/get")
        return self._menu

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        limits.check_menu(menu)
        self._called("/cgi-bin/menu/create")
        self._menu = menu

    def delete_menu(self) -> None:
        self._called("/cgi-bin/menu/delete")
        self._menu = None

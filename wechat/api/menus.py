"""The menu under the chat (§4)."""

from collections.abc import Mapping
from typing import Any, Protocol

from wechat import limits
from wechat.api.line import Line
from wechat.errors import BadRequest

_NO_MENU = 46003


class Menus(Protocol):
    """The menu as the platform keeps it."""

    def menu(self) -> Mapping[str, Any] | None:
        """Return the menu as the platform keeps it, None where there is none."""

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the menu by `menu`, the body of menu/create."""

    def delete_menu(self) -> None:
        """Take the menu away."""


class TencentMenus(Line):
    """`Menus` over HTTP."""

    def menu(self) -> Mapping[str, Any] | None:
        """See `Menus`."""
        try:
            return self._read("/cgi-bin/menu/get", lambda fields: dict(fields["menu"]))
        except BadRequest as error:
            if error.errcode == _NO_MENU:
                return None
            raise

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """See `Menus`."""
        limits.check_menu(menu)
        self._sdk.menu.create(menu)

    def delete_menu(self) -> None:
        """See `Menus`."""
        self._sdk.menu.delete()

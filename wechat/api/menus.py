"""The menu under the chat (§4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from wechat import limits
from wechat.api.line import Line
from wechat.errors import BadRequest

T = TypeVar("T")

_NO_MENU = 46003


@dataclass(frozen=True, slots=True)
class ConditionalMenu:
    """A menu for those whose last tag is `tag`; None where it goes by something else."""

    id: str
    tag: int | None
    menu: Mapping[str, Any] = field(repr=False)


class Menus(Protocol):
    """The menu as the platform keeps it, and the menus that some see in its place."""

    def menu(self) -> Mapping[str, Any] | None:
        """Return the menu as the platform keeps it, None where there is none."""

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the menu by `menu`, the body of menu/create."""

    def delete_menu(self) -> None:
        """Take the menu away, and with it every conditional one."""

    def conditional_menus(self) -> list[ConditionalMenu]:
        """List the menus that some see instead."""

    def add_conditional_menu(self, menu: Mapping[str, Any], *, tag: int) -> str:
        """Show `menu` instead to those whose last tag is `tag`, and return its id; of several the newest counts.

        There must be a menu for all, and it can't be changed: add another and delete the old one.
        """

    def delete_conditional_menu(self, menu: str) -> None:
        """Take one of them away, by its id."""

    def menu_of(self, openid: str) -> Mapping[str, Any]:
        """Return the menu that this person sees."""


class TencentMenus(Line):
    """`Menus` over HTTP."""

    def menu(self) -> Mapping[str, Any] | None:
        """See `Menus`."""
        return self._kept(lambda fields: dict(fields["menu"]))

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """See `Menus`."""
        limits.check_menu(menu)
        self._sdk.menu.create(menu)

    def delete_menu(self) -> None:
        """See `Menus`."""
        self._sdk.menu.delete()

    def conditional_menus(self) -> list[ConditionalMenu]:
        """See `Menus`."""
        return self._kept(lambda fields: [*map(_conditional, fields.get("conditionalmenu", ()))]) or []

    def add_conditional_menu(self, menu: Mapping[str, Any], *, tag: int) -> str:
        """See `Menus`."""
        limits.check_conditional_menu(menu)
        body = {"button": menu["button"], "matchrule": {"tag_id": str(tag)}}
        return self._ask("/cgi-bin/menu/addconditional", body, lambda fields: str(fields["menuid"]))

    def delete_conditional_menu(self, menu: str) -> None:
        """See `Menus`."""
        self._sdk.menu.del_conditional(menu)

    def menu_of(self, openid: str) -> Mapping[str, Any]:
        """See `Menus`."""
        return self._ask("/cgi-bin/menu/trymatch", {"user_id": openid}, lambda fields: {"button": fields["button"]})

    def _kept(self, made: Callable[[dict[str, Any]], T]) -> T | None:
        try:
            return self._read("/cgi-bin/menu/get", made)
        except BadRequest as error:
            if error.errcode == _NO_MENU:
                return None
            raise


def _conditional(fields: Mapping[str, Any]) -> ConditionalMenu:
    rule = fields["matchrule"]
    tag = rule.get("tag_id") or rule.get("group_id")  # older answers call it a group
    return ConditionalMenu(str(fields["menuid"]), int(tag) if tag else None, {"button": fields["button"]})

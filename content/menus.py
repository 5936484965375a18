"""A menu, and what the platform allows in one: wechat-platform.md §4, to be read top to bottom."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from content.fields import STRICT, Words, is_web_address
from content.positions import Place

MOST_TOPS = 3
MOST_SUBS = 5
TOP_NAME_BYTES = 16
SUB_NAME_BYTES = 60
FIELD_BYTES: Mapping[str, int] = {"key": 128, "url": 1024}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("url", "appid", "pagepath"),
}


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Button:
    """A button with the platform's own fields (wechat-platform.md §4); one with `sub_button` has no type."""

    name: Words
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    sub_button: tuple["Button", ...] = ()

    def payload(self) -> dict[str, Any]:
        """Give the fields the platform takes, the empty ones left out."""
        flat = {name: getattr(self, name) for name in ("name", *BUTTON_FIELDS) if getattr(self, name)}
        return flat | ({"sub_button": [each.payload() for each in self.sub_button]} if self.sub_button else {})


BUTTON_FIELDS = ("type", "key", "url", "appid", "pagepath", "media_id", "article_id")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Menu:
    """The account's menu."""

    buttons: Annotated[tuple[Button, ...], Field(alias="button")] = ()

    def payload(self) -> dict[str, Any]:
        """Give the body of menu/create: `{"button": [...]}`."""
        return {"button": [button.payload() for button in self.buttons]}


Trouble = tuple[Place, str, dict[str, Any]]


def troubles(menu: Menu) -> Iterator[Trouble]:
    """Give the place, the code and the facts of everything that the platform would refuse."""
    if len(menu.buttons) > MOST_TOPS:
        yield ("button", MOST_TOPS), "menu_tops", {"count": len(menu.buttons)}
    for index, button in enumerate(menu.buttons):
        place: Place = ("button", index)
        yield from _name(button, place, most=TOP_NAME_BYTES)
        if button.sub_button:
            yield from _parent(button, place)
        else:
            yield from _leaf(button, place)


def _name(button: Button, place: Place, *, most: int) -> Iterator[Trouble]:
    size = len(button.name.encode())
    if size > most:
        yield (*place, "name"), "menu_name_bytes", {"said": button.name, "size": size, "most": most}


def _parent(button: Button, place: Place) -> Iterator[Trouble]:
    if button.type:
        yield (*place, "type"), "menu_type_extra", {"said": button.name, "field": "type"}
    if len(button.sub_button) > MOST_SUBS:
        yield (*place, "sub_button", MOST_SUBS), "menu_subs", {"said": button.name, "count": len(button.sub_button)}
    for index, each in enumerate(button.sub_button):
        inner = (*place, "sub_button", index)
        yield from _name(each, inner, most=SUB_NAME_BYTES)
        if each.sub_button:
            yield inner, "menu_depth", {"said": each.name}
        else:
            yield from _leaf(each, inner)


def _leaf(button: Button, place: Place) -> Iterator[Trouble]:
    if not button.type:
        yield place, "menu_type_missing", {"said": button.name}
    elif button.type not in NEEDS:
        yield (*place, "type"), "menu_type_unknown", {"said": button.type, "allowed": "、".join(NEEDS)}
    for field in NEEDS.get(button.type, ()):
        if not getattr(button, field):
            yield place, "menu_needs", {"said": button.type, "field": field}
    if button.url and not is_web_address(button.url):
        yield (*place, "url"), "web_address", {"key": "url", "said": button.url}
    for field, most in FIELD_BYTES.items():
        size = len(getattr(button, field).encode())
        if size > most:
            yield (*place, field), "menu_field_bytes", {"key": field, "size": size, "most": most}


def leaves(menu: Menu) -> Iterator[tuple[Place, Button]]:
    """Give each button that can be tapped, and its place."""
    for index, button in enumerate(menu.buttons):
        place: Place = ("button", index)
        if not button.sub_button:
            yield place, button
        for inner, each in enumerate(button.sub_button):
            yield (*place, "sub_button", inner), each
